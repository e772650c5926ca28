package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Bidirectional returns a layer that applies a recurrent layer to sequences and another one to
// the same sequences backwards, and merges their outputs: a [MergeMode]. The other one is a
// copy with weights of its own, unless [BackwardLayer] gives it.
//
// With [ReturnSequences] the outputs of both stand in the order of the input, and are 0 where a
// step is masked.
//
// Shapes: x [B T ...] -> y [B 2·units], or as long as that of the layer, or two outputs, by the
// mode; with [B T ...] as the layer's. Inputs behind x are the initial states, first those of
// the layer, then those of the other one; so are the last states among the outputs.
// Panics with *graph.Error, when built, if the layer is not recurrent, both go in one
// direction or differ in ReturnSequences, [ReturnState] or [Stateful], or as they do.
//
// Options: a [MergeMode], [BackwardLayer], and every [LayerOption].
//
// Source: keras.layers.Bidirectional; Schuster, Paliwal 1997.
func Bidirectional(layer Layer, opts ...BidirectionalOption) *BidirectionalLayer {
	l := &BidirectionalLayer{Base: NewBase(), Layer: layer}
	wantOptions(opts)
	for _, o := range opts {
		o.bidirectional(l)
	}
	return l
}

// BidirectionalLayer is the layer that [Bidirectional] makes.
type BidirectionalLayer struct {
	Base
	// Layer is the recurrent layer.
	Layer Layer `json:"layer"`
	// Backward is the layer of the other direction, nil for a copy of Layer.
	Backward Layer `json:"backward_layer"`
	// MergeMode is [MergeConcat] by default.
	MergeMode MergeMode `json:"merge_mode"`

	copied Layer // of Layer, the one of the other direction
}

// MergeMode says what becomes of the two outputs of a [Bidirectional]. It is an option of it.
type MergeMode string

// The modes.
const (
	// MergeConcat joins them along the last axis.
	MergeConcat MergeMode = "concat"
	// MergeSum adds them, MergeMul multiplies them, MergeAve takes their mean.
	MergeSum MergeMode = "sum"
	MergeMul MergeMode = "mul"
	MergeAve MergeMode = "ave"
	// MergeNone makes two outputs of them.
	MergeNone MergeMode = "none"
)

// MarshalJSON writes the mode as Keras does.
func (m MergeMode) MarshalJSON() ([]byte, error) {
	if m == MergeNone {
		return []byte("null"), nil
	}
	return json.Marshal(string(m))
}

// UnmarshalJSON reads a mode as Keras writes it.
func (m *MergeMode) UnmarshalJSON(b []byte) error {
	var name *string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	if name == nil {
		*m = MergeNone
		return nil
	}
	switch *m = MergeMode(*name); *m {
	case MergeConcat, MergeSum, MergeMul, MergeAve:
		return nil
	}
	return fmt.Errorf("nn: merge_mode %q: want %q, %q, %q, %q or null", *name, MergeConcat, MergeSum, MergeMul, MergeAve)
}

// BidirectionalOption is an option of [Bidirectional]: a [MergeMode], a
// [BidirectionalSetting], or a [LayerOption].
type BidirectionalOption interface{ bidirectional(*BidirectionalLayer) }

// BidirectionalSetting is an option that sets a part of a [BidirectionalLayer].
type BidirectionalSetting func(*BidirectionalLayer)

func (s BidirectionalSetting) bidirectional(l *BidirectionalLayer) { s(l) }
func (m MergeMode) bidirectional(l *BidirectionalLayer)            { l.MergeMode = m }
func (s LayerSetting) bidirectional(l *BidirectionalLayer)         { s(&l.Base) }
func (p DTypePolicy) bidirectional(l *BidirectionalLayer)          { l.DType = p }

// BackwardLayer gives a [Bidirectional] its layer of the other direction, which has the
// option [GoBackwards] if the first has not.
func BackwardLayer(backward Layer) BidirectionalSetting {
	return func(l *BidirectionalLayer) { l.Backward = backward }
}

func init() {
	addLayer("Bidirectional", layerOf[BidirectionalLayer](), map[string]string{"weights": ""})
}

// SetDefaults sets the names and the layers that are not set to those that they stand for.
func (l *BidirectionalLayer) SetDefaults() {
	if l.MergeMode == "" {
		l.MergeMode = MergeConcat
	}
	if backward, err := l.other(); err == nil {
		l.Backward = backward
	}
	if named, err := cloneLayer(l.Layer); err == nil && l.Layer != nil {
		if base := BaseOf(named); base != nil {
			base.Name = prefixed("forward_", partName(l.Layer))
		}
		l.Layer = named
	}
	for _, part := range []Layer{l.Layer, l.Backward} {
		if loop := loopOf(part); loop != nil {
			loop.ZeroOutputForMask = loop.ReturnSequences
		}
	}
}

// loopOf returns the loop of a recurrent layer, nil of others.
func loopOf(l Layer) *Loop {
	if r, ok := l.(interface{ looping() *Loop }); ok && !isNil(l) {
		return r.looping()
	}
	return nil
}

// other returns the layer of the other direction: the one that is given, the copy that was
// made, or a new copy.
func (l *BidirectionalLayer) other() (Layer, error) {
	if l.Backward != nil {
		return cloneLayer(l.Backward)
	}
	from := l.Layer
	if l.copied != nil {
		from = l.copied
	}
	other, err := cloneLayer(from)
	if err != nil {
		return nil, err
	}
	if loop := loopOf(other); loop != nil && l.copied == nil {
		loop.GoBackwards = !loop.GoBackwards
	}
	if base := BaseOf(other); base != nil {
		base.Name = prefixed("backward_", partName(l.Layer))
	}
	return other, nil
}

