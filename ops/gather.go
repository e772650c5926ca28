package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Indices count from the end where they are negative. One that lies outside
// reads NaN from floats and 0 from other dtypes, and what is added there is dropped:
// values that are only known when a graph runs cannot panic, and NaN shows.

// Gather takes elements of x along an axis: the axis is replaced by those of the
// indices, whatever their shape.
//
// Shapes: x [A N B], indices [I] -> [A I B], where A, B and I are any number of
// axes. DTypes: x any, indices integer. Gradient: x. An index outside of -N to N-1
// reads NaN, or 0 if x is no float.
func Gather(x, indices *graph.Node, axis int) *graph.Node {
	return graph.Apply(GatherOp{axisOf("Gather", x, axis, 0)}, x, indices)
}

// GatherOp is the operation behind [Gather].
type GatherOp struct{ Axis int }

// Name implements graph.Op.
func (GatherOp) Name() string { return "Gather" }

// Infer implements graph.Op.
func (o GatherOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, idx := in[0], in[1]
	if err := wantAxis(o.Axis, x); err != nil {
		return nil, err
	}
	if err := wantInt("indices", idx); err != nil {
		return nil, err
	}
	return oneOf(x.DType, x.Shape.To(o.Axis), idx.Shape, x.Shape.From(o.Axis+1))
}

// Ref implements [Referenced].
func (o GatherOp) Ref(out, in []Array) {
	x, idx := in[0], in[1]
	eachIndex(x.Shape, o.Axis, idx.V, func(part, whole int) {
		out[0].V[part] = read(x, whole)
	})
}

// VJP: every element of x gets the sum of the gradients of its copies.
func (o GatherOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, idx := n.In[0], n.In[1]
	return []*graph.Node{graph.Apply(ScatterAddOp{o.Axis, x.Shape().At(o.Axis)}, idx, dy), nil}
}

// eachIndex calls f for every element of the result of a Gather from shape x: with
// its flat index, and that of the element of x, -1 if there is none.
func eachIndex(x tensor.Dims, axis int, idx []float64, f func(part, whole int)) {
	n, row := x.At(axis), x.From(axis+1).Size()
	part := 0
	for outer := range x.To(axis).Size() {
		for _, v := range idx {
			i := fromEnd(v, n)
			for r := range row {
				if i < 0 {
					f(part, -1)
				} else {
					f(part, (outer*n+i)*row+r)
				}
				part++
			}
		}
	}
}

// fromEnd returns the index that v stands for on an axis of length n, -1 if none.
func fromEnd(v float64, n int) int {
	if v < 0 {
		v += float64(n)
	}
	if v < 0 || v >= float64(n) {
		return -1
	}
	return int(v)
}

// read returns element i of x; -1 is outside.
func read(x Array, i int) float64 {
	switch {
	case i >= 0:
		return x.V[i]
	case x.DType.IsFloat():
		return math.NaN()
	}
	return 0
}

// ScatterAdd returns x with updates added to the elements that Gather would take:
// all of them where indices occur more than once.
//
// Shapes: x [A N B], indices [I], updates [A I B] -> [A N B]. DTypes: x and updates
// numbers, indices integer. Gradient: x, updates. An index outside of -N to N-1 is
// dropped.
func ScatterAdd(x, indices, updates *graph.Node, axis int) *graph.Node {
	axis = axisOf("ScatterAdd", x, axis, 0)
	return Add(x, graph.Apply(ScatterAddOp{axis, x.Shape().At(axis)}, indices, updates))
}

// ScatterAddOp adds up elements by index, in the order in which they stand: the
// gradient of [Gather], and what [ScatterAdd] adds.
//
// Shapes: indices [I], updates [A I B] -> [A Size B].
type ScatterAddOp struct{ Axis, Size int }

// Name implements graph.Op.
func (ScatterAddOp) Name() string { return "ScatterAdd" }

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

// GatherAlong takes one element of x for each index, along an axis, in the line of
// the index itself, as NumPy's take_along_axis does.
//
// Shapes: x [A N B], indices [A K B] -> [A K B]. DTypes: x any, indices integer.
// Gradient: x. An index outside of -N to N-1 reads NaN, or 0 if x is no float.
func GatherAlong(x, indices *graph.Node, axis int) *graph.Node {
	return graph.Apply(GatherAlongOp{axisOf("GatherAlong", x, axis, 0)}, x, indices)
}

// GatherAlongOp is the operation behind [GatherAlong].
type GatherAlongOp struct{ Axis int }

// Name implements graph.Op.
func (GatherAlongOp) Name() string { return "GatherElements" }

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

// oneOf is [one] for a shape of parts that may be too long together.
func oneOf(dt tensor.DType, parts ...tensor.Dims) ([]tensor.Spec, error) {
	var all []int
	for _, p := range parts {
		all = append(all, p.Slice()...)
	}
	shape, err := tensor.MakeDims(all)
	return []tensor.Spec{{DType: dt, Shape: shape}}, err
}
