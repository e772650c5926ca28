package ops

import "github.com/glia-ml/glia/graph"

// Maximum returns the greater of a and b, elementwise: NaN if either is NaN.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b; where they
// are equal, half of it goes to each. Panics with *graph.Error if a and b do not
// broadcast, or their dtypes differ or are Bool.
//
// Source: numpy.maximum.
func Maximum(a, b *graph.Node) *graph.Node { return graph.Apply(MaximumOp{}, a, b) }

// MaximumOp is the operation behind [Maximum].
type MaximumOp struct{ binary }

// Name implements graph.Op.
func (MaximumOp) Name() string { return "Max" }

// Primitive implements [Primitive].
func (MaximumOp) Primitive() {}

// Eval implements [Binary].
func (MaximumOp) Eval(a, b float64) float64 { return max(a, b) }

// EvalInt implements [BinaryInt].
func (MaximumOp) EvalInt(a, b int64) int64 { return max(a, b) }

// EvalUint implements [BinaryUint].
func (MaximumOp) EvalUint(a, b uint64) uint64 { return max(a, b) }

// VJP implements [Differentiable].
func (MaximumOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	return toChosen(dy, Equal(a, b), Greater(a, b))
}

// Minimum returns the smaller of a and b, elementwise: NaN if either is NaN.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b; where they
// are equal, half of it goes to each. Panics with *graph.Error if a and b do not
// broadcast, or their dtypes differ or are Bool.
//
// Source: numpy.minimum.
func Minimum(a, b *graph.Node) *graph.Node { return graph.Apply(MinimumOp{}, a, b) }

// MinimumOp is the operation behind [Minimum].
type MinimumOp struct{ binary }

// Name implements graph.Op.
func (MinimumOp) Name() string { return "Min" }

// Primitive implements [Primitive].
func (MinimumOp) Primitive() {}

// Eval implements [Binary].
func (MinimumOp) Eval(a, b float64) float64 { return min(a, b) }

// EvalInt implements [BinaryInt].
func (MinimumOp) EvalInt(a, b int64) int64 { return min(a, b) }

// EvalUint implements [BinaryUint].
func (MinimumOp) EvalUint(a, b uint64) uint64 { return min(a, b) }

// VJP implements [Differentiable].
func (MinimumOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	return toChosen(dy, Equal(a, b), Less(a, b))
}

// toChosen passes dy to the first of two inputs where it was chosen, else to the
// second, and half to each where they tie.
func toChosen(dy, tie, first *graph.Node) []*graph.Node {
	zero, half := ScalarLike(dy, 0), Scale(dy, 0.5)
	return []*graph.Node{
		Where(tie, half, Where(first, dy, zero)),
		Where(tie, half, Where(first, zero, dy)),
	}
}
