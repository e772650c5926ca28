package flow

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// loop is a scan under construction in graph g. in holds the inputs of the operation.
type loop struct {
	ScanOp
	g  *graph.Graph
	in []*graph.Node
}

// hoist moves out of body f the nodes that need not be computed in every step: those that
// depend on full inputs alone, and products of scanned values and a full matrix, which
// become one product of all steps. It returns the remaining body, which also returns the
// values that a gradient may need.
func (l *loop) hoist(f *graph.Func) *graph.Func {
	h := hoisting{loop: l, f: f, outside: map[*graph.Node]*graph.Node{}, kind: map[*graph.Node]kind{}}
	h.classify()
	once := h.invariant()
	steps := h.lifted()
	return h.rebuild(once, steps)
}

// kind classifies a node of a body by the inputs that it depends on.
type kind uint8

const (
	constant kind = iota // on no input
	full                 // on full inputs
	scanned              // on scanned inputs, row by row, and on full ones
	varying              // on anything
)

// hoisting holds the state of [loop.hoist].
type hoisting struct {
	*loop
	f     *graph.Func
	nodes []*graph.Node // of the body, that its results depend on
	kind  map[*graph.Node]kind
	// outside holds the nodes of g that stand for nodes of the body: values that are
	// the same in every step, or sequences.
	outside map[*graph.Node]*graph.Node
}

// classify finds the kind of every node.
func (h *hoisting) classify() {
	for i, n := range h.f.In {
		switch {
		case i < h.State:
			h.kind[n] = varying
		case i < h.State+h.Scanned:
			h.kind[n] = scanned
		default:
			h.kind[n] = full
		}
		h.outside[n] = h.in[i]
	}
	h.nodes = graph.Reachable(h.f.Out, func(n *graph.Node) bool { return h.outside[n] != nil })
	for _, n := range h.nodes {
		k := constant
		for _, in := range n.In {
			k = max(k, h.kind[in])
		}
		if k == scanned && !h.rowwise(n) {
			k = varying
		}
		h.kind[n] = k
	}
}

// rowwise reports whether n, which depends on scanned and full values, can be computed
// for all steps at once with the steps as one more axis in front.
func (h *hoisting) rowwise(n *graph.Node) bool {
	if len(n.Specs()) != 1 {
		return false
	}
	if _, err := stacked(n.Spec(), h.Steps); err != nil {
		return false
	}
	switch op := n.Op.(type) {
	case ops.MatMulOp:
		return !op.TransA && h.kind[n.In[0]] == scanned && h.kind[n.In[1]] == full && n.In[1].Rank() == 2
	case ops.Unary, ops.Binary, ops.Ternary, ops.CastOp, ops.ReshapeOp:
		return true
	}
	return false
}

// isView reports whether n costs nothing in a step, or less than reading its result.
func isView(n *graph.Node) bool {
	switch n.Op.(type) {
	case ops.BroadcastOp, ops.ReshapeOp, ops.FullOp, ops.IotaOp, graph.ConstOp:
		return true
	}
	return false
}

// invariant computes outside the nodes that depend on full inputs alone and that the rest
// of the body reads. It returns these nodes.
func (h *hoisting) invariant() []*graph.Node {
	stays := map[*graph.Node]bool{} // in the body
	var roots []*graph.Node
	need := func(n *graph.Node) {
		switch {
		case h.outside[n] != nil || stays[n]:
		case h.kind[n] == constant || isView(n):
			stays[n] = true
		case h.kind[n] == full && !slices.Contains(roots, n):
			roots = append(roots, n)
		}
	}
	for _, n := range h.f.Out {
		need(n)
	}
	for _, n := range slices.Backward(h.nodes) {
		if stays[n] || h.kind[n] > full {
			for _, in := range n.In {
				need(in)
			}
		}
	}
	slices.SortFunc(roots, func(a, b *graph.Node) int { return a.ID() - b.ID() })
	as := map[*graph.Node]*graph.Node{}
	for n, out := range h.outside {
		if h.kind[n] == full {
			as[n] = out
		}
	}
	for i, out := range h.g.Copy(as, roots...) {
		h.outside[roots[i]] = out
	}
	return roots
}

// lifted computes for all steps at once the products of scanned values and a matrix,
// their inputs, and the addition of a bias. It returns the nodes of which the body reads
// one step.
func (h *hoisting) lifted() []*graph.Node {
	users := usersOf(h.nodes)
	lift := map[*graph.Node]bool{}
	for _, n := range slices.Backward(h.nodes) {
		_, product := n.Op.(ops.MatMulOp)
		if h.kind[n] == scanned && (product || slices.ContainsFunc(users[n], func(u *graph.Node) bool { return lift[u] })) {
			lift[n] = true
		}
	}
	for _, n := range h.nodes { // a bias, or a further one
		if _, add := n.Op.(ops.AddOp); !add || h.kind[n] != scanned || lift[n] {
			continue
		}
		for i, x := range n.In {
			if lift[x] && len(users[x]) == 1 && !slices.Contains(h.f.Out, x) && h.kind[n.In[1-i]] <= full && x.Spec() == n.Spec() {
				lift[n] = true
			}
		}
	}
	var steps []*graph.Node
	for _, n := range h.nodes {
		if !lift[n] {
			continue
		}
		h.outside[n] = h.allSteps(n)
		if slices.Contains(h.f.Out, n) || slices.ContainsFunc(users[n], func(u *graph.Node) bool { return !lift[u] }) {
			steps = append(steps, n)
		}
	}
	return steps
}

