package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() { registerUpdate(rmsprop) }

func rmsprop(o ops.ApplyRMSpropOp) update {
	a, m, g := 0, 0, 2 // places of the slots, 0 if they are missing, and of the gradient
	if o.Centered {
		a, g = g, g+1
	}
	if o.Momentum != 0 {
		m, g = g, g+1
	}
	rho, rest, eps, momentum := float32(o.Rho), float32(1-o.Rho), float32(o.Eps), float32(o.Momentum)
	return update{
		tensors: g + 1,
		narrow: func(x rows32, r rates32) {
			kern.RMSprop(x[0], x[1], slotAt(x[:], a), slotAt(x[:], m), x[g], r[0], rho, rest, eps, momentum, r[1])
		},
		wide: func(x rows64, r rates64) {
			kern.RMSpropLoop(x[0], x[1], slotAt(x[:], a), slotAt(x[:], m), x[g], r[0], o.Rho, 1-o.Rho, o.Eps, o.Momentum, r[1])
		},
	}
}

// slotAt returns slot i, or nil if there is none.
func slotAt[F any](x [][]F, i int) []F {
	if i == 0 {
		return nil
	}
	return x[i]
}
