package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyLionOp) update {
		b1, rest1, b2, rest2 := float32(o.Beta1), float32(1-o.Beta1), float32(o.Beta2), float32(1-o.Beta2)
		return update{
			tensors: 3,
			narrow:  func(x rows32, r rates32) { kern.Lion(x[0], x[1], x[2], r[0], b1, rest1, b2, rest2, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.LionLoop(x[0], x[1], x[2], r[0], o.Beta1, 1-o.Beta1, o.Beta2, 1-o.Beta2, r[1])
			},
		}
	})
}