// allSteps computes n for all steps: its result has one more axis in front.
func (h *hoisting) allSteps(n *graph.Node) *graph.Node {
	defer h.g.SetScope(h.g.SetScope(n.Scope()))
	in := make([]*graph.Node, len(n.In))
	for i, x := range n.In {
		in[i] = h.whole(x)
	}
	switch op := n.Op.(type) {
	case ops.MatMulOp: // one product of the rows of all steps
		rows := ops.Reshape(in[0], in[0].Shape().To(in[0].Rank()-1).Size(), in[0].Shape().At(-1))
		return ops.Reshape(graph.Apply(op, rows, in[1]), append([]int{h.Steps}, n.Shape().Slice()...)...)
	case ops.ReshapeOp:
		return ops.Reshape(in[0], append([]int{h.Steps}, n.Shape().Slice()...)...)
	}
	for i, x := range n.In { // axes of 1 let the steps stay in front
		if h.kind[x] == scanned && x.Rank() < n.Rank() {
			ones := slices.Repeat([]int{1}, n.Rank()-x.Rank())
			in[i] = ops.Reshape(in[i], slices.Concat([]int{h.Steps}, ones, x.Shape().Slice())...)
		}
	}
	return graph.Apply(n.Op, in...)
}

// whole returns the node outside that stands for all steps of x.
func (h *hoisting) whole(x *graph.Node) *graph.Node {
	if h.outside[x] == nil { // it depends on full inputs, or is a view of such a node
		as := map[*graph.Node]*graph.Node{}
		for n, out := range h.outside {
			if h.kind[n] <= full {
				as[n] = out
			}
		}
		h.outside[x] = h.g.Copy(as, x)[0]
	}
	return h.outside[x]
}

// rebuild traces the remaining body, in which the nodes once and steps are inputs. It
// drops inputs that are not read.
func (h *hoisting) rebuild(once, steps []*graph.Node) *graph.Func {
	input := map[*graph.Node]bool{}
	for _, n := range slices.Concat(h.f.In, once, steps) {
		input[n] = true
	}
	read := map[*graph.Node]bool{}
	for _, n := range graph.Reachable(h.f.Out, func(n *graph.Node) bool { return input[n] }) {
		for _, in := range n.In {
			read[in] = true
		}
	}
	for _, n := range h.f.Out {
		read[n] = true
	}
	unread := func(n *graph.Node) bool { return !read[n] }
	sequences := slices.DeleteFunc(slices.Concat(h.f.In[h.State:][:h.Scanned], steps), unread)
	fulls := slices.DeleteFunc(slices.Concat(h.f.In[h.State+h.Scanned:], once), unread)
	inputs := slices.Concat(h.f.In[:h.State], sequences, fulls)
	h.Scanned = len(sequences)

	outer := h.in
	h.in = nil
	specs := specsOf(inputs)
	for i, n := range inputs {
		if i < h.State {
			h.in = append(h.in, outer[i])
		} else {
			h.in = append(h.in, h.outside[n])
		}
	}
	names := slices.Concat(named("state", h.State), named("x", h.Scanned), named("full", len(fulls)))
	body, _ := h.g.Trace(names, specs, func(in []*graph.Node) []*graph.Node {
		as := map[*graph.Node]*graph.Node{}
		for i, n := range inputs {
			as[n] = in[i]
		}
		out := h.g.Copy(as, h.f.Out...)
		return append(out, h.kept(in[:h.State], out)...)
	})
	return body
}

// kept returns the nodes of a body that its gradient may read besides scanned and full
// inputs: states before a step, and nodes that cost much to compute again.
func (h *hoisting) kept(state, out []*graph.Node) []*graph.Node {
	var keep []*graph.Node
	add := func(n *graph.Node) {
		if _, err := stacked(n.Spec(), h.Steps); err == nil && !slices.Contains(slices.Concat(out[h.State:], keep), n) {
			keep = append(keep, n)
		}
	}
	for _, s := range state {
		if s.Rank() == tensor.MaxRank { // with the axis of steps it would have too many axes
			s = ops.Reshape(s, s.Shape().Size())
		}
		add(s)
	}
	users := usersOf(graph.Reachable(out, nil))
	for _, n := range graph.Reachable(out, nil) {
		if isCheap(n) {
			continue
		}
		for u := users[n]; len(u) == 1 && isSum(u[0]) && u[0].Spec() == n.Spec() && !slices.Contains(out, n); u = users[n] {
			n = u[0] // the gradient reads this instead
		}
		for i := range n.Specs() {
			add(graph.Pick(n, i))
		}
	}
	return keep
}

// isSum reports whether n is a sum or a difference, whose gradient reads neither side.
func isSum(n *graph.Node) bool {
	switch n.Op.(type) {
	case ops.AddOp, ops.SubOp:
		return true
	}
	return false
}

// usersOf returns, for each node, those of nodes that read it.
func usersOf(nodes []*graph.Node) map[*graph.Node][]*graph.Node {
	users := map[*graph.Node][]*graph.Node{}
	for _, n := range nodes {
		for _, in := range n.In {
			users[in] = append(users[in], n)
		}
	}
	return users
}

// isCheap reports whether computing n again costs about as much as reading it.
func isCheap(n *graph.Node) bool {
	switch n.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary, ops.CastOp, graph.PickOp, graph.InputOp, graph.ConstOp, ops.FullOp, ops.IotaOp,
		ops.ReshapeOp, ops.BroadcastOp, ops.TransposeOp, ops.SliceOp, ops.SplitOp, ops.SliceGradOp, ops.ConcatOp, ops.PadOp:
		return true
	}
	return false
}
