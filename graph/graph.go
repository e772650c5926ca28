// Package graph holds the symbolic program that a model is traced into: nodes
// that apply operations to other nodes, with every dtype and shape known.
//
// A node is never changed. Equal operations on equal inputs are one node, so
// common subexpressions are found while a graph is built.
package graph

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/glia-ml/glia/tensor"
)

// Op is an operation: a comparable type whose fields are its attributes.
type Op interface {
	// Name returns the operation's ONNX name if ONNX has the operation.
	Name() string
	// Infer returns the specs of the results for inputs of these specs, or an error
	// that names the input that does not fit, and a fitting one.
	Infer(in []tensor.Spec) ([]tensor.Spec, error)
}

// Node is the result of an operation on other nodes.
type Node struct {
	Op    Op
	In    []*Node
	g     *Graph
	id    int
	specs []tensor.Spec
	scope string
}

// Graph returns the graph that n belongs to.
func (n *Node) Graph() *Graph {
	n.want()
	return n.g
}

// want panics with *Error if n is nil, which a user's function may have returned.
func (n *Node) want() {
	if n == nil || n.Op == nil {
		panic(Errorf("graph: got a nil node: want what an operation returned"))
	}
}

// ID returns the number of n in its graph, in order of creation: inputs come first.
func (n *Node) ID() int { return n.id }

// Specs returns the spec of every result.
func (n *Node) Specs() []tensor.Spec { return n.specs }

// Spec returns dtype and shape of the result. It panics with *Error for nil and for
// a node of several results: take one of them with [Pick].
func (n *Node) Spec() tensor.Spec {
	n.want()
	if len(n.specs) != 1 {
		panic(Errorf("graph.Spec: %s has %d results: want one, chosen with graph.Pick", n.Op.Name(), len(n.specs)))
	}
	return n.specs[0]
}

// DType returns the element type of the result.
func (n *Node) DType() tensor.DType { return n.Spec().DType }

// Shape returns the shape of the result.
func (n *Node) Shape() tensor.Dims { return n.Spec().Shape }

// Rank returns the number of axes of the result.
func (n *Node) Rank() int { return n.Spec().Rank() }

// Graph is a program under construction.
type Graph struct {
	nodes   []*Node
	known   map[key]*Node
	inputs  []*Node
	vars    []*Var
	current map[*Var]*Node
	before  map[*Var]*Node
	scope   string
	body    *capture // of a graph that is the body of another, nil of others
	inner   *Graph   // the body that is being traced, if one is
}

// key identifies a node: nodes of one key are equal. Inputs beyond the second are spelled
// out in more.
type key struct {
	op   Op
	n    int
	a, b int
	more string
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{known: map[key]*Node{}, current: map[*Var]*Node{}, before: map[*Var]*Node{}}
}

// Nodes returns all nodes; each comes after its inputs.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Inputs returns the nodes made by Input, in that order.
func (g *Graph) Inputs() []*Node { return g.inputs }

// Apply applies op to nodes of one graph. A mistake panics with *Error.
func Apply(op Op, in ...*Node) *Node {
	if len(in) == 0 {
		panic(Errorf("graph.Apply: %s without inputs: want Graph.Apply", op.Name()))
	}
	if in[0] == nil {
		panic(Errorf("ops.%s: input 0 is nil", op.Name()))
	}
	return in[0].g.Apply(op, in...)
}

// Apply applies op, which may have no inputs, to nodes of g. While the body of a loop
// or a branch is traced, op becomes a part of that: see [Graph.Trace]. A mistake
// panics with *Error.
func (g *Graph) Apply(op Op, in ...*Node) *Node { return g.innermost().apply(op, in) }

