package optest

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).sweeps) }

func (t *table) sweeps() {
	for _, s := range []tensor.Dims{d(), d(5), d(0), d(17, 67)} {
		w, slot, square := input{shape: s, v: anyReal}, input{shape: s, v: anyReal}, input{shape: s, v: between(0.5, 2)}
		rate, decay := input{shape: d(), v: list(0.015625)}, input{shape: d(), v: list(0.0078125)}
		add := func(op graph.Op, in ...input) { t.add(op, wide, 4, 4, in...) }
		add(ops.ApplySGDOp{}, w, slot, rate, decay)
		add(ops.ApplyMomentumOp{Momentum: 0.875}, w, slot, w, rate, decay)
		add(ops.ApplyMomentumOp{Momentum: 0.875, Nesterov: true}, w, slot, w, rate, decay)
		add(ops.ApplyAdamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, w, rate, decay)
		add(ops.ApplyAMSGradOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, square, w, rate, decay)
		small := input{shape: s, v: between(0, 0.5)}
		rms := ops.ApplyRMSpropOp{Rho: 0.875, Eps: 1e-7}
		add(rms, w, square, small, rate, decay)
		rms.Momentum = 0.5
		add(rms, w, square, slot, small, rate, decay)
		rms.Centered = true
		add(rms, w, square, small, slot, small, rate, decay)
		rms.Momentum = 0
		add(rms, w, square, small, small, rate, decay)
		scale, first := input{shape: d(), v: list(1.25)}, input{shape: d(), v: list(1)}
		add(ops.ApplyAdamaxOp{OneMinusBeta1: 0.125, Beta2: 0.875, Eps: 1e-7}, w, slot, square, w, rate, decay)
		add(ops.ApplyNadamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, small, rate, rate, scale, decay)
		add(ops.ApplyAdagradOp{Eps: 1e-7}, w, square, w, rate, decay)
		add(ops.ApplyAdadeltaOp{Rho: 0.875, Eps: 1e-7}, w, square, square, w, rate, decay)
		add(ops.ApplyLionOp{Beta1: 0.875, Beta2: 0.75}, w, small, square, rate, decay)
		add(ops.ApplyFtrlOp{Power: 0.5, L1: 0.5, Shrink: 0.25}, small, square, square, square, first, scale, decay)
		add(ops.ApplyFtrlOp{Power: 0.25}, small, square, square, square, first, scale, decay)
		add(ops.ApplyLambOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, small, rate, scale, scale, decay)
		t.adafactor(s, w, square, small, rate, decay)
		for _, start := range []input{first, {shape: d(), v: list(0)}} {
			free := ops.ApplyScheduleFreeOp{Beta1: 0.875, OneMinusBeta2: 0.0009765625, Eps: 1e-7}
			add(free, square, small, square, small, rate, scale, input{shape: d(), v: list(0.25)}, decay, start)
			add(ops.ApplyAverageOp{}, square, small, input{shape: d(), v: list(0.75)}, start)
			add(ops.ApplyAverageOp{Fixed: true}, square, small, input{shape: d(), v: list(0.75)})
			held := start
			held.dt = tensor.Bool
			add(ops.ApplyIfOp{Op: ops.ApplyAdagradOp{Eps: 1e-7}}, w, square, w, rate, decay, held)
			adagrad := ops.ApplyScaledOp{Op: ops.ApplyAdagradOp{Eps: 1e-7}, Limit: 0.5}
			add(adagrad, w, square, w, rate, decay, scale)
			add(ops.ApplyIfOp{Op: adagrad, Over: 3}, w, square, slot, w, rate, decay, scale, held)
			add(ops.ApplyIfOp{Op: ops.ApplyIfOp{Op: ops.ApplySGDOp{}, Over: 2}}, w, square, slot, rate, decay, held, held)
			add(ops.ApplyIfOp{Op: ops.ApplyLambOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, Over: 2},
				w, slot, square, small, square, rate, scale, scale, decay, held)
		}
	}
}

// adafactor adds steps for a parameter, and for matrices of as many columns.
func (t *table) adafactor(s tensor.Dims, w, v, g, rate, decay input) {
	op := ops.ApplyAdafactorOp{Eps1: 1e-3, Eps2: 1e-2, Threshold: 0.5}
	keep, rest := input{shape: d(), v: list(0.75)}, input{shape: d(), v: list(0.25)}
	if s.Rank() < 2 {
		t.addNoGrad(op, wide, 4, 4, w, v, g, rate, keep, rest, decay)
		held := input{shape: d(), v: list(0), dt: tensor.Bool}
		t.addNoGrad(ops.ApplyIfOp{Op: op}, wide, 4, 4, w, v, g, rate, keep, rest, decay, held)
		return
	}
	for _, lead := range [][]int{nil, {3}, {2, 1}} {
		as := func(x input, dims ...int) input {
			x.shape = d(append(slices.Clone(lead), dims...)...)
			return x
		}
		rows, cols := s.At(0), s.At(1)
		in := []input{as(w, rows, cols), as(v, rows), as(v, cols), as(v, rows, cols), as(g, rows, cols), rate, keep, rest, decay}
		t.addNoGrad(op, wide, 64, 64, in...)
	}
}
