package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// clip limits the gradients as the configuration says. Norms need the gradients as they
// are then, elements can wait for the sweep.
//
// Source: Pascanu, Mikolov, Bengio 2012, arXiv:1211.5063, section 3.2; formulas as
// in Keras.
func (s *step) clip() {
	limit := float64(s.c.ClipNorm + s.c.GlobalClipNorm)
	switch {
	case s.c.ClipValue != 0:
		s.limit = float64(s.c.ClipValue)
	case limit == 0 || len(s.grads) == 0:
	case s.c.GlobalClipNorm != 0:
		s.gatherScaled()
		s.multiply(globalScale(s.grads, limit))
	default:
		s.gatherScaled()
		var factors []*graph.Node
		for _, d := range s.grads {
			norm := ops.Sqrt(ops.ReduceSumSquare(d))
			factors = append(factors, ops.Div(ops.ScalarLike(d, limit), ops.Maximum(norm, ops.ScalarLike(d, limit))))
		}
		s.multiply(factors...)
	}
}

// gatherScaled makes the gradients unless they are as they should be.
func (s *step) gatherScaled() {
	if s.last != nil || s.factors != nil {
		s.gather()
	}
}

// globalScale is min(1, limit/norm), the norm being that of all gradients; NaN if
// the norm is not finite, so that it shows.
func globalScale(grads []*graph.Node, limit float64) *graph.Node {
	var sum *graph.Node
	for _, d := range grads {
		s := ops.Cast(ops.ReduceSumSquare(d), tensor.Float64)
		if sum == nil {
			sum = s
		} else {
			sum = ops.Add(sum, s)
		}
	}
	norm := ops.Sqrt(sum)
	scale := ops.Scale(ops.Minimum(ops.Div(ops.ScalarLike(norm, 1), norm), ops.ScalarLike(norm, 1/limit)), limit)
	return ops.Add(scale, ops.Sub(norm, norm))
}
