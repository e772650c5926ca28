package flow

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// evaluate returns the results of f by the references of its operations, in float64.
// Integers wrap around as their dtype does; floats are not rounded.
func evaluate(f *graph.Func, in []ops.Array) []ops.Array {
	values := map[*graph.Node][]ops.Array{}
	for i, n := range f.In {
		values[n] = in[i : i+1]
	}
	for _, n := range graph.Reachable(f.Out, func(n *graph.Node) bool { return values[n] != nil }) {
		values[n] = reference(n, values)
	}
	out := make([]ops.Array, len(f.Out))
	for i, n := range f.Out {
		out[i] = values[n][0]
	}
	return out
}

// reference returns the results of n, whose inputs have values.
func reference(n *graph.Node, values map[*graph.Node][]ops.Array) []ops.Array {
	switch op := n.Op.(type) {
	case graph.PickOp:
		return values[n.In[0]][op.Result : op.Result+1]
	case graph.ConstOp:
		return []ops.Array{{Spec: op.Tensor.Spec(), V: op.Tensor.Float64s()}}
	}
	in := make([]ops.Array, len(n.In))
	for i, x := range n.In {
		in[i] = values[x][0]
	}
	out := make([]ops.Array, len(n.Specs()))
	for i, s := range n.Specs() {
		out[i] = ops.NewArray(s)
	}
	ops.Reference(n.Op, out, in)
	for _, a := range out {
		if a.DType.IsInt() {
			for i, v := range a.V {
				a.V[i] = ops.Wrap(a.DType, v)
			}
		}
	}
	return out
}

// at returns step t of a sequence.
func at(a ops.Array, t int) ops.Array {
	s := a.Spec
	s.Shape = s.Shape.From(1)
	n := s.Shape.Size()
	return ops.Array{Spec: s, V: a.V[t*n:][:n]}
}
