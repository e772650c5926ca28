package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Conv1D returns a layer that slides filters of size steps over the steps of x:
//
//	y[b, p] = activation(Σ x[b, p·stride + q·dilation]·kernel[q] + bias)
//
// Shapes: x [B T C], kernel [size C/groups filters], bias [filters] -> y [B P filters].
// Panics with *graph.Error, when built, if x is not of floats or has other axes, if
// filters, the size, strides, dilations or groups are less than 1, if strides and dilations
// are both more than 1, or if groups does not divide the channels and the filters; when
// called, if the window does not fit into x.
//
// Options: those of [Weights] and of [Window], [DilationRate], [Groups], and [Sizes] for a
// window that is not a square.
//
// Source: keras.layers.Conv1D.
func Conv1D(filters, size int, opts ...ConvOption) *ConvLayer { return conv(1, filters, size, opts) }

// Conv2D is [Conv1D] for images, with a window of size by size.
//
// Shapes: x [B H W C], kernel [size size C/groups filters], bias [filters] -> y [B P Q filters].
// Panics as Conv1D does. Source: keras.layers.Conv2D.
func Conv2D(filters, size int, opts ...ConvOption) *ConvLayer { return conv(2, filters, size, opts) }

// Conv3D is [Conv1D] for volumes.
//
// Shapes: x [B D H W C], kernel [size size size C/groups filters], bias [filters] -> y [B P Q R filters].
// Panics as Conv1D does. Source: keras.layers.Conv3D.
func Conv3D(filters, size int, opts ...ConvOption) *ConvLayer { return conv(3, filters, size, opts) }

func conv(places, filters, size int, opts []ConvOption) *ConvLayer {
	l := &ConvLayer{Base: NewBase(), Filters: filters}
	l.places = places
	s := convSettings{base: &l.Base, weights: &l.Weights, window: &l.Window, dilation: &l.DilationRate, groups: &l.Groups}
	l.KernelSize = s.set(size, opts)
	return l
}

// ConvLayer is the layer that [Conv1D] and its like make.
type ConvLayer struct {
	Base
	// Filters is the number of channels of the output.
	Filters int `json:"filters"`
	// KernelSize is the window.
	KernelSize Sizes `json:"kernel_size"`
	Weights
	Window
	// DilationRate is 1 by default: the elements of a window are neighbours.
	DilationRate Sizes `json:"dilation_rate"`
	// Groups is 1 by default: every filter sees all channels.
	Groups int `json:"groups"`
}

func init() {
	for places := 1; places <= ops.MaxPlaces; places++ {
		addLayer(fmt.Sprintf("Conv%dD", places), vocab.Into[Layer](func() *ConvLayer {
			l := &ConvLayer{}
			l.places = places
			return l
		}))
		addLayer(fmt.Sprintf("Conv%dDTranspose", places), vocab.Into[Layer](func() *ConvTransposeLayer {
			l := &ConvTransposeLayer{}
			l.places = places
			return l
		}))
	}
}

// ConvOption is an option of a convolution: an [Activation], a [WeightsSetting], a
// [Padding], [Strides], [Sizes], a [DataFormat], [DilationRate], a [ConvSetting], or a
// [LayerOption].
type ConvOption interface{ conv(*convSettings) }

// ConvSetting is an option that sets what only convolutions have.
type ConvSetting func(*convSettings)

// convSettings points to what the options of a convolution may set; a setting that a layer
// lacks is nil.
type convSettings struct {
	base          *Base
	weights       *Weights
	window        *Window
	dilation      *Sizes
	groups        *int
	outputPadding *Sizes
	multiplier    *int
	pointwise     *Weights
}

// set applies the options and returns the window's size.
func (s *convSettings) set(size int, opts []ConvOption) Sizes {
	wantOptions(opts)
	for _, o := range opts {
		o.conv(s)
	}
	return s.window.size.over(s.window.places, size)
}

func (s ConvSetting) conv(c *convSettings)    { s(c) }
func (a Activation) conv(c *convSettings)     { a.weights(c.base, c.weights) }
func (s WeightsSetting) conv(c *convSettings) { s(c.weights) }
func (s LayerSetting) conv(c *convSettings)   { s(c.base) }
func (p DTypePolicy) conv(c *convSettings)    { c.base.DType = p }
func (p Padding) conv(c *convSettings)        { c.window.Padding = p }
func (s Sizes) conv(c *convSettings)          { c.window.size = s }
func (f DataFormat) conv(c *convSettings)     { c.window.DataFormat = f }
func (s WindowSetting) conv(c *convSettings)  { s(c.window) }
func (d Dilation) conv(c *convSettings)       { *c.dilation = Sizes(d) }

