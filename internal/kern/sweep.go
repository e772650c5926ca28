package kern

import "math"

// Optimizer sweeps: one pass over the parameters, updating them and the optimizer's
// slots in place. The formulas are those of Keras 3, written out per element; every
// product, sum, quotient and root rounds separately (none is fused), so every
// implementation gives the same bits. All slices have the length of w.

// SGD takes a step of plain gradient descent:
//
//	w -= g·lr
func SGD(w, g []float32, lr float32) { sgd(w, g, lr) }

// Momentum takes a step of gradient descent with momentum:
//
//	m = m·momentum - g·lr
//	w += m                     nesterov false
//	w += m·momentum - g·lr     nesterov true
//
// Source: keras.optimizers.SGD.
func Momentum(w, m, g []float32, lr, momentum float32, nesterov bool) {
	if nesterov {
		nesterovStep(w, m, g, lr, momentum)
	} else {
		momentumStep(w, m, g, lr, momentum)
	}
}

// Adam takes a step of Adam, or of AdamW if decay is not zero:
//
//	w -= w·decay
//	m += (g - m)·oneMinusBeta1
//	v += (g² - v)·oneMinusBeta2
//	w -= m·alpha / (√v + eps)
//
// alpha is lr·√(1-β2^t) / (1-β1^t) and decay is the weight decay times lr.
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 2; Loshchilov, Hutter 2017,
// arXiv:1711.05101; as in keras.optimizers.Adam and AdamW.
func Adam(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	adam(w, m, v, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

// AMSGrad is [Adam] with vhat = max(vhat, v) in the place of v under the root.
//
// Source: Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond".
func AMSGrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	amsgrad(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

// RMSprop takes a step of RMSprop:
//
//	v = v·rho + g²·oneMinusRho
//	a = a·rho + g·oneMinusRho         if a is not nil (centered)
//	d = g·lr / √(v - a² + eps)        without a²: g·lr / √(v + eps)
//	m = m·momentum + d, w -= m        if m is not nil, else w -= d
//
// Source: Hinton 2012, lecture 6e; as in keras.optimizers.RMSprop.
func RMSprop(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	switch {
	case a == nil && m == nil:
		rmsprop(w, v, g, lr, rho, oneMinusRho, eps)
	case a == nil:
		rmspropMomentum(w, v, m, g, lr, rho, oneMinusRho, eps, momentum)
	case m == nil:
		rmspropCentered(w, v, a, g, lr, rho, oneMinusRho, eps)
	default:
		rmspropCenteredMomentum(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum)
	}
}

// The conversions float32(a*b) below keep the compiler from fusing.

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func sgdGo(w, g []float32, lr float32) {
	g = g[:len(w)]
	for i := range w {
		w[i] -= float32(g[i] * lr)
	}
}

func momentumStepGo(w, m, g []float32, lr, momentum float32) {
	m, g = m[:len(w)], g[:len(w)]
	for i := range w {
		m[i] = float32(m[i]*momentum) - float32(g[i]*lr)
		w[i] += m[i]
	}
}

func nesterovStepGo(w, m, g []float32, lr, momentum float32) {
	m, g = m[:len(w)], g[:len(w)]
	for i := range w {
		step := float32(g[i] * lr)
		m[i] = float32(m[i]*momentum) - step
		w[i] += float32(m[i]*momentum) - step
	}
}

func adamGo(w, m, v, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += float32((gi - m[i]) * oneMinusBeta1)
		v[i] += float32((float32(gi*gi) - v[i]) * oneMinusBeta2)
		wi := w[i] - float32(w[i]*decay)
		w[i] = wi - float32(m[i]*alpha)/(sqrt32(v[i])+eps)
	}
}

func amsgradGo(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	m, v, vhat, g = m[:len(w)], v[:len(w)], vhat[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += float32((gi - m[i]) * oneMinusBeta1)
		v[i] += float32((float32(gi*gi) - v[i]) * oneMinusBeta2)
		vhat[i] = max2(vhat[i], v[i])
		wi := w[i] - float32(w[i]*decay)
		w[i] = wi - float32(m[i]*alpha)/(sqrt32(vhat[i])+eps)
	}
}

func rmspropGo(w, v, g []float32, lr, rho, oneMinusRho, eps float32) {
	v, g = v[:len(w)], g[:len(w)]
	for i, gi := range g {
		v[i] = float32(v[i]*rho) + float32(float32(gi*gi)*oneMinusRho)
		w[i] -= float32(gi*lr) / sqrt32(v[i]+eps)
	}
}

func rmspropMomentumGo(w, v, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	v, m, g = v[:len(w)], m[:len(w)], g[:len(w)]
	for i, gi := range g {
		v[i] = float32(v[i]*rho) + float32(float32(gi*gi)*oneMinusRho)
		m[i] = float32(m[i]*momentum) + float32(gi*lr)/sqrt32(v[i]+eps)
		w[i] -= m[i]
	}
}

func rmspropCenteredGo(w, v, a, g []float32, lr, rho, oneMinusRho, eps float32) {
	v, a, g = v[:len(w)], a[:len(w)], g[:len(w)]
	for i, gi := range g {
		v[i] = float32(v[i]*rho) + float32(float32(gi*gi)*oneMinusRho)
		a[i] = float32(a[i]*rho) + float32(gi*oneMinusRho)
		w[i] -= float32(gi*lr) / sqrt32((v[i]-float32(a[i]*a[i]))+eps)
	}
}

func rmspropCenteredMomentumGo(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum float32) {
	v, a, m, g = v[:len(w)], a[:len(w)], m[:len(w)], g[:len(w)]
	for i, gi := range g {
		v[i] = float32(v[i]*rho) + float32(float32(gi*gi)*oneMinusRho)
		a[i] = float32(a[i]*rho) + float32(gi*oneMinusRho)
		d := float32(gi*lr) / sqrt32((v[i]-float32(a[i]*a[i]))+eps)
		m[i] = float32(m[i]*momentum) + d
		w[i] -= m[i]
	}
}
