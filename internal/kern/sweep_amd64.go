//go:build !purego

package kern

func sgd(w, g []float32, lr float32) { sgdGo(w, g, lr) }

func momentumStep(w, m, g []float32, lr, momentum float32) {
	momentumStepGo(w, m, g, lr, momentum)
}

func nesterovStep(w, m, g []float32, lr, momentum float32) {
	nesterovStepGo(w, m, g, lr, momentum)
}

func adam(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	adamGo(w, m, v, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func amsgrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	amsgradGo(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

func rmsprop(w, v, g []float32, lr, rho, oneMinusRho, eps float32) {
	rmspropGo(w, v, g, lr, rho, oneMinusRho, eps)
}

func rmspropMomentum(w, v, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	rmspropMomentumGo(w, v, m, g, lr, rho, oneMinusRho, eps, momentum)
}

func rmspropCentered(w, v, a, g []float32, lr, rho, oneMinusRho, eps float32) {
	rmspropCenteredGo(w, v, a, g, lr, rho, oneMinusRho, eps)
}

func rmspropCenteredMomentum(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	rmspropCenteredMomentumGo(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum)
}
