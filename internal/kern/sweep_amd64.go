//go:build !purego

package kern

import "unsafe"

func sgd(w, g []float32, lr, decay float32) {
	switch {
	case useAVX512:
		sgdAVX512(unsafe.SliceData(w), unsafe.SliceData(g), len(w), lr, decay)
	case useAVX2:
		sgdAVX2(unsafe.SliceData(w), unsafe.SliceData(g), len(w), lr, decay)
	default:
		SGDLoop(w, g, lr, decay)
	}
}

func momentumStep(w, m, g []float32, lr, momentum, decay float32) {
	switch {
	case useAVX512:
		momentumStepAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum, decay)
	case useAVX2:
		momentumStepAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum, decay)
	default:
		MomentumLoop(w, m, g, lr, momentum, decay, false)
	}
}

func nesterovStep(w, m, g []float32, lr, momentum, decay float32) {
	switch {
	case useAVX512:
		nesterovStepAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum, decay)
	case useAVX2:
		nesterovStepAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum, decay)
	default:
		MomentumLoop(w, m, g, lr, momentum, decay, true)
	}
}

func adam(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		adamAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		adamAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		AdamLoop(w, m, v, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func amsgrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		amsgradAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(vhat), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		amsgradAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(vhat), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		AMSGradLoop(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func rmsprop(w, v, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	switch {
	case useAVX512:
		rmspropAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	case useAVX2:
		rmspropAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	default:
		RMSpropLoop(w, v, nil, nil, g, lr, rho, oneMinusRho, eps, 0, decay)
	}
}

func rmspropMomentum(w, v, m, g []float32, lr, rho, oneMinusRho, eps, momentum, decay float32) {
	switch {
	case useAVX512:
		rmspropMomentumAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum, decay)
	case useAVX2:
		rmspropMomentumAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum, decay)
	default:
		RMSpropLoop(w, v, nil, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
	}
}

func rmspropCentered(w, v, a, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	switch {
	case useAVX512:
		rmspropCenteredAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	case useAVX2:
		rmspropCenteredAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	default:
		RMSpropLoop(w, v, a, nil, g, lr, rho, oneMinusRho, eps, 0, decay)
	}
}

func rmspropCenteredMomentum(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum, decay float32) {
	switch {
	case useAVX512:
		rmspropCenteredMomentumAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum, decay)
	case useAVX2:
		rmspropCenteredMomentumAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum, decay)
	default:
		RMSpropLoop(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
	}
}

func adamax(w, m, u, g []float32, alpha, oneMinusBeta1, beta2, eps, decay float32) {
	switch {
	case useAVX512:
		adamaxAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(u), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, beta2, eps, decay)
	case useAVX2:
		adamaxAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(u), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, beta2, eps, decay)
	default:
		AdamaxLoop(w, m, u, g, alpha, oneMinusBeta1, beta2, eps, decay)
	}
}

func nadam(w, m, v, g []float32, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		nadamAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		nadamAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		NadamLoop(w, m, v, g, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func adagrad(w, acc, g []float32, lr, eps, decay float32) {
	switch {
	case useAVX512:
		adagradAVX512(unsafe.SliceData(w), unsafe.SliceData(acc), unsafe.SliceData(g), len(w), lr, eps, decay)
	case useAVX2:
		adagradAVX2(unsafe.SliceData(w), unsafe.SliceData(acc), unsafe.SliceData(g), len(w), lr, eps, decay)
	default:
		AdagradLoop(w, acc, g, lr, eps, decay)
	}
}

func adadelta(w, v, d, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	switch {
	case useAVX512:
		adadeltaAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(d), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	case useAVX2:
		adadeltaAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(d), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, decay)
	default:
		AdadeltaLoop(w, v, d, g, lr, rho, oneMinusRho, eps, decay)
	}
}

func lion(w, m, g []float32, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay float32) {
	switch {
	case useAVX512:
		lionAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)
	case useAVX2:
		lionAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)
	default:
		LionLoop(w, m, g, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)
	}
}

func ftrl(w, n, z, g []float32, inv, l1, minusL1, l2, shrink, decay float32) {
	switch {
	case useAVX512:
		ftrlAVX512(unsafe.SliceData(w), unsafe.SliceData(n), unsafe.SliceData(z), unsafe.SliceData(g), len(w), inv, l1, minusL1, l2, shrink, decay)
	case useAVX2:
		ftrlAVX2(unsafe.SliceData(w), unsafe.SliceData(n), unsafe.SliceData(z), unsafe.SliceData(g), len(w), inv, l1, minusL1, l2, shrink, decay)
	default:
		FtrlLoop(w, n, z, g, inv, l1, l2, shrink, decay, 0.5)
	}
}

func ftrlPower(w, n, z, g []float32, inv, l1, minusL1, l2, shrink, decay float32, power float64) {
	p := newPower32(power)
	switch {
	case useAVX512:
		ftrlPowerAVX512(unsafe.SliceData(w), unsafe.SliceData(n), unsafe.SliceData(z), unsafe.SliceData(g), len(w), inv, l1, minusL1, l2, shrink, decay, p.head, p.tail, p.scale, p.atZero)
	case useAVX2:
		ftrlPowerAVX2(unsafe.SliceData(w), unsafe.SliceData(n), unsafe.SliceData(z), unsafe.SliceData(g), len(w), inv, l1, minusL1, l2, shrink, decay, p.head, p.tail, p.scale, p.atZero)
	default:
		FtrlLoop(w, n, z, g, inv, l1, l2, shrink, decay, power)
	}
}

func scheduleFree(y, z, v, g []float32, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		scheduleFreeAVX512(unsafe.SliceData(y), unsafe.SliceData(z), unsafe.SliceData(v), unsafe.SliceData(g), len(y), lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		scheduleFreeAVX2(unsafe.SliceData(y), unsafe.SliceData(z), unsafe.SliceData(v), unsafe.SliceData(g), len(y), lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		ScheduleFreeLoop(y, z, v, g, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func lambMoments(m, v, x, g []float32, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps float32) {
	switch {
	case useAVX512:
		lambMomentsAVX512(unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(x), unsafe.SliceData(g), len(m), unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)
	case useAVX2:
		lambMomentsAVX2(unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(x), unsafe.SliceData(g), len(m), unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)
	default:
		LambMomentsLoop(m, v, x, g, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)
	}
}

func lambStep(w, v, g []float32, rate, unbiasM, unbiasV, eps, decay float32) {
	switch {
	case useAVX512:
		lambStepAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), rate, unbiasM, unbiasV, eps, decay)
	case useAVX2:
		lambStepAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), rate, unbiasM, unbiasV, eps, decay)
	default:
		LambStepLoop(w, g, v, rate, unbiasM, unbiasV, eps, decay)
	}
}

func factorStep(w, v, by, c, g []float32, rate, part, decay float32) {
	switch {
	case useAVX512:
		factorStepAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(by), unsafe.SliceData(c), unsafe.SliceData(g), len(w), rate, part, decay)
	case useAVX2:
		factorStepAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(by), unsafe.SliceData(c), unsafe.SliceData(g), len(w), rate, part, decay)
	default:
		FactorStepLoop(w, v, by, c, g, rate, part, decay)
	}
}

func average(avg, g []float32, keep, rest float32) {
	switch {
	case useAVX512:
		averageAVX512(unsafe.SliceData(avg), unsafe.SliceData(g), len(avg), keep, rest)
	case useAVX2:
		averageAVX2(unsafe.SliceData(avg), unsafe.SliceData(g), len(avg), keep, rest)
	default:
		AverageLoop(avg, g, keep, rest)
	}
}
