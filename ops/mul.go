package ops

import "github.com/glia-ml/glia/graph"

// Mul returns a·b, elementwise. Integers wrap around.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are Bool.
func Mul(a, b *graph.Node) *graph.Node { return graph.Apply(MulOp{}, a, b) }

// MulOp is the operation behind [Mul].
type MulOp struct{ binary }

// Name implements graph.Op.
func (MulOp) Name() string { return "Mul" }

// Primitive implements [Primitive].
func (MulOp) Primitive() {}

// Eval implements [Binary].
func (MulOp) Eval(a, b float64) float64 { return a * b }

// EvalInt implements [BinaryInt].
func (MulOp) EvalInt(a, b int64) int64 { return a * b }

// VJP implements [Differentiable].
func (MulOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(dy, n.In[1]), Mul(dy, n.In[0])}
}
