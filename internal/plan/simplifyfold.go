package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// fold computes an elementwise operation on numbers that are the same everywhere.
func fold(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if len(in) == 0 || len(n.Specs()) != 1 || n.DType().IsInt() {
		return nil
	}
	args := make([]ops.Array, len(in))
	for i, x := range in {
		f, ok := x.Op.(ops.FullOp)
		if !ok || x.DType().IsInt() {
			return nil
		}
		args[i] = ops.Array{Spec: tensor.Spec{DType: x.DType()}, V: []float64{fullValue(f)}}
	}
	switch n.Op.(type) {
	case ops.Unary, ops.Binary, ops.Ternary:
	case ops.ReshapeOp, ops.BroadcastOp, ops.TransposeOp:
		return ops.Full(s.g, n.Spec(), args[0].V[0])
	default:
		return nil
	}
	out := ops.NewArray(tensor.Spec{DType: n.DType()})
	ops.Reference(n.Op, []ops.Array{out}, args)
	t := tensor.New(n.DType())
	if err := t.SetFloat64s(out.V); err != nil {
		return nil
	}
	return ops.Full(s.g, n.Spec(), t.Item())
}

// fullValue returns the number of f as its dtype holds it.
func fullValue(f ops.FullOp) float64 {
	return fullTensor(ops.FullOp{Spec: tensor.S(f.Spec.DType), Bits: f.Bits}).Item()
}
