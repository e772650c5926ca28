package nn

import (
	"fmt"
	"reflect"

	"github.com/glia-ml/glia/graph"
)

// OptionOf is an option of a layer of type L outside nn: a [SettingOf] of it or of a group that it
// embeds, a [DataFormat] if it embeds [Spatial], an [Interpolation] if it embeds [Interpolating], or
// what every layer takes, [Name], [Frozen] and a [DTypePolicy]. Layers of nn take no settings of others.
//
//	func Gain(g float64) nn.SettingOf[Gate] { return func(l *Gate) { l.Gain = g } }
//
//	func NewGate(units int, opts ...nn.OptionOf[Gate]) *Gate {
//		return nn.Setup(&Gate{Units: units}, opts...)
//	}
//
//	NewGate(3, Gain(2), nn.Name("gate"), nn.Frozen)
type OptionOf[L any] interface {
	// option sets the option in l, a *L that embeds b.
	option(b *Base, l any) error
}

// SettingOf sets a part of a layer of type L, or of a layer that embeds L, a group of settings
// such as [Spatial].
type SettingOf[L any] func(l *L)

func (s SettingOf[L]) option(_ *Base, l any) error {
	of, ok := embedded(reflect.ValueOf(l), reflect.TypeFor[*L]()).(*L)
	if !ok {
		return fmt.Errorf("a setting of %T: want one of %T", (*L)(nil), l)
	}
	if s == nil {
		return fmt.Errorf("a nil setting of %T", l)
	}
	s(of)
	return nil
}

// embedded returns a pointer of type t to the struct that p points to, or to one that it embeds,
// nil if there is none.
func embedded(p reflect.Value, t reflect.Type) any {
	if p.Type() == t {
		return p.Interface()
	}
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Struct {
		return nil
	}
	for i := range p.Elem().NumField() {
		f := p.Elem().Type().Field(i)
		if !f.Anonymous || !f.IsExported() || f.Type.Kind() != reflect.Struct {
			continue
		}
		if of := embedded(p.Elem().Field(i).Addr(), t); of != nil {
			return of
		}
	}
	return nil
}

func (s LayerSetting) option(b *Base, _ any) error {
	s(b)
	return nil
}

func (p DTypePolicy) option(b *Base, _ any) error {
	b.DType = p
	return nil
}

func (p Interpolation) option(b *Base, l any) error {
	return SettingOf[Interpolating](func(i *Interpolating) { i.Interpolation = p }).option(b, l)
}

func (f DataFormat) option(b *Base, l any) error {
	return SettingOf[Spatial](func(s *Spatial) { s.DataFormat = f }).option(b, l)
}

// Setup sets options in l, a new layer that embeds [Base], and returns it, for a constructor
// outside nn: mistakes in building the layer are told with the line that calls the
// constructor, as with [NewBase]. It panics with *graph.Error if an option is nil or of another
// layer, or l embeds no Base.
func Setup[L any](l *L, opts ...OptionOf[L]) *L {
	var own any = l
	h, ok := own.(interface{ base() *Base })
	if !ok {
		panic(graph.Errorf("nn.Setup: %T embeds no nn.Base: want one", l))
	}
	b := h.base()
	b.where = graph.ConstructorCaller()
	for i, o := range opts {
		err := fmt.Errorf("nil")
		if o != nil {
			err = o.option(b, own)
		}
		if err != nil {
			panic(graph.Errorf("nn.Setup: option %d of %T is %v", i, l, err))
		}
	}
	return l
}
