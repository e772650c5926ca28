package nn

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// MaxPooling1D returns a layer that takes the greatest element of every window of size steps,
// channel by channel. The windows are a window's size apart, unless there are [Strides].
// Padding is never the greatest, NaN always is.
//
// Shapes: x [B T C] -> y [B P C], with P = (T-size)/stride + 1, with [Same] padding T/stride
// rounded up. DTypes: numbers. Gradient: x, the first of equal elements.
// Panics with *graph.Error, when built, unless x has three axes, size and strides are 1 or
// more, and the window fits into x. Source: keras.layers.MaxPooling1D.
func MaxPooling1D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(1, maxOf, size, opts)
}

// MaxPooling2D is [MaxPooling1D] for images, with a square window unless [Sizes] are given.
//
// Shapes: x [B H W C] -> y [B P Q C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as MaxPooling1D does. Source:
// keras.layers.MaxPooling2D.
func MaxPooling2D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(2, maxOf, size, opts)
}

// MaxPooling3D is [MaxPooling1D] for volumes, with a cube for a window unless [Sizes] are
// given.
//
// Shapes: x [B D H W C] -> y [B O P Q C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as MaxPooling1D does. Source:
// keras.layers.MaxPooling3D.
func MaxPooling3D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(3, maxOf, size, opts)
}

// AveragePooling1D returns a layer that takes the mean of every window of size steps, channel
// by channel. The windows are a window's size apart, unless there are [Strides]. Padding is
// not counted.
//
// Shapes: x [B T C] -> y [B P C], as with [MaxPooling1D]. DTypes: numbers; the mean of
// integers is in the dtype that the layer computes in. Gradient: x.
// Panics with *graph.Error, when built, as MaxPooling1D does. Source:
// keras.layers.AveragePooling1D.
func AveragePooling1D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(1, averageOf, size, opts)
}

// AveragePooling2D is [AveragePooling1D] for images, with a square window unless [Sizes] are
// given.
//
// Shapes: x [B H W C] -> y [B P Q C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as MaxPooling1D does. Source:
// keras.layers.AveragePooling2D.
func AveragePooling2D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(2, averageOf, size, opts)
}

// AveragePooling3D is [AveragePooling1D] for volumes, with a cube for a window unless [Sizes]
// are given.
//
// Shapes: x [B D H W C] -> y [B O P Q C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as MaxPooling1D does. Source:
// keras.layers.AveragePooling3D.
func AveragePooling3D(size int, opts ...WindowOption) *PoolingLayer {
	return pooling(3, averageOf, size, opts)
}

// pooled says what a pooling layer makes of a window: the part of its class before Pooling.
type pooled string

const (
	maxOf     pooled = "Max"
	averageOf pooled = "Average"
)

// ofIntegers is [IntegerLayer.OfIntegers] of a pooling layer.
func (p pooled) ofIntegers(in tensor.DType) tensor.DType {
	if p == averageOf {
		return tensor.Float32
	}
	return in
}

// floatsOf returns x as floats if p needs them.
func (p pooled) floatsOf(c *Ctx, x *graph.Node) *graph.Node {
	if p == averageOf && !x.DType().IsFloat() {
		return ops.Cast(x, c.ComputeDType())
	}
	return x
}

func pooling(places int, what pooled, size int, opts []WindowOption) *PoolingLayer {
	l := &PoolingLayer{Base: NewBase(), what: what}
	l.places, l.size = places, Sizes{size}
	wantOptions(opts)
	for _, o := range opts {
		o.window(&l.Base, &l.Window)
	}
	l.PoolSize = l.size
	return l
}

// PoolingLayer is the layer that [MaxPooling1D], [AveragePooling1D] and their like make.
type PoolingLayer struct {
	Base
	// PoolSize holds the lengths of the window.
	PoolSize Sizes `json:"pool_size"`
	Window

	what pooled
}

