package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// joinTransposes merges two transposes into one, replaces one that moves only axes of
// length 1 by a reshape, and removes one that moves no axis.
func joinTransposes(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.TransposeOp)
	if !ok {
		return nil
	}
	x := in[0]
	if inner, ok := x.Op.(ops.TransposeOp); ok {
		x, op = x.In[0], ops.TransposeOp{Perm: after(inner.Perm, op.Perm)}
	}
	if isIdentity(op.Perm) {
		return x
	}
	if movesOnlyOnes(op.Perm, x.Shape()) {
		return s.reshape(x, n.Shape())
	}
	return s.g.Apply(op, x)
}

// transposeInProduct lets a matrix product transpose its inputs itself.
func transposeInProduct(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.MatMulOp)
	if !ok {
		return nil
	}
	a, ta := untranspose(in[0])
	b, tb := untranspose(in[1])
	return s.g.Apply(ops.MatMulOp{TransA: op.TransA != ta, TransB: op.TransB != tb}, a, b)
}

// untranspose returns the node of which x is the transpose in its last two axes, and
// true; or x.
func untranspose(x *graph.Node) (*graph.Node, bool) {
	t, ok := x.Op.(ops.TransposeOp)
	if !ok {
		return x, false
	}
	r := t.Perm.Rank()
	for i := range r - 2 {
		if t.Perm.At(i) != i {
			return x, false
		}
	}
	if r < 2 || t.Perm.At(r-1) != r-2 {
		return x, false
	}
	return x.In[0], true
}

// after returns the permutation that does first, then second.
func after(first, second tensor.Dims) tensor.Dims {
	p := second
	for i := range p.Rank() {
		p = p.With(i, first.At(second.At(i)))
	}
	return p
}

func isIdentity(perm tensor.Dims) bool {
	for i := range perm.Rank() {
		if perm.At(i) != i {
			return false
		}
	}
	return true
}

// movesOnlyOnes reports whether the axes longer than 1 keep their order.
func movesOnlyOnes(perm, shape tensor.Dims) bool {
	last := -1
	for i := range perm.Rank() {
		if a := perm.At(i); shape.At(a) != 1 {
			if a < last {
				return false
			}
			last = a
		}
	}
	return true
}
