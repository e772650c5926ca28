package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// SliceAdd returns x with y added to the part that [Slice] takes: one range for
// each axis, from the first on.
//
// Shapes: x [...], y that of the part -> [...]. DTypes: numbers, one for both.
// Gradient: x, y. Panics with *graph.Error if y does not have the part's shape or x's
// dtype, or there are more ranges than axes.
func SliceAdd(x, y *graph.Node, ranges ...Range) *graph.Node {
	o := sliceOf("SliceAdd", x, ranges)
	return graph.Apply(SliceAddOp{o.Start, o.Step}, x, y)
}

// SliceAddOp is the operation behind [SliceAdd]: element i of an axis of y is added
// to element Start+i·Step of the axis of x.
type SliceAddOp struct{ Start, Step tensor.Dims }

// Name implements graph.Op.
func (SliceAddOp) Name() string { return "SliceAdd" }

// Compose implements [Composed].
func (o SliceAddOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{Add(in[0], graph.Apply(SliceGradOp{in[0].Shape(), o.Start, o.Step}, in[1]))}
}

// Infer implements graph.Op.
func (o SliceAddOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, y := in[0], in[1]
	if err := wantNumber("x", x); err != nil {
		return nil, err
	}
	if x.DType != y.DType {
		return nil, fmt.Errorf("x is %v, y is %v: want one dtype; ops.Cast converts", x, y)
	}
	return in[:1], o.slice(y.Shape).check(x.Shape)
}

func (o SliceAddOp) slice(size tensor.Dims) SliceOp { return SliceOp{o.Start, size, o.Step} }

// Ref implements [Referenced].
func (o SliceAddOp) Ref(out, in []Array) {
	copy(out[0].V, in[0].V)
	at := o.slice(in[1].Shape).index(in[0].Shape)
	for i, v := range in[1].V {
		out[0].V[at(i)] += v
	}
}

// VJP: the gradient itself, and its slice.
func (o SliceAddOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{dz, graph.Apply(o.slice(n.In[1].Shape()), dz)}
}
