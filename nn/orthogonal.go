package nn

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// OrthogonalInitializer gives gain times a random matrix whose columns, or whose rows if there
// are more columns than rows, have length 1 and stand at right angles. The rows of a
// variable [... out] are all axes but the last. Keras's default is a gain of 1.
//
// Panics with *graph.Error, when used, unless the variable has two axes or more.
//
// Source: Saxe, McClelland, Ganguli 2013, arXiv:1312.6120; Mezzadri 2006,
// arXiv:math-ph/0609050, section 5, for the signs that make all such matrices equally
// likely.
func OrthogonalInitializer(gain float64) Initializer {
	return Initializer{class: "Orthogonal", cfg: initConfig{Gain: &gain}, fill: func(dst []float64, shape tensor.Dims, r *Rand) {
		if shape.Rank() < 2 {
			panic(graph.Errorf("nn.OrthogonalInitializer: variable %v: want two axes or more", shape))
		}
		cols := shape.At(-1)
		rows := len(dst) / max(1, cols)
		n, k := max(rows, cols), min(rows, cols)
		q := make([]float64, n*k)
		r.Normal(q)
		orthonormalize(q, n, k)
		for j := range k {
			for i, v := range q[j*n:][:n] {
				if rows >= cols {
					dst[i*cols+j] = gain * v
				} else {
					dst[j*cols+i] = gain * v
				}
			}
		}
	}}
}

// orthonormalize replaces the k columns of length n that a holds, one after another,
// with the factor Q of a = Q·R whose R has no negative number on its diagonal.
//
// Source: Golub, Van Loan 2013, "Matrix Computations", section 5.2.2: Householder
// reflections I - 2·v·vᵀ, from the first to the last, are applied to a to find the
// next, and to the columns of I, from the last to the first, to find Q.
func orthonormalize(a []float64, n, k int) {
	v := make([]float64, n*k) // v[j*n+j:] of unit length is that of reflection j
	flip := make([]float64, k)
	for j := range k {
		x := a[j*n+j : (j+1)*n]
		r := math.Copysign(length(x), -x[0])
		flip[j] = math.Copysign(1, r)
		h := v[j*n+j : (j+1)*n]
		copy(h, x)
		h[0] -= r
		if l := length(h); l > 0 {
			for i := range h {
				h[i] /= l
			}
		}
		for c := j + 1; c < k; c++ {
			mirror(a[c*n+j:(c+1)*n], h)
		}
	}
	clear(a)
	for c := range k {
		column := a[c*n : (c+1)*n]
		column[c] = flip[c]
		for j := c; j >= 0; j-- { // later reflections leave it
			mirror(column[j:], v[j*n+j:(j+1)*n])
		}
	}
}

func length(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v * v)
	}
	return math.Sqrt(sum)
}

// mirror replaces x with x - 2·(v·x)·v. Four sums at a time hide the time that an
// addition takes.
func mirror(x, v []float64) {
	x = x[:len(v)]
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(v); i += 4 {
		a += float64(v[i] * x[i])
		b += float64(v[i+1] * x[i+1])
		c += float64(v[i+2] * x[i+2])
		d += float64(v[i+3] * x[i+3])
	}
	for ; i < len(v); i++ {
		a += float64(v[i] * x[i])
	}
	twice := 2 * (a + b + c + d)
	for i, e := range v {
		x[i] -= float64(twice * e)
	}
}
