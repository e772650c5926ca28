package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// result is one of the results of a node.
type result struct {
	node *graph.Node
	i    int
}

// resultOf returns the result that node n stands for.
func resultOf(n *graph.Node) result {
	if p, ok := n.Op.(graph.PickOp); ok {
		return result{n.In[0], p.Result}
	}
	return result{n, 0}
}

func (r result) spec() tensor.Spec { return r.node.Specs()[r.i] }

// lowering turns groups into steps.
type lowering struct {
	*Plan
	gr    *grouping
	value map[result]int
	// copies holds the copy without gaps of each value with gaps that has one.
	copies map[int]int
	done   map[*group]bool
}

// lower orders the groups so that each comes after those it reads, and makes a
// step of each.
func lower(p *Plan, gr *grouping, roots []*graph.Node) *lowering {
	p.values = make([]value, 0, len(gr.order))
	l := &lowering{Plan: p, gr: gr, value: make(map[result]int, len(gr.order)), copies: map[int]int{}, done: make(map[*group]bool, len(gr.order))}
	for _, n := range gr.order {
		if g := gr.of[n]; g != nil {
			l.emit(g)
		}
	}
	for _, r := range roots {
		l.gapless(r)
	}
	return l
}

// all returns the nodes that g's program computes, in order.
func (g *group) all() []*graph.Node {
	if len(g.again) == 0 {
		return g.nodes
	}
	return inOrder(slices.Concat(g.nodes, g.again))
}

func (l *lowering) emit(g *group) {
	if l.done[g] {
		return
	}
	l.done[g] = true
	members := g.all()
	if g.head != nil {
		members = append([]*graph.Node{g.head}, members...)
	}
	for _, n := range members {
		for _, in := range n.In {
			if h := l.gr.of[source(in)]; h != nil {
				l.emit(h)
			}
		}
	}
	_, reduces := g.nodes[0].Op.(ops.Reducing)
	if g.fused && !(reduces && len(g.nodes) == 1) {
		l.emitProgram(g)
		return
	}
	n := g.nodes[0]
	if _, join := n.Op.(ops.ConcatOp); join {
		l.emitConcat(n)
		return
	}
	s := step{op: n.Op, in: l.read(n.Op, n.Specs(), n.In)}
	if len(n.Specs()) == 1 && !keepsPlace(n.Op) {
		s.out = []int{l.result(n, n.Op, s.in)}
	} else {
		for i, spec := range n.Specs() {
			s.out = append(s.out, l.define(result{n, i}, spec))
		}
	}
	l.steps = append(l.steps, l.withBodies(s))
}

// keepsPlace reports whether op's kernel chooses the memory of its results itself.
func keepsPlace(op graph.Op) bool {
	switch op.(type) {
	case ops.Sweepable, flow.ScanOp, flow.CondOp, flow.WhileOp:
		return true
	}
	return false
}

// define adds the value of a result.
func (l *lowering) define(r result, spec tensor.Spec) int {
	l.values = append(l.values, value{spec: spec, alias: -1})
	l.value[r] = len(l.values) - 1
	return len(l.values) - 1
}

// valueOf returns the value of node n, which has one result and may have gaps. Leaves and
// views are added to the plan when they are first needed.
func (l *lowering) valueOf(n *graph.Node) int {
	r := resultOf(n)
	if v, ok := l.value[r]; ok {
		return v
	}
	if isView(r.node) {
		return l.viewOf(r)
	}
	v := l.define(r, n.Spec())
	switch op := n.Op.(type) {
	case graph.InputOp:
		l.values[v].place = place{kind: inInput, index: op.Index}
	case graph.VarOp:
		l.values[v].place = place{kind: inVar, v: op.Var}
	case graph.ConstOp:
		l.values[v].place = place{kind: inConst, data: op.Tensor}
	case derivedOp:
		l.values[v].place = place{kind: inDerived, index: len(l.derived)}
		l.derived = append(l.derived, op.of)
	case ops.FullOp:
		l.values[v].place = place{kind: inConst, data: fullTensor(op)}
	}
	return v
}

