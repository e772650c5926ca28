package kern

import "math"

// The order of a sum
//
// Every reduction over a row runs in lanes of 64: element i belongs to lane i%64,
// each lane takes its elements in rising order, starting from the identity of the
// operation, and the lanes are then joined by one tree, l being the lanes:
//
//	b[j] = (l[j] ∘ l[j+16]) ∘ (l[j+32] ∘ l[j+48])   j < 16
//	b[j] = b[j] ∘ b[j+8]   j < 8
//	b[j] = b[j] ∘ b[j+4]   j < 4
//	b[j] = b[j] ∘ b[j+2]   j < 2
//	     = b[0] ∘ b[1]
//
// That is four registers of AVX-512 or eight of AVX2; lanes that no element reached
// hold the identity and change nothing. Products and sums round separately, so
// every implementation gives the same bits. Sums into float64 use 32 lanes and the
// same tree: registers one and two, three and four, then halves.
//
// A reduction over columns takes the rows one after the other.

const lanes = 64

// Sum returns the sum of x; 0 for an empty x.
func Sum(x []float32) float32 {
	var s [1]float32
	sumRows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// SumSq returns Σ x[i]².
func SumSq(x []float32) float32 {
	var s [1]float32
	sumSqRows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// Dot returns Σ a[i]·b[i]; b is at least as long as a.
func Dot(a, b []float32) float32 {
	var s [1]float32
	dotRows(s[:], a, b, 1, len(a))
	return s[0]
}

// Prod returns the product of x; 1 for an empty x.
func Prod(x []float32) float32 {
	var s [1]float32
	prodRows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// MaxOf returns the greatest element of x: NaN if one is NaN, -Inf if x is empty.
// Zeros of either sign are equal, and which of them is returned is unspecified.
func MaxOf(x []float32) float32 {
	var s [1]float32
	maxRows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// MinOf returns the least element of x: NaN if one is NaN, +Inf if x is empty.
func MinOf(x []float32) float32 {
	var s [1]float32
	minRows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// Sum64 returns the sum of x taken in float64.
func Sum64(x []float32) float64 {
	var s [1]float64
	sum64Rows(s[:], x, 1, len(x), len(x))
	return s[0]
}

// ArgMax returns the index of the first greatest element of x, which is the first
// NaN if there is one. x is not empty.
func ArgMax(x []float32) int { return indexOf(x, MaxOf(x)) }

// ArgMin returns the index of the first least element of x, which is the first NaN
// if there is one. x is not empty.
func ArgMin(x []float32) int { return indexOf(x, MinOf(x)) }

// The functions over rows set dst[r] to the reduction of row r, x[r*ld : r*ld+cols].

// SumRows sets dst[r] = Σ_c x[r*ld+c].
func SumRows(dst, x []float32, rows, cols, ld int) { sumRows(dst, x, rows, cols, ld) }

// SumSqRows sets dst[r] = Σ_c x[r*ld+c]².
func SumSqRows(dst, x []float32, rows, cols, ld int) { sumSqRows(dst, x, rows, cols, ld) }

// DotRows sets dst[r] = Σ_c a[r*cols+c]·b[r*cols+c].
func DotRows(dst, a, b []float32, rows, cols int) { dotRows(dst, a, b, rows, cols) }

// MulSqRows sets dst[r] = Σ_c (x[r*cols+c]·by[c])².
func MulSqRows(dst, x, by []float32, rows, cols int) { mulSqRows(dst, x, by, rows, cols) }

// SumSqBoth sets dst[r] = Σ_c x[r*cols+c]², and adds Σ_r x[r*cols+c]² to sums[c], a row
// after the other.
func SumSqBoth(dst, x, sums []float32, rows, cols int) { sumSqBoth(dst, x, sums, rows, cols) }

// ProdRows sets dst[r] = Π_c x[r*ld+c].
func ProdRows(dst, x []float32, rows, cols, ld int) { prodRows(dst, x, rows, cols, ld) }

// MaxRows sets dst[r] to [MaxOf] row r.
func MaxRows(dst, x []float32, rows, cols, ld int) { maxRows(dst, x, rows, cols, ld) }

// MinRows sets dst[r] to [MinOf] row r.
func MinRows(dst, x []float32, rows, cols, ld int) { minRows(dst, x, rows, cols, ld) }

// Sum64Rows sets dst[r] to [Sum64] of row r.
func Sum64Rows(dst []float64, x []float32, rows, cols, ld int) { sum64Rows(dst, x, rows, cols, ld) }

// ArgMaxRows sets dst[r] to [ArgMax] of row r.
func ArgMaxRows(dst []int32, x []float32, rows, cols, ld int) {
	argRows(dst, x, rows, cols, ld, false)
}

// ArgMinRows sets dst[r] to [ArgMin] of row r.
func ArgMinRows(dst []int32, x []float32, rows, cols, ld int) {
	argRows(dst, x, rows, cols, ld, true)
}

func argRows(dst []int32, x []float32, rows, cols, ld int, least bool) {
	var best [64]float32
	for r := 0; r < rows; r += len(best) {
		n := min(rows-r, len(best))
		if least {
			minRows(best[:], x[r*ld:], n, cols, ld)
		} else {
			maxRows(best[:], x[r*ld:], n, cols, ld)
		}
		for i, v := range best[:n] {
			row := x[(r+i)*ld:]
			dst[r+i] = int32(indexOf(row[:cols], v))
		}
	}
}

// The functions over columns set dst[c] to the reduction of column c, that is of
// x[c], x[ld+c], x[2*ld+c] and so on, in this order.

// SumCols sets dst[c] = Σ_r x[r*ld+c].
func SumCols(dst, x []float32, rows, cols, ld int) { sumCols(dst, x, rows, cols, ld) }

// MaxCols sets dst[c] to the greatest x[r*ld+c], NaN if one is NaN.
func MaxCols(dst, x []float32, rows, cols, ld int) { maxCols(dst, x, rows, cols, ld) }

// MinCols sets dst[c] to the least x[r*ld+c], NaN if one is NaN.
func MinCols(dst, x []float32, rows, cols, ld int) { minCols(dst, x, rows, cols, ld) }

var infinity = float32(math.Inf(1))

// max2 and min2 are VMAXPS and VMINPS: the second operand if they are equal or one
// is NaN.
func max2(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}

func min2(a, b float32) float32 {
	if a < b {
		return a
	}
	return b
}

// width returns how many lanes a row of cols elements reaches, rounded up to one,
// or to all four registers.
func width(cols int) int {
	if cols <= lanes/4 {
		return lanes / 4
	}
	return lanes
}

func fill(l []float32, v float32) {
	for i := range l {
		l[i] = v
	}
}

// sumTree joins 16 or 64 lanes by addition. It overwrites them.
func sumTree[T float32 | float64](l []T) T {
	if q := len(l) / 4; len(l) >= 32 {
		for j := range q {
			l[j] = (l[j] + l[q+j]) + (l[2*q+j] + l[3*q+j])
		}
		l = l[:q]
	}
	for h := len(l) / 2; h > 0; h /= 2 {
		for j := range h {
			l[j] += l[h+j]
		}
	}
	return l[0]
}

func sumRowsGo(dst, x []float32, rows, cols, ld int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		row := x[r*ld:][:cols]
		fill(l, 0)
		for ; len(row) >= lanes; row = row[lanes:] {
			for j, v := range row[:lanes] {
				l[j] += v
			}
		}
		for j, v := range row {
			l[j] += v
		}
		dst[r] = sumTree(l)
	}
}

func sumSqRowsGo(dst, x []float32, rows, cols, ld int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		row := x[r*ld:][:cols]
		fill(l, 0)
		for i, v := range row {
			l[i%lanes] += float32(v * v)
		}
		dst[r] = sumTree(l)
	}
}

func dotRowsGo(dst, a, b []float32, rows, cols int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		ra, rb := a[r*cols:][:cols], b[r*cols:][:cols]
		fill(l, 0)
		for i, v := range ra {
			l[i%lanes] += float32(v * rb[i])
		}
		dst[r] = sumTree(l)
	}
}

func mulSqRowsGo(dst, x, by []float32, rows, cols int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		fill(l, 0)
		for i, v := range x[r*cols:][:cols] {
			v = float32(v * by[i])
			l[i%lanes] += float32(v * v)
		}
		dst[r] = sumTree(l)
	}
}

func sumSqBothGo(dst, x, sums []float32, rows, cols int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		fill(l, 0)
		for i, v := range x[r*cols:][:cols] {
			v = float32(v * v)
			l[i%lanes] += v
			sums[i] += v
		}
		dst[r] = sumTree(l)
	}
}

