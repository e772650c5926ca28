package kern

// Adamax takes a step of Adamax:
//
//	w -= w·decay
//	m += (g - m)·oneMinusBeta1
//	u = max(u·beta2, |g|)
//	w -= m·alpha / (u + eps)
//
// alpha is lr/(1-β1^t).
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 7.1; as in keras.optimizers.Adamax.
func Adamax(w, m, u, g []float32, alpha, oneMinusBeta1, beta2, eps, decay float32) {
	adamax(w, m, u, g, alpha, oneMinusBeta1, beta2, eps, decay)
}

// AdamaxLoop is the loop that [Adamax] equals.
func AdamaxLoop[F float](w, m, u, g []F, alpha, oneMinusBeta1, beta2, eps, decay F) {
	m, u, g = m[:len(w)], u[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += F((gi - m[i]) * oneMinusBeta1)
		u[i] = most(F(u[i]*beta2), most(0-gi, gi))
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(m[i]*alpha)/(u[i]+eps)
	}
}

// Nadam takes a step of Nadam:
//
//	w -= w·decay
//	m += (g - m)·oneMinusBeta1
//	v += (g² - v)·oneMinusBeta2
//	w -= (m·ofM + g·ofG) / (√(v·unbias) + eps)
//
// ofM and ofG are the learning rate with the corrections of the momentum that looks
// ahead, unbias is 1/(1-β2^t).
//
// Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam"; as in
// keras.optimizers.Nadam.
func Nadam(w, m, v, g []float32, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	nadam(w, m, v, g, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

// NadamLoop is the loop that [Nadam] equals.
func NadamLoop[F float](w, m, v, g []F, ofM, ofG, unbias, oneMinusBeta1, oneMinusBeta2, eps, decay F) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i, gi := range g {
		m[i] += F((gi - m[i]) * oneMinusBeta1)
		v[i] += F((F(gi*gi) - v[i]) * oneMinusBeta2)
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - (F(m[i]*ofM)+F(gi*ofG))/(root(F(v[i]*unbias))+eps)
	}
}

// Adagrad takes a step of Adagrad:
//
//	w -= w·decay
//	acc += g²
//	w -= g·lr / √(acc + eps)
//
// Source: Duchi, Hazan, Singer 2011, "Adaptive Subgradient Methods for Online Learning
// and Stochastic Optimization"; as in keras.optimizers.Adagrad.
func Adagrad(w, acc, g []float32, lr, eps, decay float32) { adagrad(w, acc, g, lr, eps, decay) }

// AdagradLoop is the loop that [Adagrad] equals.
func AdagradLoop[F float](w, acc, g []F, lr, eps, decay F) {
	acc, g = acc[:len(w)], g[:len(w)]
	for i, gi := range g {
		acc[i] += F(gi * gi)
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(gi*lr)/root(acc[i]+eps)
	}
}

// Adadelta takes a step of Adadelta:
//
//	w -= w·decay
//	v = v·rho + g²·oneMinusRho
//	x = √(d + eps)·g / √(v + eps)
//	d = d·rho + x²·oneMinusRho
//	w -= x·lr
//
// Source: Zeiler 2012, arXiv:1212.5701, algorithm 1; as in keras.optimizers.Adadelta.
func Adadelta(w, v, d, g []float32, lr, rho, oneMinusRho, eps, decay float32) {
	adadelta(w, v, d, g, lr, rho, oneMinusRho, eps, decay)
}

// AdadeltaLoop is the loop that [Adadelta] equals.
func AdadeltaLoop[F float](w, v, d, g []F, lr, rho, oneMinusRho, eps, decay F) {
	v, d, g = v[:len(w)], d[:len(w)], g[:len(w)]
	for i, gi := range g {
		v[i] = F(v[i]*rho) + F(F(gi*gi)*oneMinusRho)
		x := F(root(d[i]+eps)*gi) / root(v[i]+eps)
		d[i] = F(d[i]*rho) + F(F(x*x)*oneMinusRho)
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(x*lr)
	}
}

// Lion takes a step of Lion:
//
//	w -= w·decay
//	w -= lr·sign(m·beta1 + g·oneMinusBeta1)
//	m = m·beta2 + g·oneMinusBeta2
//
// Source: Chen et al. 2023, arXiv:2302.06675, program 1; as in keras.optimizers.Lion.
func Lion(w, m, g []float32, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay float32) {
	lion(w, m, g, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay)
}

// LionLoop is the loop that [Lion] equals.
func LionLoop[F float](w, m, g []F, lr, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay F) {
	m, g = m[:len(w)], g[:len(w)]
	for i, gi := range g {
		c := F(m[i]*beta1) + F(gi*oneMinusBeta1)
		switch {
		case c > 0:
			c = 1
		case c < 0:
			c = -1
		}
		wi := w[i] - F(w[i]*decay)
		w[i] = wi - F(c*lr)
		m[i] = F(m[i]*beta2) + F(gi*oneMinusBeta2)
	}
}

// ScheduleFree takes a step of schedule-free AdamW:
//
//	v += (g² - v)·oneMinusBeta2
//	x = (y - y·decay - z·oneMinusBeta1) / beta1
//	z -= g·lr / (√(v·unbias) + eps)
//	x = x·rest + z·part
//	y = z·oneMinusBeta1 + x·beta1
//
// unbias is 1/(1-β2^t), part is 1/t and rest is 1 - part.
//
// Source: Defazio et al. 2024, arXiv:2405.15682, algorithm 1; as in
// keras.optimizers.ScheduleFreeAdamW.
func ScheduleFree(y, z, v, g []float32, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay float32) {
	scheduleFree(y, z, v, g, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay)
}

// ScheduleFreeLoop is the loop that [ScheduleFree] equals.
func ScheduleFreeLoop[F float](y, z, v, g []F, lr, unbias, part, rest, beta1, oneMinusBeta1, oneMinusBeta2, eps, decay F) {
	z, v, g = z[:len(y)], v[:len(y)], g[:len(y)]
	for i, gi := range g {
		v[i] += F((F(gi*gi) - v[i]) * oneMinusBeta2)
		x := (y[i] - F(y[i]*decay) - F(z[i]*oneMinusBeta1)) / beta1
		z[i] -= F(gi*lr) / (root(F(v[i]*unbias)) + eps)
		x = F(x*rest) + F(z[i]*part)
		y[i] = F(z[i]*oneMinusBeta1) + F(x*beta1)
	}
}

// Average moves an average towards w:
//
//	avg = avg·keep + w·rest
//
// Source: as in keras.optimizers.Optimizer with use_ema.
func Average(avg, w []float32, keep, rest float32) { average(avg, w, keep, rest) }

// AverageLoop is the loop that [Average] equals.
func AverageLoop[F float](avg, w []F, keep, rest F) {
	w = w[:len(avg)]
	for i, wi := range w {
		avg[i] = F(avg[i]*keep) + F(wi*rest)
	}
}