// pair returns the two layers of a layer that was built.
func (l *BidirectionalLayer) pair() (forward, backward Layer) {
	if l.Backward != nil {
		return l.Layer, l.Backward
	}
	return l.Layer, l.copied
}

// Layers implements [Container].
func (l *BidirectionalLayer) Layers() []Layer {
	forward, backward := l.pair()
	if backward == nil {
		return []Layer{forward}
	}
	return []Layer{forward, backward}
}

// OfIntegers implements [IntegerLayer].
func (l *BidirectionalLayer) OfIntegers(in tensor.DType) tensor.DType {
	if of, ok := l.Layer.(IntegerLayer); ok {
		return of.OfIntegers(in)
	}
	return tensor.Float32
}

// Keywords implements [KeywordLayer].
func (l *BidirectionalLayer) Keywords() []string {
	k, ok := l.Layer.(KeywordLayer)
	if !ok {
		return nil
	}
	return append(k.Keywords(), k.Keywords()...)
}

// OutputCount implements [CountedLayer].
func (l *BidirectionalLayer) OutputCount() int {
	n := 1
	if c, ok := l.Layer.(CountedLayer); ok {
		n = 2*c.OutputCount() - 1
	}
	if l.MergeMode == MergeNone {
		n++
	}
	return n
}

// Build implements [Layer].
func (l *BidirectionalLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *BidirectionalLayer) BuildAll(b *Builder, in []tensor.Spec) {
	forward := loopOf(l.Layer)
	if forward == nil {
		panic(graph.Errorf("nn.Bidirectional: the layer is no recurrent one: want nn.LSTM, nn.RNN or the like"))
	}
	switch l.MergeMode {
	case "", MergeConcat, MergeSum, MergeMul, MergeAve, MergeNone:
	default:
		panic(graph.Errorf("nn.Bidirectional: mode %q: want nn.MergeConcat or another of the modes", l.MergeMode))
	}
	name := ""
	if l.Backward == nil {
		var err error
		l.copied = nil
		if l.copied, err = l.other(); err != nil {
			panic(graph.Errorf("nn.Bidirectional: no copy of the layer: %v; or give nn.BackwardLayer", err))
		}
	} else {
		name = partName(l.Backward)
	}
	_, other := l.pair()
	backward := loopOf(other)
	switch {
	case backward == nil:
		panic(graph.Errorf("nn.Bidirectional: the backward layer is no recurrent one: want nn.LSTM, nn.RNN or the like"))
	case forward.GoBackwards == backward.GoBackwards:
		panic(graph.Errorf("nn.Bidirectional: both layers go in one direction: want nn.GoBackwards of one of them"))
	case forward.Stateful != backward.Stateful || forward.ReturnSequences != backward.ReturnSequences || forward.ReturnState != backward.ReturnState:
		panic(graph.Errorf("nn.Bidirectional: the layers differ in ReturnSequences, ReturnState or Stateful: want both alike"))
	}
	if name == "" {
		name = prefixed("backward_", partName(l.Layer))
	}
	states := (len(in) - 1) / 2
	first := prefixed("forward_", partName(l.Layer))
	if name == first {
		name += "_1"
	}
	b.buildPartNamed("forward_layer", first, l.Layer, append([]tensor.Spec{in[0]}, in[1:1+states]...)...)
	b.buildPartNamed("backward_layer", name, other, append([]tensor.Spec{in[0]}, in[1+states:]...)...)
	forward.zeroing, backward.zeroing = forward.ReturnSequences, backward.ReturnSequences
	backward.aligned = backward.GoBackwards
}

// Call implements [Layer].
func (l *BidirectionalLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer]: x holds the sequences, and the initial states perhaps.
func (l *BidirectionalLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if len(x)%2 == 0 {
		panic(graph.Errorf("nn.Bidirectional: %d initial states: want those of both layers", len(x)-1))
	}
	forward, backward := l.pair()
	states := (len(x) - 1) / 2
	y := c.TraceAll(forward, append([]*graph.Node{x[0]}, x[1:1+states]...))
	z := c.TraceAll(backward, append([]*graph.Node{x[0]}, x[1+states:]...))
	a, b := c.convert(l, y[0]), c.convert(l, z[0])
	loop := loopOf(backward)
	if loop.ReturnSequences && !loop.aligned {
		b = ops.Flip(b, 1)
	}
	out := []*graph.Node{a, b}
	switch l.MergeMode {
	case MergeSum:
		out = []*graph.Node{ops.Add(a, b)}
	case MergeMul:
		out = []*graph.Node{ops.Mul(a, b)}
	case MergeAve:
		out = []*graph.Node{ops.Scale(ops.Add(a, b), 0.5)}
	case "", MergeConcat:
		out = []*graph.Node{ops.Concat(-1, a, b)}
	}
	if mask := c.Mask(x[0]); mask != nil && loop.ReturnSequences {
		for _, n := range out {
			c.SetMask(n, mask)
		}
	}
	return append(append(out, y[1:]...), z[1:]...)
}

// ResetStates sets the states of both layers to 0, as they are at first: see [Loop.ResetStates].
func (l *BidirectionalLayer) ResetStates() {
	for _, part := range l.Layers() {
		if loop := loopOf(part); loop != nil {
			loop.ResetStates()
		}
	}
}
