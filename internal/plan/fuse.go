package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// group is nodes that become one step.
type group struct {
	nodes []*graph.Node // in the order of the graph
	fused bool          // the step is a program
	head  *graph.Node   // the operation whose epilogue the program is, or nil
	// shape is that of the program's values; if it reduces along the last axes, rows are
	// the nodes whose values have length 1 there; if columns, along the first axes, and
	// the values of rows are without those axes.
	shape   tensor.Dims
	axes    int
	columns bool
	rows    map[*graph.Node]bool
	visit   int           // the number of the last search that visited the group
	again   []*graph.Node // of other groups, which the program computes again
}

// grouping tells which group every node of interest belongs to.
type grouping struct {
	kernels backend.Kernels
	of      map[*graph.Node]*group
	// users lists the nodes that read a node; roots count as reading it once more.
	users map[*graph.Node][]*graph.Node
	roots map[*graph.Node]bool
	order []*graph.Node
	visit int // counts the searches of detours
}

// leaf reports whether n needs no step: it is known before the run or is a view of
// another node.
func leaf(n *graph.Node) bool {
	switch n.Op.(type) {
	case graph.InputOp, graph.VarOp, graph.ConstOp, graph.PickOp, ops.FullOp, derivedOp:
		return true
	}
	return isView(n)
}

// source follows views and picks to the node that computes n, or n if it is a leaf.
func source(n *graph.Node) *graph.Node {
	for {
		if _, pick := n.Op.(graph.PickOp); !pick && !isView(n) {
			return n
		}
		n = n.In[0]
	}
}

// owner returns the node of which n is a result: n itself, unless it picks one.
func owner(n *graph.Node) *graph.Node {
	if _, ok := n.Op.(graph.PickOp); ok {
		return n.In[0]
	}
	return n
}

// fuse gathers the nodes that the roots need into groups.
func fuse(roots []*graph.Node, kernels backend.Kernels) *grouping {
	order := live(roots)
	gr := &grouping{
		kernels: kernels,
		of:      make(map[*graph.Node]*group, len(order)),
		users:   make(map[*graph.Node][]*graph.Node, len(order)),
		roots:   map[*graph.Node]bool{},
		order:   order,
	}
	for _, r := range roots {
		gr.roots[r] = true
	}
	for _, n := range gr.order {
		for _, in := range n.In {
			gr.users[in] = append(gr.users[in], n)
		}
	}
	for _, n := range gr.order {
		if leaf(n) {
			continue
		}
		g := newGroup(n, kernels)
		gr.of[n] = g
		if !g.fused {
			continue
		}
		for _, in := range n.In {
			if h := gr.of[owner(in)]; h != nil && h != gr.of[n] && h.fused && gr.match(h, in, gr.of[n], n) && gr.mergeable(h, gr.of[n]) {
				gr.merge(h, gr.of[n])
			}
		}
	}
	gr.fuseColumns()
	gr.breakCycles()
	for _, n := range gr.order {
		if g := gr.of[n]; g != nil && !g.fused {
			if e := gr.epilogueOf(n); e != nil {
				e.head = n
				gr.of[n] = e
			}
		}
	}
	gr.recompute()
	return gr
}

// newGroup returns a group of one node.
func newGroup(n *graph.Node, kernels backend.Kernels) *group {
	g := &group{nodes: []*graph.Node{n}, rows: map[*graph.Node]bool{}}
	if len(n.Specs()) == 0 {
		return g
	}
	g.shape = n.Specs()[0].Shape
	g.fused = kernels.Fuses(n.Op, n.Specs(), specsOf(n.In))
	if r, ok := n.Op.(ops.Reducing); ok && g.fused {
		g.shape, g.axes, g.rows[n] = n.In[0].Shape(), r.Over().Axes.Rank(), true
		g.columns = !r.Over().KeepDims
		g.fused = !g.columns // fuseColumns handles these
	}
	return g
}

// match reports whether the shapes of groups h and g let them be one program, in
// which node n of g reads node in of h. A group of elementwise operations on the
// shape of the other's rows can become rows of that.
func (gr *grouping) match(h *group, in *graph.Node, g *group, n *graph.Node) bool {
	if h.columns || g.columns {
		return false
	}
	if h.axes+g.axes > 0 && (gr.hasHead(h) || gr.hasHead(g)) {
		return false // an epilogue does not see whole rows
	}
	same := h.shape == g.shape && (h.axes == g.axes || h.axes == 0 || g.axes == 0)
	_, reduces := n.Op.(ops.Reducing)
	switch inRow, nRow := h.rows[owner(in)], g.rows[n] && !reduces; {
	case reduces:
		return same && !inRow
	case inRow == nRow:
		return same && in.Shape() == n.Specs()[0].Shape || inRow && same
	case inRow:
		return same || g.axes == 0 && g.shape == in.Shape()
	default:
		return h.axes == 0 && h.shape == n.Specs()[0].Shape
	}
}

