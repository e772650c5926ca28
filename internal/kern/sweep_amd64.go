//go:build !purego

package kern

import "unsafe"

func sgd(w, g []float32, lr float32) {
	switch {
	case useAVX512:
		sgdAVX512(unsafe.SliceData(w), unsafe.SliceData(g), len(w), lr)
	case useAVX2:
		sgdAVX2(unsafe.SliceData(w), unsafe.SliceData(g), len(w), lr)
	default:
		sgdGo(w, g, lr)
	}
}

func momentumStep(w, m, g []float32, lr, momentum float32) {
	switch {
	case useAVX512:
		momentumStepAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum)
	case useAVX2:
		momentumStepAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum)
	default:
		momentumStepGo(w, m, g, lr, momentum)
	}
}

func nesterovStep(w, m, g []float32, lr, momentum float32) {
	switch {
	case useAVX512:
		nesterovStepAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum)
	case useAVX2:
		nesterovStepAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, momentum)
	default:
		nesterovStepGo(w, m, g, lr, momentum)
	}
}

func adam(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		adamAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		adamAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		adamGo(w, m, v, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func amsgrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	switch {
	case useAVX512:
		amsgradAVX512(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(vhat), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	case useAVX2:
		amsgradAVX2(unsafe.SliceData(w), unsafe.SliceData(m), unsafe.SliceData(v), unsafe.SliceData(vhat), unsafe.SliceData(g), len(w), alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	default:
		amsgradGo(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
	}
}

func rmsprop(w, v, g []float32, lr, rho, oneMinusRho, eps float32) {
	switch {
	case useAVX512:
		rmspropAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps)
	case useAVX2:
		rmspropAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps)
	default:
		rmspropGo(w, v, g, lr, rho, oneMinusRho, eps)
	}
}

func rmspropMomentum(w, v, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	switch {
	case useAVX512:
		rmspropMomentumAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum)
	case useAVX2:
		rmspropMomentumAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum)
	default:
		rmspropMomentumGo(w, v, m, g, lr, rho, oneMinusRho, eps, momentum)
	}
}

func rmspropCentered(w, v, a, g []float32, lr, rho, oneMinusRho, eps float32) {
	switch {
	case useAVX512:
		rmspropCenteredAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps)
	case useAVX2:
		rmspropCenteredAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps)
	default:
		rmspropCenteredGo(w, v, a, g, lr, rho, oneMinusRho, eps)
	}
}

func rmspropCenteredMomentum(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	switch {
	case useAVX512:
		rmspropCenteredMomentumAVX512(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum)
	case useAVX2:
		rmspropCenteredMomentumAVX2(unsafe.SliceData(w), unsafe.SliceData(v), unsafe.SliceData(a), unsafe.SliceData(m), unsafe.SliceData(g), len(w), lr, rho, oneMinusRho, eps, momentum)
	default:
		rmspropCenteredMomentumGo(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum)
	}
}
