//go:build !amd64 || purego

package kern

func sgd(w, g []float32, lr, decay float32) {
	SGDLoop(w, g, lr, decay)
}

func momentumStep(w, m, g []float32, lr, momentum, decay float32) {
	MomentumLoop(w, m, g, lr, momentum, decay, false)
}

func nesterovStep(w, m, g []float32, lr, momentum, decay float32) {
	MomentumLoop(w, m, g, lr, momentum, decay, true)
}

func adam(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	AdamLoop(w, m, v, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func amsgrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	AMSGradLoop(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func rmsprop(w, v, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	RMSpropLoop(w, v, nil, nil, g, lr, rho, oneMinusRho, eps, 0, decay)
}

func rmspropMomentum(w, v, m, g []float32, lr, rho, oneMinusRho, eps, momentum, decay float32) {
	RMSpropLoop(w, v, nil, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
}

func rmspropCentered(w, v, a, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	RMSpropLoop(w, v, a, nil, g, lr, rho, oneMinusRho, eps, 0, decay)
}

func rmspropCenteredMomentum(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum, decay float32) {
	RMSpropLoop(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
}

func adamax(w, m, u, g []float32, alpha, oneMinusBeta1, beta2, eps, decay float32) {
	AdamaxLoop(w, m, u, g, alpha, oneMinusBeta1, beta2, eps, decay)
}

func nadam(w, m, v, g []float32, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	NadamLoop(w, m, v, g, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func adagrad(w, acc, g []float32, lr, eps, decay float32) {
	AdagradLoop(w, acc, g, lr, eps, decay)
}

func adadelta(w, v, d, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	AdadeltaLoop(w, v, d, g, lr, rho, oneMinusRho, eps, decay)
}

func lion(w, m, g []float32, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay float32) {
	LionLoop(w, m, g, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)
}

func ftrl(w, n, z, g []float32, inv, l1, _, l2, shrink, decay float32) {
	FtrlLoop(w, n, z, g, inv, l1, l2, shrink, decay, 0.5)
}

func ftrlPower(w, n, z, g []float32, inv, l1, _, l2, shrink, decay float32, power float64) {
	FtrlLoop(w, n, z, g, inv, l1, l2, shrink, decay, power)
}

func scheduleFree(y, z, v, g []float32, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	ScheduleFreeLoop(y, z, v, g, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func lambMoments(m, v, x, g []float32, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps float32) {
	LambMomentsLoop(m, v, x, g, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)
}

func lambStep(w, v, g []float32, rate, unbiasM, unbiasV, eps, decay float32) {
	LambStepLoop(w, g, v, rate, unbiasM, unbiasV, eps, decay)
}

func factorStep(w, v, by, c, g []float32, rate, part, decay float32) {
	FactorStepLoop(w, v, by, c, g, rate, part, decay)
}

func average(avg, g []float32, keep, rest float32) {
	AverageLoop(avg, g, keep, rest)
}
