package nn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Sizes holds a number of 1 or more for each spatial axis, or one for all of them. As an
// option of a layer it replaces the one size that the constructor takes:
//
//	nn.MaxPooling2D(2, nn.Sizes{3, 1})
type Sizes []int

// UnmarshalJSON reads null, one number or a list, as Keras writes them.
func (s *Sizes) UnmarshalJSON(b []byte) error {
	if vocab.UnmarshalOneOrList(b, (*[]int)(s)) != nil {
		return fmt.Errorf("%s: want a whole number or a list of them", vocab.Short(b))
	}
	return nil
}

// over returns a number for each of places axes: those of s, or those of others if s has none.
func (s Sizes) over(places int, others ...int) Sizes {
	if len(s) == 0 {
		s = others
	}
	if len(s) == 1 {
		return slices.Repeat(s, places)
	}
	return s
}

// wantSizes panics with *graph.Error unless s has a number of least or more for each of places
// axes, or one for all.
func wantSizes(class, name string, s Sizes, places, least int) {
	few := len(s) == 1 || len(s) == places
	if !few || slices.Min(s) < least {
		panic(graph.Errorf("nn.%s: %s is %s: want one number, or one for each of %d axes, of %d or more", class, name, listed(s), places, least))
	}
}

// Padding says what a layer does with windows that reach beyond the input. It is an option of
// pooling and convolution.
type Padding string

// The paddings.
const (
	// Valid, the default, leaves such windows out.
	Valid Padding = "valid"
	// Same pads the input so that there are as many windows as strides fit into it. An odd
	// element is put at the end.
	Same Padding = "same"
	// Causal pads the input at its beginning only, so that no step sees one behind it. Conv1D
	// alone takes it.
	Causal Padding = "causal"
)

// UnmarshalJSON reads a padding as Keras writes it.
func (p *Padding) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return fmt.Errorf("padding %s: want a string", vocab.Short(b))
	}
	switch *p = Padding(strings.ToLower(name)); *p {
	case Valid, Same, Causal:
		return nil
	}
	return fmt.Errorf("padding %s: want %q, %q or %q", vocab.Short(b), Valid, Same, Causal)
}

// DataFormat says where the channels stand among the axes of an input. It is an option of
// layers over spatial axes.
type DataFormat string

// The data formats.
const (
	// ChannelsLast, the default: x [B ... C].
	ChannelsLast DataFormat = "channels_last"
	// ChannelsFirst: x [B C ...]. The layer transposes its input and its output.
	ChannelsFirst DataFormat = "channels_first"
)

// Spatial groups what layers over spatial axes have in common: see [Weights] for groups.
type Spatial struct {
	// DataFormat is [ChannelsLast] by default.
	DataFormat DataFormat `json:"data_format,omitempty"`

	places int   // axes between the batch and the channels
	size   Sizes // from the options
}

// SpatialOption is an option of a layer over spatial axes that has no other settings: a
// [DataFormat], or a [LayerOption].
type SpatialOption interface{ spatial(*Base, *Spatial) }

func (f DataFormat) spatial(_ *Base, s *Spatial)   { s.DataFormat = f }
func (o LayerSetting) spatial(b *Base, _ *Spatial) { o(b) }
func (p DTypePolicy) spatial(b *Base, _ *Spatial)  { b.DType = p }

// SetDefaults sets the data format, if it is not set, to the default.
func (s *Spatial) SetDefaults() {
	if s.DataFormat == "" {
		s.DataFormat = ChannelsLast
	}
}

// wantPlaces panics with *graph.Error unless in has the spatial axes of a layer, and a data
// format that there is.
func (s *Spatial) wantPlaces(class string, in tensor.Spec) {
	order := "the batch first and the channels last"
	switch s.DataFormat {
	case "", ChannelsLast:
	case ChannelsFirst:
		order = "the batch first and the channels behind it"
	default:
		panic(graph.Errorf("nn.%s: data format %q: want %s or %s", class, s.DataFormat, ChannelsLast, ChannelsFirst))
	}
	if in.Rank() != s.places+2 {
		panic(graph.Errorf("nn.%s: x is %v: want %d axes, %s", class, in, s.places+2, order))
	}
}

