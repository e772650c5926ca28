package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// dropAxes returns a reduction along the first axes without KeepDims: the form in which
// it joins others, and the operations that compute x, in one pass over columns.
func dropAxes(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.Reducing)
	if !ok || !op.Over().KeepDims || !firstAxes(op.Over(), in[0]) {
		return nil
	}
	if y := s.reduce(op, ops.Reduction{Axes: op.Over().Axes}, in[0]); y != nil {
		return s.shaped(y, n)
	}
	return nil
}

// firstAxes reports whether r goes along the first axes of x, but not along all.
func firstAxes(r ops.Reduction, x *graph.Node) bool {
	axes := r.Axes.Rank()
	return axes > 0 && axes < x.Rank() && r.Axes.At(axes-1) == axes-1
}

// dropFirstOnes lets an elementwise operation compute without axes of length 1 in front,
// if all inputs that have such axes got them from reshapes: so it can join the operations
// that compute those.
func dropFirstOnes(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	switch n.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary, ops.Tuple:
	default:
		return nil
	}
	args, rank, dropped := make([]*graph.Node, len(in)), 0, false
	for i, x := range in {
		if y := withoutFirstOnes(x); y != nil {
			x, dropped = y, true
		}
		args[i], rank = x, max(rank, x.Rank())
	}
	shape := n.Specs()[0].Shape
	if !dropped || rank == shape.Rank() || shape.To(shape.Rank()-rank).Size() != 1 {
		return nil
	}
	return s.shaped(s.g.Apply(n.Op, args...), n)
}

// withoutFirstOnes returns the node of which x is a reshape that adds axes of length 1 in
// front, or nil.
func withoutFirstOnes(x *graph.Node) *graph.Node {
	if _, ok := x.Op.(ops.ReshapeOp); !ok {
		return nil
	}
	if y := x.In[0]; y.Rank() < x.Rank() && x.Shape().From(x.Rank()-y.Rank()) == y.Shape() {
		return y
	}
	return nil
}

// takeVariance replaces the mean, along the first axes, of squared distances from the
// mean along them by the variance of [ops.Moments]: one pass over x.
func takeVariance(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.ReduceMeanOp)
	if !ok || !firstAxes(op.Reduction, in[0]) {
		return nil
	}
	far := in[0]
	switch far.Op.(type) {
	case ops.SquareOp:
		far = far.In[0]
	case ops.MulOp:
		if far.In[0] != far.In[1] {
			return nil
		}
		far = far.In[0]
	default:
		return nil
	}
	if _, ok := far.Op.(ops.SubOp); !ok {
		return nil
	}
	x, mean := far.In[0], far.In[1]
	r := ops.Reduction{Axes: op.Axes}
	if mean.Op != (ops.ReduceMeanOp{Reduction: r}) || mean.In[0] != x {
		return nil
	}
	moments, spec := ops.MomentsOp{Reduction: r}, mean.Spec()
	if !s.has(moments, []tensor.Spec{spec, spec}, []tensor.Spec{x.Spec()}) {
		return nil
	}
	return s.shaped(graph.Pick(s.g.Apply(moments, x), 1), n)
}

// takeFactors takes factors that are the same along the first axes out of a sum along
// them, so that sums of the same products become one sum; a sum of such products becomes
// several. It does so if the sum alone reads the products, or if the sums without factors
// already exist: else they would be computed twice. Sums of half types are not changed:
// without the factors they may overflow.
func takeFactors(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.ReduceSumOp)
	if !ok || !firstAxes(op.Reduction, in[0]) || isHalf(n.DType()) {
		return nil
	}
	terms := s.terms(in[0], in[0].Shape().From(op.Axes.Rank()), 0)
	if !slices.ContainsFunc(terms, func(t term) bool { return t.negative || len(t.factors) > 0 }) {
		return nil
	}
	alone := s.uses[n.In[0]] == 1
	var sum *graph.Node
	for _, t := range terms {
		known := len(s.g.Nodes())
		y := s.g.Apply(ops.ReduceSumOp{Reduction: ops.Reduction{Axes: op.Axes}}, t.rest)
		if !alone && len(s.g.Nodes()) > known {
			return nil
		}
		for _, f := range t.factors {
			y = s.g.Apply(ops.MulOp{}, y, f)
		}
		switch {
		case t.negative && sum == nil:
			sum = s.g.Apply(ops.NegOp{}, y)
		case t.negative:
			sum = s.g.Apply(ops.SubOp{}, sum, y)
		case sum == nil:
			sum = y
		default:
			sum = s.g.Apply(ops.AddOp{}, sum, y)
		}
	}
	return s.shaped(sum, n)
}

// term is elements times factors that are the same for all rows.
type term struct {
	rest     *graph.Node
	factors  []*graph.Node
	negative bool
}

// mostDepth bounds the sums and differences in each other that terms splits.
const mostDepth = 3

// terms splits x, an operand at some depth of a sum, into terms that add up to it.
func (s *rewriter) terms(x *graph.Node, column tensor.Dims, depth int) []term {
	if depth == mostDepth {
		return []term{{rest: x}}
	}
	depth++
	negated := func(list []term) []term {
		for i := range list {
			list[i].negative = !list[i].negative
		}
		return list
	}
	whole := func() bool { return x.In[0].Shape() == x.Shape() && x.In[1].Shape() == x.Shape() }
	switch x.Op.(type) {
	case ops.NegOp:
		return negated(s.terms(x.In[0], column, depth))
	case ops.AddOp:
		if whole() {
			return append(s.terms(x.In[0], column, depth), s.terms(x.In[1], column, depth)...)
		}
	case ops.SubOp:
		if whole() {
			return append(s.terms(x.In[0], column, depth), negated(s.terms(x.In[1], column, depth))...)
		}
	case ops.MulOp:
		rest, factors := s.factors(x, column)
		return []term{{rest: rest, factors: factors}}
	}
	return []term{{rest: x}}
}

// factors splits a product into elements, and factors that are numbers or have the shape
// of columns.
func (s *rewriter) factors(x *graph.Node, column tensor.Dims) (rest *graph.Node, factors []*graph.Node) {
	if _, ok := x.Op.(ops.MulOp); !ok {
		return x, nil
	}
	a, b := x.In[0], x.In[1]
	is := func(f *graph.Node) bool { return f.Shape() == column || f.Rank() == 0 }
	switch {
	case is(b) && a.Shape() == x.Shape():
		rest, factors = s.factors(a, column)
		return rest, append(factors, b)
	case is(a) && b.Shape() == x.Shape():
		rest, factors = s.factors(b, column)
		return rest, append(factors, a)
	case a.Shape() != x.Shape() || b.Shape() != x.Shape():
		return x, nil
	}
	ra, fa := s.factors(a, column)
	rb, fb := s.factors(b, column)
	if factors = append(fa, fb...); len(factors) == 0 {
		return x, nil
	}
	return s.g.Apply(ops.MulOp{}, ra, rb), factors
}
