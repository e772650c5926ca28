package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// DepthwiseConv1D returns a layer that slides filters over the steps of x, of which each sees
// one channel only: channel c of x makes channels c·multiplier, c·multiplier+1, ... of y.
//
// Shapes: x [B T C], kernel [size C multiplier], bias [C·multiplier] -> y [B P C·multiplier].
// Panics with *graph.Error, when built, if x is not of floats or has other axes, or if the
// size, strides, dilations or the multiplier are less than 1; when called, if the window does
// not fit into x.
//
// Options: those of [Weights] and of [Window], [DilationRate], [DepthMultiplier], and [Sizes].
//
// Source: keras.layers.DepthwiseConv1D.
func DepthwiseConv1D(size int, opts ...ConvOption) *DepthwiseConvLayer {
	return depthwise(1, size, opts)
}

// DepthwiseConv2D is [DepthwiseConv1D] for images.
//
// Shapes: x [B H W C], kernel [size size C multiplier], bias [C·multiplier] -> y [B P Q
// C·multiplier]. Panics as DepthwiseConv1D does. Source: keras.layers.DepthwiseConv2D.
func DepthwiseConv2D(size int, opts ...ConvOption) *DepthwiseConvLayer {
	return depthwise(2, size, opts)
}

func depthwise(places, size int, opts []ConvOption) *DepthwiseConvLayer {
	l := &DepthwiseConvLayer{Base: NewBase()}
	l.places = places
	var w Weights
	s := convSettings{base: &l.Base, weights: &w, window: &l.Window, dilation: &l.DilationRate, multiplier: &l.DepthMultiplier}
	l.KernelSize = s.set(size, opts)
	l.setDepthwise(&w)
	l.setBias(&w)
	return l
}

// DepthMultiplier sets how many filters a depthwise convolution has for each channel.
func DepthMultiplier(n int) ConvSetting {
	return func(c *convSettings) { *setting(c, "DepthMultiplier", c.multiplier) = n }
}

