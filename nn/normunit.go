package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// UnitNormalization returns a layer that scales vectors along the last axis, or the given
// [Axes], to length 1. Vectors shorter than 1e-12 are divided by that.
//
// Shapes: x [B ...] -> y [B ...].
// DTypes: floats; those of 16 bits are normalized in float32, where Keras overflows in
// float16. Gradient: x.
// Panics with *graph.Error, when built, unless x is of floats and has each axis once.
//
// Options: [Axis], [Axes], and every [LayerOption].
//
// Source: keras.layers.UnitNormalization.
func UnitNormalization(opts ...UnitNormalizationOption) *UnitNormalizationLayer {
	l := &UnitNormalizationLayer{Base: NewBase()}
	wantOptions(opts)
	for _, o := range opts {
		o.unitNormalization(l)
	}
	return l
}

// UnitNormalizationLayer is the layer that [UnitNormalization] makes.
type UnitNormalizationLayer struct {
	Base
	// Axes are those along which a vector lies. Nil stands for the last.
	Axes AxisList `json:"axis"`
}

func init() { addLayer("UnitNormalization", layerOf[UnitNormalizationLayer]()) }

// UnitNormalizationOption is an option of [UnitNormalization]: an [Axis], [Axes], or a
// [LayerOption].
type UnitNormalizationOption interface{ unitNormalization(*UnitNormalizationLayer) }

func (a Axis) unitNormalization(l *UnitNormalizationLayer)         { l.Axes = AxisList{int(a)} }
func (a AxisList) unitNormalization(l *UnitNormalizationLayer)     { l.Axes = a }
func (s LayerSetting) unitNormalization(l *UnitNormalizationLayer) { s(&l.Base) }
func (p DTypePolicy) unitNormalization(l *UnitNormalizationLayer)  { l.DType = p }

// MarshalJSON writes the layer's config as Keras does: one axis as a number.
func (l *UnitNormalizationLayer) MarshalJSON() ([]byte, error) {
	return vocab.Marshal(struct {
		Base
		Axis any `json:"axis"`
	}{l.Base, axisConfig(lastUnless(l.Axes))})
}

// OfIntegers implements [IntegerLayer].
func (*UnitNormalizationLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (*UnitNormalizationLayer) keepsMask() {}

// Build implements [Layer].
func (l *UnitNormalizationLayer) Build(_ *Builder, in tensor.Spec) {
	wantFloat("UnitNormalization", in)
	if l.Axes != nil && len(l.Axes) == 0 {
		panic(graph.Errorf("nn.UnitNormalization: no axes: want one or more"))
	}
}

// Call implements [Layer].
func (l *UnitNormalizationLayer) Call(_ *Ctx, in *graph.Node) *graph.Node {
	wantFloat("UnitNormalization", in.Spec())
	const shortest = 1e-12
	y := ops.L2NormalizeFrom(ops.AtLeastFloat32(in), shortest, lastUnless(l.Axes)...)
	return ops.Cast(y, in.DType())
}
