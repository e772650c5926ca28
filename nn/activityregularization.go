package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ActivityRegularization returns a layer that passes x on and adds the penalty
// l1·Σ|x| + l2·Σx², divided by the length of the batch, to the loss.
//
// Shapes: x [B ...] -> y [B ...].
// Panics with *graph.Error, when built, unless x is of floats and both factors are
// finite and 0 or more.
// Source: keras.layers.ActivityRegularization.
func ActivityRegularization(l1, l2 float64, opts ...LayerOption) *ActivityRegularizationLayer {
	return &ActivityRegularizationLayer{Base: NewBase(opts...), L1: l1, L2: l2}
}

// ActivityRegularizationLayer is the layer that [ActivityRegularization] makes.
type ActivityRegularizationLayer struct {
	Base
	// L1 is the factor of the sum of sizes, L2 that of the sum of squares.
	L1 float64 `json:"l1"`
	L2 float64 `json:"l2"`
}

func init() { addLayer("ActivityRegularization", layerOf[ActivityRegularizationLayer]()) }

// OfIntegers implements [IntegerLayer].
func (*ActivityRegularizationLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (*ActivityRegularizationLayer) keepsMask() {}

// Build implements [Layer].
func (l *ActivityRegularizationLayer) Build(_ *Builder, in tensor.Spec) {
	wantFloat("ActivityRegularization", in)
	wantFactor("ActivityRegularization: l1", l.L1)
	wantFactor("ActivityRegularization: l2", l.L2)
}

// Call implements [Layer].
func (l *ActivityRegularizationLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	L1L2(l.L1, l.L2).activity(c, x)
	return x
}
