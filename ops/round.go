package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Floor returns the greatest integer not above x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: zero. Panics with *graph.Error
// unless x is float.
func Floor(x *graph.Node) *graph.Node { return graph.Apply(FloorOp{}, x) }

// FloorOp is the operation behind [Floor].
type FloorOp struct{ unary }

// Name implements graph.Op.
func (FloorOp) Name() string { return "Floor" }

// Primitive implements [Primitive].
func (FloorOp) Primitive() {}

// Eval implements [Unary].
func (FloorOp) Eval(x float64) float64 { return math.Floor(x) }

// VJP: a step function has no slope.
func (FloorOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil} }

// Ceil returns the least integer not below x, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: zero. Panics with *graph.Error
// unless x is float.
func Ceil(x *graph.Node) *graph.Node { return graph.Apply(CeilOp{}, x) }

// CeilOp is the operation behind [Ceil].
type CeilOp struct{ unary }

// Name implements graph.Op.
func (CeilOp) Name() string { return "Ceil" }

// Compose implements [Composed].
func (CeilOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Neg(Floor(Neg(x)))}
}

// Eval implements [Unary].
func (CeilOp) Eval(x float64) float64 { return math.Ceil(x) }

// VJP: a step function has no slope.
func (CeilOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil} }

// Round returns the integer nearest to x, halves to the even one, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: zero. Panics with *graph.Error
// unless x is float.
//
// Source: ONNX Round.
func Round(x *graph.Node) *graph.Node { return graph.Apply(RoundOp{}, x) }

// RoundOp is the operation behind [Round].
type RoundOp struct{ unary }

// Name implements graph.Op.
func (RoundOp) Name() string { return "Round" }

// Primitive implements [Primitive].
func (RoundOp) Primitive() {}

// Eval implements [Unary].
func (RoundOp) Eval(x float64) float64 { return math.RoundToEven(x) }

// VJP: a step function has no slope.
func (RoundOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil} }

// Trunc returns x without its fraction, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: zero. Panics with *graph.Error
// unless x is float.
func Trunc(x *graph.Node) *graph.Node { return graph.Apply(TruncOp{}, x) }

// TruncOp is the operation behind [Trunc].
type TruncOp struct{ unary }

// Name implements graph.Op.
func (TruncOp) Name() string { return "Trunc" }

// Compose implements [Composed].
func (TruncOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{Where(Less(x, ScalarLike(x, 0)), Ceil(x), Floor(x))}
}

// Eval implements [Unary].
func (TruncOp) Eval(x float64) float64 { return math.Trunc(x) }

// VJP: a step function has no slope.
func (TruncOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil} }
