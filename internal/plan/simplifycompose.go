package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// compose computes a composed operation by others if there is no kernel for it.
func compose(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.Composed)
	if !ok || s.has(op, n.Specs(), specsOf(in)) {
		return nil
	}
	out := ops.Decompose(op, in, s.has)
	if len(out) > 1 {
		s.parts[n] = out
	}
	return out[0]
}

// call is an operation on at most three inputs.
type call struct {
	op graph.Op
	n  int
	in [3]tensor.Spec
}

// has reports whether there is a kernel of op, alone or in a program.
func (s *rewriter) has(op graph.Op, out, in []tensor.Spec) bool {
	c := call{op: op, n: len(in)}
	copy(c.in[:], in)
	if has, ok := s.asked[c]; ok && c.n <= len(c.in) {
		return has
	}
	has := s.kernels.Fuses(op, out, in) || s.kernels.Kernel(op, out, in) != nil
	s.asked[c] = has
	return has
}
