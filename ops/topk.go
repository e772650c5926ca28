package ops

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// TopK returns the k greatest elements of every row, along the last axis, the
// greatest first, and their indices. Of equal elements the first comes first; NaN
// is greater than any number.
//
// Shapes: x [... N] -> values [... k], indices [... k]. DTypes: numbers -> values of
// x's, indices Int64. Gradient: x, by the values. Panics with *graph.Error unless 0
// <= k <= N and x is a number.
//
// Source: ONNX TopK.
func TopK(x *graph.Node, k int) (values, indices *graph.Node) {
	n := graph.Apply(TopKOp{k}, x)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// TopKOp is the operation behind [TopK].
type TopKOp struct{ K int }

// Name implements graph.Op.
func (TopKOp) Name() string { return "TopK" }

// Primitive implements [Primitive].
func (TopKOp) Primitive() {}

// Infer implements graph.Op.
func (o TopKOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x := in[0]
	if err := wantNumber("x", x); err != nil {
		return nil, err
	}
	if x.Rank() == 0 || o.K < 0 || o.K > x.Shape.At(-1) {
		return nil, fmt.Errorf("the %d greatest of x %v: want a last axis of that many or more", o.K, x.Shape)
	}
	shape := x.Shape.With(-1, o.K)
	return []tensor.Spec{{DType: x.DType, Shape: shape}, {DType: tensor.Int64, Shape: shape}}, nil
}

// Ref implements [Referenced].
func (o TopKOp) Ref(out, in []Array) {
	x := in[0]
	lanes(x.Shape, x.Rank()-1, func(row, start, _, n int) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return descending(x.V[start+i], x.V[start+j]) })
		for k, i := range order[:o.K] {
			out[0].V[row*o.K+k] = x.V[start+i]
			out[1].V[row*o.K+k] = float64(i)
		}
	})
}

// descending orders floats, the greatest first and NaN before it.
func descending(a, b float64) int {
	if a != a || b != b {
		return cmp.Compare(truth(b != b), truth(a != a))
	}
	return cmp.Compare(b, a)
}

// VJPs implements [DifferentiableTuple]: the gradients of the values go back to
// where they stood.
func (TopKOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	if dy[0] == nil {
		return []*graph.Node{nil}
	}
	x := n.In[0].Shape()
	return []*graph.Node{graph.Apply(ScatterAlongOp{x.Rank() - 1, x.At(-1)}, graph.Pick(n, 1), dy[0])}
}