// live returns the nodes that the roots depend on, in the order of the graph.
func live(roots []*graph.Node) []*graph.Node {
	if len(roots) == 0 {
		return nil
	}
	nodes := roots[0].Graph().Nodes()
	needed := make([]bool, len(nodes))
	for _, r := range roots {
		needed[r.ID()] = true
	}
	order := make([]*graph.Node, 0, len(nodes))
	for _, n := range slices.Backward(nodes) {
		if needed[n.ID()] {
			order = append(order, n)
			for _, in := range n.In {
				needed[in.ID()] = true
			}
		}
	}
	slices.Reverse(order)
	return order
}

func specsOf(nodes []*graph.Node) []tensor.Spec {
	specs := make([]tensor.Spec, len(nodes))
	for i, n := range nodes {
		specs[i] = n.Spec()
	}
	return specs
}

// mergeable reports whether a and b can be one step: no value goes from one to
// the other by way of a third.
func (gr *grouping) mergeable(a, b *group) bool {
	return !gr.detours(a, b) && !gr.detours(b, a)
}

// mostDetour bounds the groups that detours looks at, and so the time to plan a long
// graph. Groups further apart gain nothing by being one step.
const mostDetour = 256

// detours reports whether to depends on from through a third group, or through a view,
// which an elementwise program cannot take within a tile. It says yes when more than
// mostDetour groups would have to be searched.
func (gr *grouping) detours(from, to *group) bool {
	first := from.nodes[0].ID()
	if to.last() < first {
		return false
	}
	gr.visit++
	from.visit, to.visit = gr.visit, gr.visit
	next := []*group{to}
	for seen := 0; seen < len(next); seen++ {
		g := next[seen]
		for _, n := range g.nodes {
			for _, in := range n.In {
				at := source(in)
				h := gr.of[at]
				if h == from && (g != to || owner(in) != at) {
					return true
				}
				if h == nil || h.visit == gr.visit || h.last() < first {
					continue
				}
				if h.visit = gr.visit; len(next) > mostDetour {
					return true
				}
				next = append(next, h)
			}
		}
	}
	return false
}

// last returns the number of g's last node.
func (g *group) last() int { return g.nodes[len(g.nodes)-1].ID() }

// merge moves the nodes of b into a, or of a into b, whichever has the rows.
func (gr *grouping) merge(a, b *group) {
	if b.axes > a.axes {
		a, b = b, a
	}
	for _, n := range b.nodes {
		gr.of[n] = a
		if b.rows[n] || b.shape != a.shape {
			a.rows[n] = true
		}
	}
	sorted := a.last() < b.nodes[0].ID()
	if a.nodes = append(a.nodes, b.nodes...); !sorted {
		slices.SortFunc(a.nodes, func(x, y *graph.Node) int { return x.ID() - y.ID() })
	}
}

// hasHead reports whether the program of g can run in the epilogue of a head.
func (gr *grouping) hasHead(g *group) bool {
	for _, n := range g.nodes {
		for _, in := range n.In {
			if gr.epilogueOf(in) == g {
				return true
			}
		}
	}
	return false
}

// epilogueOf returns the group that can run in the epilogue of n, an operation that the
// backend takes as a head: a program that alone reads the result.
func (gr *grouping) epilogueOf(n *graph.Node) *group {
	if leaf(n) || len(n.Specs()) != 1 || gr.roots[n] || len(gr.users[n]) == 0 {
		return nil
	}
	g := gr.of[gr.users[n][0]]
	if g == nil || !g.fused || g.head != nil || g.axes > 0 || g.shape != n.Shape() || onlyWidens(g) {
		return nil
	}
	for _, u := range gr.users[n] {
		if gr.of[u] != g {
			return nil
		}
	}
	if !gr.kernels.Heads(n.Op, n.Specs(), specsOf(n.In)) {
		return nil
	}
	return g
}

// onlyWidens reports whether g only converts a half type: the readers of the result may
// do that themselves.
func onlyWidens(g *group) bool {
	_, cast := g.nodes[0].Op.(ops.CastOp)
	return cast && len(g.nodes) == 1 && isHalf(g.nodes[0].In[0].DType())
}
