package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// BroadcastTo repeats x along new leading axes and along axes of length 1 until
// it has the given shape, as NumPy does.
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

// Infer implements graph.Op.
func (o BroadcastOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if s, err := Broadcast(in[0].Shape, o.Shape); err != nil || s != o.Shape {
		return nil, fmt.Errorf("x %v does not broadcast to %v", in[0].Shape, o.Shape)
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
