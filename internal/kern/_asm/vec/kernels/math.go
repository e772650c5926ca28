package kernels

import "math"

// The transcendental kernels, built from shared pieces. Coefficients are printed by
// the command in fit, highest first.
var (
	// e^r = 1 + r + r²·P(r) for |r| <= ln(2)/2.
	expCoef = []float64{0.0013869945, 0.008366253, 0.041667443, 0.16666546, 0.49999997}

	// ln(1+f) = f - f²/2 + f³·P(f) for √½ <= 1+f < √2.
	logCoef = []float64{-0.076363996, 0.127622, -0.13159613, 0.14201581, -0.16623409, 0.20001242, -0.2500082, 0.3333333}

	// tanh x = x + x³·P(x²) for |x| < tanhSplit, and beyond it 1 - 2/(e^2x+1).
	tanhCoef = []float64{-0.0058979667, 0.020798625, -0.053784717, 0.13331936, -0.333333}

	// erf x = x + x·P(x²) for |x| < erfSplit.
	erfCoef = []float64{-0.00060524617, 0.00500416, -0.026773285, 0.11281976, -0.37612507, 0.12837915}

	// erf t = 1 - e^(t·P(t)) for erfSplit <= t <= 4.
	erfcCoef = []float64{-1.0766291e-05, 0.00031809165, -0.0036230506, 0.023720466, -0.10618793, -0.6351813, -1.128641}
)

const erfSplit, tanhSplit = 0.9, 0.6

const (
	// magic plus a small number is that number rounded to an integer, and holds it
	// in its low bits, which is all that a shift by 23 keeps.
	magic = 3 << 22

	ln2Hi = 0.693147182464599609375 // ln 2 rounded to float32
	ln2Lo = math.Ln2 - ln2Hi

	one    con = 127 << 23 // the bits of 1
	half   con = 126 << 23
	sqrtHf con = 0x3f3504f3 // the bits of √½
	negInf con = 0xff800000
	quiet  con = 0x7fc00000 // NaN
)

// tiny is the least exponent that the first of two scalings uses: its result is normal,
// and the second rounds once.
const tiny = -125

var mathKernels = []kernel{
	unary("Exp", 2, (*gen).exp),
	unary("Expm1", 2, (*gen).expm1),
	unary("Log", 2, (*gen).log),
	unary("Log1p", 2, (*gen).log1p),
	unary("Tanh", 2, (*gen).tanh),
	unary("Sigmoid", 2, func(g *gen, x vec) vec { return g.sigmoid(x, nil) }),
	unary("Erf", 2, (*gen).erf),
	unary("Softplus", 2, (*gen).softplus),
	unary("Silu", 2, func(g *gen, x vec) vec {
		// Below -110, x·e^x is 0 in float32.
		x = g.max(g.con(f(-110)), x)
		return g.sigmoid(x, x)
	}),
	unary("Gelu", 2, (*gen).gelu),
	unary("GeluTanh", 2, (*gen).geluTanh),
	{"Elu", []string{"x"}, []string{"alpha"}, 2, func(g *gen, x, s []vec) vec {
		return g.pick(g.cmp(x[0], gt, f(0)), x[0], g.mul(s[0], g.expm1Neg(x[0])))
	}},
	unary("Selu", 2, func(g *gen, x vec) vec {
		const alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
		return g.pick(g.cmp(x, gt, f(0)), g.mul(x, f(scale)), g.mul(g.expm1Neg(x), f(alpha*scale)))
	}),
}

// split is x = n·ln 2 + r with n an integer; exponent is n<<23.
func (g *gen) split(x vec) (exponent, r vec) {
	t := g.addMul(g.con(f(magic)), x, f(math.Log2E))
	exponent = g.shl(t, 23)
	n := g.sub(t, f(magic))
	r = g.subMul(g.mov(x), n, f(ln2Hi))
	return exponent, g.subMul(r, n, f(ln2Lo))
}

// expPoly is e^r, expm1Poly is e^r - 1.
func (g *gen) expPoly(r vec) vec {
	p := g.horner(r, expCoef)
	p = g.mulAdd(p, r, one)
	return g.mulAdd(p, r, one)
}

func (g *gen) expm1Poly(r vec) vec {
	p := g.horner(r, expCoef)
	return g.mulAdd(p, g.mul(r, r), r)
}

// exp2 is 2^n as two factors, for n<<23 in exponent; the second is 1 unless n is
// below tiny or above 127.
func (g *gen) exp2(exponent vec, large bool) (first, second vec) {
	const low con = (tiny << 23) & (1<<32 - 1)
	e := g.imax(exponent, low)
	if large {
		e = g.imin(e, con(127<<23))
	}
	return g.iadd(e, one), g.iadd(g.isub(exponent, e), one)
}

func (g *gen) exp(x vec) vec {
	x = g.min(g.con(f(89)), g.max(g.con(f(-104)), x))
	exponent, r := g.split(x)
	p := g.expPoly(r)
	s1, s2 := g.exp2(exponent, true)
	return g.mul(g.mul(p, s1), s2)
}

// expNeg is e^x, x <= 0, as a product of which the first factor is normal and the
// second is 1 unless e^x is not. Below -110 it stays at e^-110.
func (g *gen) expNeg(x vec) (first, second vec) {
	x = g.max(g.con(f(-110)), x)
	exponent, r := g.split(x)
	p := g.expPoly(r)
	s1, s2 := g.exp2(exponent, false)
	return g.mul(p, s1), s2
}

// expm1 scales by 2^(n-1) and then by 2, since 2^n may overflow where the result
// does not.
func (g *gen) expm1(x vec) vec {
	exponent, r := g.split(g.min(g.con(f(89)), g.max(g.con(f(-18)), x)))
	p := g.expm1Poly(r)
	s := g.iadd(exponent, half)
	p = g.mulAdd(p, s, g.sub(s, f(0.5)))
	return g.copySign(g.add(p, p), x)
}

