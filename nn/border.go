package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Borders holds numbers of elements at the beginning and the end of each spatial axis, in this
// order: 1 2 3 4 is one row above, two below, three columns on the left and four on the right.
// One number stands for all of them, and one for each of several axes for both of its ends.
type Borders []int

// over returns both numbers of each of places axes.
func (s Borders) over(places int) Borders {
	if len(s) == 2*places {
		return s
	}
	var all Borders
	for i := range places {
		switch len(s) {
		case 1:
			all = append(all, s[0], s[0])
		case places:
			all = append(all, s[i], s[i])
		}
	}
	return all
}

// MarshalJSON writes the numbers as Keras does: a pair, or a list of pairs.
func (s Borders) MarshalJSON() ([]byte, error) {
	if len(s) <= 2 {
		return json.Marshal([]int(s))
	}
	var pairs [][]int
	for i := 0; i+1 < len(s); i += 2 {
		pairs = append(pairs, s[i:i+2])
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON reads numbers as Keras writes them: one, a pair of numbers, or a list of pairs
// and numbers.
func (s *Borders) UnmarshalJSON(b []byte) error {
	wrong := fmt.Errorf("%s: want a whole number, two of them, or a list of pairs", vocab.Short(b))
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		var one int
		if json.Unmarshal(b, &one) != nil {
			return wrong
		}
		*s = Borders{one}
		return nil
	}
	if len(list) > ops.MaxPlaces {
		return wrong
	}
	var ends Borders
	pairs := false
	for _, item := range list {
		var both []int
		if vocab.UnmarshalOneOrList(item, &both) != nil || len(both) < 1 || len(both) > 2 {
			return wrong
		}
		pairs = pairs || item[0] == '['
		ends = append(ends, both[0], both[len(both)-1])
	}
	if !pairs { // one for each axis, or both ends of one axis
		for i := range list {
			ends[i] = ends[2*i]
		}
		ends = ends[:len(list)]
	}
	*s = ends
	return nil
}

// want panics with *graph.Error unless s has numbers of 0 or more for places axes.
func (s Borders) want(class, name string, places int) {
	all := s.over(places)
	ok := all != nil
	for _, n := range all {
		ok = ok && n >= 0 && n <= mostElements
	}
	if !ok {
		panic(graph.Errorf("nn.%s: %s %s: want one number of 0 or more, one for each of %d axes, or two", class, name, listed(s), places))
	}
}

// ZeroPadding1D returns a layer that puts zeros before and behind the steps: as many on both
// sides for one number, so many before and behind for two. Options: see
// [ZeroPaddingLayer.With].
//
// Shapes: ZeroPadding1D(1, 2) takes x [B T C] to y [B T+3 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes and the numbers are 0 or more.
// Source: keras.layers.ZeroPadding1D.
func ZeroPadding1D(ends ...int) *ZeroPaddingLayer { return zeroPadding(1, ends) }

// ZeroPadding2D returns a layer that puts zeros around an image: one number for all sides, two
// for rows and columns, four for the rows above and below and the columns on the left and the
// right. Options: see [ZeroPaddingLayer.With].
//
// Shapes: ZeroPadding2D(1, 2) takes x [B H W C] to y [B H+2 W+4 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has four axes and the numbers are 0 or more.
// Source: keras.layers.ZeroPadding2D.
func ZeroPadding2D(ends ...int) *ZeroPaddingLayer { return zeroPadding(2, ends) }

// ZeroPadding3D is [ZeroPadding2D] for volumes: one number for all sides, three for the axes,
// six for their ends.
//
// Shapes: ZeroPadding3D(1) takes x [B D H W C] to y [B D+2 H+2 W+2 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has five axes and the numbers are 0 or more.
// Source: keras.layers.ZeroPadding3D.
func ZeroPadding3D(ends ...int) *ZeroPaddingLayer { return zeroPadding(3, ends) }

func zeroPadding(places int, ends []int) *ZeroPaddingLayer {
	return &ZeroPaddingLayer{Base: NewBase(), Padding: ends, Spatial: Spatial{places: places}}
}

// ZeroPaddingLayer is the layer that [ZeroPadding1D] and its like make.
type ZeroPaddingLayer struct {
	Base
	// Padding holds the numbers of zeros.
	Padding Borders `json:"padding"`
	Spatial
}

// CroppingLayer is the layer that [Cropping1D] and its like make.
type CroppingLayer struct {
	Base
	// Cropping holds the numbers of elements to remove.
	Cropping Borders `json:"cropping"`
	Spatial
}

func init() {
	for places := 1; places <= ops.MaxPlaces; places++ {
		space := Spatial{places: places}
		addLayer(fmt.Sprintf("ZeroPadding%dD", places), vocab.Into[Layer](func() *ZeroPaddingLayer {
			return &ZeroPaddingLayer{Padding: Borders{1}, Spatial: space}
		}))
		addLayer(fmt.Sprintf("Cropping%dD", places), vocab.Into[Layer](func() *CroppingLayer {
			return &CroppingLayer{Cropping: Borders{1}, Spatial: space}
		}))
	}
}

// With sets options of the layer and returns it.
func (l *ZeroPaddingLayer) With(opts ...SpatialOption) *ZeroPaddingLayer {
	l.Spatial.set(&l.Base, opts)
	return l
}

// set sets options of a layer that embeds b and s.
func (s *Spatial) set(b *Base, opts []SpatialOption) {
	wantOptions(opts)
	b.named = false
	for _, o := range opts {
		o.spatial(b, s)
	}
}

// Class returns Keras's name of the layer.
func (l *ZeroPaddingLayer) Class() string { return fmt.Sprintf("ZeroPadding%dD", l.places) }

// OfIntegers implements [IntegerLayer].
func (*ZeroPaddingLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *ZeroPaddingLayer) SetDefaults() {
	l.Padding = l.Padding.over(l.places)
	l.Spatial.SetDefaults()
}

// Build implements [Layer].
func (l *ZeroPaddingLayer) Build(_ *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantPlaces(class, in)
	l.Padding.want(class, "padding", l.places)
	elements := in.Shape.From(1).Size()
	ends := l.Padding.over(l.places)
	for i := range l.places {
		if n := l.placesOf(in).At(i); n > 0 && elements > 0 {
			elements /= n
			wantProduct(class, "padding", n+ends[2*i]+ends[2*i+1], elements)
			elements *= n + ends[2*i] + ends[2*i+1]
		}
	}
}

// Call implements [Layer].
func (l *ZeroPaddingLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	before, after := make([]int, x.Rank()), make([]int, x.Rank())
	ends, first := l.Padding.over(l.places), l.firstPlace()
	for i := range l.places {
		before[first+i], after[first+i] = ends[2*i], ends[2*i+1]
	}
	return ops.Pad(x, before, after, 0)
}

// firstPlace returns the first spatial axis.
func (s *Spatial) firstPlace() int {
	if s.DataFormat == ChannelsFirst {
		return 2
	}
	return 1
}

// Cropping1D returns a layer that removes steps at the beginning and the end: as many at both
// for one number, so many at each for two. Options: see [CroppingLayer.With].
//
// Shapes: Cropping1D(1, 2) takes x [B T C] to y [B T-3 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes and more steps, and the numbers
// are 0 or more. Source: keras.layers.Cropping1D.
func Cropping1D(ends ...int) *CroppingLayer { return cropping(1, ends) }

// Cropping2D returns a layer that removes the border of an image: one number for all sides, two
// for rows and columns, four for the rows above and below and the columns on the left and the
// right. Options: see [CroppingLayer.With].
//
// Shapes: Cropping2D(1, 2) takes x [B H W C] to y [B H-2 W-4 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has four axes and is larger than the border,
// and the numbers are 0 or more. Source: keras.layers.Cropping2D.
func Cropping2D(ends ...int) *CroppingLayer { return cropping(2, ends) }

// Cropping3D is [Cropping2D] for volumes: one number for all sides, three for the axes, six for
// their ends.
//
// Shapes: Cropping3D(1) takes x [B D H W C] to y [B D-2 H-2 W-2 C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has five axes and is larger than the border,
// and the numbers are 0 or more. Source: keras.layers.Cropping3D.
func Cropping3D(ends ...int) *CroppingLayer { return cropping(3, ends) }

func cropping(places int, ends []int) *CroppingLayer {
	return &CroppingLayer{Base: NewBase(), Cropping: ends, Spatial: Spatial{places: places}}
}

// With sets options of the layer and returns it. Keras's Cropping1D has no data format.
func (l *CroppingLayer) With(opts ...SpatialOption) *CroppingLayer {
	l.Spatial.set(&l.Base, opts)
	return l
}

// Class returns Keras's name of the layer.
func (l *CroppingLayer) Class() string { return fmt.Sprintf("Cropping%dD", l.places) }

// OfIntegers implements [IntegerLayer].
func (*CroppingLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *CroppingLayer) SetDefaults() {
	l.Cropping = l.Cropping.over(l.places)
	l.setFormat()
}

// setFormat sets the data format, if it is not set, to the default of a layer that has none for
// one axis.
func (s *Spatial) setFormat() {
	if s.places > 1 {
		s.SetDefaults()
	}
}

// wantFormat panics with *graph.Error unless Keras's layer has the data format: for one axis it
// has none.
func (s *Spatial) wantFormat(class string) {
	if s.places == 1 && s.DataFormat != "" {
		panic(graph.Errorf("nn.%s: data format %q: want none, which is %s, as in Keras", class, s.DataFormat, ChannelsLast))
	}
}

// Build implements [Layer].
func (l *CroppingLayer) Build(_ *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantFormat(class)
	l.wantPlaces(class, in)
	l.Cropping.want(class, "cropping", l.places)
	ends := l.Cropping.over(l.places)
	for i := range l.places {
		if n := l.placesOf(in).At(i); ends[2*i]+ends[2*i+1] >= n {
			panic(graph.Errorf("nn.%s: cropping %d and %d of %d elements along axis %d of x %v: want fewer", class, ends[2*i], ends[2*i+1], n, l.firstPlace()+i, in))
		}
	}
}

// Call implements [Layer].
func (l *CroppingLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	ranges := make([]ops.Range, x.Rank())
	ends, first := l.Cropping.over(l.places), l.firstPlace()
	for i := range l.places {
		ranges[first+i] = ops.Range{Start: ends[2*i], Stop: x.Shape().At(first+i) - ends[2*i+1], Step: 1}
	}
	return ops.Slice(x, ranges...)
}
