package ops

import "github.com/glia-ml/glia/graph"

// Sub returns a-b, elementwise. Integers wrap around.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are Bool.
func Sub(a, b *graph.Node) *graph.Node { return graph.Apply(SubOp{}, a, b) }

// SubOp is the operation behind [Sub].
type SubOp struct{ binary }

// Name implements graph.Op.
func (SubOp) Name() string { return "Sub" }

// Primitive implements [Primitive].
func (SubOp) Primitive() {}

// Eval implements [Binary].
func (SubOp) Eval(a, b float64) float64 { return a - b }

// EvalInt implements [BinaryInt].
func (SubOp) EvalInt(a, b int64) int64 { return a - b }

// VJP implements [Differentiable].
func (SubOp) VJP(_, dy *graph.Node) []*graph.Node { return []*graph.Node{dy, Neg(dy)} }
