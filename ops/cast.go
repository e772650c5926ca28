package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Cast returns x with another dtype, converted as tensor.Convert does: floats are
// rounded to the nearest, ties to even; a float becomes an integer by truncation, one out
// of range the nearest integer in range, and NaN becomes 0; integers keep their low bits;
// Bool is whether x is not zero.
//
// Shapes: x [...] -> [...]. DTypes: any -> to. Gradient: x between floats, else zero.
// Panics with *graph.Error if to is not a dtype.
func Cast(x *graph.Node, to tensor.DType) *graph.Node {
	if x.DType() == to {
		return x
	}
	return graph.Apply(CastOp{to}, x)
}

// CastOp is the operation behind [Cast].
type CastOp struct{ To tensor.DType }

// Name implements graph.Op.
func (CastOp) Name() string { return "Cast" }

// Primitive implements [Primitive].
func (CastOp) Primitive() {}

// Infer implements graph.Op.
func (o CastOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if o.To.Size() == 0 {
		return nil, fmt.Errorf("dtype %d: want one of %v", uint8(o.To), tensor.DTypes())
	}
	return one(o.To, in[0].Shape)
}

// Ref implements [Referenced].
func (o CastOp) Ref(out, in []Array) {
	for i, x := range in[0].V {
		switch {
		case o.To == tensor.Bool:
			x = truth(x != 0)
		case o.To.IsInt() && in[0].DType.IsFloat():
			x = toInteger(x, o.To)
		}
		out[0].V[i] = x
	}
}

// toInteger truncates x to the range of the integer dtype dt.
func toInteger(x float64, dt tensor.DType) float64 {
	if math.IsNaN(x) {
		return 0
	}
	width := 8 * dt.Size()
	if dt.IsUnsigned() {
		return min(max(math.Trunc(x), 0), math.Ldexp(1, width)-1)
	}
	half := math.Ldexp(1, width-1)
	return min(max(math.Trunc(x), -half), half-1)
}

// VJP: the gradient returns to the dtype of x.
func (CastOp) VJP(n, dy *graph.Node) []*graph.Node {
	if from := n.In[0].DType(); from.IsFloat() && dy.DType().IsFloat() {
		return []*graph.Node{Cast(dy, from)}
	}
	return []*graph.Node{nil}
}
