package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ScatterAdd returns x with updates added to the elements that [Gather] would take:
// all of them where indices occur more than once. An index outside of -N to N-1 is
// dropped.
//
// Shapes: x [A N B], indices [I], updates [A I B] -> [A N B]. DTypes: x and updates
// numbers, one for both, indices integer. Gradient: x, updates. Panics with
// *graph.Error if a shape or dtype differs from this, or x does not have the axis.
func ScatterAdd(x, indices, updates *graph.Node, axis int) *graph.Node {
	axis = axisOf("ScatterAdd", x, axis, 0)
	return Add(x, graph.Apply(ScatterAddOp{axis, x.Shape().At(axis)}, indices, updates))
}

// ScatterAddOp adds up elements by index, in the order in which they stand: the gradient
// of [Gather], and the addend of [ScatterAdd].
//
// Shapes: indices [I], updates [A I B] -> [A Size B].
type ScatterAddOp struct{ Axis, Size int }

// Name implements graph.Op.
func (ScatterAddOp) Name() string { return "ScatterAdd" }

// Primitive implements [Primitive].
func (ScatterAddOp) Primitive() {}

// Infer implements graph.Op.
func (o ScatterAddOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	idx, u := in[0], in[1]
	if err := wantInt("indices", idx); err != nil {
		return nil, err
	}
	if err := wantNumber("updates", u); err != nil {
		return nil, err
	}
	behind := o.Axis + idx.Rank()
	if o.Axis < 0 || behind > u.Rank() || u.Shape.To(behind).From(o.Axis) != idx.Shape {
		return nil, fmt.Errorf("updates %v: want the shape %v of the indices from axis %d on", u, idx.Shape, o.Axis)
	}
	return oneOf(u.DType, u.Shape.To(o.Axis), tensor.D(o.Size), u.Shape.From(behind))
}

// Ref implements [Referenced].
func (o ScatterAddOp) Ref(out, in []Array) {
	eachIndex(out[0].Shape, o.Axis, in[0].V, func(part, whole int) {
		if whole >= 0 {
			out[0].V[whole] += in[1].V[part]
		}
	})
}

// VJP: every update gets the gradient of the element that it went to.
func (o ScatterAddOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{nil, graph.Apply(GatherOp{o.Axis}, dz, n.In[0])}
}
