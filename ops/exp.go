package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Exp returns e^x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Exp(x *graph.Node) *graph.Node { return graph.Apply(ExpOp{}, x) }

// ExpOp is the operation behind [Exp].
type ExpOp struct{ unary }

// Name implements graph.Op.
func (ExpOp) Name() string { return "Exp" }

// Primitive implements [Primitive].
func (ExpOp) Primitive() {}

// Eval implements [Unary].
func (ExpOp) Eval(x float64) float64 { return math.Exp(x) }

// VJP: d/dx = y.
func (ExpOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, n)}
}

// Expm1 returns e^x - 1, elementwise, exact for small x.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Expm1(x *graph.Node) *graph.Node { return graph.Apply(Expm1Op{}, x) }

// Expm1Op is the operation behind [Expm1].
type Expm1Op struct{ unary }

// Name implements graph.Op.
func (Expm1Op) Name() string { return "Expm1" }

// Primitive implements [Primitive].
func (Expm1Op) Primitive() {}

// Eval implements [Unary].
func (Expm1Op) Eval(x float64) float64 { return math.Expm1(x) }

// VJP: d/dx = y + 1.
func (Expm1Op) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Offset(n, 1))}
}

// Exp2 returns 2^x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Exp2(x *graph.Node) *graph.Node { return graph.Apply(Exp2Op{}, x) }

// Exp2Op is the operation behind [Exp2].
type Exp2Op struct{ unary }

// Name implements graph.Op.
func (Exp2Op) Name() string { return "Exp2" }

// Compose implements [Composed].
func (Exp2Op) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Exp(Scale(x, math.Ln2))}
}

// Eval implements [Unary].
func (Exp2Op) Eval(x float64) float64 { return math.Exp2(x) }

// VJP: d/dx = y·ln 2.
func (Exp2Op) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Scale(n, math.Ln2))}
}