// apply applies op to nodes of g, or of graphs around g.
func (g *Graph) apply(op Op, in []*Node) *Node {
	if g.body != nil && g.body.closed {
		panic(Errorf("ops.%s: input 0 belongs to a body that is closed: want what the loop or branch returns", op.Name()))
	}
	specs := make([]tensor.Spec, len(in))
	for i, n := range in {
		if n == nil {
			panic(Errorf("ops.%s: input %d is nil", op.Name(), i))
		}
		specs[i] = n.Spec()
		if n.g != g {
			own := g.own(n)
			if own == nil {
				panic(Errorf("ops.%s: input %d belongs to another graph", op.Name(), i))
			}
			in = slices.Clone(in)
			in[i] = own
		}
	}
	k := keyOf(op, in)
	if n := g.known[k]; n != nil {
		return n
	}
	out, err := op.Infer(specs)
	if err != nil {
		panic(Errorf("ops.%s: %v", op.Name(), err))
	}
	for _, s := range out {
		if _, err := tensor.CheckedBytes(s); err != nil {
			panic(Errorf("ops.%s: %v", op.Name(), err))
		}
	}
	n := &Node{Op: op, In: in, g: g, id: len(g.nodes), specs: out, scope: g.scope}
	g.nodes = append(g.nodes, n)
	g.known[k] = n
	return n
}

func keyOf(op Op, in []*Node) key {
	k := key{op: op, n: len(in)}
	switch {
	case len(in) > 2:
		var b strings.Builder
		for _, n := range in[2:] {
			fmt.Fprintf(&b, "%d,", n.id)
		}
		k.more = b.String()
		fallthrough
	case len(in) == 2:
		k.b = in[1].id
		fallthrough
	case len(in) == 1:
		k.a = in[0].id
	}
	return k
}

// Pick returns result i of a node with several results, and n itself when it has one.
func Pick(n *Node, i int) *Node {
	n.want()
	if len(n.specs) == 1 && i == 0 {
		return n
	}
	if i < 0 || i >= len(n.specs) {
		panic(Errorf("graph.Pick: result %d of %s: want 0 to %d", i, n.Op.Name(), len(n.specs)-1))
	}
	k := key{op: PickOp{i}, n: 1, a: n.id}
	if p := n.g.known[k]; p != nil {
		return p
	}
	p := &Node{Op: PickOp{i}, In: []*Node{n}, g: n.g, id: len(n.g.nodes), specs: n.specs[i : i+1], scope: n.g.scope}
	n.g.nodes = append(n.g.nodes, p)
	n.g.known[k] = p
	return p
}

// PickOp selects one result of an operation that has several.
type PickOp struct{ Result int }

// Name implements Op.
func (PickOp) Name() string { return "Pick" }

// Infer implements Op; [Pick] knows the spec without it.
func (PickOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return in, nil }

// String lists the nodes, one a line, and below a loop or a branch its bodies.
func (g *Graph) String() string {
	var b strings.Builder
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "%%%d = %s", n.id, Describe(n.Op))
		for i, in := range n.In {
			sep := ", "
			if i == 0 {
				sep = " "
			}
			fmt.Fprintf(&b, "%s%%%d", sep, in.id)
		}
		for _, s := range n.specs {
			fmt.Fprintf(&b, "  %v", s)
		}
		b.WriteByte('\n')
		if c, ok := n.Op.(Control); ok {
			for i, f := range c.Bodies() {
				if i > 0 {
					b.WriteString("  --\n")
				}
				for line := range strings.Lines(f.String()) {
					b.WriteString("  " + line)
				}
			}
		}
	}
	return b.String()
}

// Describe prints an operation with its attributes, if it has any: its exported
// fields, but for false ones.
func Describe(op Op) string {
	if s, ok := op.(fmt.Stringer); ok {
		return s.String()
	}
	t := reflect.TypeOf(op)
	if t.Kind() != reflect.Struct {
		return op.Name()
	}
	var attrs []string
	for _, f := range reflect.VisibleFields(t) {
		if v := reflect.ValueOf(op).FieldByIndex(f.Index); f.IsExported() && !f.Anonymous && v.Interface() != false {
			attrs = append(attrs, fmt.Sprintf("%s:%v", f.Name, v))
		}
	}
	if len(attrs) == 0 {
		return op.Name()
	}
	return op.Name() + "{" + strings.Join(attrs, " ") + "}"
}
