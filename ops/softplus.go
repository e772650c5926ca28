package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Softplus returns ln(1+e^x), elementwise, without overflow on the way.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Dugas et al. 2000, "Incorporating Second-Order Functional Knowledge for
// Better Option Pricing".
func Softplus(x *graph.Node) *graph.Node { return graph.Apply(SoftplusOp{}, x) }

// SoftplusOp is the operation behind [Softplus].
type SoftplusOp struct{ unary }

// Name implements graph.Op.
func (SoftplusOp) Name() string { return "Softplus" }

// Compose implements [Composed].
func (SoftplusOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Add(Maximum(x, ScalarLike(x, 0)), Log1p(Exp(Neg(Abs(x)))))}
}

// Eval implements [Unary].
func (SoftplusOp) Eval(x float64) float64 { return softplus(x) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// VJP: d/dx = sigmoid(x).
func (SoftplusOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Sigmoid(n.In[0]))}
}

// Softsign returns x/(1+|x|), elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: ONNX Softsign.
func Softsign(x *graph.Node) *graph.Node { return graph.Apply(SoftsignOp{}, x) }

// SoftsignOp is the operation behind [Softsign].
type SoftsignOp struct{ unary }

// Name implements graph.Op.
func (SoftsignOp) Name() string { return "Softsign" }

// Compose implements [Composed].
func (SoftsignOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Div(x, Offset(Abs(x), 1))}
}

// Eval implements [Unary].
func (SoftsignOp) Eval(x float64) float64 { return x / (1 + math.Abs(x)) }

// VJP: d/dx = 1/(1+|x|)².
func (SoftsignOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(dy, Square(Offset(Abs(n.In[0]), 1)))}
}
