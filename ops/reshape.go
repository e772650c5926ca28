package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Reshape returns the elements of x, in row-major order, in another shape. One axis may be
// -1: its length follows from the others.
//
// Shapes: x [...] -> shape. DTypes: any. Gradient: x. Panics with *graph.Error unless
// shape has as many elements as x, and at most 8 axes.
func Reshape(x *graph.Node, shape ...int) *graph.Node {
	to := fit(x.Shape(), shape)
	if to == x.Shape() {
		return x
	}
	return graph.Apply(ReshapeOp{to}, x)
}

// fit returns the shape to, with -1 replaced by the length that fits where there is one.
func fit(from tensor.Dims, to []int) tensor.Dims {
	shape, err := tensor.MakeDims(to)
	if err != nil {
		panic(graph.Errorf("ops.Reshape: %v", err))
	}
	known, at := 1, -1
	for i, d := range to {
		if d == -1 && at < 0 {
			at = i
		} else {
			known *= d
		}
	}
	if at >= 0 && known > 0 && from.Size()%known == 0 {
		shape = shape.With(at, from.Size()/known)
	}
	return shape
}

// ReshapeOp is the operation behind [Reshape].
type ReshapeOp struct{ Shape tensor.Dims }

// Name implements graph.Op.
func (ReshapeOp) Name() string { return "Reshape" }

// Primitive implements [Primitive].
func (ReshapeOp) Primitive() {}

// Infer implements graph.Op.
func (o ReshapeOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	for i := range o.Shape.Rank() {
		if o.Shape.At(i) < 0 {
			return nil, fmt.Errorf("x %v to %v: want lengths of 0 or more, at most one -1 that divides the elements", in[0].Shape, o.Shape.Slice())
		}
	}
	if got, want := o.Shape.Size(), in[0].Shape.Size(); got != want {
		return nil, fmt.Errorf("x %v to %v: got %d elements, want %d", in[0].Shape, o.Shape, got, want)
	}
	return one(in[0].DType, o.Shape)
}

// Ref implements [Referenced].
func (ReshapeOp) Ref(out, in []Array) { copy(out[0].V, in[0].V) }

// VJP: the gradient takes x's shape.
func (ReshapeOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Reshape(dy, n.In[0].Shape().Slice()...)}
}
