// Package nntest tests layers and networks by the references of package ops, without a
// backend.
package nntest

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Run runs g once: it returns the values of the outputs and gives the variables
// that g updates their new values. Every operation is computed in float64 and its
// result rounded to its dtype.
func Run(g *graph.Graph, outputs []*graph.Node, inputs ...*tensor.Tensor) []ops.Array {
	done := make([][]ops.Array, len(g.Nodes()))
	for i, n := range g.Nodes() {
		done[i] = value(n, done, inputs)
	}
	for _, u := range g.Updates() {
		if err := u.Var.Set(optest.ToTensor(done[u.Node.ID()][0])); err != nil {
			panic(err)
		}
	}
	results := make([]ops.Array, len(outputs))
	for i, n := range outputs {
		results[i] = done[n.ID()][0]
	}
	return results
}

// value returns the results of n, whose inputs are done.
func value(n *graph.Node, done [][]ops.Array, inputs []*tensor.Tensor) []ops.Array {
	switch op := n.Op.(type) {
	case graph.InputOp:
		if t := inputs[op.Index]; t.Spec() != op.Spec {
			panic(fmt.Sprintf("nntest: input %s is %v: want %v", op.Label, t.Spec(), op.Spec))
		}
		return []ops.Array{optest.FromTensor(inputs[op.Index])}
	case graph.ConstOp:
		return []ops.Array{optest.FromTensor(op.Tensor)}
	case graph.VarOp:
		return []ops.Array{optest.FromTensor(op.Var.Tensor())}
	case graph.PickOp:
		return done[n.In[0].ID()][op.Result : op.Result+1]
	}
	in := make([]ops.Array, len(n.In))
	for i, x := range n.In {
		in[i] = done[x.ID()][0]
	}
	out := make([]ops.Array, len(n.Specs()))
	for i, s := range n.Specs() {
		out[i] = ops.NewArray(s)
	}
	ops.Reference(n.Op, out, in)
	for _, a := range out {
		for i, v := range a.V {
			a.V[i] = optest.Round(a.DType, v)
		}
	}
	return out
}
