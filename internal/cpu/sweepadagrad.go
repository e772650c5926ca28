package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyAdagradOp) update {
		return update{
			tensors: 3,
			narrow:  func(x rows32, r rates32) { kern.Adagrad(x[0], x[1], x[2], r[0], float32(o.Eps), r[1]) },
			wide:    func(x rows64, r rates64) { kern.AdagradLoop(x[0], x[1], x[2], r[0], o.Eps, r[1]) },
		}
	})
}
