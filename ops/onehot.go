package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// OneHot returns, along a new last axis, 1 at the index and 0 elsewhere; 0
// everywhere if the index is negative or not below depth.
//
// Shapes: indices [...] -> [... depth]. DTypes: integers -> dt. No gradient. Panics
// with *graph.Error if depth is negative or indices are not integers.
//
// Source: ONNX OneHot.
func OneHot(indices *graph.Node, depth int, dt tensor.DType) *graph.Node {
	return graph.Apply(OneHotOp{depth, dt}, indices)
}

// OneHotOp is the operation behind [OneHot].
type OneHotOp struct {
	Depth int
	DType tensor.DType
}

// Name implements graph.Op.
func (OneHotOp) Name() string { return "OneHot" }

// Compose implements [Composed].
func (o OneHotOp) Compose(in []*graph.Node) []*graph.Node {
	at := ExpandDims(in[0], -1)
	if at.DType() != tensor.Uint64 {
		at = Cast(at, tensor.Int64) // a narrow type may not hold all classes
	}
	classes := Iota(at.Graph(), tensor.S(at.DType(), o.Depth), 0)
	return []*graph.Node{Cast(Equal(at, classes), o.DType)}
}

// Infer implements graph.Op.
func (o OneHotOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if o.Depth < 0 {
		return nil, fmt.Errorf("depth %d: want 0 or more", o.Depth)
	}
	if err := wantInt("indices", in[0]); err != nil {
		return nil, err
	}
	return oneOf(o.DType, in[0].Shape, tensor.D(o.Depth))
}

// Ref implements [Referenced].
func (o OneHotOp) Ref(out, in []Array) {
	for i, v := range in[0].V {
		if v >= 0 && v < float64(o.Depth) {
			out[0].V[i*o.Depth+int(v)] = 1
		}
	}
}