// expm1Neg is e^x - 1 for x <= 0, and unspecified for others.
func (g *gen) expm1Neg(x vec) vec {
	exponent, r := g.split(g.max(g.con(f(-18)), x))
	p := g.expm1Poly(r)
	s := g.iadd(exponent, one)
	return g.copySign(g.mulAdd(p, s, g.sub(s, one)), x)
}

func (g *gen) tanh(x vec) vec {
	a := g.and(x, ^signBit)
	z := g.mul(x, x)
	near := g.mul(g.horner(z, tanhCoef), z)
	near = g.mulAdd(near, a, a)

	t := g.min(g.con(f(10)), a)
	exponent, r := g.split(g.add(t, t))
	d := g.mulAdd(g.expPoly(r), g.iadd(exponent, one), one)
	far := g.sub(g.con(one), g.div(g.con(f(2)), d))
	return g.copySign(g.pick(g.cmp(a, lt, f(tanhSplit)), near, far), x)
}

// sigmoid is y/(1+e^-x), y being 1 if nil. With t = e^-|x| and q = t/(1+t) it is
// y·(1-q), or y·t·(1-q) for negative x: nothing overflows, and the error of q
// counts less the smaller it is.
func (g *gen) sigmoid(x, y vec) vec {
	t, t2 := g.expNeg(g.or(x, signBit))
	q := g.div(t, g.add(t, one))
	neg := g.cmp(x, lt, f(0))
	t = g.pick(neg, t, g.con(one))
	t = g.subMul(t, t, q)
	if y != nil {
		t = g.mul(t, y)
	}
	return g.mul(t, g.pick(neg, t2, g.con(one)))
}

// geluTanh clamps where the result is 0 in float32.
func (g *gen) geluTanh(x vec) vec {
	const c = 1.5957691216057307117597842397375 // √(8/π)
	x = g.max(g.con(f(-12)), x)
	u := g.mulAdd(g.mul(x, x), g.con(f(0.044715*c)), f(c))
	return g.sigmoid(g.mul(x, u), x)
}

// logSplit is u = 2^n·m with √½ <= m < √2; exponent is n<<23.
func (g *gen) logSplit(u vec) (n, exponent vec) {
	e := g.sar(g.isub(u, sqrtHf), 23)
	return g.toFloat(e), g.shl(e, 23)
}

// logSum is ln(2^n·(1+f)).
func (g *gen) logSum(n, f1 vec) vec {
	z := g.mul(f1, f1)
	p := g.horner(f1, logCoef)
	p = g.mulAdd(p, f1, f(-0.5))
	p = g.mulAdd(p, z, g.mul(n, f(ln2Lo)))
	return g.addMul(g.add(p, f1), n, f(ln2Hi))
}

func (g *gen) log(x vec) vec {
	small := g.cmp(x, lt, f(0x1p-126))
	u := g.pick(small, g.mul(x, f(1<<23)), x)
	n, exponent := g.logSplit(u)
	f1 := g.sub(g.isub(u, exponent), one)
	n = g.sub(n, g.keep(small, f(23)))
	return g.logEnds(g.logSum(n, f1), x, 0)
}

// logEnds sets y to log x where x is least (-Inf), below that (NaN), and +Inf or NaN (x).
func (g *gen) logEnds(y, x vec, least float64) vec {
	y = g.pick(g.cmp(x, nlt, f(math.Inf(1))), x, y)
	y = g.pick(g.cmp(x, lt, f(least)), quiet, y)
	return g.pick(g.cmp(x, eq, f(least)), negInf, y)
}

// log1p takes n from 1+x rounded, and f from x itself: f = 2^-n·x + (2^-n - 1). It goes
// by way of 2^(2-n) because 2^-128 is denormal.
func (g *gen) log1p(x vec) vec {
	n, exponent := g.logSplit(g.add(x, one))
	s := g.isub(g.con(con(129<<23)), exponent)
	f1 := g.addMul(g.con(f(-1)), s, f(0.25))
	f1 = g.addMul(f1, g.mul(x, s), f(0.25))
	y := g.copySign(g.logSum(n, f1), x)
	return g.logEnds(y, x, -1)
}

// softplus is max(x, 0) + ln(1+e^-|x|).
func (g *gen) softplus(x vec) vec {
	t, t2 := g.expNeg(g.or(x, signBit))
	t = g.mul(t, t2)
	n, exponent := g.logSplit(g.add(t, one))
	s := g.isub(g.con(one), exponent)
	t = g.mulAdd(t, s, g.sub(s, one))
	return g.add(g.logSum(n, t), g.max(g.con(f(0)), x))
}

func (g *gen) erf(x vec) vec {
	a := g.and(x, ^signBit)
	near := g.horner(g.mul(x, x), erfCoef)
	near = g.mulAdd(near, a, a)

	t := g.min(g.con(f(4)), a)
	exponent, r := g.split(g.mul(t, g.horner(t, erfcCoef)))
	far := g.subMul(g.con(one), g.expPoly(r), g.iadd(exponent, one))
	return g.copySign(g.pick(g.cmp(a, lt, f(erfSplit)), near, far), x)
}

// gelu is h·erf(x/√2) + h, h = x/2, finite where x is -Inf.
func (g *gen) gelu(x vec) vec {
	e := g.erf(g.mul(x, f(math.Sqrt2/2)))
	h := g.max(g.con(f(-math.MaxFloat32)), g.mul(x, f(0.5)))
	return g.copySign(g.mulAdd(e, h, h), x)
}
