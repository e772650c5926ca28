package kern

// FactorStep takes the step of Adafactor on a row of a matrix, whose mean squares v are
// those of its columns, c, times the row's part:
//
//	w -= w·decay
//	w -= g·by·rate
//	v = c·part
//
// by is 1/√c and rate is the learning rate, as it is scaled, by the root of part.
//
// Source: Shazeer, Stern 2018, arXiv:1804.04235, algorithm 4; as in
// keras.optimizers.Adafactor.
func FactorStep(w, v, by, c, g []float32, rate, part, decay float32) {
	factorStep(w, v, by, c, g, rate, part, decay)
}

// FactorStepLoop is the loop that [FactorStep] equals.
func FactorStepLoop[F float](w, v, by, c, g []F, rate, part, decay F) {
	v, by, c, g = v[:len(w)], by[:len(w)], c[:len(w)], g[:len(w)]
	for i, wi := range w {
		w[i] = wi - F(wi*decay) - F(F(g[i]*by[i])*rate)
		v[i] = c[i] * part
	}
}
