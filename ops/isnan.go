package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// IsNaN returns whether x is NaN, elementwise, as Bool.
//
// Shapes: x [...] -> [...]. DTypes: floats -> Bool. No gradient. Panics with
// *graph.Error unless x is float.
func IsNaN(x *graph.Node) *graph.Node { return graph.Apply(IsNaNOp{}, x) }

// IsNaNOp is the operation behind [IsNaN].
type IsNaNOp struct{ question }

// Name implements graph.Op.
func (IsNaNOp) Name() string { return "IsNaN" }

// Compose implements [Composed].
func (IsNaNOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{NotEqual(x, x)}
}

// Eval implements [Unary].
func (IsNaNOp) Eval(x float64) float64 { return truth(math.IsNaN(x)) }

// IsInf returns whether x is infinite, elementwise, as Bool.
//
// Shapes: x [...] -> [...]. DTypes: floats -> Bool. No gradient. Panics with
// *graph.Error unless x is float.
func IsInf(x *graph.Node) *graph.Node { return graph.Apply(IsInfOp{}, x) }

// IsInfOp is the operation behind [IsInf].
type IsInfOp struct{ question }

// Name implements graph.Op.
func (IsInfOp) Name() string { return "IsInf" }

// Compose implements [Composed].
func (IsInfOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Equal(Abs(x), ScalarLike(x, math.Inf(1)))}
}

// Eval implements [Unary].
func (IsInfOp) Eval(x float64) float64 { return truth(math.IsInf(x, 0)) }

// IsFinite returns whether x is neither infinite nor NaN, elementwise, as Bool.
//
// Shapes: x [...] -> [...]. DTypes: floats -> Bool. No gradient. Panics with
// *graph.Error unless x is float.
func IsFinite(x *graph.Node) *graph.Node { return graph.Apply(IsFiniteOp{}, x) }

// IsFiniteOp is the operation behind [IsFinite].
type IsFiniteOp struct{ question }

// Name implements graph.Op.
func (IsFiniteOp) Name() string { return "IsFinite" }

// Compose implements [Composed].
func (IsFiniteOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Less(Abs(x), ScalarLike(x, math.Inf(1)))}
}

// Eval implements [Unary].
func (IsFiniteOp) Eval(x float64) float64 { return truth(!math.IsInf(x, 0) && !math.IsNaN(x)) }
