package graph

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/tensor"
)

// Func is a closed graph with inputs and results: the body of a loop or a branch.
// It reads no variable. What it takes from outside is among its inputs.
type Func struct {
	Graph *Graph
	In    []*Node // all inputs of Graph, in order
	Out   []*Node
}

// Control is an operation whose bodies are graphs: a loop or a branch.
type Control interface {
	Op
	// Bodies returns the bodies in a fixed order.
	Bodies() []*Func
}

// capture holds what a graph records as the body of another.
type capture struct {
	outer  *Graph
	inputs map[*Node]*Node // of nodes of graphs around it: the nodes that stand for them
	from   []*Node         // the nodes of outer that became inputs
	closed bool
}

// Trace traces f as a graph of its own, inside g or inside the innermost body of g
// that is being traced. f is called with inputs of these specs. Whatever is applied
// until it returns becomes part of the body, and each node from outside that it
// reads becomes a further input; captured lists these nodes.
//
// f updates no variable. It panics with *Error if f returns a nil node or one of
// a graph that is not around the body.
func (g *Graph) Trace(names []string, specs []tensor.Spec, f func(in []*Node) []*Node) (body *Func, captured []*Node) {
	g = g.innermost()
	b := New()
	b.body = &capture{outer: g, inputs: map[*Node]*Node{}}
	b.scope = g.scope
	for i, s := range specs {
		b.input(names[i], s)
	}
	g.inner = b
	defer func() { g.inner, b.body.closed = nil, true }()
	out := f(b.inputs[:len(specs):len(specs)])
	body = &Func{Graph: b, Out: make([]*Node, len(out))}
	for i, n := range out {
		n.want()
		n.Spec() // one result
		if body.Out[i] = b.own(n); body.Out[i] == nil {
			panic(Errorf("graph: result %d of the body belongs to another graph", i))
		}
	}
	body.In = b.inputs
	return body, b.body.from
}

// Tracing reports whether the body of a loop or a branch inside g is being traced.
func (g *Graph) Tracing() bool { return g.inner != nil }

// Outside calls f. What f applies to nodes of g, or of the graph around g if that is a body,
// becomes part of the outermost graph, even while the body of a loop or a branch is traced.
func (g *Graph) Outside(f func()) {
	g = g.outermost()
	inner, scope := g.inner, g.innermost().scope
	around := g.scope
	g.inner, g.scope = nil, scope
	defer func() { g.inner, g.scope = inner, around }()
	f()
}

// innermost returns the body inside g that is being traced, or g.
func (g *Graph) innermost() *Graph {
	for g.inner != nil {
		g = g.inner
	}
	return g
}

// outermost returns the graph around all bodies that g is in.
func (g *Graph) outermost() *Graph {
	for g.body != nil {
		g = g.body.outer
	}
	return g
}

// own returns the node of g that stands for n: n itself, or, if g is a body and n of
// a graph around it, an input. It returns nil for others.
func (g *Graph) own(n *Node) *Node {
	if n.g == g {
		return n
	}
	if g.body == nil {
		return nil
	}
	if x := g.body.inputs[n]; x != nil {
		return x
	}
	from := g.body.outer.own(n)
	if from == nil {
		return nil
	}
	x := g.body.inputs[from]
	if x == nil {
		x = g.input(label(from), from.Spec())
		g.body.from = append(g.body.from, from)
	}
	g.body.inputs[from], g.body.inputs[n] = x, x
	return x
}

// label names the input that stands for n.
func label(n *Node) string {
	switch op := n.Op.(type) {
	case InputOp:
		return op.Label
	case VarOp:
		return op.Var.Path
	}
	return fmt.Sprintf("%s %d", n.Op.Name(), n.id)
}

// Own returns the node that stands for n in g: n itself, or, while g is the body of
// a loop or a branch and n of a graph around it, an input of g. It returns nil if n
// is of an unrelated graph.
func (g *Graph) Own(n *Node) *Node {
	n.want()
	return g.own(n)
}

// Inline applies the nodes of f to nodes of g, one for each input of f, and returns
// the results. It panics with *Error if their number or specs differ.
func (f *Func) Inline(g *Graph, in []*Node) []*Node {
	if len(in) != len(f.In) {
		panic(Errorf("graph.Inline: %d inputs: want %d", len(in), len(f.In)))
	}
	as := map[*Node]*Node{}
	for i, x := range f.In {
		if in[i].Spec() != x.Spec() {
			panic(Errorf("graph.Inline: input %d is %v: want %v", i, in[i].Spec(), x.Spec()))
		}
		as[x] = in[i]
	}
	return g.Copy(as, f.Out...)
}

// Extract returns out as a function of in, in a graph of its own: the nodes that out
// depends on, down to those of in. Inputs on which out depends must be among in.
func Extract(in, out []*Node) *Func {
	g, as := New(), map[*Node]*Node{}
	for _, n := range in {
		as[n] = g.input(label(n), n.Spec())
	}
	return &Func{Graph: g, In: g.inputs, Out: g.Copy(as, out...)}
}

// Copy copies roots and the nodes that they depend on into g and returns the copies of
// roots. The nodes in as have a copy there already; Copy adds those that it makes. A
// graph's inputs must be among them.
func (g *Graph) Copy(as map[*Node]*Node, roots ...*Node) []*Node {
	defer g.SetScope(g.SetScope(""))
	for _, n := range Reachable(roots, func(n *Node) bool { return as[n] != nil }) {
		g.SetScope(n.scope)
		switch op := n.Op.(type) {
		case PickOp:
			as[n] = Pick(as[n.In[0]], op.Result)
		case VarOp:
			as[n] = g.Value(op.Var)
		default:
			in := make([]*Node, len(n.In))
			for i, x := range n.In {
				in[i] = as[x]
			}
			as[n] = g.Apply(n.Op, in...)
		}
	}
	out := make([]*Node, len(roots))
	for i, r := range roots {
		out[i] = as[r]
	}
	return out
}

// Reachable returns the nodes that roots, which are of one graph, depend on, roots
// among them, in the order of the graph. Unless stop is nil, it neither returns nodes for
// which stop is true nor looks behind them.
func Reachable(roots []*Node, stop func(*Node) bool) []*Node {
	if len(roots) == 0 {
		return nil
	}
	nodes := roots[0].g.nodes
	needed := make([]bool, len(nodes))
	count := 0
	mark := func(n *Node) {
		if !needed[n.id] && (stop == nil || !stop(n)) {
			needed[n.id] = true
			count++
		}
	}
	for _, r := range roots {
		mark(r)
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if needed[i] {
			for _, in := range nodes[i].In {
				mark(in)
			}
		}
	}
	order := make([]*Node, 0, count)
	for i, n := range nodes {
		if needed[i] {
			order = append(order, n)
		}
	}
	return order
}

// String lists the nodes of f and its results.
func (f *Func) String() string {
	var b strings.Builder
	b.WriteString(f.Graph.String())
	b.WriteString("return")
	for i, n := range f.Out {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %%%d", n.id)
	}
	b.WriteByte('\n')
	return b.String()
}