func fullTensor(op ops.FullOp) *tensor.Tensor {
	one := tensor.New(op.Spec.DType)
	if err := one.SetFloat64s([]float64{op.Value()}); err != nil {
		panic(err)
	}
	t := tensor.NewSpec(op.Spec)
	for b := t.Bytes(); len(b) > 0; {
		b = b[copy(b, one.Bytes()):]
	}
	return t
}

// emitProgram makes the step of a fused group, with the head whose epilogue it is.
func (l *lowering) emitProgram(g *group) {
	b := newBuilder(g)
	if g.head != nil {
		b.input(g.head)
	}
	for _, n := range g.all() {
		for _, in := range n.In {
			if _, full := in.Op.(ops.FullOp); !full && l.gr.of[owner(in)] != g && !g.recomputes(in) {
				b.input(in)
			}
		}
	}
	for _, n := range g.all() {
		b.add(n)
	}
	for _, n := range g.nodes {
		for i := range n.Specs() {
			if r := (result{n, i}); l.readOutside(g, r) {
				b.prog.Results = append(b.prog.Results, b.value[r])
				b.results = append(b.results, r)
			}
		}
	}
	var s step
	if g.head != nil {
		s = l.headStep(g, b)
	} else {
		out := make([]tensor.Spec, len(b.results))
		for i, r := range b.results {
			out[i] = r.spec()
		}
		s = step{op: b.prog, in: l.read(b.prog, out, b.inputs)}
	}
	for _, r := range b.results {
		if len(r.node.Specs()) == 1 {
			s.out = append(s.out, l.result(r.node, s.op, s.in))
		} else {
			s.out = append(s.out, l.define(r, r.spec()))
		}
	}
	l.steps = append(l.steps, s)
}

// readOutside reports whether a result is read outside its group.
func (l *lowering) readOutside(g *group, r result) bool {
	n := r.node
	outside := func(u *graph.Node) bool { h := l.gr.of[u]; return h != g && !h.recomputesFor(u, n) }
	if len(n.Specs()) == 1 {
		return l.gr.roots[n] || slices.ContainsFunc(l.gr.users[n], outside)
	}
	return slices.ContainsFunc(l.gr.users[n], func(pick *graph.Node) bool {
		return resultOf(pick) == r && (l.gr.roots[pick] || slices.ContainsFunc(l.gr.users[pick], outside))
	})
}

// headStep makes a step of a head and its epilogue. A bias and a ReLU at the beginning
// of the program move into the head itself, unless the head's result is rounded before
// them.
func (l *lowering) headStep(g *group, b *builder) step {
	m := g.head
	f := &backend.Fused{Head: m.Op, Ins: len(m.In), After: b.prog}
	s := step{op: f, in: l.read(m.Op, m.Specs(), m.In)}
	if m.DType() == tensor.Float32 {
		if bias := b.peelBias(); bias != nil {
			f.Bias = true
			s.in = append(s.in, l.gapless(bias))
		}
		if b.peelRelu() {
			f.Act = backend.ReluAct
		}
	}
	if f.Acc = slices.Index(b.inputs, m); len(b.prog.Code) == 0 {
		f.After = nil
	}
	if f.After != nil && f.Home() < 0 {
		b.prog.Results = append(b.prog.Results, f.Acc)
		b.results = append(b.results, result{m, 0})
	}
	for _, n := range b.inputs {
		if n != m && f.After != nil {
			s.in = append(s.in, l.gapless(n))
		}
	}
	return s
}

// builder makes a program out of nodes.
type builder struct {
	group   *group
	prog    *backend.Program
	inputs  []*graph.Node
	value   map[result]int
	results []result
}

func newBuilder(g *group) *builder {
	return &builder{group: g, prog: &backend.Program{Shape: g.shape, Axes: g.axes, Columns: g.columns}, value: map[result]int{}}
}