// Depthwise groups the settings of the kernel of a depthwise convolution.
type Depthwise struct {
	// DepthMultiplier is the number of filters of each channel, 1 by default.
	DepthMultiplier int `json:"depth_multiplier"`
	// DepthwiseInitializer is [GlorotUniform] by default.
	DepthwiseInitializer Initializer `json:"depthwise_initializer"`
	DepthwiseRegularizer Regularizer `json:"depthwise_regularizer"`
	DepthwiseConstraint  Constraint  `json:"depthwise_constraint"`

	depthwise *graph.Var
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (d *Depthwise) SetDefaults() {
	d.DepthMultiplier = max(d.DepthMultiplier, 1)
	d.DepthwiseInitializer = d.DepthwiseInitializer.Or(GlorotUniform)
}

func (d *Depthwise) setDepthwise(w *Weights) {
	d.DepthwiseInitializer, d.DepthwiseRegularizer, d.DepthwiseConstraint = w.KernelInitializer, w.KernelRegularizer, w.KernelConstraint
}

// buildDepthwise makes the kernel, under a name that differs from layer to layer.
func (d *Depthwise) buildDepthwise(b *Builder, class, name string, size Sizes, channels int) {
	if d.DepthMultiplier < 0 {
		panic(graph.Errorf("nn.%s: depth multiplier %d: want 1 or more", class, d.DepthMultiplier))
	}
	shape := append(slices.Clone(size), channels, max(d.DepthMultiplier, 1))
	d.depthwise = b.Param(name, tensor.D(shape...), d.DepthwiseInitializer.Or(GlorotUniform))
	constrain(d.depthwise, d.DepthwiseConstraint)
}

// convolve returns the depthwise convolution of x.
func (d *Depthwise) convolve(c *Ctx, x *graph.Node, w ops.Window) *graph.Node {
	kernel, channels := c.Value(d.depthwise), x.Shape().At(-1)
	shape := kernel.Shape().To(kernel.Rank()-2).Append(1, channels*kernel.Shape().At(-1))
	c.Regularize(d.depthwise, d.DepthwiseRegularizer)
	return ops.Conv(x, ops.Reshape(kernel, shape.Slice()...), w, channels)
}

// Biased groups the settings of a layer of several kernels that has a bias and an activation.
type Biased struct {
	// Activation is applied to the result; linear by default.
	Activation Activation `json:"activation"`
	// NoBias omits the bias.
	NoBias Negated `json:"use_bias"`
	// BiasInitializer is [Zeros] by default.
	BiasInitializer     Initializer `json:"bias_initializer"`
	BiasRegularizer     Regularizer `json:"bias_regularizer"`
	ActivityRegularizer Regularizer `json:"activity_regularizer"`
	BiasConstraint      Constraint  `json:"bias_constraint"`

	bias *graph.Var
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (d *Biased) SetDefaults() { d.BiasInitializer = d.BiasInitializer.Or(Zeros) }

// OfIntegers implements [IntegerLayer].
func (*Biased) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (d *Biased) setBias(w *Weights) {
	d.Activation, d.NoBias, d.BiasInitializer = w.Activation, w.NoBias, w.BiasInitializer
	d.BiasRegularizer, d.ActivityRegularizer, d.BiasConstraint = w.BiasRegularizer, w.ActivityRegularizer, w.BiasConstraint
}

func (d *Biased) buildBias(b *Builder, units int) {
	if !d.NoBias {
		d.bias = b.Param("bias", tensor.D(units), d.BiasInitializer)
		constrain(d.bias, d.BiasConstraint)
	}
}

// finishBias adds the bias and returns the activation.
func (d *Biased) finishBias(c *Ctx, y *graph.Node) *graph.Node {
	if d.bias != nil {
		y = ops.Add(y, c.Value(d.bias))
		c.Regularize(d.bias, d.BiasRegularizer)
	}
	y = d.Activation.Call(c, y)
	d.ActivityRegularizer.activity(c, y)
	return y
}

// DepthwiseConvLayer is the layer that [DepthwiseConv1D] and its like make.
type DepthwiseConvLayer struct {
	Base
	// KernelSize is the window.
	KernelSize Sizes `json:"kernel_size"`
	Depthwise
	Biased
	Window
	// DilationRate is 1 by default: the elements of a window are neighbours.
	DilationRate Sizes `json:"dilation_rate"`
}

func init() {
	for places := 1; places <= 2; places++ {
		addLayer(fmt.Sprintf("DepthwiseConv%dD", places), vocab.Into[Layer](func() *DepthwiseConvLayer {
			l := &DepthwiseConvLayer{}
			l.places = places
			return l
		}))
		addLayer(fmt.Sprintf("SeparableConv%dD", places), vocab.Into[Layer](func() *SeparableConvLayer {
			l := &SeparableConvLayer{}
			l.places = places
			return l
		}))
	}
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *DepthwiseConvLayer) SetDefaults() {
	l.Depthwise.SetDefaults()
	l.Biased.SetDefaults()
	l.Window.SetDefaults()
	l.DilationRate = l.DilationRate.over(l.places, 1)
	l.KernelSize = l.KernelSize.over(l.places)
}

// Class returns Keras's name of the layer.
func (l *DepthwiseConvLayer) Class() string { return fmt.Sprintf("DepthwiseConv%dD", l.places) }

// Build implements [Layer].
func (l *DepthwiseConvLayer) Build(b *Builder, in tensor.Spec) {
	l.wantWindow(l.Class(), in, l.KernelSize, l.DilationRate, false)
	channels := l.channelsOf(in)
	l.buildDepthwise(b, l.Class(), "kernel", l.KernelSize.over(l.places), channels)
	l.buildBias(b, channels*max(l.DepthMultiplier, 1))
}

// Call implements [Layer].
func (l *DepthwiseConvLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(x, func(x *graph.Node) *graph.Node {
		return l.finishBias(c, l.convolve(c, x, l.windowOf(x, l.KernelSize, l.DilationRate)))
	})
}

// SeparableConv1D returns a layer of a [DepthwiseConv1D], without its bias, followed by a
// [Conv1D] with a window of 1 step.
//
// Shapes: x [B T C], depthwise kernel [size C multiplier], pointwise kernel [1 C·multiplier
// filters], bias [filters] -> y [B P filters]. Panics with *graph.Error, when built, if x is
// not of floats or has other axes, or if filters, the size, strides, dilations or the
// multiplier are less than 1; when called, if the window does not fit into x.
//
// Options: those of [Weights] and of [Window], [DilationRate], [DepthMultiplier], [Sizes], and
// [Pointwise]. Those of the kernel are for the depthwise one.
//
// Source: keras.layers.SeparableConv1D; Chollet 2016, arXiv:1610.02357.
func SeparableConv1D(filters, size int, opts ...ConvOption) *SeparableConvLayer {
	return separable(1, filters, size, opts)
}

// SeparableConv2D is [SeparableConv1D] for images.
//
// Shapes: x [B H W C], depthwise kernel [size size C multiplier], pointwise kernel [1 1
// C·multiplier filters], bias [filters] -> y [B P Q filters]. Panics as SeparableConv1D does.
// Source: keras.layers.SeparableConv2D.
func SeparableConv2D(filters, size int, opts ...ConvOption) *SeparableConvLayer {
	return separable(2, filters, size, opts)
}

func separable(places, filters, size int, opts []ConvOption) *SeparableConvLayer {
	l := &SeparableConvLayer{Base: NewBase(), Filters: filters}
	l.places = places
	var w, pointwise Weights
	s := convSettings{base: &l.Base, weights: &w, window: &l.Window, dilation: &l.DilationRate, multiplier: &l.DepthMultiplier, pointwise: &pointwise}
	l.KernelSize = s.set(size, opts)
	l.setDepthwise(&w)
	l.setBias(&w)
	l.PointwiseInitializer, l.PointwiseRegularizer, l.PointwiseConstraint = pointwise.KernelInitializer, pointwise.KernelRegularizer, pointwise.KernelConstraint
	return l
}

// Pointwise sets options of the second kernel of a SeparableConv1D and its like:
// [KernelInitializer], [KernelRegularizer] and [KernelConstraint].
func Pointwise(settings ...WeightsSetting) ConvSetting {
	return func(c *convSettings) {
		w := setting(c, "Pointwise", c.pointwise)
		for _, s := range settings {
			s(w)
		}
	}
}

// SeparableConvLayer is the layer that [SeparableConv1D] and its like make.
type SeparableConvLayer struct {
	Base
	// Filters is the number of channels of the output.
	Filters int `json:"filters"`
	// KernelSize is the window of the depthwise convolution.
	KernelSize Sizes `json:"kernel_size"`
	Depthwise
	// PointwiseInitializer is [GlorotUniform] by default.
	PointwiseInitializer Initializer `json:"pointwise_initializer"`
	PointwiseRegularizer Regularizer `json:"pointwise_regularizer"`
	PointwiseConstraint  Constraint  `json:"pointwise_constraint"`
	Biased
	Window
	// DilationRate is 1 by default: the elements of a window are neighbours.
	DilationRate Sizes `json:"dilation_rate"`

	pointwise *graph.Var
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *SeparableConvLayer) SetDefaults() {
	l.Depthwise.SetDefaults()
	l.Biased.SetDefaults()
	l.Window.SetDefaults()
	l.PointwiseInitializer = l.PointwiseInitializer.Or(GlorotUniform)
	l.DilationRate = l.DilationRate.over(l.places, 1)
	l.KernelSize = l.KernelSize.over(l.places)
}

// Class returns Keras's name of the layer.
func (l *SeparableConvLayer) Class() string { return fmt.Sprintf("SeparableConv%dD", l.places) }

// Build implements [Layer].
func (l *SeparableConvLayer) Build(b *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantWindow(class, in, l.KernelSize, l.DilationRate, false)
	if l.Filters < 1 {
		panic(graph.Errorf("nn.%s: %d filters: want 1 or more", class, l.Filters))
	}
	channels := l.channelsOf(in)
	l.buildDepthwise(b, class, "depthwise_kernel", l.KernelSize.over(l.places), channels)
	one := slices.Repeat([]int{1}, l.places)
	l.pointwise = b.Param("pointwise_kernel", tensor.D(append(one, channels*max(l.DepthMultiplier, 1), l.Filters)...), l.PointwiseInitializer.Or(GlorotUniform))
	constrain(l.pointwise, l.PointwiseConstraint)
	l.buildBias(b, l.Filters)
}

// Call implements [Layer].
func (l *SeparableConvLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(x, func(x *graph.Node) *graph.Node {
		y := l.convolve(c, x, l.windowOf(x, l.KernelSize, l.DilationRate))
		c.Regularize(l.pointwise, l.PointwiseRegularizer)
		return l.finishBias(c, ops.Conv(y, c.Value(l.pointwise), ops.Valid(l.places), 1))
	})
}
