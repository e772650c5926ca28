package cpu

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate[ops.ApplySGDOp]()
	registerUpdate[ops.ApplyMomentumOp]()
	registerUpdate[ops.ApplyAdamOp]()
	registerUpdate[ops.ApplyAMSGradOp]()
	registerUpdate[ops.ApplyRMSpropOp]()
	registerUpdate[ops.ApplyAdamaxOp]()
	registerUpdate[ops.ApplyNadamOp]()
	registerUpdate[ops.ApplyAdagradOp]()
	registerUpdate[ops.ApplyAdadeltaOp]()
	registerUpdate[ops.ApplyLionOp]()
	registerUpdate[ops.ApplyFtrlOp]()
	registerUpdate[ops.ApplyLambOp]()
	registerUpdate[ops.ApplyAdafactorOp]()
	registerUpdate[ops.ApplyScheduleFreeOp]()
	registerUpdate[ops.ApplyAverageOp]()
	registerUpdate[ops.ApplyIfOp]()
	registerUpdate[ops.ApplyScaledOp]()
}

type (
	rows32  = [maxTensors][]float32
	rows64  = [maxTensors][]float64
	rates32 = [maxRates]float32
	rates64 = [maxRates]float64
)

// updateOf returns the update of an optimizer's operation.
func updateOf(op graph.Op) (update, bool) {
	switch o := op.(type) {
	case ops.ApplyIfOp:
		u, ok := updateOf(o.Op)
		return u.gatedBy(o), ok
	case ops.ApplyScaledOp:
		u, ok := updateOf(o.Op)
		u.scaled, u.limit = true, o.Limit
		return u, ok
	case ops.ApplySGDOp:
		return update{
			tensors: 2,
			narrow:  func(x rows32, r rates32) { kern.SGD(x[0], x[1], r[0], r[1]) },
			wide:    func(x rows64, r rates64) { kern.SGDLoop(x[0], x[1], r[0], r[1]) },
		}, true
	case ops.ApplyMomentumOp:
		return update{
			tensors: 3,
			narrow: func(x rows32, r rates32) {
				kern.Momentum(x[0], x[1], x[2], r[0], float32(o.Momentum), r[1], o.Nesterov)
			},
			wide: func(x rows64, r rates64) {
				kern.MomentumLoop(x[0], x[1], x[2], r[0], o.Momentum, r[1], o.Nesterov)
			},
		}, true
	case ops.ApplyAdamOp:
		b1, b2, eps := float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps)
		return update{
			tensors: 4,
			narrow:  func(x rows32, r rates32) { kern.Adam(x[0], x[1], x[2], x[3], r[0], b1, b2, eps, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.AdamLoop(x[0], x[1], x[2], x[3], r[0], o.OneMinusBeta1, o.OneMinusBeta2, o.Eps, r[1])
			},
		}, true
	case ops.ApplyAMSGradOp:
		b1, b2, eps := float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps)
		return update{
			tensors: 5,
			narrow: func(x rows32, r rates32) {
				kern.AMSGrad(x[0], x[1], x[2], x[3], x[4], r[0], b1, b2, eps, r[1])
			},
			wide: func(x rows64, r rates64) {
				kern.AMSGradLoop(x[0], x[1], x[2], x[3], x[4], r[0], o.OneMinusBeta1, o.OneMinusBeta2, o.Eps, r[1])
			},
		}, true
	case ops.ApplyRMSpropOp:
		return rmsprop(o), true
	case ops.ApplyLambOp:
		return lamb(o), true
	case ops.ApplyAdafactorOp:
		return adafactor(o), true
	}
	return laterUpdateOf(op)
}

