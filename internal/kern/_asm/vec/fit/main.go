// Command fit prints the polynomial coefficients that the vec generator uses: near
// minimax fits whose coefficients are float32 numbers.
//
// A fit is Lawson's: weighted least squares on Chebyshev nodes, the weights
// multiplied by the errors until those are level. Coefficients are then rounded one by
// one, lowest first, fitting the rest anew each time.
//
// Source: Lawson 1961, Contributions to the theory of linear minimum maximum
// approximation.
package main

import (
	"fmt"
	"math"
)

type problem struct {
	name   string
	lo, hi float64
	degree int
	f      func(x float64) float64 // what the polynomial stands for
	weight func(x float64) float64 // factor from its error to that of the result
}

const erfSplit, tanhSplit = 0.9, 0.6

// tanhD is d with tanh(x)/x = d/(d+z), z = x², from Lambert's continued fraction.
func tanhD(z float64) float64 {
	d := 31.0
	for k := 29.0; k >= 3; k -= 2 {
		d = k + z/d
	}
	return d
}

var problems = []problem{
	{"expm1(r) = r + r²·P(r), relative", -0.34660, 0.34660, 4,
		func(r float64) float64 { return series(r, func(k int) float64 { return 1 / math.Gamma(float64(k)+3) }) },
		func(r float64) float64 { return r * r / math.Expm1(r) }},
	{"log1p(f) = f - f²/2 + f³·P(f), relative", math.Sqrt2/2 - 1, math.Sqrt2 - 1, 7,
		func(f float64) float64 {
			return series(-f, func(k int) float64 { return 1 / (float64(k) + 3) })
		},
		func(f float64) float64 { return f * f * f / math.Log1p(f) }},
	{"tanh(x) = x + x³·P(x²), relative", 0, tanhSplit * tanhSplit, 4,
		func(z float64) float64 { return -1 / (tanhD(z) + z) },
		func(z float64) float64 { return z * (tanhD(z) + z) / tanhD(z) }},
	{"erf(x) = x + x·P(x²), relative", 0, erfSplit * erfSplit, 5,
		func(z float64) float64 {
			return 2/math.SqrtPi*series(-z, func(k int) float64 {
				return 1 / (math.Gamma(float64(k)+1) * float64(2*k+1))
			}) - 1
		},
		func(z float64) float64 { return math.Sqrt(z) / math.Erf(math.Sqrt(z)) }},
	{"erf(t) = 1 - exp(-t·P(t)), absolute", erfSplit, 4, 6,
		func(t float64) float64 { return -math.Log(math.Erfc(t)) / t },
		func(t float64) float64 { return t * math.Erfc(t) }},
}

// series is the sum of c(k)·xᵏ.
func series(x float64, c func(int) float64) float64 {
	s := 0.0
	for k := 80; k >= 0; k-- {
		s = s*x + c(k)
	}
	return s
}

func main() {
	for _, p := range problems {
		c, e := p.solve()
		fmt.Printf("%s: error %.2g = 2^%.1f\n\t", p.name, e, math.Log2(e))
		for i := len(c) - 1; i >= 0; i-- {
			fmt.Printf("%v, ", float32(c[i]))
		}
		fmt.Println()
	}
}

func (p problem) solve() (c []float64, err float64) {
	c = make([]float64, p.degree+1)
	for k := range c {
		rest := p.fit(c[:k])
		c[k] = float64(float32(rest[0]))
	}
	return c, p.err(c, 20000, nil)
}

const nodes = 600

func (p problem) x(i, n int) float64 {
	mid, half := (p.lo+p.hi)/2, (p.hi-p.lo)/2
	x := mid - half*math.Cos(math.Pi*(float64(i)+0.5)/float64(n))
	if x == 0 {
		x = 1e-9
	}
	return x
}

// err is the largest weighted error over n points, which each receives where not nil.
func (p problem) err(c []float64, n int, each []float64) float64 {
	most := 0.0
	for i := range n {
		x := p.x(i, n)
		v := 0.0
		for k := len(c) - 1; k >= 0; k-- {
			v = v*x + c[k]
		}
		e := math.Abs((v - p.f(x)) * p.weight(x))
		if each != nil {
			each[i] = e
		}
		most = max(most, e)
	}
	return most
}

// fit returns the coefficients that follow the fixed ones.
func (p problem) fit(fixed []float64) []float64 {
	n := p.degree + 1 - len(fixed)
	lambda := make([]float64, nodes)
	for i := range lambda {
		lambda[i] = 1
	}
	var best []float64
	least := math.Inf(1)
	each := make([]float64, nodes)
	for range 300 {
		a := make([][]float64, nodes)
		for i := range a {
			x := p.x(i, nodes)
			w := p.weight(x) * math.Sqrt(lambda[i])
			row := make([]float64, n+1)
			y, pow := p.f(x), 1.0
			for _, c := range fixed {
				y -= c * pow
				pow *= x
			}
			for k := range n {
				row[k] = w * pow
				pow *= x
			}
			row[n] = w * y
			a[i] = row
		}
		c := leastSquares(a, n)
		e := p.err(append(append([]float64{}, fixed...), c...), nodes, each)
		if e < least {
			least, best = e, c
		}
		sum := 0.0
		for i := range lambda {
			lambda[i] *= each[i] / e
			sum += lambda[i]
		}
		for i := range lambda {
			lambda[i] = lambda[i]*nodes/sum + 1e-12
		}
	}
	return best
}

// leastSquares solves rows of n factors and a right side, by Householder reflections.
func leastSquares(a [][]float64, n int) []float64 {
	for k := range n {
		s := 0.0
		for i := k; i < len(a); i++ {
			s += a[i][k] * a[i][k]
		}
		s = math.Copysign(math.Sqrt(s), a[k][k])
		v := make([]float64, len(a))
		for i := k; i < len(a); i++ {
			v[i] = a[i][k]
		}
		v[k] += s
		vv := 0.0
		for i := k; i < len(a); i++ {
			vv += v[i] * v[i]
		}
		for j := k; j <= n; j++ {
			dot := 0.0
			for i := k; i < len(a); i++ {
				dot += v[i] * a[i][j]
			}
			for i := k; i < len(a); i++ {
				a[i][j] -= 2 * dot / vv * v[i]
			}
		}
	}
	c := make([]float64, n)
	for k := n - 1; k >= 0; k-- {
		c[k] = a[k][n]
		for j := k + 1; j < n; j++ {
			c[k] -= a[k][j] * c[j]
		}
		c[k] /= a[k][k]
	}
	return c
}
