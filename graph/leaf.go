package graph

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// InputOp is a value that every run is given.
type InputOp struct {
	Label string
	Index int
	Spec  tensor.Spec
}

// Name implements Op.
func (InputOp) Name() string { return "Input" }

// Infer implements Op.
func (o InputOp) Infer([]tensor.Spec) ([]tensor.Spec, error) { return []tensor.Spec{o.Spec}, nil }

// String names the input.
func (o InputOp) String() string { return fmt.Sprintf("Input %s", o.Label) }

// Input adds an input. The name is for people.
func (g *Graph) Input(name string, s tensor.Spec) *Node {
	if g.body != nil {
		panic(Errorf("graph.Input: input %s inside the body of a loop or branch: want a node from outside, which becomes one", name))
	}
	return g.input(name, s)
}

func (g *Graph) input(name string, s tensor.Spec) *Node {
	n := g.apply(InputOp{name, len(g.inputs), s}, nil)
	g.inputs = append(g.inputs, n)
	return n
}

// ConstOp is a tensor that is known when the graph is built and never changes.
type ConstOp struct{ Tensor *tensor.Tensor }

// Name implements Op.
func (ConstOp) Name() string { return "Constant" }

// Infer implements Op.
func (o ConstOp) Infer([]tensor.Spec) ([]tensor.Spec, error) {
	return []tensor.Spec{o.Tensor.Spec()}, nil
}

// String prints the spec, not the values.
func (o ConstOp) String() string { return "Constant" }

// Const adds a constant. The tensor must not change any more; a view with gaps is
// copied. For one number, or one number everywhere, ops.Full is better: it is
// folded. Nil panics with *Error.
func (g *Graph) Const(t *tensor.Tensor) *Node {
	if t == nil {
		panic(Errorf("graph.Const: the tensor is nil"))
	}
	if !t.Contiguous() {
		t = t.Clone()
	}
	return g.Apply(ConstOp{t})
}

// VarOp is the value of a variable before the run.
type VarOp struct{ Var *Var }

// Name implements Op.
func (VarOp) Name() string { return "Variable" }

// Infer implements Op.
func (o VarOp) Infer([]tensor.Spec) ([]tensor.Spec, error) {
	return []tensor.Spec{o.Var.Spec()}, nil
}

// String names the variable.
func (o VarOp) String() string { return "Variable " + o.Var.Path }

// Value returns the value of v at this point of the trace: the one that Update
// gave it, else the one from before the run. The body of a loop or a branch reads
// the value that the graph around it has. A nil variable panics with *Error.
func (g *Graph) Value(v *Var) *Node {
	if v == nil || v.spec == (tensor.Spec{}) {
		panic(Errorf("graph.Value: the variable is nil: want one that was made, in a layer by Build"))
	}
	g = g.outermost()
	if n := g.current[v]; n != nil {
		return n
	}
	n := g.apply(VarOp{v}, nil)
	g.current[v], g.before[v] = n, n
	g.vars = append(g.vars, v)
	return n
}

// Update makes n the value of v after the run. It panics with *Error if the
// dtype or shape differ, if n is of another graph, and inside the body of a loop or
// a branch.
func (g *Graph) Update(v *Var, n *Node) {
	g.Value(v)
	if g.body != nil || g.inner != nil {
		panic(Errorf("graph.Update: variable %s is updated inside the body of a loop or branch: want the body to return the new value, and Update after it", v.Path))
	}
	if n.Spec() != v.Spec() {
		panic(Errorf("graph.Update: variable %s: new value is %v: want %v", v.Path, n.Spec(), v.Spec()))
	}
	if n.g != g {
		panic(Errorf("graph.Update: variable %s: new value belongs to another graph", v.Path))
	}
	g.current[v] = n
}

// Vars returns the variables that the graph reads or updates, in the order of
// their first use.
func (g *Graph) Vars() []*Var { return g.vars }

// Update is a variable's value after the run.
type Update struct {
	Var  *Var
	Node *Node
}

// Updates returns the variables that change, in the order of their first use.
func (g *Graph) Updates() []Update {
	var u []Update
	for _, v := range g.vars {
		if n := g.current[v]; n != g.before[v] {
			u = append(u, Update{v, n})
		}
	}
	return u
}
