package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Conv1DTranspose returns a layer that maps from the output of a [Conv1D] to what may have
// been its input: every step of x adds its filters, size steps of y, at its number times the
// stride.
//
// Shapes: x [B T C], kernel [size filters C], bias [filters] -> y [B P filters]: with padding
// Same P is T·stride, with Valid T·stride + max(0, extent - stride), of a window's extent; with
// [OutputPadding] (T-1)·stride + extent, or with Same extent%2, and that many more. Panics with
// *graph.Error, when built, if x is not of floats or has other axes, if filters, the size,
// strides or dilations are less than 1, if strides and dilations are both more than 1, or
// unless an output padding is at least 0 and less than the strides.
//
// Options: those of [Weights] and of [Window], [DilationRate], [OutputPadding], and [Sizes].
//
// Source: keras.layers.Conv1DTranspose.
func Conv1DTranspose(filters, size int, opts ...ConvOption) *ConvTransposeLayer {
	return convTranspose(1, filters, size, opts)
}

// Conv2DTranspose is [Conv1DTranspose] for images.
//
// Shapes: x [B H W C], kernel [size size filters C], bias [filters] -> y [B P Q filters].
// Panics as Conv1DTranspose does. Source: keras.layers.Conv2DTranspose.
func Conv2DTranspose(filters, size int, opts ...ConvOption) *ConvTransposeLayer {
	return convTranspose(2, filters, size, opts)
}

// Conv3DTranspose is [Conv1DTranspose] for volumes.
//
// Shapes: x [B D H W C], kernel [size size size filters C], bias [filters] -> y [B P Q R filters].
// Panics as Conv1DTranspose does. Source: keras.layers.Conv3DTranspose.
func Conv3DTranspose(filters, size int, opts ...ConvOption) *ConvTransposeLayer {
	return convTranspose(3, filters, size, opts)
}

func convTranspose(places, filters, size int, opts []ConvOption) *ConvTransposeLayer {
	l := &ConvTransposeLayer{Base: NewBase(), Filters: filters}
	l.places = places
	s := convSettings{base: &l.Base, weights: &l.Weights, window: &l.Window, dilation: &l.DilationRate, outputPadding: &l.OutputPadding}
	l.KernelSize = s.set(size, opts)
	return l
}

// ConvTransposeLayer is the layer that [Conv1DTranspose] and its like make.
type ConvTransposeLayer struct {
	Base
	// Filters is the number of channels of the output.
	Filters int `json:"filters"`
	// KernelSize is the window.
	KernelSize Sizes `json:"kernel_size"`
	Weights
	Window
	// DilationRate is 1 by default: the elements of a window are neighbours.
	DilationRate Sizes `json:"dilation_rate"`
	// OutputPadding may be nil: then the output has as many places as strides make of x.
	OutputPadding Sizes `json:"output_padding"`
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *ConvTransposeLayer) SetDefaults() {
	l.Weights.SetDefaults()
	l.Window.SetDefaults()
	l.DilationRate = l.DilationRate.over(l.places, 1)
	l.KernelSize = l.KernelSize.over(l.places)
	if l.OutputPadding != nil {
		l.OutputPadding = l.OutputPadding.over(l.places)
	}
}

// Class returns Keras's name of the layer.
func (l *ConvTransposeLayer) Class() string { return fmt.Sprintf("Conv%dDTranspose", l.places) }

// Build implements [Layer].
func (l *ConvTransposeLayer) Build(b *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantWindow(class, in, l.KernelSize, l.DilationRate, false)
	wantOneOf(class, l.Strides, l.DilationRate)
	if l.Filters < 1 {
		panic(graph.Errorf("nn.%s: %d filters: want 1 or more", class, l.Filters))
	}
	if l.OutputPadding != nil {
		wantSizes(class, "output padding", l.OutputPadding, l.places, 0)
		strides := l.Strides.over(l.places, 1)
		for i, p := range l.OutputPadding.over(l.places) {
			if p >= strides[i] {
				panic(graph.Errorf("nn.%s: output padding %s of strides %s: want less than the strides", class, listed(l.OutputPadding), listed(strides)))
			}
		}
	}
	l.build(b, tensor.D(append(slices.Clone(l.KernelSize.over(l.places)), l.Filters, l.channelsOf(in))...), l.Filters)
}

// Call implements [Layer].
func (l *ConvTransposeLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(x, func(x *graph.Node) *graph.Node {
		size, w := l.outputOf(x)
		return l.finish(c, l.addBias(c, ops.ConvInputGrad(x, c.Value(l.kernel), size, w, 1)))
	})
}

// outputOf returns how many places the output has, and the window of the convolution that
// maps it to x.
func (l *ConvTransposeLayer) outputOf(x *graph.Node) (tensor.Dims, ops.Window) {
	w := ops.Valid(l.places)
	w.Strides, w.Dilations = tensor.D(l.Strides.over(l.places, 1)...), tensor.D(l.DilationRate.over(l.places, 1)...)
	out, kernel := ops.Places(x.Shape()), l.KernelSize.over(l.places)
	padding := l.OutputPadding.over(l.places)
	for i := range l.places {
		n, stride, extent := out.At(i), w.Strides.At(i), (kernel[i]-1)*w.Dilations.At(i)+1
		size, front := n*stride+max(0, extent-stride), extent-1 // front: places of x in front of the first window
		if len(padding) > 0 {
			size = (n-1)*stride + extent + padding[i]
		}
		if l.Padding == Same {
			both := stride + extent - 2
			size = n * stride
			if len(padding) > 0 {
				both = extent + extent%2 - 2 + padding[i]
				size = (n-1)*stride + extent%2 + padding[i]
			}
			front = min((both+1)/2, extent-1)
		}
		low := extent - 1 - front
		out = out.With(i, size)
		w.Low, w.High = w.Low.With(i, low), w.High.With(i, max(0, (n-1)*stride+extent-low-size))
	}
	return out, w
}
