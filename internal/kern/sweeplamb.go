package kern

// LambMoments updates the moments of Lamb and computes the step x before the ratio of
// norms:
//
//	m += (g - m)·oneMinusBeta1
//	v += (g² - v)·oneMinusBeta2
//	x = m·unbiasM / (√(v·unbiasV) + eps)
//
// unbiasM is 1/(1-β1^t) and unbiasV is 1/(1-β2^t).
//
// Source: You et al. 2019, arXiv:1904.00962, algorithm 2; as in keras.optimizers.Lamb.
func LambMoments(m, v, x, g []float32, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps float32) {
	lambMoments(m, v, x, g, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps)
}

// LambMomentsLoop is the loop that [LambMoments] equals.
func LambMomentsLoop[F float](m, v, x, g []F, unbiasM, unbiasV, oneMinusBeta1, oneMinusBeta2, eps F) {
	m, v, x = m[:len(g)], v[:len(g)], x[:len(g)]
	for i, gi := range g {
		m[i] += F((gi - m[i]) * oneMinusBeta1)
		v[i] += F((F(gi*gi) - v[i]) * oneMinusBeta2)
		x[i] = F(m[i]*unbiasM) / (root(F(v[i]*unbiasV)) + eps)
	}
}

// LambStep takes the step of Lamb from the moments that [LambMoments] updated:
//
//	w -= w·decay
//	w -= m·unbiasM / (√(v·unbiasV) + eps) · rate
//
// rate is the learning rate times the ratio of the norms of w and of the step.
func LambStep(w, m, v []float32, rate, unbiasM, unbiasV, eps, decay float32) {
	lambStep(w, v, m, rate, unbiasM, unbiasV, eps, decay)
}

// LambStepLoop is the loop that [LambStep] equals.
func LambStepLoop[F float](w, m, v []F, rate, unbiasM, unbiasV, eps, decay F) {
	m, v = m[:len(w)], v[:len(w)]
	for i, wi := range w {
		wi -= F(wi * decay)
		w[i] = wi - F(F(m[i]*unbiasM)/(root(F(v[i]*unbiasV))+eps)*rate)
	}
}