func prodRowsGo(dst, x []float32, rows, cols, ld int) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		fill(l, 1)
		for i, v := range x[r*ld:][:cols] {
			l[i%lanes] *= v
		}
		if len(l) == lanes {
			for j := range 16 {
				l[j] = (l[j] * l[16+j]) * (l[32+j] * l[48+j])
			}
		}
		for h := 8; h > 0; h /= 2 {
			for j := range h {
				l[j] *= l[h+j]
			}
		}
		dst[r] = l[0]
	}
}

func sum64RowsGo(dst []float64, x []float32, rows, cols, ld int) {
	var l [lanes / 2]float64
	for r := range rows {
		l = [lanes / 2]float64{}
		for i, v := range x[r*ld:][:cols] {
			l[i%len(l)] += float64(v)
		}
		dst[r] = sumTree(l[:])
	}
}

func maxRowsGo(dst, x []float32, rows, cols, ld int) {
	bestRowsGo(dst, x, rows, cols, ld, -infinity, max2)
}

func minRowsGo(dst, x []float32, rows, cols, ld int) {
	bestRowsGo(dst, x, rows, cols, ld, infinity, min2)
}

func bestRowsGo(dst, x []float32, rows, cols, ld int, identity float32, best func(a, b float32) float32) {
	var buf [lanes]float32
	l := buf[:width(cols)]
	for r := range rows {
		nan := false
		fill(l, identity)
		for i, v := range x[r*ld:][:cols] {
			l[i%lanes] = best(l[i%lanes], v)
			nan = nan || v != v
		}
		if nan {
			dst[r] = float32(math.NaN())
			continue
		}
		if len(l) == lanes {
			for j := range 16 {
				l[j] = best(best(l[j], l[16+j]), best(l[32+j], l[48+j]))
			}
		}
		for h := 8; h > 0; h /= 2 {
			for j := range h {
				l[j] = best(l[j], l[h+j])
			}
		}
		dst[r] = l[0]
	}
}

