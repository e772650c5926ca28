package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// sumRowsFirst splits the sum of a large tensor that is computed elementwise, over the
// last axis and others, in two: over the last axis, which can join the computation, and
// over the rest. A sum of one element is the element.
func sumRowsFirst(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.ReduceSumOp)
	if !ok {
		return nil
	}
	x, r := in[0], op.Over()
	if r.Count(x.Shape()) == 1 {
		return s.reshape(x, n.Shape())
	}
	if rows, rest, ok := inRows(r, x); ok {
		return s.sumRows(rows, rest, x, n.Shape())
	}
	return nil
}

// keepAxes returns a reduction along the last axes with KeepDims: the form in which it
// can join, in one pass over rows, the operations that compute x and those that read the
// result.
func keepAxes(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.Reducing)
	if !ok {
		return nil
	}
	x, r := in[0], op.Over()
	if axes := r.Axes.Rank(); r.KeepDims || axes == 0 || r.Axes.At(0) != x.Rank()-axes {
		return nil
	}
	r.KeepDims = true
	if y := s.reduce(op, r, x); y != nil {
		return s.shaped(y, n)
	}
	return nil
}

// reduce returns the reduction of x by the operation op with other attributes, or nil if
// programs do not have it.
func (s *rewriter) reduce(op ops.Reducing, r ops.Reduction, x *graph.Node) *graph.Node {
	switch op.(type) {
	case ops.ReduceSumOp:
		return s.g.Apply(ops.ReduceSumOp{Reduction: r}, x)
	case ops.ReduceMeanOp:
		return s.g.Apply(ops.ReduceMeanOp{Reduction: r}, x)
	case ops.ReduceMaxOp:
		return s.g.Apply(ops.ReduceMaxOp{Reduction: r}, x)
	case ops.ReduceMinOp:
		return s.g.Apply(ops.ReduceMinOp{Reduction: r}, x)
	case ops.MomentsOp:
		return s.g.Apply(ops.MomentsOp{Reduction: r}, x)
	}
	return nil
}

// shaped returns y with the shape of n. Several results each get their shape where they
// are picked.
func (s *rewriter) shaped(y, n *graph.Node) *graph.Node {
	if len(n.Specs()) > 1 {
		return y
	}
	return s.reshape(y, n.Shape())
}

// inRows returns the two sums of sumRowsFirst, if x is large and computed elementwise.
func inRows(r ops.Reduction, x *graph.Node) (rows, rest ops.Reduction, ok bool) {
	const leastRow, mostRow, least = 16, 4096, 1 << 14
	switch x.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary:
	default:
		return rows, rest, false
	}
	last, n := x.Rank()-1, r.Axes.Rank()
	if n < 2 || r.Axes.At(-1) != last || x.Shape().At(last) < leastRow || x.Shape().At(last) > mostRow || r.Count(x.Shape()) < least {
		return rows, rest, false
	}
	return ops.Reduction{Axes: tensor.D(last), KeepDims: true}, ops.Reduction{Axes: r.Axes.To(n - 1), KeepDims: true}, true
}

// sumRows sums in two steps. Sums of a half are float32 in between, so that they are
// rounded once.
func (s *rewriter) sumRows(rows, rest ops.Reduction, x *graph.Node, shape tensor.Dims) *graph.Node {
	dt := x.DType()
	if holds(tensor.Float32, dt) {
		x = s.castTo(tensor.Float32, x)
	}
	x = s.g.Apply(ops.ReduceSumOp{Reduction: rows}, x)
	x = s.g.Apply(ops.ReduceSumOp{Reduction: rest}, x)
	return s.reshape(s.castTo(dt, x), shape)
}