func init() {
	for places := 1; places <= ops.MaxPlaces; places++ {
		space := Spatial{places: places}
		for _, p := range []pooled{maxOf, averageOf} {
			addLayer(fmt.Sprintf("%sPooling%dD", p, places), vocab.Into[Layer](func() *PoolingLayer {
				return &PoolingLayer{what: p, Window: Window{Spatial: space}}
			}))
			addLayer(fmt.Sprintf("Global%sPooling%dD", p, places), vocab.Into[Layer](func() *GlobalPoolingLayer {
				return &GlobalPoolingLayer{what: p, Spatial: space}
			}))
			addLayer(fmt.Sprintf("Adaptive%sPooling%dD", p, places), vocab.Into[Layer](func() *AdaptivePoolingLayer {
				return &AdaptivePoolingLayer{what: p, Spatial: space}
			}))
		}
	}
}

// Class returns Keras's name of the layer.
func (l *PoolingLayer) Class() string { return fmt.Sprintf("%sPooling%dD", l.what, l.places) }

// OfIntegers implements [IntegerLayer].
func (l *PoolingLayer) OfIntegers(in tensor.DType) tensor.DType { return l.what.ofIntegers(in) }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *PoolingLayer) SetDefaults() {
	l.PoolSize = l.PoolSize.over(l.places)
	l.Strides = l.Strides.over(l.places, l.PoolSize...)
	l.Window.SetDefaults()
}

// Build implements [Layer].
func (l *PoolingLayer) Build(_ *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantPlaces(class, in)
	wantNumber(class, in)
	wantSizes(class, "pool size", l.PoolSize, l.places, 1)
	if len(l.Strides) > 0 {
		wantSizes(class, "strides", l.Strides, l.places, 1)
	}
	switch l.Padding {
	case "", Valid, Same:
	default:
		panic(graph.Errorf("nn.%s: padding %q: want %q or %q", class, l.Padding, Valid, Same))
	}
}

// Call implements [Layer].
func (l *PoolingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(l.what.floatsOf(c, x), func(x *graph.Node) *graph.Node {
		size := tensor.D(l.PoolSize.over(l.places)...)
		w := ops.Valid(l.places)
		w.Strides = tensor.D(l.Strides.over(l.places, size.Slice()...)...)
		if l.Padding == Same {
			w = w.Padded(ops.Places(x.Shape()), size)
		}
		return l.what.pool(x, size, w)
	})
}

// pool returns the results of windows over x.
func (p pooled) pool(x *graph.Node, size tensor.Dims, w ops.Window) *graph.Node {
	if p == averageOf {
		return ops.AvgPool(x, size, w, false)
	}
	return ops.MaxPool(x, size, w)
}

// wantNumber panics unless in is a tensor of numbers.
func wantNumber(class string, in tensor.Spec) {
	if in.DType == tensor.Bool {
		panic(graph.Errorf("nn.%s: x is %v: want numbers: ops.Cast converts", class, in))
	}
}

// GlobalMaxPooling1D returns a layer that takes the greatest element of all steps, channel by
// channel. It looks at masked steps too, as Keras does. With [KeepDims] the steps remain as an
// axis of length 1.
//
// Shapes: x [B T C] -> y [B C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes and a step. Source:
// keras.layers.GlobalMaxPooling1D.
func GlobalMaxPooling1D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(1, maxOf, opts)
}

// GlobalMaxPooling2D is [GlobalMaxPooling1D] for images.
//
// Shapes: x [B H W C] -> y [B C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has four axes and a pixel. Source:
// keras.layers.GlobalMaxPooling2D.
func GlobalMaxPooling2D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(2, maxOf, opts)
}

// GlobalMaxPooling3D is [GlobalMaxPooling1D] for volumes.
//
// Shapes: x [B D H W C] -> y [B C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has five axes and a voxel. Source:
// keras.layers.GlobalMaxPooling3D.
func GlobalMaxPooling3D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(3, maxOf, opts)
}

