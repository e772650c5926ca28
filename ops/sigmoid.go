package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Sigmoid returns 1/(1+e^-x), elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Sigmoid(x *graph.Node) *graph.Node { return graph.Apply(SigmoidOp{}, x) }

// SigmoidOp is the operation behind [Sigmoid].
type SigmoidOp struct{ unary }

// Name implements graph.Op.
func (SigmoidOp) Name() string { return "Sigmoid" }

// Primitive implements [Primitive].
func (SigmoidOp) Primitive() {}

// Eval implements [Unary].
func (SigmoidOp) Eval(x float64) float64 { return sigmoid(x) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// VJP: d/dx = y·(1-y), from the result alone.
func (SigmoidOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(SigmoidGradOp{}, n, dy)}
}

// SigmoidGradOp is dy·y·(1-y): the gradient of [Sigmoid] from its result y.
type SigmoidGradOp struct{ binaryFloat }

// Name implements graph.Op.
func (SigmoidGradOp) Name() string { return "SigmoidGrad" }

// Compose implements [Composed].
func (SigmoidGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Mul(Mul(dy, y), Offset(Neg(y), 1))}
}

// Eval implements [Binary].
func (SigmoidGradOp) Eval(y, dy float64) float64 { return dy * y * (1 - y) }

// VJP: d/dy = dy·(1-2y), and linear in dy.
func (SigmoidGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	y, dy := n.In[0], n.In[1]
	return []*graph.Node{
		Mul(Mul(dz, dy), Offset(Scale(y, -2), 1)),
		graph.Apply(SigmoidGradOp{}, y, dz),
	}
}
