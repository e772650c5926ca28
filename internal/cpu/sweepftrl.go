package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyFtrlOp) update {
		return update{
			tensors: 4,
			narrow: func(x rows32, r rates32) {
				kern.Ftrl(x[0], x[1], x[2], x[3], r[0], float32(o.L1), r[1], float32(o.Shrink), r[2], o.Power)
			},
			wide: func(x rows64, r rates64) {
				kern.FtrlLoop(x[0], x[1], x[2], x[3], r[0], o.L1, r[1], o.Shrink, r[2], o.Power)
			},
		}
	})
}
