package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.SparsemaxOp, _, in []tensor.Spec) backend.Kernel {
		if in[0].DType == tensor.Float64 {
			return newSparsemax[float64](op.Axis, in[0])
		}
		return newSparsemax[float32](op.Axis, in[0])
	})
}

func newSparsemax[W float32 | float64](axis int, x tensor.Spec) backend.Kernel {
	return newLines(x, axis, []role{whole}, whole, func(b block[W]) {
		for r := range b.rows {
			x, y := b.row(b.x[0], whole, r), b.row(b.y, whole, r)
			tau := sparsemaxThreshold(x)
			for i, v := range x {
				y[i] = W(max(float64(v)-tau, 0))
			}
		}
	})
}

// sparsemaxThreshold returns the number τ for which the sum of max(x-τ, 0) is 1: NaN if x
// has a NaN or its greatest element is infinite. Only elements within 1 of the greatest
// can be above τ. Of these, elements below the threshold of all are removed until no such
// element remains: the thresholds rise.
func sparsemaxThreshold[W float32 | float64](x []W) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	if math.IsInf(top, 0) || top != top {
		return math.NaN()
	}
	tau, before := top-1, 0
	for {
		sum, n := 0.0, 0
		for _, v := range x {
			if f := float64(v); f > tau {
				sum += f
				n++
			}
		}
		if n == before {
			return tau
		}
		tau, before = (sum-1)/float64(n), n
	}
}
