// Package nntest tests layers, and what is built of them, by the references of
// package ops, without a backend.
package nntest

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Run runs g once: it returns the values of the outputs, in float64, and gives
// the variables that g updates their new values.
func Run(g *graph.Graph, outputs []*graph.Node, inputs ...*tensor.Tensor) []ops.Array {
	in := make([]ops.Array, len(inputs))
	for i, t := range inputs {
		in[i] = optest.FromTensor(t)
	}
	updates := g.Updates()
	all := append([]*graph.Node{}, outputs...)
	for _, u := range updates {
		all = append(all, u.Node)
	}
	values := optest.Eval(all, in...)
	for i, u := range updates {
		if err := u.Var.Set(optest.ToTensor(values[len(outputs)+i])); err != nil {
			panic(err)
		}
	}
	return values[:len(outputs)]
}
