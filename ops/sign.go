package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Neg returns -x, elementwise. Integers wrap around.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x. Panics with *graph.Error if
// x is Bool.
func Neg(x *graph.Node) *graph.Node { return graph.Apply(NegOp{}, x) }

// NegOp is the operation behind [Neg].
type NegOp struct{ numeric }

// Name implements graph.Op.
func (NegOp) Name() string { return "Neg" }

// Primitive implements [Primitive].
func (NegOp) Primitive() {}

// Eval implements [Unary].
func (NegOp) Eval(x float64) float64 { return -x }

// EvalInt implements [UnaryInt].
func (NegOp) EvalInt(x int64) int64 { return -x }

// VJP implements [Differentiable].
func (NegOp) VJP(_, dy *graph.Node) []*graph.Node { return []*graph.Node{Neg(dy)} }

// Abs returns |x|, elementwise. Integers wrap around.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x; the slope at 0 is 0. Panics
// with *graph.Error if x is Bool.
func Abs(x *graph.Node) *graph.Node { return graph.Apply(AbsOp{}, x) }

// AbsOp is the operation behind [Abs].
type AbsOp struct{ numeric }

// Name implements graph.Op.
func (AbsOp) Name() string { return "Abs" }

// Primitive implements [Primitive].
func (AbsOp) Primitive() {}

// Eval implements [Unary].
func (AbsOp) Eval(x float64) float64 { return math.Abs(x) }

// EvalInt implements [UnaryInt].
func (AbsOp) EvalInt(x int64) int64 { return max(x, -x) }

// EvalUint implements [UnaryUint].
func (AbsOp) EvalUint(x uint64) uint64 { return x }

// VJP: the slope is the sign of x, 0 at 0.
func (AbsOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, Sign(n.In[0]))}
}

// Sign returns 1 where x > 0, -1 where x < 0, and x where it is zero or NaN,
// elementwise.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: zero. Panics with *graph.Error
// if x is Bool.
//
// Source: numpy.sign.
func Sign(x *graph.Node) *graph.Node { return graph.Apply(SignOp{}, x) }

// SignOp is the operation behind [Sign].
type SignOp struct{ numeric }

// Name implements graph.Op.
func (SignOp) Name() string { return "Sign" }

// Primitive implements [Primitive].
func (SignOp) Primitive() {}

// Eval implements [Unary].
func (SignOp) Eval(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// EvalInt implements [UnaryInt].
func (SignOp) EvalInt(x int64) int64 { return truthInt[int64](x > 0) - truthInt[int64](x < 0) }

// EvalUint implements [UnaryUint].
func (SignOp) EvalUint(x uint64) uint64 { return min(x, 1) }

// VJP: a step function has no slope.
func (SignOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil} }
