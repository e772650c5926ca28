package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyMomentumOp) update {
		return update{
			tensors: 3,
			narrow: func(x rows32, r rates32) {
				kern.Momentum(x[0], x[1], x[2], r[0], float32(o.Momentum), r[1], o.Nesterov)
			},
			wide: func(x rows64, r rates64) {
				kern.MomentumLoop(x[0], x[1], x[2], r[0], o.Momentum, r[1], o.Nesterov)
			},
		}
	})
}
