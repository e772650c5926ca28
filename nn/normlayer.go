package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// LayerNormalization returns a layer that normalizes every sample by itself, over the last
// axis or the given [Axes]:
//
//	y = (x - mean) / √(variance + epsilon) · gamma + beta
//
// Shapes: x [B ... C] -> y [B ... C], gamma, beta [C], or the lengths of all axes.
// DTypes: floats; those of 16 bits are normalized in float32. Gradient: x, gamma, beta.
// Panics with *graph.Error, when built, unless x is of floats, has each axis once, none of
// them the batch, and epsilon is 0 or more.
//
// Options: [Axis], [Axes], [Epsilon], those of [Affine], [RMSScaling], and every
// [LayerOption].
//
// Source: keras.layers.LayerNormalization; Ba, Kiros, Hinton 2016, arXiv:1607.06450,
// section 3.
func LayerNormalization(opts ...LayerNormalizationOption) *LayerNormalizationLayer {
	l := newLayerNormalization()
	l.Base = NewBase()
	wantOptions(opts)
	for _, o := range opts {
		o.layerNormalization(l)
	}
	return l
}

func newLayerNormalization() *LayerNormalizationLayer {
	return &LayerNormalizationLayer{Axes: AxisList{-1}, Affine: Affine{Epsilon: defaultEpsilon}}
}

// LayerNormalizationLayer is the layer that [LayerNormalization] makes.
type LayerNormalizationLayer struct {
	Base
	// Axes are those that are normalized together. Nil stands for the last.
	Axes AxisList `json:"axis"`
	Affine
	// RMSScaling divides by the standard deviation without subtracting the mean, and has
	// no beta. Keras keeps it for old files.
	RMSScaling bool `json:"rms_scaling"`

	shape tensor.Dims // of gamma and beta
}

func init() {
	addLayer("LayerNormalization", vocab.Into[Layer](newLayerNormalization))
}

// LayerNormalizationOption is an option of [LayerNormalization]: an [Axis], [Axes], an
// [Epsilon], an [AffineSetting], [RMSScaling], or a [LayerOption].
type LayerNormalizationOption interface {
	layerNormalization(*LayerNormalizationLayer)
}

// LayerNormalizationSetting is an option that sets a part of a [LayerNormalizationLayer].
type LayerNormalizationSetting func(*LayerNormalizationLayer)

func (s LayerNormalizationSetting) layerNormalization(l *LayerNormalizationLayer) { s(l) }
func (a Axis) layerNormalization(l *LayerNormalizationLayer)                      { l.Axes = AxisList{int(a)} }
func (a AxisList) layerNormalization(l *LayerNormalizationLayer)                  { l.Axes = a }
func (s LayerSetting) layerNormalization(l *LayerNormalizationLayer)              { s(&l.Base) }
func (p DTypePolicy) layerNormalization(l *LayerNormalizationLayer)               { l.DType = p }

// RMSScaling has [LayerNormalization] divide by the standard deviation without subtracting
// the mean, as old models of Keras do. [RMSNormalization] divides by the root of the mean
// square.
var RMSScaling LayerNormalizationSetting = func(l *LayerNormalizationLayer) { l.RMSScaling = true }

// SetDefaults sets the axes and initializers that are not set to the defaults that they stand
// for.
func (l *LayerNormalizationLayer) SetDefaults() {
	l.Affine.SetDefaults()
	l.Axes = lastUnless(l.Axes)
}

func (*LayerNormalizationLayer) keepsMask() {}

// Build implements [Layer].
func (l *LayerNormalizationLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("LayerNormalization", in)
	wantEpsilon("LayerNormalization", l.Epsilon)
	a := l.Affine
	if l.RMSScaling { // as in Keras: gamma always, beta never
		a.NoScale, a.NoCenter = false, true
	}
	l.shape = lengthsAlong("LayerNormalization", in.Shape, lastUnless(l.Axes))
	a.build(b, l.shape)
	l.gamma, l.beta = a.gamma, a.beta
}

// Call implements [Layer].
func (l *LayerNormalizationLayer) Call(c *Ctx, in *graph.Node) *graph.Node {
	wantFloat("LayerNormalization", in.Spec())
	axes := lastUnless(l.Axes)
	wantLengths("LayerNormalization", in.Shape(), axes, l.shape)
	x, places, weights := together(ops.AtLeastFloat32(in), sampleAxes("LayerNormalization", in.Shape(), axes))
	gamma, beta := l.values(c, x)
	mean, variance := ops.MomentsKeep(x, places...)
	if !l.RMSScaling {
		x = ops.Sub(x, mean)
	}
	y := scaled(ops.Mul(x, ops.Rsqrt(ops.Offset(variance, l.Epsilon))), shapedLike(gamma, weights), shapedLike(beta, weights))
	return ops.Cast(ops.Reshape(y, in.Shape().Slice()...), in.DType())
}

// lastUnless returns axes, or the last if none are set.
func lastUnless(axes AxisList) AxisList {
	if axes == nil {
		return AxisList{-1}
	}
	return axes
}

// lengthsAlong returns the lengths of x along axes in the order in which Keras sorts them:
// by their numbers, negative ones first. It panics as [sampleAxes] does.
func lengthsAlong(layer string, x tensor.Dims, axes AxisList) tensor.Dims {
	sampleAxes(layer, x, axes)
	var lengths tensor.Dims
	for _, a := range axes.sorted() {
		lengths = lengths.Append(x.At(a))
	}
	return lengths
}

// wantLengths panics unless x has the lengths along axes that the layer was built for.
func wantLengths(layer string, x tensor.Dims, axes AxisList, built tensor.Dims) {
	if got := lengthsAlong(layer, x, axes); got != built {
		panic(graph.Errorf("nn.%s: x %v has lengths %v along axes %s: the layer was built for %v", layer, x, got, listed(axes.sorted()), built))
	}
}

// together returns x with the axes at places, in ascending order, made one if they are the
// last, which rows are; the places in it; and the shape with which a weight of the axes'
// lengths broadcasts to it.
func together(x *graph.Node, places []int) (rows *graph.Node, at []int, weights tensor.Dims) {
	shape := x.Shape()
	if areLast(places, shape.Rank()) {
		lead, n := shape.To(places[0]), shape.From(places[0]).Size()
		return ops.Reshape(x, lead.Append(n).Slice()...), []int{lead.Rank()}, tensor.D(n)
	}
	for i := range shape.Rank() {
		weights = weights.Append(1)
		for _, p := range places {
			if p == i {
				weights = weights.With(i, shape.At(i))
			}
		}
	}
	return x, places, weights
}

// shapedLike returns a weight with another shape, nil for nil.
func shapedLike(w *graph.Node, shape tensor.Dims) *graph.Node {
	if w == nil {
		return nil
	}
	return ops.Reshape(w, shape.Slice()...)
}
