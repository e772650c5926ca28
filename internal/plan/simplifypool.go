package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// dropIndex lets a maximum of windows, whose index its gradient alone reads, compute none.
func dropIndex(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.MaxPoolOp)
	if !ok || !op.Index || slices.Contains(s.results[n], 1) {
		return nil
	}
	op.Index = false
	return s.g.Apply(op, in...)
}

// gradBeforeSpread takes the gradient of a rectifier y, which maxima of windows are taken of, in
// the places of the maxima: spread over the windows it is 0 elsewhere, and what it is at a
// maximum depends on y there, which is the maximum.
func gradBeforeSpread(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	switch n.Op.(type) {
	case ops.ReluGradOp, ops.LeakyReluGradOp:
	default:
		return nil
	}
	y, dy := in[0], in[1]
	spread, ok := dy.Op.(ops.MaxPoolGradOp)
	if !ok || s.uses[n.In[1]] > 1 {
		return nil
	}
	pool := pooled(dy.In[1])
	if pool == nil || pool.In[0] != y {
		return nil
	}
	return s.g.Apply(spread, s.g.Apply(n.Op, graph.Pick(pool, 0), dy.In[0]), dy.In[1])
}

// sumBeforeSpread sums over all places what is spread over windows before it is: every maximum
// has one place, unless a window is padding alone.
func sumBeforeSpread(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.ReduceSumOp)
	if !ok {
		return nil
	}
	x := in[0]
	spread, ok := x.Op.(ops.MaxPoolGradOp)
	if !ok || pooled(x.In[1]) == nil {
		return nil
	}
	for i := range spread.Size.Rank() {
		if spread.Low.At(i)+spread.High.At(i) > 0 || !slices.Contains(op.Axes.Slice(), i+1) {
			return nil
		}
	}
	return s.g.Apply(op, x.In[0])
}

// pooled returns the maximum of windows whose indices are index, or nil.
func pooled(index *graph.Node) *graph.Node {
	if p, ok := index.Op.(graph.PickOp); !ok || p.Result != 1 {
		return nil
	}
	if _, ok := index.In[0].Op.(ops.MaxPoolOp); !ok {
		return nil
	}
	return index.In[0]
}
