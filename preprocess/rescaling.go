package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Rescaling returns a layer that computes x·scale + offset in floats:
// Rescaling(1.0/255, 0) takes pixels to 0..1.
//
// Shapes: x [...] -> y [...].
// DTypes: any number; integers become the dtype that the layer computes in first.
// Gradient: x. Source: Keras, Rescaling.
func Rescaling(scale, offset float64, opts ...nn.LayerOption) *RescalingLayer {
	return &RescalingLayer{Base: nn.NewBase(opts...), Scale: scale, Offset: offset}
}

// RescalingLayer is the layer that [Rescaling] makes.
type RescalingLayer struct {
	nn.Base
	// Scale is the factor, Offset the term that is added then.
	Scale  float64 `json:"scale"`
	Offset float64 `json:"offset"`
}

func init() { nn.Register("keras.layers>Rescaling", func() nn.Layer { return &RescalingLayer{} }) }

// OfIntegers implements [nn.IntegerLayer].
func (*RescalingLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Float32 }

// Build implements [nn.Layer].
func (*RescalingLayer) Build(*nn.Builder, tensor.Spec) {}

// Call implements [nn.Layer].
func (l *RescalingLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	y := x
	if !x.DType().IsFloat() {
		y = ops.Cast(x, c.ComputeDType())
	}
	y = ops.Scale(y, l.Scale)
	if l.Offset != 0 {
		y = ops.Offset(y, l.Offset)
	}
	c.SetMask(y, c.Mask(x))
	return y
}
