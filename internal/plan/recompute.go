package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// recomputeFrom is the number of elements from which a value is worth computing again:
// smaller ones stay in the cache.
var recomputeFrom = 1 << 14

// mostRecomputed bounds the operations that compute a value again.
const mostRecomputed = 4

// recompute lets programs compute values of other programs again instead of reading them,
// where that takes a few additions or products on one value that is in memory anyway, and
// vectors: writing a large value and reading it costs more than to compute it, and neither
// program reads more. In batch normalization, these are the distances from the mean and the
// products with the scale.
func (gr *grouping) recompute() {
	kept := map[*graph.Node]bool{} // in memory, since others are computed from it
	for _, n := range gr.order {
		g := gr.of[n]
		if g == nil || !g.fused || g.rows[n] || kept[n] || gr.roots[n] || len(n.Specs()) != 1 || n.Shape().Size() < recomputeFrom {
			continue
		}
		readers := gr.readers(g, n)
		if len(readers) == 0 {
			continue
		}
		part, from := gr.recipe(g, n)
		if part == nil || slices.ContainsFunc(readers, func(h *group) bool { return !h.computes(n) }) {
			continue
		}
		if from != nil {
			kept[from] = true
		}
		for _, h := range readers {
			for _, x := range part {
				if !slices.Contains(h.again, x) {
					h.again = inOrder(append(h.again, x))
				}
			}
		}
	}
}

// computes reports whether the program of g can compute the elements of n.
func (g *group) computes(n *graph.Node) bool {
	return g != nil && g.fused && g.shape == n.Shape()
}

// readers returns the groups other than g that read n, nil for a view and for a head, whose
// operands are in memory.
func (gr *grouping) readers(g *group, n *graph.Node) []*group {
	var all []*group
	for _, u := range gr.users[n] {
		h := gr.of[u]
		if h == g || h.recomputesFor(u, n) {
			continue
		}
		if h != nil && u == h.head {
			h = nil
		}
		if !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	return all
}

// recomputes reports whether the program of g computes n, of another group, again.
func (g *group) recomputes(n *graph.Node) bool { return g != nil && slices.Contains(g.again, n) }

// recomputesFor reports whether u, of group g, reads n as the program of g computes it again.
func (g *group) recomputesFor(u, n *graph.Node) bool { return g.recomputes(n) && u != g.head }

// recipe returns the nodes of group g that compute n, and n, in order, from the value from,
// the only large one that they read, or nil if n cannot be computed so. Other groups can
// read what they are computed from.
func (gr *grouping) recipe(g *group, n *graph.Node) (part []*graph.Node, from *graph.Node) {
	var visit func(x *graph.Node) bool
	visit = func(x *graph.Node) bool {
		if slices.Contains(part, x) {
			return true
		}
		switch x.Op.(type) {
		case ops.AddOp, ops.SubOp, ops.MulOp, ops.NegOp:
		default:
			return false
		}
		if len(part) == mostRecomputed || g.rows[x] || x.Shape() != n.Shape() {
			return false
		}
		part = append(part, x)
		for _, in := range x.In {
			if _, full := in.Op.(ops.FullOp); full {
				continue
			}
			at := owner(in)
			if g.recomputes(at) || gr.of[at] == g && (at != in || g.rows[at] || len(gr.readers(g, at)) == 0) {
				if at != in || !visit(in) {
					return false
				}
				continue
			}
			if in.Shape().Size() <= n.Shape().Size()/8 || in == from {
				continue
			}
			if from != nil {
				return false
			}
			from = in
		}
		return true
	}
	if !visit(n) {
		return nil, nil
	}
	return inOrder(part), from
}
