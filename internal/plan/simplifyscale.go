package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// scaleWeights multiplies the weights of a convolution or a product instead of the result, and
// its bias: the factor of a batch normalization, say, that no run changes. Results differ in
// their rounding.
func scaleWeights(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.MulOp); !ok || !s.steady {
		return nil
	}
	for i, x := range in {
		y, by := n.In[i], in[1-i]
		if s.uses[y] != 1 || !s.isChannels(by, n) {
			continue
		}
		if z := s.scaled(n, x, by); z != nil {
			return z
		}
		if _, ok := x.Op.(ops.AddOp); !ok {
			continue
		}
		for j, head := range x.In {
			if bias := x.In[1-j]; s.isChannels(bias, n) && s.readOnce(y, head) {
				if z := s.scaled(n, head, by); z != nil {
					return s.g.Apply(ops.AddOp{}, z, s.g.Apply(ops.MulOp{}, bias, by))
				}
			}
		}
	}
	return nil
}

// joinBiases adds two vectors that no run changes to each other before they are added to the
// result of a convolution or a product.
func joinBiases(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	if _, ok := n.Op.(ops.AddOp); !ok || !s.steady {
		return nil
	}
	for i, x := range in {
		second := in[1-i]
		if _, ok := x.Op.(ops.AddOp); !ok || s.uses[n.In[i]] != 1 || !s.isChannels(second, n) {
			continue
		}
		for j, head := range x.In {
			first := x.In[1-j]
			if _, _, ok := s.weightsOf(head); ok && head.Shape() == n.Shape() && s.isChannels(first, n) {
				return s.g.Apply(ops.AddOp{}, head, s.g.Apply(ops.AddOp{}, first, second))
			}
		}
	}
	return nil
}

// readOnce reports whether y, a node of the old graph, is the only reader of the input that
// became x.
func (s *rewriter) readOnce(y, x *graph.Node) bool {
	for _, in := range y.In {
		if s.new[in] == x {
			return s.uses[in] == 1
		}
	}
	return false
}

// isChannels reports whether x is a vector along the last axis of n that no run changes.
func (s *rewriter) isChannels(x, n *graph.Node) bool {
	return x.DType() == tensor.Float32 && x.Rank() > 0 && x.Shape().Size() == x.Shape().At(-1) && x.Shape().At(-1) == n.Shape().At(-1) && s.isFixed(x)
}

// weightsOf returns which axis, from the end, of the weights of a convolution or a product is
// that of the last axis of its result, if the backend fuses it with what follows and no run
// changes the weights.
func (s *rewriter) weightsOf(x *graph.Node) (weights *graph.Node, axis int, ok bool) {
	switch op := x.Op.(type) {
	case ops.ConvOp:
		axis = -1
	case ops.ConvInputGradOp:
		axis = -2
		if op.Groups > 1 {
			return nil, 0, false
		}
	case ops.MatMulOp:
		if axis = -1; op.TransB {
			axis = -2
		}
	default:
		return nil, 0, false
	}
	weights = x.In[1]
	ok = x.DType() == tensor.Float32 && weights.DType() == tensor.Float32 && s.isFixed(weights) &&
		(weights.Rank() == 2 || weights.Rank() == x.Rank()) && s.kernels.Heads(x.Op, x.Specs(), specsOf(x.In))
	return weights, axis, ok
}

// scaled returns x, of the shape of n, with its weights multiplied by a vector, or nil.
func (s *rewriter) scaled(n, x, by *graph.Node) *graph.Node {
	weights, axis, ok := s.weightsOf(x)
	if !ok || x.Shape() != n.Shape() {
		return nil
	}
	shape := tensor.D(by.Shape().Size())
	if axis == -2 {
		shape = tensor.D(shape.At(0), 1)
	}
	return s.g.Apply(x.Op, x.In[0], s.g.Apply(ops.MulOp{}, weights, s.reshape(by, shape)))
}

// isFixed reports whether a node of the new graph depends on variables and constants alone.
func (s *rewriter) isFixed(n *graph.Node) bool { return s.fixed.has(n) }
