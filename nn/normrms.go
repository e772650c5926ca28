package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RMSNormalization returns a layer that divides every sample by the root of its mean square,
// over the last axis or the given [Axes]:
//
//	y = x / √(mean(x²) + epsilon) · scale
//
// As in Keras it drops the mask of x.
//
// Shapes: x [B ... C] -> y [B ... C], scale [C], or the lengths of all axes.
// DTypes: floats; those of 16 bits are normalized in float32. Gradient: x, scale.
// Panics with *graph.Error, when built, unless x is of floats, has each axis once, none of
// them the batch, and epsilon is 0 or more.
//
// Options: [Axis], [Axes], [Epsilon], 1e-6 by default, and every [LayerOption].
//
// Source: keras.layers.RMSNormalization; Zhang, Sennrich 2019, arXiv:1910.07467.
func RMSNormalization(opts ...RMSNormalizationOption) *RMSNormalizationLayer {
	l := newRMSNormalization()
	l.Base = NewBase()
	wantOptions(opts)
	for _, o := range opts {
		o.rmsNormalization(l)
	}
	return l
}

func newRMSNormalization() *RMSNormalizationLayer {
	return &RMSNormalizationLayer{Axes: AxisList{-1}, Epsilon: 1e-6}
}

// RMSNormalizationLayer is the layer that [RMSNormalization] makes.
type RMSNormalizationLayer struct {
	Base
	// Axes are those that are normalized together. Nil stands for the last.
	Axes AxisList `json:"axis"`
	// Epsilon is added to the mean square before the root. RMSNormalization sets 1e-6.
	Epsilon float64 `json:"epsilon"`

	scale *graph.Var
}

func init() { addLayer("RMSNormalization", vocab.Into[Layer](newRMSNormalization)) }

// RMSNormalizationOption is an option of [RMSNormalization]: an [Axis], [Axes], an [Epsilon],
// or a [LayerOption].
type RMSNormalizationOption interface{ rmsNormalization(*RMSNormalizationLayer) }

func (a Axis) rmsNormalization(l *RMSNormalizationLayer)         { l.Axes = AxisList{int(a)} }
func (a AxisList) rmsNormalization(l *RMSNormalizationLayer)     { l.Axes = a }
func (s LayerSetting) rmsNormalization(l *RMSNormalizationLayer) { s(&l.Base) }
func (p DTypePolicy) rmsNormalization(l *RMSNormalizationLayer)  { l.DType = p }

// SetDefaults sets the axes, if they are not set, to the default that they stand for.
func (l *RMSNormalizationLayer) SetDefaults() { l.Axes = lastUnless(l.Axes) }

// OfIntegers implements [IntegerLayer].
func (*RMSNormalizationLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Build implements [Layer].
func (l *RMSNormalizationLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("RMSNormalization", in)
	wantEpsilon("RMSNormalization", l.Epsilon)
	l.scale = b.Param("scale", lengthsAlong("RMSNormalization", in.Shape, lastUnless(l.Axes)), Ones)
}

// Call implements [Layer].
func (l *RMSNormalizationLayer) Call(c *Ctx, in *graph.Node) *graph.Node {
	wantFloat("RMSNormalization", in.Spec())
	axes := lastUnless(l.Axes)
	wantLengths("RMSNormalization", in.Shape(), axes, l.scale.Spec().Shape)
	x, places, weights := together(ops.AtLeastFloat32(in), sampleAxes("RMSNormalization", in.Shape(), axes))
	inverse := ops.Rsqrt(ops.Offset(ops.ReduceMeanKeep(ops.Square(x), places...), l.Epsilon))
	y := ops.Mul(ops.Mul(x, inverse), shapedLike(storedAs(c, l.scale, x), weights))
	return ops.Cast(ops.Reshape(y, in.Shape().Slice()...), in.DType())
}