// setting returns where an option sets its setting, or tells that the layer lacks it.
func setting[T any](c *convSettings, name string, to *T) *T {
	if to == nil {
		c.base.mistaken("the option %s: want it on a layer that has it", name)
		return new(T)
	}
	return to
}

// Groups cuts the channels and the filters of Conv1D and its like into n parts each: a part
// of the filters sees one part of the channels.
func Groups(n int) ConvSetting {
	return func(c *convSettings) { *setting(c, "Groups", c.groups) = n }
}

// OutputPadding sets how many places the output of a Conv1DTranspose and its like has beyond
// the least that the input can come from: a number for each spatial axis, or one for all.
func OutputPadding(n ...int) ConvSetting {
	return func(c *convSettings) { *setting(c, "OutputPadding", c.outputPadding) = n }
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *ConvLayer) SetDefaults() {
	l.Weights.SetDefaults()
	l.Window.SetDefaults()
	l.DilationRate = l.DilationRate.over(l.places, 1)
	l.KernelSize = l.KernelSize.over(l.places)
	l.Groups = max(l.Groups, 1)
}

// Class returns Keras's name of the layer.
func (l *ConvLayer) Class() string { return fmt.Sprintf("Conv%dD", l.places) }

// Build implements [Layer].
func (l *ConvLayer) Build(b *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantWindow(class, in, l.KernelSize, l.DilationRate, l.places == 1)
	wantOneOf(class, l.Strides, l.DilationRate)
	groups, channels := max(l.Groups, 1), l.channelsOf(in)
	if l.Filters < 1 {
		panic(graph.Errorf("nn.%s: %d filters: want 1 or more", class, l.Filters))
	}
	if l.Groups < 0 || channels%groups != 0 || l.Filters%groups != 0 {
		panic(graph.Errorf("nn.%s: %d groups of %d channels and %d filters: want a number from 1 that divides both", class, l.Groups, channels, l.Filters))
	}
	l.build(b, tensor.D(append(l.KernelSize.over(l.places), channels/groups, l.Filters)...), l.Filters)
}

// Call implements [Layer].
func (l *ConvLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(x, func(x *graph.Node) *graph.Node {
		w := l.windowOf(x, l.KernelSize, l.DilationRate)
		return l.finish(c, l.addBias(c, ops.Conv(x, c.Value(l.kernel), w, max(l.Groups, 1))))
	})
}

// wantWindow panics with *graph.Error unless in and the sizes of a convolution fit.
func (w *Window) wantWindow(class string, in tensor.Spec, size, dilation Sizes, causal bool) {
	wantFloat(class, in)
	w.wantPlaces(class, in)
	if w.channelsOf(in) < 1 {
		panic(graph.Errorf("nn.%s: x is %v: want 1 channel or more", class, in))
	}
	wantSizes(class, "kernel size", size, w.places, 1)
	wantSizes(class, "strides", w.Strides.over(w.places, 1), w.places, 1)
	wantSizes(class, "dilation rate", dilation.over(w.places, 1), w.places, 1)
	switch w.Padding {
	case "", Valid, Same:
	case Causal:
		if !causal {
			panic(graph.Errorf("nn.%s: padding %q: want %q or %q; Conv1D takes it", class, w.Padding, Valid, Same))
		}
	default:
		panic(graph.Errorf("nn.%s: padding %q: want %q, %q or %q", class, w.Padding, Valid, Same, Causal))
	}
}

// wantOneOf panics with *graph.Error if strides and dilations are both more than 1, which
// Keras refuses.
func wantOneOf(class string, strides, dilation Sizes) {
	if len(strides) > 0 && len(dilation) > 0 && slices.Max(strides) > 1 && slices.Max(dilation) > 1 {
		panic(graph.Errorf("nn.%s: strides %s and dilation rate %s: want one of them 1", class, listed(strides), listed(dilation)))
	}
}

// windowOf returns the window of an operation on x, with the padding that its places take.
func (w *Window) windowOf(x *graph.Node, size, dilation Sizes) ops.Window {
	return w.windowFor(ops.Places(x.Shape()), size, dilation)
}

// windowFor is windowOf for an input of these places.
func (w *Window) windowFor(places tensor.Dims, size, dilation Sizes) ops.Window {
	kernel := tensor.D(size.over(w.places)...)
	o := ops.Valid(w.places)
	o.Strides, o.Dilations = tensor.D(w.Strides.over(w.places, 1)...), tensor.D(dilation.over(w.places, 1)...)
	switch w.Padding {
	case Same:
		return o.Padded(places, kernel)
	case Causal:
		o.Low = tensor.D(o.Dilations.At(0) * (kernel.At(0) - 1))
	}
	return o
}
