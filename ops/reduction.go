package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Reduction holds the attributes of operations that take one value out of many:
// the axes, sorted and not negative, and whether they stay with length 1.
type Reduction struct {
	Axes     tensor.Dims
	KeepDims bool
}

// Over returns r: the axes over which an operation that embeds r reduces.
func (r Reduction) Over() Reduction { return r }

// Reducing is an operation that takes one value out of those along some axes.
type Reducing interface {
	graph.Op
	Over() Reduction
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
		sorted[i] = axisOf(op, x, a, 0)
	}
	slices.Sort(sorted)
	if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
		panic(graph.Errorf("ops.%s: axes %v of x %v: one stands twice", op, axes, x.Shape()))
	}
	return Reduction{tensor.D(sorted...), keep}
}

// infer is the shape rule of reductions that keep the dtype of x; err is the error that
// the caller found.
func (r Reduction) infer(x tensor.Spec, err error) ([]tensor.Spec, error) {
	if err != nil {
		return nil, err
	}
	if err := r.check(x); err != nil {
		return nil, err
	}
	return one(x.DType, r.Result(x.Shape))
}

// check returns an error unless x has the axes and they ascend.
func (r Reduction) check(x tensor.Spec) error {
	for i, a := range r.Axes.Slice() {
		if err := wantAxis(a, x); err != nil {
			return err
		}
		if i > 0 && a <= r.Axes.At(i-1) {
			return fmt.Errorf("axes %v: want them in ascending order", r.Axes)
		}
	}
	return nil
}

// nonempty returns an error if x has no elements along the axes, for reductions that
// have no result then.
func (r Reduction) nonempty(x tensor.Spec) error {
	if r.check(x) == nil && r.Count(x.Shape) == 0 {
		return fmt.Errorf("x %v has no elements along axes %v: want one or more", x.Shape, r.Axes)
	}
	return nil
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
	return Reshape(y, kept.Slice()...)
}
