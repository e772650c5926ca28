package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(ops.ApplySGDOp) update {
		return update{
			tensors: 2,
			narrow:  func(x rows32, r rates32) { kern.SGD(x[0], x[1], r[0], r[1]) },
			wide:    func(x rows64, r rates64) { kern.SGDLoop(x[0], x[1], r[0], r[1]) },
		}
	})
}
