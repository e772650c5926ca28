package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Indices count from the end where they are negative. One that lies outside
// reads NaN from floats and 0 from other dtypes, and additions there are dropped: values
// that are only known when a graph runs cannot panic, and NaN shows.

// Gather takes elements of x along an axis: the axis is replaced by those of the
// indices, whatever their shape. An index outside of -N to N-1 reads NaN, or 0 if x
// is not float.
//
// Shapes: x [A N B], indices [I] -> [A I B], where A, B and I are any number of axes.
// DTypes: x any, indices integer. Gradient: x. Panics with *graph.Error unless
// indices are integers and x has the axis.
//
// Source: ONNX Gather.
func Gather(x, indices *graph.Node, axis int) *graph.Node {
	return graph.Apply(GatherOp{axisOf("Gather", x, axis, 0)}, x, indices)
}

// GatherOp is the operation behind [Gather].
type GatherOp struct{ Axis int }

// Name implements graph.Op.
func (GatherOp) Name() string { return "Gather" }

// Primitive implements [Primitive].
func (GatherOp) Primitive() {}

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
// its flat index, and that of the element of x, -1 if the index is out of range.
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
