package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyAdamaxOp) update {
		b1, b2, eps := float32(o.OneMinusBeta1), float32(o.Beta2), float32(o.Eps)
		return update{
			tensors: 4,
			narrow:  func(x rows32, r rates32) { kern.Adamax(x[0], x[1], x[2], x[3], r[0], b1, b2, eps, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.AdamaxLoop(x[0], x[1], x[2], x[3], r[0], o.OneMinusBeta1, o.Beta2, o.Eps, r[1])
			},
		}
	})
}
