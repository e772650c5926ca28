package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceSumSquare returns the sum of the squares of all elements of x, in one pass over
// them.
//
// Shapes: x [...] -> []. DTypes: floats; float16 and bfloat16 accumulate in float32.
// Gradient: x. Panics with *graph.Error unless x is float.
//
// Source: ONNX ReduceSumSquare.
func ReduceSumSquare(x *graph.Node) *graph.Node { return graph.Apply(ReduceSumSquareOp{}, x) }

// ReduceSumSquareOp is the operation behind [ReduceSumSquare].
type ReduceSumSquareOp struct{}

// Name implements graph.Op.
func (ReduceSumSquareOp) Name() string { return "ReduceSumSquare" }

// Compose implements [Composed].
func (ReduceSumSquareOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{ReduceSum(Square(in[0]))}
}

// Infer implements graph.Op.
func (ReduceSumSquareOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return []tensor.Spec{tensor.S(in[0].DType)}, wantFloat("x", in[0])
}

// Ref implements [Referenced].
func (ReduceSumSquareOp) Ref(out, in []Array) {
	for _, x := range in[0].V {
		out[0].V[0] += x * x
	}
}

// VJP: d Σ x²/dx = 2x.
func (ReduceSumSquareOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{Mul(n.In[0], Scale(dy, 2))}
}
