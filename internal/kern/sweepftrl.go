package kern

import "math"

// Ftrl takes a step of Follow The Regularized Leader:
//
//	w -= w·decay
//	s = n^power before and s' = n^power after n += g²
//	z += g + w·shrink - (s' - s)·inv·w
//	w = (min(max(z, -l1), l1) - z) / (s'·inv + l2)
//
// inv is 1/lr, l2 is 2·(the L2 strength) + beta/lr. It is fast for powers of 0 to 8, where
// a power other than 1/2 is within 2 ULP, or so many times that as the power is above 1.
//
// Source: McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches",
// algorithm 1; as in keras.optimizers.Ftrl.
func Ftrl(w, n, z, g []float32, inv, l1, l2, shrink, decay float32, power float64) {
	switch {
	case power == 0.5:
		ftrl(w, n, z, g, inv, l1, 0-l1, l2, shrink, decay)
	case power >= 0 && power <= maxPower:
		p := newPower32(power)
		ftrlPower(w, n, z, g, inv, l1, 0-l1, l2, shrink, decay, p.head, p.tail, p.scale, p.atZero, power)
	default:
		FtrlLoop(w, n, z, g, inv, l1, l2, shrink, decay, power)
	}
}

// FtrlLoop is the loop that [Ftrl] equals.
func FtrlLoop[F float](w, n, z, g []F, inv, l1, l2, shrink, decay F, power float64) {
	n, z, g = n[:len(w)], z[:len(w)], g[:len(w)]
	p := powersOf[F](power)
	for i, gi := range g {
		wi := w[i] - F(w[i]*decay)
		before := p.of(n[i])
		n[i] += F(gi * gi)
		after := p.of(n[i])
		z[i] += gi + F(wi*shrink) - F(F((after-before)*inv)*wi)
		w[i] = (least(most(z[i], 0-l1), l1) - z[i]) / (F(after*inv) + l2)
	}
}

// powers raises elements of F to a power.
type powers[F float] struct {
	power float64
	fast  bool // by p: F is float32
	p     power32
}

func powersOf[F float](power float64) powers[F] {
	_, narrow := any(F(0)).(float32)
	return powers[F]{power, narrow && power >= 0 && power <= maxPower, newPower32(power)}
}

func (p *powers[F]) of(x F) F {
	switch {
	case p.power == 0.5:
		return root(x)
	case p.fast:
		return F(p.p.of(float32(x)))
	}
	return F(math.Pow(float64(x), p.power))
}

// least is VMINPS: b if they are equal or one is NaN.
func least[F float](a, b F) F {
	if a < b {
		return a
	}
	return b
}
