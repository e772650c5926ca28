package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// clip limits the gradients as the configuration says.
//
// Source: Pascanu, Mikolov, Bengio 2012, arXiv:1211.5063, section 3.2; formulas as
// in Keras.
func (c *Config) clip(grads []*graph.Node) []*graph.Node {
	limit := float64(c.ClipNorm + c.GlobalClipNorm + c.ClipValue) // at most one is set
	if limit == 0 || len(grads) == 0 {
		return grads
	}
	out := make([]*graph.Node, len(grads))
	var scale *graph.Node
	if c.GlobalClipNorm != 0 {
		scale = globalScale(grads, limit)
	}
	for i, d := range grads {
		switch {
		case c.ClipValue != 0:
			out[i] = ops.Clip(d, -limit, limit)
		case c.ClipNorm != 0:
			norm := ops.Sqrt(ops.ReduceSumSquare(d))
			out[i] = ops.Div(ops.Scale(d, limit), ops.Maximum(norm, ops.ScalarLike(d, limit)))
		default:
			out[i] = ops.Mul(d, ops.Cast(scale, d.DType()))
		}
	}
	return out
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