// GlobalAveragePooling1D returns a layer that takes the mean of all steps, channel by channel:
// of those that are not masked, if x has a mask. The mean of no steps is NaN. With [KeepDims]
// the steps remain as an axis of length 1.
//
// Shapes: x [B T C] -> y [B C]. DTypes: numbers; the mean of integers is in the dtype that the
// layer computes in. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes. Source:
// keras.layers.GlobalAveragePooling1D.
func GlobalAveragePooling1D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(1, averageOf, opts)
}

// GlobalAveragePooling2D is [GlobalAveragePooling1D] for images, without masks.
//
// Shapes: x [B H W C] -> y [B C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has four axes. Source:
// keras.layers.GlobalAveragePooling2D.
func GlobalAveragePooling2D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(2, averageOf, opts)
}

// GlobalAveragePooling3D is [GlobalAveragePooling1D] for volumes, without masks.
//
// Shapes: x [B D H W C] -> y [B C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has five axes. Source:
// keras.layers.GlobalAveragePooling3D.
func GlobalAveragePooling3D(opts ...GlobalPoolingOption) *GlobalPoolingLayer {
	return globalPooling(3, averageOf, opts)
}

// GlobalPoolingOption is an option of global pooling: [KeepDims], a [DataFormat], or a
// [LayerOption].
type GlobalPoolingOption interface{ globalPooling(*GlobalPoolingLayer) }

// GlobalPoolingSetting is an option that sets a part of a [GlobalPoolingLayer].
type GlobalPoolingSetting func(*GlobalPoolingLayer)

func (s GlobalPoolingSetting) globalPooling(l *GlobalPoolingLayer) { s(l) }
func (f DataFormat) globalPooling(l *GlobalPoolingLayer)           { l.DataFormat = f }
func (s LayerSetting) globalPooling(l *GlobalPoolingLayer)         { s(&l.Base) }
func (p DTypePolicy) globalPooling(l *GlobalPoolingLayer)          { l.DType = p }

// KeepDims makes global pooling keep the axes that it pools, at length 1.
var KeepDims GlobalPoolingSetting = func(l *GlobalPoolingLayer) { l.KeepDims = true }

func globalPooling(places int, what pooled, opts []GlobalPoolingOption) *GlobalPoolingLayer {
	l := &GlobalPoolingLayer{Base: NewBase(), Spatial: Spatial{places: places}, what: what}
	wantOptions(opts)
	for _, o := range opts {
		o.globalPooling(l)
	}
	return l
}

// GlobalPoolingLayer is the layer that [GlobalMaxPooling1D], [GlobalAveragePooling1D] and their
// like make.
type GlobalPoolingLayer struct {
	Base
	Spatial
	// KeepDims keeps the axes that are pooled, at length 1.
	KeepDims bool `json:"keepdims"`

	what pooled
}

// Class returns Keras's name of the layer.
func (l *GlobalPoolingLayer) Class() string {
	return fmt.Sprintf("Global%sPooling%dD", l.what, l.places)
}

// OfIntegers implements [IntegerLayer].
func (l *GlobalPoolingLayer) OfIntegers(in tensor.DType) tensor.DType {
	return l.what.ofIntegers(in)
}

// Build implements [Layer].
func (l *GlobalPoolingLayer) Build(_ *Builder, in tensor.Spec) {
	l.wantPlaces(l.Class(), in)
	wantNumber(l.Class(), in)
}

// masks reports whether the layer is Keras's that takes a mask.
func (l *GlobalPoolingLayer) masks() bool { return l.what == averageOf && l.places == 1 }

// Keywords implements [KeywordLayer]: Keras's GlobalAveragePooling1D takes a mask.
func (l *GlobalPoolingLayer) Keywords() []string {
	if l.masks() {
		return []string{"mask"}
	}
	return nil
}

// BuildAll implements [MultiLayer].
func (l *GlobalPoolingLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.wantInputs(len(in))
	l.Build(b, in[0])
}

