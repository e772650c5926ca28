package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(ops.ApplyAverageOp) update {
		return update{
			tensors: 2,
			narrow: func(x rows32, r rates32) {
				kern.Average(x[0], x[1], r[0], 1-r[0])
				if r[1] != 0 {
					copy(x[1], x[0])
				}
			},
			wide: func(x rows64, r rates64) {
				kern.AverageLoop(x[0], x[1], r[0], 1-r[0])
				if r[1] != 0 {
					copy(x[1], x[0])
				}
			},
		}
	})
}
