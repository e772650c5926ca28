package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Tanh returns the hyperbolic tangent of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Tanh(x *graph.Node) *graph.Node { return graph.Apply(TanhOp{}, x) }

// TanhOp is the operation behind [Tanh].
type TanhOp struct{ unary }

// Name implements graph.Op.
func (TanhOp) Name() string { return "Tanh" }

// Primitive implements [Primitive].
func (TanhOp) Primitive() {}

// Eval implements [Unary].
func (TanhOp) Eval(x float64) float64 { return math.Tanh(x) }

// VJP: d/dx = 1 - y², from the result alone.
func (TanhOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(TanhGradOp{}, n, dy)}
}

// TanhGradOp is dy·(1-y²): the gradient of [Tanh] from its result y.
type TanhGradOp struct{ binaryFloat }

// Name implements graph.Op.
func (TanhGradOp) Name() string { return "TanhGrad" }

// Compose implements [Composed].
func (TanhGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Mul(dy, Offset(Neg(Mul(y, y)), 1))}
}

// Eval implements [Binary].
func (TanhGradOp) Eval(y, dy float64) float64 { return dy * (1 - y*y) }

// VJP: d/dy = -2·y·dy, and linear in dy.
func (TanhGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	y, dy := n.In[0], n.In[1]
	return []*graph.Node{
		Mul(Mul(dz, dy), Scale(y, -2)),
		graph.Apply(TanhGradOp{}, y, dz),
	}
}
