package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() { registerUpdate(scheduleFree) }

func scheduleFree(o ops.ApplyScheduleFreeOp) update {
	b1, rest, b2, eps := float32(o.Beta1), float32(1-o.Beta1), float32(o.OneMinusBeta2), float32(o.Eps)
	return update{
		tensors: 4,
		narrow: func(x rows32, r rates32) {
			if r[4] != 0 {
				copy(x[1], x[0])
			}
			kern.ScheduleFree(x[0], x[1], x[2], x[3], r[0], r[1], r[2], 1-r[2], b1, rest, b2, eps, r[3])
		},
		wide: func(x rows64, r rates64) {
			if r[4] != 0 {
				copy(x[1], x[0])
			}
			kern.ScheduleFreeLoop(x[0], x[1], x[2], x[3], r[0], r[1], r[2], 1-r[2], o.Beta1, 1-o.Beta1, o.OneMinusBeta2, o.Eps, r[3])
		},
	}
}
