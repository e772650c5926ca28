package kern

import "math"

// SoftmaxTile goes on with softmaxes of len(top) rows by a tile of their scores x, which are cols
// apart. Top holds the greatest score of each row so far, -Inf at first, and sum Σ e^(score - top).
// The tile becomes e^(x - top), with the new top. Scale gets the factor by which what was summed
// with the old one is to be multiplied.
//
// A row of nothing but -Inf keeps a sum of 0, and gives zeros.
//
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 3.
func SoftmaxTile(x, top, sum, scale []float32, cols int) {
	var m, s [softRows]float32
	inf := float32(math.Inf(-1))
	for len(top) > 0 {
		n := softBlock(len(top), cols)
		maxRows(m[:n], x, n, cols, cols)
		for i, old := range top[:n] {
			t := max(old, m[i])
			top[i], m[i] = t, t
			if t == inf { // -Inf - -Inf would be NaN
				m[i] = 0
			}
			scale[i] = old - m[i]
		}
		Exp(scale[:n], scale[:n])
		subRows(x, x, m[:n], n, cols)
		Exp(x[:n*cols], x[:n*cols])
		sumRows(s[:n], x, n, cols, cols)
		for i, t := range s[:n] {
			sum[i] = float32(sum[i]*scale[i]) + t
		}
		x, top, sum, scale = x[n*cols:], top[n:], sum[n:], scale[n:]
	}
}

// ExpTile sets rows of x to e^(x - v), v having a number for each.
func ExpTile(x, v []float32, cols int) {
	for len(v) > 0 {
		n := softBlock(len(v), cols)
		subRows(x, x, v[:n], n, cols)
		Exp(x[:n*cols], x[:n*cols])
		x, v = x[n*cols:], v[n:]
	}
}

// ScaleTile multiplies rows of x by the numbers of v.
func ScaleTile(x, v []float32, cols int) { scaleRows(x, x, v, len(v), cols) }

// SubMulTile sets dst to (x - v)·y, rows of v each having a number. Dst may be x or y.
func SubMulTile(dst, x, y, v []float32, cols int) { subMulRows(dst, x, y, v, len(v), cols) }
