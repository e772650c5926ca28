package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Rescaling returns a layer that computes x·scale + offset in floats:
// Rescaling(1.0/255, 0) takes pixels to 0..1.
//
// Shapes: x [...] -> y [...].
// DTypes: any number; integers become the dtype that the layer computes in first.
func Rescaling(scale, offset float64, opts ...LayerOption) *RescalingLayer {
	r := &RescalingLayer{Base: newBase(), Scale: scale, Offset: offset}
	r.apply(opts)
	return r
}

// RescalingLayer is the layer that [Rescaling] makes.
type RescalingLayer struct {
	Base
	// Scale is the factor and Offset what is added then.
	Scale  float64 `json:"scale"`
	Offset float64 `json:"offset"`
}

func init() { addLayer("Rescaling", layerOf[RescalingLayer]()) }

func (*RescalingLayer) keepsMask() {}

// Build implements [Layer].
func (r *RescalingLayer) Build(*Builder, tensor.Spec) {}

// Call implements [Layer].
func (r *RescalingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !x.DType().IsFloat() {
		x = ops.Cast(x, c.policy.ComputeDType())
	}
	x = ops.Scale(x, r.Scale)
	if r.Offset == 0 {
		return x
	}
	return ops.Offset(x, r.Offset)
}
