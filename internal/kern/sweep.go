package kern

import "math"

// Optimizer sweeps: one pass over the parameters, updating them and the optimizer's
// slots in place. The formulas are those of Keras 3, written out per element; every
// product, sum, quotient and root rounds separately (none is fused), so every
// implementation gives the same bits. All slices have the length of w.
//
// Every sweep comes with the loop that it equals, for float64 too. In all, decay is the
// weight decay times the learning rate: w loses that part of itself before the step.

type float interface{ float32 | float64 }

// The conversions F(a*b) keep the compiler from fusing.

func root[F float](x F) F { return F(math.Sqrt(float64(x))) }

// SGD takes a step of plain gradient descent:
//
//	w -= w·decay
//	w -= g·lr
func SGD(w, g []float32, lr, decay float32) { sgd(w, g, lr, decay) }

// SGDLoop is the loop that [SGD] equals.
func SGDLoop[F float](w, g []F, lr, decay F) {
	g = g[:len(w)]
	for i, wi := range w {
		w[i] = wi - F(wi*decay) - F(g[i]*lr)
	}
}

// Momentum takes a step of gradient descent with momentum:
//
//	w -= w·decay
//	m = m·momentum - g·lr
//	w += m                     nesterov false
//	w += m·momentum - g·lr     nesterov true
//
// Source: keras.optimizers.SGD.
func Momentum(w, m, g []float32, lr, momentum, decay float32, nesterov bool) {
	if nesterov {
		nesterovStep(w, m, g, lr, momentum, decay)
	} else {
		momentumStep(w, m, g, lr, momentum, decay)
	}
}

// MomentumLoop is the loop that [Momentum] equals.
func MomentumLoop[F float](w, m, g []F, lr, momentum, decay F, nesterov bool) {
	m, g = m[:len(w)], g[:len(w)]
	for i, wi := range w {
		step := F(g[i] * lr)
		m[i] = F(m[i]*momentum) - step
		wi -= F(wi * decay)
		if nesterov {
			w[i] = wi + (F(m[i]*momentum) - step)
		} else {
			w[i] = wi + m[i]
		}
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

// AdamLoop is the loop that [Adam] equals.
func AdamLoop[F float](w, m, v, g []F, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay F) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += F((gi - m[i]) * oneMinusBeta1)
		v[i] += F((F(gi*gi) - v[i]) * oneMinusBeta2)
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(m[i]*alpha)/(root(v[i])+eps)
	}
}

// AMSGrad is [Adam] with vhat = max(vhat, v) in the place of v under the root.
//
// Source: Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond".
func AMSGrad(w, m, v, vhat, g []float32, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	amsgrad(w, m, v, vhat, g, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

// AMSGradLoop is the loop that [AMSGrad] equals.
func AMSGradLoop[F float](w, m, v, vhat, g []F, alpha, oneMinusBeta1, oneMinusBeta2, eps, decay F) {
	m, v, vhat, g = m[:len(w)], v[:len(w)], vhat[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += F((gi - m[i]) * oneMinusBeta1)
		v[i] += F((F(gi*gi) - v[i]) * oneMinusBeta2)
		vhat[i] = most(vhat[i], v[i])
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(m[i]*alpha)/(root(vhat[i])+eps)
	}
}

// most is VMAXPS: b if they are equal or one is NaN.
func most[F float](a, b F) F {
	if a > b {
		return a
	}
	return b
}

// RMSprop takes a step of RMSprop:
//
//	w -= w·decay
//	v = v·rho + g²·oneMinusRho
//	a = a·rho + g·oneMinusRho         if a is not nil (centered)
//	d = g·lr / √(v - a² + eps)        without a²: g·lr / √(v + eps)
//	m = m·momentum + d, w -= m        if m is not nil, else w -= d
//
// Source: Hinton 2012, lecture 6e; as in keras.optimizers.RMSprop.
func RMSprop(w, v, a, m, g []float32, lr, rho, oneMinusRho, eps, momentum, decay float32) {
	switch {
	case a == nil && m == nil:
		rmsprop(w, v, g, lr, rho, oneMinusRho, eps, decay)
	case a == nil:
		rmspropMomentum(w, v, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
	case m == nil:
		rmspropCentered(w, v, a, g, lr, rho, oneMinusRho, eps, decay)
	default:
		rmspropCenteredMomentum(w, v, a, m, g, lr, rho, oneMinusRho, eps, momentum, decay)
	}
}

// RMSpropLoop is the loop that [RMSprop] equals.
func RMSpropLoop[F float](w, v, a, m, g []F, lr, rho, oneMinusRho, eps, momentum, decay F) {
	for i, gi := range g {
		v[i] = F(v[i]*rho) + F(F(gi*gi)*oneMinusRho)
		variance := v[i]
		if a != nil {
			a[i] = F(a[i]*rho) + F(gi*oneMinusRho)
			variance -= F(a[i] * a[i])
		}
		d := F(gi*lr) / root(variance+eps)
		if m != nil {
			m[i] = F(m[i]*momentum) + d
			d = m[i]
		}
		w[i] = w[i] - F(w[i]*decay) - d
	}
}
