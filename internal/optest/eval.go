// Package optest tests operations: one table with a row for every op type, from
// which shape rules, gradients and every device's kernels are checked against the
// references of package ops.
package optest

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Eval runs a graph by the references alone, in float64 whatever the dtype, and
// returns the values of the outputs. Inputs are those of the graph, in its order;
// variables have the values that they hold. Integers wrap around as their dtype
// does; floats are not rounded. It panics if an input is missing or does not fit.
func Eval(outputs []*graph.Node, inputs ...ops.Array) []ops.Array {
	if len(outputs) == 0 {
		return nil
	}
	e := evaluation{inputs: inputs, done: map[*graph.Node][]ops.Array{}}
	nodes := outputs[0].Graph().Nodes()
	needed := map[*graph.Node]bool{}
	for _, n := range outputs {
		needed[n] = true
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if needed[nodes[i]] {
			for _, in := range nodes[i].In {
				needed[in] = true
			}
		}
	}
	for _, n := range nodes {
		if needed[n] {
			e.done[n] = e.run(n)
		}
	}
	results := make([]ops.Array, len(outputs))
	for i, n := range outputs {
		results[i] = e.done[n][0]
	}
	return results
}

type evaluation struct {
	inputs []ops.Array
	done   map[*graph.Node][]ops.Array
}

// run returns the results of n, whose inputs are done.
func (e *evaluation) run(n *graph.Node) []ops.Array {
	switch op := n.Op.(type) {
	case graph.InputOp:
		if op.Index >= len(e.inputs) || e.inputs[op.Index].Spec != op.Spec {
			panic(fmt.Sprintf("optest: input %s, number %d: want %v", op.Label, op.Index, op.Spec))
		}
		return e.inputs[op.Index : op.Index+1]
	case graph.ConstOp:
		return []ops.Array{FromTensor(op.Tensor)}
	case graph.VarOp:
		return []ops.Array{FromTensor(op.Var.Tensor())}
	case graph.PickOp:
		return e.done[n.In[0]][op.Result : op.Result+1]
	}
	in := make([]ops.Array, len(n.In))
	for i, x := range n.In {
		in[i] = e.done[x][0]
	}
	return reference(n.Op, n.Specs(), in)
}

// reference runs the reference of op on inputs that its shape rule has seen.
func reference(op graph.Op, specs []tensor.Spec, in []ops.Array) []ops.Array {
	out := make([]ops.Array, len(specs))
	for i, s := range specs {
		out[i] = ops.NewArray(s)
	}
	ops.Reference(op, out, in)
	for _, a := range out {
		if a.DType.IsInt() {
			for i, v := range a.V {
				a.V[i] = Round(a.DType, v)
			}
		}
	}
	return out
}

// FromTensor returns the values of a tensor.
func FromTensor(t *tensor.Tensor) ops.Array { return ops.Array{Spec: t.Spec(), V: t.Float64s()} }

// ToTensor returns a tensor of the values, rounded to the dtype.
func ToTensor(a ops.Array) *tensor.Tensor {
	t := tensor.NewSpec(a.Spec)
	v := make([]float64, len(a.V))
	for i, x := range a.V {
		v[i] = Round(a.DType, x)
	}
	if err := t.SetFloat64s(v); err != nil {
		panic(err)
	}
	return t
}

// Round returns the value of dtype dt that a result v becomes: floats are rounded
// to the nearest, integers keep their low bits.
func Round(dt tensor.DType, v float64) float64 {
	switch dt {
	case tensor.Float16:
		return tensor.F16FromFloat64(v).Float64()
	case tensor.BFloat16:
		return tensor.BF16FromFloat64(v).Float64()
	case tensor.Float32:
		return float64(float32(v))
	case tensor.Float64, tensor.Bool:
		return v
	}
	return ops.Wrap(dt, v)
}
