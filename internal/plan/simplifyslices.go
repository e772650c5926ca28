package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// joinSliceGrads turns a sum of gradients of slices, which are tensors of the whole
// size, into one Concat if the slices tile the whole along an axis, else into
// additions in place.
func joinSliceGrads(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.AddOp); !ok || in[0].Shape() != in[1].Shape() {
		return nil
	}
	sum, grad := in[0], in[1]
	op, ok := grad.Op.(ops.SliceGradOp)
	if !ok {
		sum, grad = grad, sum
		if op, ok = grad.Op.(ops.SliceGradOp); !ok {
			return nil
		}
	}
	y := s.g.Apply(ops.SliceAddOp{Start: op.Start, Step: op.Step}, sum, grad.In[0])
	s.covered[y] = s.elements(sum) + grad.In[0].Shape().Size()
	if s.covered[y] == y.Shape().Size() { // else the parts overlap or do not cover the whole
		if axis, parts := tiles(y); parts != nil {
			return s.g.Apply(ops.ConcatOp{Axis: axis}, parts...)
		}
	}
	return y
}

// elements returns how many elements of a sum of slices' gradients are from a slice,
// more than there are if the sum has other terms.
func (s *rewriter) elements(sum *graph.Node) int {
	if _, ok := sum.Op.(ops.SliceGradOp); ok {
		return sum.In[0].Shape().Size()
	}
	if n, ok := s.covered[sum]; ok {
		return n
	}
	return sum.Shape().Size() + 1
}

// tiles returns the parts that a chain of additions to slices joins along an axis, in
// order, or nil if they overlap or are not whole along other axes.
func tiles(sum *graph.Node) (axis int, parts []*graph.Node) {
	type part struct {
		start, step tensor.Dims
		x           *graph.Node
	}
	var list []part
	for sum != nil {
		switch op := sum.Op.(type) {
		case ops.SliceAddOp:
			list = append(list, part{op.Start, op.Step, sum.In[1]})
			sum = sum.In[0]
		case ops.SliceGradOp:
			list = append(list, part{op.Start, op.Step, sum.In[0]})
			sum = nil
		}
	}
	whole := list[0].x.Shape()
	for axis < whole.Rank() && list[0].start.At(axis) == list[1].start.At(axis) {
		axis++
	}
	if axis == whole.Rank() {
		return 0, nil
	}
	slices.SortFunc(list, func(a, b part) int { return a.start.At(axis) - b.start.At(axis) })
	at := 0
	for _, p := range list {
		for i := range p.step.Rank() {
			if p.step.At(i) != 1 && p.x.Shape().At(i) > 1 || i != axis && p.start.At(i) != 0 {
				return 0, nil
			}
		}
		if p.start.At(axis) != at || p.x.Shape().With(axis, 0) != whole.With(axis, 0) {
			return 0, nil
		}
		at += p.x.Shape().At(axis)
		parts = append(parts, p.x)
	}
	return axis, parts
}
