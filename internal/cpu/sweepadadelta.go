package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyAdadeltaOp) update {
		rho, rest, eps := float32(o.Rho), float32(1-o.Rho), float32(o.Eps)
		return update{
			tensors: 4,
			narrow:  func(x rows32, r rates32) { kern.Adadelta(x[0], x[1], x[2], x[3], r[0], rho, rest, eps, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.AdadeltaLoop(x[0], x[1], x[2], x[3], r[0], o.Rho, 1-o.Rho, o.Eps, r[1])
			},
		}
	})
}