// CallAll implements [MultiLayer]: a second input of GlobalAveragePooling1D is the mask [B T],
// which weighs the steps.
func (l *GlobalPoolingLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	l.wantInputs(len(x))
	if len(x) == 1 {
		return []*graph.Node{l.Call(c, x[0])}
	}
	return []*graph.Node{l.maskedMean(l.what.floatsOf(c, x[0]), x[1])}
}

func (l *GlobalPoolingLayer) wantInputs(n int) {
	if most := 1 + len(l.Keywords()); n < 1 || n > most {
		panic(graph.Errorf("nn.%s is applied to %d inputs: want 1, or x and a mask for nn.GlobalAveragePooling1D", l.Class(), n))
	}
}

// Call implements [Layer].
func (l *GlobalPoolingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	axes := make([]int, l.places)
	for i := range axes {
		axes[i] = l.firstPlace() + i
	}
	mask := c.Mask(x)
	x = l.what.floatsOf(c, x)
	switch {
	case l.masks() && mask != nil:
		return l.maskedMean(x, mask)
	case l.what == averageOf && l.KeepDims:
		return ops.ReduceMeanKeep(x, axes...)
	case l.what == averageOf:
		return ops.ReduceMean(x, axes...)
	case l.KeepDims:
		return ops.ReduceMaxKeep(x, axes...)
	}
	return ops.ReduceMax(x, axes...)
}

// maskedMean returns the mean of the steps of x that are not masked.
func (l *GlobalPoolingLayer) maskedMean(x, mask *graph.Node) *graph.Node {
	steps := l.firstPlace()
	if mask.Rank() != 2 || mask.Shape().At(0) != x.Shape().At(0) || mask.Shape().At(1) != x.Shape().At(steps) {
		panic(graph.Errorf("nn.%s: mask %v of x %v: want one for each step", l.Class(), mask.Spec(), x.Spec()))
	}
	m := ops.ExpandDims(ops.Cast(mask, x.DType()), 3-steps)
	reduce := ops.ReduceSum
	if l.KeepDims {
		reduce = ops.ReduceSumKeep
	}
	return ops.Div(reduce(ops.Mul(x, m), steps), reduce(m, steps))
}

// AdaptiveMaxPooling1D returns a layer that takes the greatest element of each of size windows,
// which divide the steps as evenly as can be: window i of n is from i·T/n, rounded down, to
// (i+1)·T/n, rounded up.
//
// Shapes: x [B T C] -> y [B size C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes and a step, and size is 1 or
// more. Source: keras.layers.AdaptiveMaxPooling1D.
func AdaptiveMaxPooling1D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(1, maxOf, size, opts)
}

// AdaptiveMaxPooling2D is [AdaptiveMaxPooling1D] for images, with as many windows along both
// axes unless [Sizes] are given.
//
// Shapes: x [B H W C] -> y [B size size C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as AdaptiveMaxPooling1D does. Source:
// keras.layers.AdaptiveMaxPooling2D.
func AdaptiveMaxPooling2D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(2, maxOf, size, opts)
}

// AdaptiveMaxPooling3D is [AdaptiveMaxPooling1D] for volumes, with as many windows along each
// axis unless [Sizes] are given.
//
// Shapes: x [B D H W C] -> y [B size size size C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as AdaptiveMaxPooling1D does. Source:
// keras.layers.AdaptiveMaxPooling3D.
func AdaptiveMaxPooling3D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(3, maxOf, size, opts)
}

// AdaptiveAveragePooling1D returns a layer that takes the mean of each of size windows, which
// divide the steps as those of [AdaptiveMaxPooling1D] do.
//
// Shapes: x [B T C] -> y [B size C]. DTypes: numbers; the mean of integers is in the dtype that
// the layer computes in. Gradient: x.
// Panics with *graph.Error, when built, as AdaptiveMaxPooling1D does. Source:
// keras.layers.AdaptiveAveragePooling1D.
func AdaptiveAveragePooling1D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(1, averageOf, size, opts)
}

