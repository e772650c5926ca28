// Package flow holds loops and branches: operations whose bodies are graphs. A body is a
// Go function that is traced once. Nodes and variables that it reads from outside become
// inputs of the operation. It updates no variable and draws no seed.
//
// Besides the sequences that it reads and returns, a loop keeps the memory of one step,
// whatever the number of steps. Sequences are time-major: step t is at index t of axis 0.
package flow

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// specsOf returns the specs of nodes. It panics with *graph.Error at a nil node.
func specsOf(nodes []*graph.Node) []tensor.Spec {
	specs := make([]tensor.Spec, len(nodes))
	for i, n := range nodes {
		specs[i] = n.Spec()
	}
	return specs
}

// named returns names for n inputs: "state 0", "state 1", ...
func named(what string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s %d", what, i)
	}
	return names
}

// picks returns results from to to-1 of n.
func picks(n *graph.Node, from, to int) []*graph.Node {
	out := make([]*graph.Node, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, graph.Pick(n, i))
	}
	return out
}

// wantStates panics with *graph.Error unless the new states are as many as the old
// ones, of the same specs.
func wantStates(op, what string, next []*graph.Node, state []tensor.Spec) {
	if len(next) != len(state) {
		panic(graph.Errorf("%s: the body returns %d %ss: want %d, one for each of init", op, len(next), what, len(state)))
	}
	for i, n := range next {
		if n == nil {
			panic(graph.Errorf("%s: %s %d of the body is nil: want %v", op, what, i, state[i]))
		}
		if n.Spec() != state[i] {
			panic(graph.Errorf("%s: %s %d of the body is %v: want %v, as in init", op, what, i, n.Spec(), state[i]))
		}
	}
}

// sameStates returns an error unless the first n results of f have the specs of its
// first n inputs.
func sameStates(f *graph.Func, n int) error {
	for i := range n {
		if in, out := f.In[i].Spec(), f.Out[i].Spec(); in != out {
			return fmt.Errorf("state %d is %v before a step, %v after it: want the same", i, in, out)
		}
	}
	return nil
}

// wantSpecs returns an error unless the inputs of an operation have the specs that
// its body wants.
func wantSpecs(got, want []tensor.Spec) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d inputs: want %d", len(got), len(want))
	}
	for i, s := range got {
		if s != want[i] {
			return fmt.Errorf("input %d is %v: want %v", i, s, want[i])
		}
	}
	return nil
}

// stacked returns the spec of a sequence of steps of s.
func stacked(s tensor.Spec, steps int) (tensor.Spec, error) {
	if s.Rank() == tensor.MaxRank {
		return s, fmt.Errorf("%v of %d steps: want at most %d axes with that of the steps", s, steps, tensor.MaxRank)
	}
	s.Shape = tensor.D(append([]int{steps}, s.Shape.Slice()...)...)
	_, err := tensor.CheckedBytes(s)
	return s, err
}