// input adds an input, once, to a program without instructions yet.
func (b *builder) input(n *graph.Node) {
	if _, ok := b.value[resultOf(n)]; ok {
		return
	}
	b.value[resultOf(n)] = len(b.inputs)
	b.inputs = append(b.inputs, n)
	b.prog.In = append(b.prog.In, n.Spec())
}

// add adds the instruction of n, and those of the numbers that it reads.
func (b *builder) add(n *graph.Node) {
	var args []int
	for _, in := range n.In {
		if _, ok := b.value[resultOf(in)]; !ok {
			b.instr(in, nil)
		}
		args = append(args, b.value[resultOf(in)])
	}
	b.instr(n, args)
}

func (b *builder) instr(n *graph.Node, args []int) {
	c := backend.Instr{Op: n.Op, Args: args, Row: b.group.rows[n]}
	first := b.prog.Values()
	for i, s := range n.Specs() {
		b.value[result{n, i}] = first + i
		if i == 0 {
			c.Out = s.DType
		} else {
			c.More = append(c.More, s.DType)
		}
	}
	b.prog.Code = append(b.prog.Code, c)
}

// peelBias removes the addition of a vector along the last axis from the beginning of the
// program, if that is the only reader of the head, and returns the vector.
func (b *builder) peelBias() *graph.Node {
	at, other := b.onlyUse(0)
	if at < 0 || other < 0 || other >= len(b.inputs) {
		return nil
	}
	bias := b.inputs[other]
	if _, ok := b.prog.Code[at].Op.(ops.AddOp); !ok || bias.DType() != tensor.Float32 ||
		bias.Shape().Size() != b.prog.Shape.At(-1) || bias.Rank() == 0 || bias.Shape().At(-1) != b.prog.Shape.At(-1) {
		return nil
	}
	b.drop(at)
	if b.prog.LastUse(other) < 0 {
		b.dropInput(other)
	}
	return bias
}

// peelRelu removes a ReLU from the beginning of the program and reports whether there was
// one.
func (b *builder) peelRelu() bool {
	at, other := b.onlyUse(0)
	if at < 0 || other >= 0 {
		return false
	}
	if _, ok := b.prog.Code[at].Op.(ops.ReluOp); !ok {
		return false
	}
	b.drop(at)
	return true
}

// onlyUse returns the only instruction that reads value v, and its other argument (-1 for
// an instruction of one argument); at is -1 unless exactly one instruction reads v.
func (b *builder) onlyUse(v int) (at, other int) {
	at, other = -1, -1
	for i, c := range b.prog.Code {
		for j, a := range c.Args {
			if a != v {
				continue
			}
			if at >= 0 || len(c.Args) > 2 || b.isResult(v) {
				return -1, -1
			}
			at = i
			if len(c.Args) == 2 {
				other = c.Args[1-j]
			}
		}
	}
	return at, other
}

func (b *builder) isResult(v int) bool { return slices.Contains(b.prog.Results, v) }

// drop removes instruction at; the head, value 0, takes its place.
func (b *builder) drop(at int) {
	gone := b.prog.First(at)
	b.prog.Code = slices.Delete(b.prog.Code, at, at+1)
	b.renumber(gone, 0)
}

// dropInput removes an input that nothing reads.
func (b *builder) dropInput(v int) {
	b.inputs = slices.Delete(b.inputs, v, v+1)
	b.prog.In = slices.Delete(b.prog.In, v, v+1)
	b.renumber(v, 0)
}

// renumber makes every use of value gone one of value to, and closes the gap.
func (b *builder) renumber(gone, to int) {
	fix := func(list []int) {
		for i, a := range list {
			switch {
			case a == gone:
				list[i] = to
			case a > gone:
				list[i] = a - 1
			}
		}
	}
	for _, c := range b.prog.Code {
		fix(c.Args)
	}
	fix(b.prog.Results)
}
