package ops

import "github.com/glia-ml/glia/graph"

// Div returns a/b, elementwise. Integers are truncated toward zero, as in Go;
// an integer divided by 0 is 0.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are Bool.
func Div(a, b *graph.Node) *graph.Node { return graph.Apply(DivOp{}, a, b) }

// DivOp is the operation behind [Div].
type DivOp struct{ binary }

// Name implements graph.Op.
func (DivOp) Name() string { return "Div" }

// Primitive implements [Primitive].
func (DivOp) Primitive() {}

// Eval implements [Binary].
func (DivOp) Eval(a, b float64) float64 { return a / b }

// EvalInt implements [BinaryInt].
func (DivOp) EvalInt(a, b int64) int64 { return quotient(a, b) }

// EvalUint implements [BinaryUint].
func (DivOp) EvalUint(a, b uint64) uint64 { return quotient(a, b) }

func quotient[T int64 | uint64](a, b T) T {
	if b == 0 {
		return 0
	}
	return a / b
}

// VJP: d(a/b)/da = 1/b and d(a/b)/db = -(a/b)/b.
func (DivOp) VJP(n, dy *graph.Node) []*graph.Node {
	da := Div(dy, n.In[1])
	return []*graph.Node{da, Neg(Mul(da, n))}
}