// laterUpdateOf returns the updates of what came after Adam.
func laterUpdateOf(op graph.Op) (update, bool) {
	switch o := op.(type) {
	case ops.ApplyAdamaxOp:
		b1, b2, eps := float32(o.OneMinusBeta1), float32(o.Beta2), float32(o.Eps)
		return update{
			tensors: 4,
			narrow:  func(x rows32, r rates32) { kern.Adamax(x[0], x[1], x[2], x[3], r[0], b1, b2, eps, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.AdamaxLoop(x[0], x[1], x[2], x[3], r[0], o.OneMinusBeta1, o.Beta2, o.Eps, r[1])
			},
		}, true
	case ops.ApplyNadamOp:
		b1, b2, eps := float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps)
		return update{
			tensors: 4,
			narrow: func(x rows32, r rates32) {
				kern.Nadam(x[0], x[1], x[2], x[3], r[0], r[1], r[2], b1, b2, eps, r[3])
			},
			wide: func(x rows64, r rates64) {
				kern.NadamLoop(x[0], x[1], x[2], x[3], r[0], r[1], r[2], o.OneMinusBeta1, o.OneMinusBeta2, o.Eps, r[3])
			},
		}, true
	case ops.ApplyAdagradOp:
		return update{
			tensors: 3,
			narrow:  func(x rows32, r rates32) { kern.Adagrad(x[0], x[1], x[2], r[0], float32(o.Eps), r[1]) },
			wide:    func(x rows64, r rates64) { kern.AdagradLoop(x[0], x[1], x[2], r[0], o.Eps, r[1]) },
		}, true
	case ops.ApplyAdadeltaOp:
		rho, rest, eps := float32(o.Rho), float32(1-o.Rho), float32(o.Eps)
		return update{
			tensors: 4,
			narrow:  func(x rows32, r rates32) { kern.Adadelta(x[0], x[1], x[2], x[3], r[0], rho, rest, eps, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.AdadeltaLoop(x[0], x[1], x[2], x[3], r[0], o.Rho, 1-o.Rho, o.Eps, r[1])
			},
		}, true
	case ops.ApplyLionOp:
		b1, rest1, b2, rest2 := float32(o.Beta1), float32(1-o.Beta1), float32(o.Beta2), float32(1-o.Beta2)
		return update{
			tensors: 3,
			narrow:  func(x rows32, r rates32) { kern.Lion(x[0], x[1], x[2], r[0], b1, rest1, b2, rest2, r[1]) },
			wide: func(x rows64, r rates64) {
				kern.LionLoop(x[0], x[1], x[2], r[0], o.Beta1, 1-o.Beta1, o.Beta2, 1-o.Beta2, r[1])
			},
		}, true
	case ops.ApplyFtrlOp:
		return update{
			tensors: 4,
			narrow: func(x rows32, r rates32) {
				kern.Ftrl(x[0], x[1], x[2], x[3], r[0], float32(o.L1), r[1], float32(o.Shrink), r[2], o.Power)
			},
			wide: func(x rows64, r rates64) {
				kern.FtrlLoop(x[0], x[1], x[2], x[3], r[0], o.L1, r[1], o.Shrink, r[2], o.Power)
			},
		}, true
	case ops.ApplyScheduleFreeOp:
		return scheduleFree(o), true
	case ops.ApplyAverageOp:
		return average, true
	}
	return update{}, false
}

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

// lamb is in two parts: the norms must be known before the step.
func lamb(o ops.ApplyLambOp) update {
	b1, b2, eps := float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps)
	return update{
		tensors: 4,
		narrowNorms: func(x rows32, tmp []float32, r rates32) (sum [2]float64) {
			left := 1 - float64(r[3])
			for lo := 0; lo < len(x[0]); lo += tileLen {
				hi := min(lo+tileLen, len(x[0]))
				step := tmp[:hi-lo]
				kern.LambMoments(x[1][lo:hi], x[2][lo:hi], step, x[3][lo:hi], r[1], r[2], b1, b2, eps)
				sum[0] += left * left * float64(kern.SumSq(x[0][lo:hi]))
				sum[1] += float64(kern.SumSq(step))
			}
			return sum
		},
		narrow: func(x rows32, r rates32) {
			kern.LambStep(x[0], x[1], x[2], r[0], r[1], r[2], eps, r[3])
		},
		wideNorms: func(x rows64, tmp []float64, r rates64) [2]float64 {
			kern.LambMomentsLoop(x[1], x[2], tmp, x[3], r[1], r[2], o.OneMinusBeta1, o.OneMinusBeta2, o.Eps)
			left := 1 - r[3]
			return [2]float64{left * left * sumSq(x[0]), sumSq(tmp)}
		},
		wide: func(x rows64, r rates64) {
			kern.LambStepLoop(x[0], x[1], x[2], r[0], r[1], r[2], o.Eps, r[3])
		},
		ratio: func(sum [2]float64, _ int, _ rates64) float64 { return ops.TrustRatio(sum[0], sum[1]) },
	}
}

func sumSq(x []float64) (sum float64) {
	for _, v := range x {
		sum += float64(v * v)
	}
	return sum
}

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

var average = update{
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
