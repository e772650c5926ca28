package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// fuseColumns makes programs of reductions along the first axes, together with the
// operations that compute the elements in the same pass, the other reductions of the same
// elements, and the operations on the results, which follow the pass. Other operations on
// the elements are not included, since their readers mostly need the results too: in
// batch normalization, the statistics.
func (gr *grouping) fuseColumns() {
	var all []*group
	touched := map[*group]bool{}
	for _, n := range gr.order {
		if g := gr.of[n]; g != nil && g.columns {
			g.fused = true
			gr.feed(g, n, touched)
			all = append(all, g)
		}
	}
	if len(all) == 0 {
		return
	}
	gr.joinSiblings(all)
	gr.joinTails()
	gr.rejoin(touched)
}

// feed adds to column group g, of one reduction n, the operations that compute the
// elements of n: a whole group that only g reads; else, of an elementwise group that is
// not an epilogue, the part that the elements need, even if it is read elsewhere, too.
func (gr *grouping) feed(g *group, n *graph.Node, touched map[*group]bool) {
	x := owner(n.In[0])
	h := gr.of[x]
	if h == nil || !gr.elementwise(h, x, g) {
		return
	}
	var part []*graph.Node
	if h.axes == 0 && !gr.hasHead(h) {
		part = gr.ancestors(h, x)
		gr.take(g, part, touched)
		return
	}
	for next := []*graph.Node{x}; len(next) > 0; {
		x, next = next[0], next[1:]
		h := gr.of[x]
		if h == nil || h == g || !gr.elementwise(h, x, g) || !gr.onlyFor(g, x) {
			continue
		}
		if gr.take(g, []*graph.Node{x}, touched) {
			for _, in := range x.In {
				next = append(next, owner(in))
			}
		}
	}
}

// elementwise reports whether x, of group h, is an elementwise operation on the shape of
// g's elements that g can compute.
func (gr *grouping) elementwise(h *group, x *graph.Node, g *group) bool {
	_, reduces := x.Op.(ops.Reducing)
	return h.fused && h.head == nil && !h.columns && !reduces && !h.rows[x] && h.shape == g.shape && x.Specs()[0].Shape == g.shape
}

// onlyFor reports whether g alone reads x.
func (gr *grouping) onlyFor(g *group, x *graph.Node) bool {
	outside := func(u *graph.Node) bool { return gr.of[u] != g }
	return len(x.Specs()) == 1 && !gr.roots[x] && !slices.ContainsFunc(gr.users[x], outside)
}

// ancestors returns the nodes of group h that x is computed from, and x, in order.
func (gr *grouping) ancestors(h *group, x *graph.Node) []*graph.Node {
	needed := map[*graph.Node]bool{x: true}
	var part []*graph.Node
	for _, n := range slices.Backward(h.nodes) {
		if !needed[n] {
			continue
		}
		part = append(part, n)
		for _, in := range n.In {
			needed[owner(in)] = true
		}
	}
	slices.Reverse(part)
	return part
}

// take moves nodes of one group to g, unless g would then depend on itself.
func (gr *grouping) take(g *group, part []*graph.Node, touched map[*group]bool) bool {
	h, before := gr.of[part[0]], g.nodes
	for _, n := range part {
		gr.of[n] = g
	}
	rest := slices.DeleteFunc(slices.Clone(h.nodes), func(n *graph.Node) bool { return gr.of[n] == g })
	all := h.nodes
	h.nodes, g.nodes = rest, inOrder(append(slices.Clone(g.nodes), part...))
	if len(rest) == 0 {
		h.nodes = all // no node is h's any more
	}
	if gr.detours(g, g) {
		for _, n := range part {
			gr.of[n] = h
		}
		h.nodes, g.nodes = all, before
		return false
	}
	touched[h] = len(rest) > 0
	return true
}

func inOrder(nodes []*graph.Node) []*graph.Node {
	slices.SortFunc(nodes, func(x, y *graph.Node) int { return x.ID() - y.ID() })
	return nodes
}

// joinSiblings merges column groups that read the same elements, or each other's.
func (gr *grouping) joinSiblings(all []*group) {
	readers := map[result][]*group{} // column groups by the elements that they read
	for _, g := range all {
		for i := 0; i < len(g.nodes); i++ {
			for _, in := range g.nodes[i].In {
				if in.Shape() != g.shape || g.rows[g.nodes[i]] && gr.of[owner(in)] == g && g.rows[owner(in)] {
					continue
				}
				r := resultOf(in)
				others := readers[r]
				if h := gr.of[r.node]; h != nil && h.columns {
					others = append(slices.Clone(others), h)
				}
				for _, h := range others {
					h = gr.of[h.nodes[0]] // which may have been merged
					if g = gr.of[g.nodes[0]]; h != g && h.shape == g.shape && h.axes == g.axes && !gr.crosses(h, g) && gr.mergeable(h, g) {
						gr.merge(h, g)
						g = gr.of[g.nodes[0]]
					}
				}
				readers[r] = append(readers[r], g)
			}
		}
	}
}

// joinTails merges into column groups the operations on their results that have the
// results' shape, even if another column group reads them.
func (gr *grouping) joinTails() {
	for _, n := range gr.order {
		t := gr.of[n]
		if t == nil || !t.fused || t.axes > 0 && !t.columns || t.head != nil || onlyWidens(t) {
			continue
		}
		for _, in := range n.In {
			g := gr.of[owner(in)]
			t = gr.of[n]
			if g == nil || g == t || !g.columns || !g.rows[owner(in)] {
				continue
			}
			fits := t.axes == 0 && t.shape == g.shape.From(g.axes) && !gr.hasHead(t) ||
				t.columns && t.shape == g.shape && t.axes == g.axes && t.rows[n]
			if fits && !gr.crosses(g, t) && gr.mergeable(g, t) {
				gr.merge(g, t)
			}
		}
	}
}

// crosses reports whether in one program of a column group and another group, elements
// would be computed from the values of columns, known only when the pass ends.
func (gr *grouping) crosses(a, b *group) bool {
	column := func(g *group, n *graph.Node) bool { return g.rows[n] || g.axes == 0 && g.shape != a.shape }
	for _, g := range []*group{a, b} {
		for _, n := range g.nodes {
			if column(g, n) {
				continue
			}
			for _, in := range n.In {
				if h := gr.of[owner(in)]; (h == a || h == b) && column(h, owner(in)) {
					return true
				}
			}
		}
	}
	return false
}

// rejoin merges the remaining parts of groups that feed split with the groups that read
// them.
func (gr *grouping) rejoin(touched map[*group]bool) {
	for _, n := range gr.order {
		h := gr.of[n]
		if h == nil || !touched[h] {
			continue
		}
		for _, u := range gr.users[n] {
			h := gr.of[n]
			if g := gr.of[u]; g != nil && g != h && g.fused && gr.match(h, n, g, u) && gr.mergeable(h, g) {
				gr.merge(h, g)
			}
		}
	}
}
