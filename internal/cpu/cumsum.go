package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.CumSumOp, _, in []tensor.Spec) backend.Kernel {
		switch {
		case in[0].DType == tensor.Float64:
			return newCumSum[float64](op, in[0])
		case in[0].DType.IsFloat():
			return newCumSum[float32](op, in[0])
		}
		return newCumSum[int64](op, in[0])
	})
}

func newCumSum[W work](op ops.CumSumOp, x tensor.Spec) backend.Kernel {
	return newLines(x, op.Axis, []role{whole}, whole, func(b block[W]) {
		for r := range b.rows {
			x, y := b.row(b.x[0], whole, r), b.row(b.y, whole, r)
			var sum W
			for i := range x {
				if op.Reverse {
					i = len(x) - 1 - i
				}
				before := sum
				sum += x[i]
				y[i] = sum
				if op.Exclusive {
					y[i] = before
				}
			}
		}
	})
}
