package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceSum returns the sum of x over the axes, all of them when none is given.
// Negative axes count from the end. The axes vanish from the shape.
func ReduceSum(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceSumOp{reduceOver("ReduceSum", x, axes, false)}, x)
}

// ReduceSumKeep is [ReduceSum] that leaves the axes in the shape, with length 1.
func ReduceSumKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceSumOp{reduceOver("ReduceSum", x, axes, true)}, x)
}

// ReduceSumOp is the operation behind [ReduceSum].
type ReduceSumOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceSumOp) Name() string { return "ReduceSum" }

// Infer implements graph.Op.
func (o ReduceSumOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return one(in[0].DType, o.Result(in[0].Shape))
}

// Ref implements [Referenced].
func (o ReduceSumOp) Ref(out, in []Array) {
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] += in[0].V[i] })
}

// VJP: every element gets the gradient of its sum.
func (o ReduceSumOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{BroadcastTo(o.unreduce(n, dy), n.In[0].Shape())}
}

// Reduction is the attributes of operations that take one value out of many:
// the axes, sorted and not negative, and whether they stay with length 1.
type Reduction struct {
	Axes     tensor.Dims
	KeepDims bool
}

// reduceOver checks the axes of a reduction and puts them in order.
func reduceOver(op string, x *graph.Node, axes []int, keep bool) Reduction {
	rank := x.Rank()
	if len(axes) == 0 {
		axes = make([]int, rank)
		for i := range axes {
			axes[i] = i
		}
	}
	sorted := make([]int, len(axes))
	for i, a := range axes {
		if sorted[i] = a; a < 0 {
			sorted[i] = a + rank
		}
		if sorted[i] < 0 || sorted[i] >= rank {
			panic(graph.Errorf("ops.%s: axis %d of x %v: want %d to %d", op, a, x.Shape(), -rank, rank-1))
		}
	}
	slices.Sort(sorted)
	if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
		panic(graph.Errorf("ops.%s: axes %v of x %v: one stands twice", op, axes, x.Shape()))
	}
	return Reduction{tensor.D(sorted...), keep}
}

// Result returns the shape of the result for x of shape s.
func (r Reduction) Result(s tensor.Dims) tensor.Dims {
	var out []int
	for i, d := range s.Slice() {
		if !r.Axes.Contains(i) {
			out = append(out, d)
		} else if r.KeepDims {
			out = append(out, 1)
		}
	}
	return tensor.D(out...)
}

// Count returns how many elements of shape s go into one result.
func (r Reduction) Count(s tensor.Dims) int {
	n := 1
	for _, a := range r.Axes.Slice() {
		n *= s.At(a)
	}
	return n
}

// each calls f with every flat index of shape s and the index of its result.
func (r Reduction) each(s tensor.Dims, f func(i, j int)) {
	kept := Reduction{r.Axes, true}.Result(s)
	at := broadcastIndex(kept, s)
	for i := range s.Size() {
		f(i, at(i))
	}
}

// unreduce puts the axes of n's reduction back into a tensor of the shape of n's
// result, with length 1, so that it broadcasts over n's input.
func (r Reduction) unreduce(n, y *graph.Node) *graph.Node {
	kept := Reduction{r.Axes, true}.Result(n.In[0].Shape())
	return graph.Apply(ReshapeOp{kept}, y)
}

// String prints the axes.
func (o ReduceSumOp) String() string { return fmt.Sprintf("ReduceSum%v", o.Axes) }
