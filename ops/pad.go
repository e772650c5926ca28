package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Pad returns x with before[i] elements of value put before axis i and after[i]
// behind it.
//
// Shapes: x [... Nᵢ ...] -> [... before[i]+Nᵢ+after[i] ...]. DTypes: any. Gradient:
// x. Panics with *graph.Error unless before and after have one number, 0 or more, for
// each axis.
//
// Source: ONNX Pad, mode constant.
func Pad(x *graph.Node, before, after []int, value float64) *graph.Node {
	o := PadOp{dimsOf("Pad", before), dimsOf("Pad", after), value}
	return graph.Apply(o, x)
}

// PadReflect pads x with its own elements mirrored at the first and the last of every
// axis, which are not repeated themselves: a b c becomes c b a b c b a with two on
// each side.
//
// Shapes: x [... Nᵢ ...] -> [... before[i]+Nᵢ+after[i] ...]. DTypes: any. Gradient:
// x. Panics with *graph.Error unless before and after have one number, 0 or more, for
// each axis, less than its length.
//
// Source: ONNX Pad, mode reflect.
func PadReflect(x *graph.Node, before, after []int) *graph.Node {
	checkPad("PadReflect", x, before, after)
	for axis, b := range before {
		n, a := x.Shape().At(axis), after[axis]
		if max(a, b) > max(n-1, 0) {
			panic(graph.Errorf("ops.PadReflect: %d before and %d behind axis %d of x %v: want less than its length", b, a, axis, x.Shape()))
		}
		left := Flip(SliceAxis(x, axis, min(1, n), b+1), axis)
		right := Flip(SliceAxis(x, axis, max(n-1-a, 0), max(n-1, 0)), axis)
		x = join(axis, left, x, right)
	}
	return x
}

// PadEdge pads x with the first and the last element of every axis.
//
// Shapes: x [... Nᵢ ...] -> [... before[i]+Nᵢ+after[i] ...]. DTypes: any. Gradient:
// x. Panics with *graph.Error unless before and after have one number, 0 or more, for
// each axis, and 0 for an axis of length 0.
//
// Source: ONNX Pad, mode edge.
func PadEdge(x *graph.Node, before, after []int) *graph.Node {
	checkPad("PadEdge", x, before, after)
	for axis, b := range before {
		n, a := x.Shape().At(axis), after[axis]
		if n == 0 && a+b > 0 {
			panic(graph.Errorf("ops.PadEdge: axis %d of x %v has no edge: want one element or more", axis, x.Shape()))
		}
		left := Repeat(SliceAxis(x, axis, 0, min(1, n)), b, axis)
		right := Repeat(SliceAxis(x, axis, max(n-1, 0), n), a, axis)
		x = join(axis, left, x, right)
	}
	return x
}

func checkPad(op string, x *graph.Node, before, after []int) {
	if len(before) != x.Rank() || len(after) != x.Rank() {
		panic(graph.Errorf("ops.%s: %v before and %v behind x %v: want one for each axis", op, before, after, x.Shape()))
	}
	for i := range before {
		if before[i] < 0 || after[i] < 0 {
			panic(graph.Errorf("ops.%s: %v before and %v behind: want 0 or more", op, before, after))
		}
	}
}

// PadOp is the operation behind [Pad].
type PadOp struct {
	Before, After tensor.Dims
	Value         float64
}

// Name implements graph.Op.
func (PadOp) Name() string { return "Pad" }

// Primitive implements [Primitive].
func (PadOp) Primitive() {}

// Infer implements graph.Op.
func (o PadOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, shape := in[0], in[0].Shape
	if o.Before.Rank() != x.Rank() || o.After.Rank() != x.Rank() {
		return nil, fmt.Errorf("%v before and %v behind x %v: want one for each axis", o.Before.Slice(), o.After.Slice(), shape)
	}
	for i := range x.Rank() {
		b, a := o.Before.At(i), o.After.At(i)
		if a < 0 || b < 0 {
			return nil, fmt.Errorf("%v before and %v behind: want 0 or more", o.Before.Slice(), o.After.Slice())
		}
		shape = shape.With(i, b+x.Shape.At(i)+a)
	}
	return one(x.DType, shape)
}

// slice returns the slice that undoes the padding of x.
func (o PadOp) slice(x tensor.Dims) SliceOp {
	step := x
	for i := range x.Rank() {
		step = step.With(i, 1)
	}
	return SliceOp{o.Before, x, step}
}

// Ref implements [Referenced].
func (o PadOp) Ref(out, in []Array) {
	fill(out[0].V, o.Value)
	at := o.slice(in[0].Shape).index(out[0].Shape)
	for i, v := range in[0].V {
		out[0].V[at(i)] = v
	}
}

// VJP: the gradient of the padding is dropped.
func (o PadOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(o.slice(n.In[0].Shape()), dy)}
}
