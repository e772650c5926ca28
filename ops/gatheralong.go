package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// GatherAlong takes one element of x for each index, along an axis, in the line of
// the index itself. An index outside of -N to N-1 reads NaN, or 0 if x is not float.
//
// Shapes: x [A N B], indices [A K B] -> [A K B]. DTypes: x any, indices integer.
// Gradient: x. Panics with *graph.Error if a shape or dtype differs from this, or x
// does not have the axis.
//
// Source: numpy.take_along_axis.
func GatherAlong(x, indices *graph.Node, axis int) *graph.Node {
	return graph.Apply(GatherAlongOp{axisOf("GatherAlong", x, axis, 0)}, x, indices)
}

// GatherAlongOp is the operation behind [GatherAlong].
type GatherAlongOp struct{ Axis int }

// Name implements graph.Op.
func (GatherAlongOp) Name() string { return "GatherElements" }

// Primitive implements [Primitive].
func (GatherAlongOp) Primitive() {}

// Infer implements graph.Op.
func (o GatherAlongOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, idx := in[0], in[1]
	if err := wantAxis(o.Axis, x); err != nil {
		return nil, err
	}
	if err := wantInt("indices", idx); err != nil {
		return nil, err
	}
	if idx.Rank() != x.Rank() || idx.Shape.With(o.Axis, 0) != x.Shape.With(o.Axis, 0) {
		return nil, fmt.Errorf("x %v, indices %v: want them equal but for axis %d", x.Shape, idx.Shape, o.Axis)
	}
	return one(x.DType, idx.Shape)
}

// Ref implements [Referenced].
func (o GatherAlongOp) Ref(out, in []Array) {
	eachAlong(in[0].Shape, in[1], o.Axis, func(part, whole int) {
		out[0].V[part] = read(in[0], whole)
	})
}

// VJP: every element of x gets the sum of the gradients of its copies.
func (o GatherAlongOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, idx := n.In[0], n.In[1]
	return []*graph.Node{graph.Apply(ScatterAlongOp{o.Axis, x.Shape().At(o.Axis)}, idx, dy), nil}
}

// eachAlong is eachIndex for GatherAlong.
func eachAlong(x tensor.Dims, idx Array, axis int, f func(part, whole int)) {
	n := x.At(axis)
	lanes(idx.Shape, axis, func(_, start, step, k int) {
		// The line begins at (outer, 0, inner) of idx, hence at this index of x.
		whole := start/max(k*step, 1)*n*step + start%step
		for j := range k {
			part := start + j*step
			if i := fromEnd(idx.V[part], n); i < 0 {
				f(part, -1)
			} else {
				f(part, whole+i*step)
			}
		}
	})
}

// ScatterAlongOp adds up elements by index along an axis, in the order in which
// they stand: the gradient of [GatherAlong].
//
// Shapes: indices [A K B], updates [A K B] -> [A Size B]. DTypes: updates numbers,
// indices integer. An index outside of -Size to Size-1 is dropped.
type ScatterAlongOp struct{ Axis, Size int }

// Name implements graph.Op. In ONNX it is ScatterElements with reduction = "add".
func (ScatterAlongOp) Name() string { return "ScatterElements" }

// Primitive implements [Primitive].
func (ScatterAlongOp) Primitive() {}

// Infer implements graph.Op.
func (o ScatterAlongOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	idx, u := in[0], in[1]
	if err := wantInt("indices", idx); err != nil {
		return nil, err
	}
	if err := wantNumber("updates", u); err != nil {
		return nil, err
	}
	if err := wantAxis(o.Axis, u); err != nil {
		return nil, err
	}
	if u.Shape != idx.Shape {
		return nil, fmt.Errorf("updates %v, indices %v: want one shape", u.Shape, idx.Shape)
	}
	return one(u.DType, u.Shape.With(o.Axis, o.Size))
}

// Ref implements [Referenced].
func (o ScatterAlongOp) Ref(out, in []Array) {
	eachAlong(out[0].Shape, in[0], o.Axis, func(part, whole int) {
		if whole >= 0 {
			out[0].V[whole] += in[1].V[part]
		}
	})
}

// VJP: every update gets the gradient of the element that it went to.
func (o ScatterAlongOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{nil, graph.Apply(GatherAlongOp{o.Axis}, dz, n.In[0])}
}
