package ops

import "github.com/glia-ml/glia/graph"

// Add returns a+b, elementwise. Integers wrap around.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are Bool.
func Add(a, b *graph.Node) *graph.Node { return graph.Apply(AddOp{}, a, b) }

// AddOp is the operation behind [Add].
type AddOp struct{ binary }

// Name implements graph.Op.
func (AddOp) Name() string { return "Add" }

// Primitive implements [Primitive].
func (AddOp) Primitive() {}

// Eval implements [Binary].
func (AddOp) Eval(a, b float64) float64 { return a + b }

// EvalInt implements [BinaryInt].
func (AddOp) EvalInt(a, b int64) int64 { return a + b }

// VJP implements [Differentiable].
func (AddOp) VJP(_, dy *graph.Node) []*graph.Node { return []*graph.Node{dy, dy} }
