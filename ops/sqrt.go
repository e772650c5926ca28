package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Square returns x², elementwise. Integers wrap around.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x. Panics with *graph.Error if
// x is Bool.
func Square(x *graph.Node) *graph.Node { return graph.Apply(SquareOp{}, x) }

// SquareOp is the operation behind [Square].
type SquareOp struct{ numeric }

// Name implements graph.Op.
func (SquareOp) Name() string { return "Square" }

// Compose implements [Composed].
func (SquareOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Mul(x, x)}
}

// Eval implements [Unary].
func (SquareOp) Eval(x float64) float64 { return x * x }

// EvalInt implements [UnaryInt].
func (SquareOp) EvalInt(x int64) int64 { return x * x }

// VJP: d/dx = 2x.
func (SquareOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Scale(n.In[0], 2))}
}

// Sqrt returns √x, elementwise: NaN below 0. The slope at 0 is infinite.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Sqrt(x *graph.Node) *graph.Node { return graph.Apply(SqrtOp{}, x) }

// SqrtOp is the operation behind [Sqrt].
type SqrtOp struct{ unary }

// Name implements graph.Op.
func (SqrtOp) Name() string { return "Sqrt" }

// Primitive implements [Primitive].
func (SqrtOp) Primitive() {}

// Eval implements [Unary].
func (SqrtOp) Eval(x float64) float64 { return math.Sqrt(x) }

// VJP: d/dx = 1/(2y).
func (SqrtOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Div(Scale(dy, 0.5), n)}
}

// Rsqrt returns 1/√x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Rsqrt(x *graph.Node) *graph.Node { return graph.Apply(RsqrtOp{}, x) }

// RsqrtOp is the operation behind [Rsqrt].
type RsqrtOp struct{ unary }

// Name implements graph.Op.
func (RsqrtOp) Name() string { return "Rsqrt" }

// Primitive implements [Primitive].
func (RsqrtOp) Primitive() {}

// Eval implements [Unary].
func (RsqrtOp) Eval(x float64) float64 { return 1 / math.Sqrt(x) }

// VJP: d/dx = -y³/2.
func (RsqrtOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Scale(Mul(Square(n), n), -0.5))}
}

// Reciprocal returns 1/x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
func Reciprocal(x *graph.Node) *graph.Node { return graph.Apply(ReciprocalOp{}, x) }

// ReciprocalOp is the operation behind [Reciprocal].
type ReciprocalOp struct{ unary }

// Name implements graph.Op.
func (ReciprocalOp) Name() string { return "Reciprocal" }

// Compose implements [Composed].
func (ReciprocalOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Div(ScalarLike(x, 1), x)}
}

// Eval implements [Unary].
func (ReciprocalOp) Eval(x float64) float64 { return 1 / x }

// VJP: d/dx = -y².
func (ReciprocalOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Neg(Mul(dy, Square(n)))}
}