// channelsOf returns the number of channels of an input.
func (s *Spatial) channelsOf(in tensor.Spec) int {
	if s.DataFormat == ChannelsFirst {
		return in.Shape.At(1)
	}
	return in.Shape.At(-1)
}

// channelsLast returns f of x, both of them with the channels last, in the layer's data format.
func (s *Spatial) channelsLast(x *graph.Node, f func(x *graph.Node) *graph.Node) *graph.Node {
	return s.transposed(f(s.transposed(x, false)), true)
}

// transposed returns x, in the layer's data format, with the channels last; or back in it.
func (s *Spatial) transposed(x *graph.Node, back bool) *graph.Node {
	if s.DataFormat != ChannelsFirst {
		return x
	}
	last, first := []int{0}, []int{0, s.places + 1}
	for i := range s.places {
		last, first = append(last, i+2), append(first, i+1)
	}
	if back {
		return ops.Transpose(x, first...)
	}
	return ops.Transpose(x, append(last, 1)...)
}

// Window groups the settings of a layer that moves a window over spatial axes: pooling and
// convolution embed it.
type Window struct {
	// Strides are the steps from one window to the next: 1 by default in convolutions, the
	// window's size in pooling.
	Strides Sizes `json:"strides"`
	// Padding is [Valid] by default.
	Padding Padding `json:"padding"`
	Spatial
}

// WindowOption is an option of a pooling layer: a [Padding], [Strides], [Sizes], a
// [DataFormat], or a [LayerOption].
type WindowOption interface{ window(*Base, *Window) }

// WindowSetting is an option that sets a part of [Window].
type WindowSetting func(*Window)

func (o WindowSetting) window(_ *Base, w *Window) { o(w) }
func (p Padding) window(_ *Base, w *Window)       { w.Padding = p }
func (s Sizes) window(_ *Base, w *Window)         { w.size = s }
func (f DataFormat) window(_ *Base, w *Window)    { w.DataFormat = f }
func (o LayerSetting) window(b *Base, _ *Window)  { o(b) }
func (p DTypePolicy) window(b *Base, _ *Window)   { b.DType = p }

// Strides sets the steps from one window to the next: a number for each spatial axis, or one
// for all.
func Strides(steps ...int) WindowSetting {
	return func(w *Window) { w.Strides = steps }
}

// Dilation holds the distances between the elements of a window, which [DilationRate] makes.
// It is an option of convolutions.
type Dilation Sizes

// DilationRate sets the distance from one element of a window to the next: a number for each
// spatial axis, or one for all. With 1 they are neighbours.
func DilationRate(rates ...int) Dilation { return rates }

// SetDefaults sets the settings that are not set to the defaults that they stand for, those of
// a convolution.
func (w *Window) SetDefaults() {
	w.Spatial.SetDefaults()
	if w.Padding == "" {
		w.Padding = Valid
	}
	w.Strides = w.Strides.over(w.places, 1)
}

// placesOf returns the spatial axes of an input.
func (s *Spatial) placesOf(in tensor.Spec) tensor.Dims {
	if s.DataFormat == ChannelsFirst {
		return in.Shape.From(2)
	}
	return ops.Places(in.Shape)
}

// mostElements bounds the elements of an axis and of a sample whose number a file may give.
const mostElements = 1 << 28

// wantProduct panics with *graph.Error unless a setting times n, a number of elements, is
// within [mostElements].
func wantProduct(class, name string, setting, n int) {
	if n > 0 && setting > mostElements/n {
		panic(graph.Errorf("nn.%s: %s %d for %d elements: want a product of at most %d", class, name, setting, n, mostElements))
	}
}