// AdaptiveAveragePooling2D is [AdaptiveAveragePooling1D] for images, with as many windows along
// both axes unless [Sizes] are given.
//
// Shapes: x [B H W C] -> y [B size size C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as AdaptiveMaxPooling1D does. Source:
// keras.layers.AdaptiveAveragePooling2D.
func AdaptiveAveragePooling2D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(2, averageOf, size, opts)
}

// AdaptiveAveragePooling3D is [AdaptiveAveragePooling1D] for volumes, with as many windows along
// each axis unless [Sizes] are given.
//
// Shapes: x [B D H W C] -> y [B size size size C]. DTypes: numbers. Gradient: x.
// Panics with *graph.Error, when built, as AdaptiveMaxPooling1D does. Source:
// keras.layers.AdaptiveAveragePooling3D.
func AdaptiveAveragePooling3D(size int, opts ...AdaptivePoolingOption) *AdaptivePoolingLayer {
	return adaptivePooling(3, averageOf, size, opts)
}

// AdaptivePoolingOption is an option of adaptive pooling: [Sizes], a [DataFormat], or a
// [LayerOption].
type AdaptivePoolingOption interface{ adaptive(*Base, *Spatial) }

func (s Sizes) adaptive(_ *Base, p *Spatial)        { p.size = s }
func (f DataFormat) adaptive(_ *Base, p *Spatial)   { p.DataFormat = f }
func (o LayerSetting) adaptive(b *Base, _ *Spatial) { o(b) }
func (p DTypePolicy) adaptive(b *Base, _ *Spatial)  { b.DType = p }

func adaptivePooling(places int, what pooled, size int, opts []AdaptivePoolingOption) *AdaptivePoolingLayer {
	l := &AdaptivePoolingLayer{Base: NewBase(), Spatial: Spatial{places: places, size: Sizes{size}}, what: what}
	wantOptions(opts)
	for _, o := range opts {
		o.adaptive(&l.Base, &l.Spatial)
	}
	l.OutputSize = l.size
	return l
}

// AdaptivePoolingLayer is the layer that [AdaptiveMaxPooling1D], [AdaptiveAveragePooling1D] and
// their like make.
type AdaptivePoolingLayer struct {
	Base
	// OutputSize holds the numbers of windows.
	OutputSize Sizes `json:"output_size"`
	Spatial

	what pooled
}

// Class returns Keras's name of the layer.
func (l *AdaptivePoolingLayer) Class() string {
	return fmt.Sprintf("Adaptive%sPooling%dD", l.what, l.places)
}

// OfIntegers implements [IntegerLayer].
func (l *AdaptivePoolingLayer) OfIntegers(in tensor.DType) tensor.DType {
	return l.what.ofIntegers(in)
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *AdaptivePoolingLayer) SetDefaults() {
	l.OutputSize = l.OutputSize.over(l.places)
	l.Spatial.SetDefaults()
}

// Build implements [Layer].
func (l *AdaptivePoolingLayer) Build(_ *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantPlaces(class, in)
	wantNumber(class, in)
	wantSizes(class, "output size", l.OutputSize, l.places, 1)
	places, elements := l.placesOf(in), in.Shape.From(1).Size()
	for i, n := range l.OutputSize.over(l.places) {
		if places.At(i) == 0 {
			panic(graph.Errorf("nn.%s: x is %v: want one element or more along each axis", class, in))
		}
		elements /= places.At(i)
		wantProduct(class, "output size", n, elements)
		elements *= n
	}
}

// Call implements [Layer].
func (l *AdaptivePoolingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.channelsLast(l.what.floatsOf(c, x), func(x *graph.Node) *graph.Node {
		size := tensor.D(l.OutputSize.over(l.places)...)
		if l.what == averageOf {
			return ops.AdaptiveAvgPool(x, size)
		}
		return ops.AdaptiveMaxPool(x, size)
	})
}
