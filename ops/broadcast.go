package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// BroadcastTo repeats x along new leading axes and along axes of length 1 until it
// has the given shape.
//
// Shapes: x [...] -> shape. DTypes: any. Gradient: x. Panics with *graph.Error unless
// x broadcasts to shape.
//
// Source: numpy.broadcast_to.
func BroadcastTo(x *graph.Node, shape tensor.Dims) *graph.Node {
	if x.Shape() == shape {
		return x
	}
	return graph.Apply(BroadcastOp{shape}, x)
}

// BroadcastOp is the operation behind [BroadcastTo].
type BroadcastOp struct{ Shape tensor.Dims }

// Name implements graph.Op.
func (BroadcastOp) Name() string { return "Expand" }

// Primitive implements [Primitive].
func (BroadcastOp) Primitive() {}

// Infer implements graph.Op.
func (o BroadcastOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if s, err := Broadcast(in[0].Shape, o.Shape); err != nil || s != o.Shape {
		return nil, fmt.Errorf("x %v to %v: want a shape that x broadcasts to", in[0].Shape, o.Shape)
	}
	return one(in[0].DType, o.Shape)
}

// Ref implements [Referenced].
func (o BroadcastOp) Ref(out, in []Array) {
	at := broadcastIndex(in[0].Shape, o.Shape)
	for i := range out[0].V {
		out[0].V[i] = in[0].V[at(i)]
	}
}

// VJP: autodiff sums dy down to the shape of x.
func (BroadcastOp) VJP(_, dy *graph.Node) []*graph.Node { return []*graph.Node{dy} }

// broadcastIndex returns the function from a flat index into shape to to the
// flat index of the element of shape from that NumPy's broadcasting puts there.
func broadcastIndex(from, to tensor.Dims) func(int) int {
	if from == to {
		return func(i int) int { return i }
	}
	return stridedIndex(to, BroadcastStrides(from, to))
}

// stridedIndex returns the function from a flat index into shape to the sum of its
// coordinates, each times the stride of its axis.
func stridedIndex(shape, strides tensor.Dims) func(int) int {
	return func(i int) int {
		j := 0
		for a := shape.Rank() - 1; a >= 0; a-- {
			d := shape.At(a)
			j += i % d * strides.At(a)
			i /= d
		}
		return j
	}
}

// BroadcastStrides returns, for every axis of shape to, the stride of a row-major array
// of shape from: 0 along axes that are broadcast.
func BroadcastStrides(from, to tensor.Dims) tensor.Dims {
	s, own := to, from.Strides()
	for a := range to.Rank() {
		s = s.With(a, 0)
		if b := a - (to.Rank() - from.Rank()); b >= 0 && from.At(b) != 1 {
			s = s.With(a, own.At(b))
		}
	}
	return s
}

// Broadcast returns the shape that a and b have after NumPy's broadcasting.
func Broadcast(a, b tensor.Dims) (tensor.Dims, error) {
	if a == b {
		return a, nil
	}
	if a.Rank() < b.Rank() {
		a, b = b, a
	}
	out, off := a, a.Rank()-b.Rank()
	for i := range b.Rank() {
		switch x, y := a.At(off+i), b.At(i); {
		case x == y || y == 1:
		case x == 1:
			out = out.With(off+i, y)
		default:
			return out, fmt.Errorf("shapes %v and %v do not broadcast: axes %d and %d: want equal lengths or 1", a, b, x, y)
		}
	}
	return out, nil
}
