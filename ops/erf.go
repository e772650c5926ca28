package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Erf returns the Gauss error function of x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Erf(x *graph.Node) *graph.Node { return graph.Apply(ErfOp{}, x) }

// ErfOp is the operation behind [Erf].
type ErfOp struct{ unary }

// Name implements graph.Op.
func (ErfOp) Name() string { return "Erf" }

// Primitive implements [Primitive].
func (ErfOp) Primitive() {}

// Eval implements [Unary].
func (ErfOp) Eval(x float64) float64 { return math.Erf(x) }

// VJP: d/dx = 2/√π · e^(-x²).
func (ErfOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, gauss(n.In[0]))}
}

// Erfc returns 1 - erf(x), elementwise, exact for large x.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Erfc(x *graph.Node) *graph.Node { return graph.Apply(ErfcOp{}, x) }

// ErfcOp is the operation behind [Erfc].
type ErfcOp struct{ unary }

// Name implements graph.Op.
func (ErfcOp) Name() string { return "Erfc" }

// Compose implements [Composed].
func (ErfcOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Offset(Neg(Erf(x)), 1)}
}

// Eval implements [Unary].
func (ErfcOp) Eval(x float64) float64 { return math.Erfc(x) }

// VJP: d/dx = -2/√π · e^(-x²).
func (ErfcOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Neg(Mul(dy, gauss(n.In[0])))}
}

// gauss returns 2/√π · e^(-x²).
func gauss(x *graph.Node) *graph.Node {
	return Scale(Exp(Neg(Square(x))), 2/math.Sqrt(math.Pi))
}