func sumColsGo(dst, x []float32, rows, cols, ld int) {
	dst = dst[:cols]
	fill(dst, 0)
	for r := range rows {
		for c, v := range x[r*ld:][:cols] {
			dst[c] += v
		}
	}
}

func maxColsGo(dst, x []float32, rows, cols, ld int) {
	dst = dst[:cols]
	fill(dst, -infinity)
	for r := range rows {
		for c, v := range x[r*ld:][:cols] {
			if v > dst[c] || v != v {
				dst[c] = v
			}
		}
	}
}

func minColsGo(dst, x []float32, rows, cols, ld int) {
	dst = dst[:cols]
	fill(dst, infinity)
	for r := range rows {
		for c, v := range x[r*ld:][:cols] {
			if v < dst[c] || v != v {
				dst[c] = v
			}
		}
	}
}

// indexOf returns the index of the first element equal to v, or of the first NaN if v is
// one.
func indexOf(x []float32, v float32) int {
	if v == v {
		return indexEqual(x, v)
	}
	return indexNaN(x, v)
}

// indexOfGo returns the index of the first element equal to v, or of the first NaN if v
// is NaN, and len(x) if no element is.
func indexOfGo(x []float32, v float32) int {
	for i, e := range x {
		if e == v || v != v && e != e {
			return i
		}
	}
	return len(x)
}
