package kern

// Reductions of half-precision slices, bfloat16 if bf16 holds and else float16, to
// float32. The bits are those of the float32 functions on the widened elements.

// HalfSumRows sets dst[r] to the sum of row r, x[r*cols : r*cols+cols].
func HalfSumRows(bf16 bool, dst []float32, x []uint16, rows, cols int) {
	halfRows(rowSum, bf16, dst, x, rows, cols)
}

// HalfMaxRows sets dst[r] to the greatest element of row r, as [MaxRows].
func HalfMaxRows(bf16 bool, dst []float32, x []uint16, rows, cols int) {
	halfRows(rowMax, bf16, dst, x, rows, cols)
}

// HalfMinRows sets dst[r] to the least element of row r, as [MinRows].
func HalfMinRows(bf16 bool, dst []float32, x []uint16, rows, cols int) {
	halfRows(rowMin, bf16, dst, x, rows, cols)
}

// rowOp is a reduction of rows.
type rowOp uint8

const (
	rowSum rowOp = iota
	rowMax
	rowMin
)

func (op rowOp) floats(dst, x []float32, rows, cols int) {
	switch op {
	case rowSum:
		sumRows(dst, x, rows, cols, cols)
	case rowMax:
		maxRows(dst, x, rows, cols, cols)
	case rowMin:
		minRows(dst, x, rows, cols, cols)
	}
}

// identity returns the bits of the half that changes no result of op.
func (op rowOp) identity(bf16 bool) uint16 {
	inf := uint16(0x7c00)
	if bf16 {
		inf = 0x7f80
	}
	switch op {
	case rowMax:
		return inf | 0x8000
	case rowMin:
		return inf
	}
	return 0
}

func halfRows(op rowOp, bf16 bool, dst []float32, x []uint16, rows, cols int) {
	if cols >= lanes && whole(lanes) == lanes {
		var last [lanes]uint16
		if id := op.identity(bf16); id != 0 && cols%lanes != 0 {
			for i := range last {
				last[i] = id
			}
		}
		step := 1
		if cols%lanes == 0 {
			step = max(1, rows)
		}
		for r := 0; r < rows; r += step {
			op.halfRow(bf16, dst[r:][:step], x[r*cols:], cols, &last)
		}
		return
	}
	var buf [2048]float32
	if cols > len(buf) {
		for r := range dst[:rows] {
			dst[r] = op.longRow(bf16, x[r*cols:][:cols])
		}
		return
	}
	for rows > 0 {
		n := min(rows, max(1, len(buf)/max(1, cols)))
		widen(bf16, buf[:n*cols], x)
		op.floats(dst, buf[:n*cols], n, cols)
		dst, x, rows = dst[n:], x[n*cols:], rows-n
	}
}

// halfRow reduces rows of a block or more: several if they are of whole blocks. last
// holds the identity everywhere, before and after the call.
func (op rowOp) halfRow(bf16 bool, dst []float32, x []uint16, cols int, last *[lanes]uint16) {
	var l []uint16
	blocks, rest := cols/lanes, cols%lanes
	if rest > 0 {
		copy(last[:], x[blocks*lanes:cols])
		l = last[:]
	}
	switch {
	case op == rowSum && bf16:
		hSumRowsBF16(dst, x, len(dst), blocks, l)
	case op == rowSum:
		hSumRowsF16(dst, x, len(dst), blocks, l)
	case op == rowMax && bf16:
		hMaxRowsBF16(dst, x, len(dst), blocks, l)
	case op == rowMax:
		hMaxRowsF16(dst, x, len(dst), blocks, l)
	case bf16:
		hMinRowsBF16(dst, x, len(dst), blocks, l)
	default:
		hMinRowsF16(dst, x, len(dst), blocks, l)
	}
	for i := range last[:rest] {
		last[i] = op.identity(bf16)
	}
}

// longRow reduces a row piece by piece.
func (op rowOp) longRow(bf16 bool, x []uint16) float32 {
	var buf [8 * lanes]float32
	var l, best [lanes]float32
	n := 0
	for at := 0; at < len(x); at += len(buf) {
		t := buf[:min(len(buf), len(x)-at)]
		widen(bf16, t, x[at:])
		if op == rowSum {
			for i, v := range t {
				l[i%lanes] += v
			}
			continue
		}
		op.floats(best[n:n+1], t, 1, len(t))
		if n++; n == len(best) {
			op.floats(best[:1], best[:], 1, n)
			n = 1
		}
	}
	if op == rowSum {
		return sumTree(l[:])
	}
	op.floats(l[:1], best[:n], 1, n)
	return l[0]
}

// HalfSumCols sets dst[c] to the sum of column c, of x[c], x[ld+c], x[2*ld+c] and so on,
// in this order. Dst has no more than cols elements.
func HalfSumCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) {
	n := halfSumCols(bf16, dst, x, rows, cols, ld)
	for ; n < cols; n += halfLanes {
		sumFewCols(bf16, dst[n:min(cols, n+halfLanes)], x, rows, n, ld)
	}
}

// halfSumCols computes the first columns of [HalfSumCols], and returns how many.
func halfSumCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) int {
	n := whole(cols)
	switch {
	case n == 0:
	case bf16:
		hSumColsBF16(dst, x, rows, n, ld)
	default:
		hSumColsF16(dst, x, rows, n, ld)
	}
	return n
}

// halfLanes is the greatest width, in columns, of the narrowest strip of a vector kernel.
const halfLanes = 16

// sumFewCols sums len(dst) columns from n on. As far as x reaches it takes more than
// those, for a whole strip.
func sumFewCols(bf16 bool, dst []float32, x []uint16, rows, n, ld int) {
	var sum [halfLanes]float32
	r := 0
	if last := len(x) - n - halfLanes; last >= 0 && ld > 0 {
		r = min(rows, last/ld+1)
		if halfSumCols(bf16, sum[:], x[n:], r, halfLanes, ld) < halfLanes {
			r = 0
		}
	}
	var t [halfLanes]float32
	for ; r < rows; r++ {
		widen(bf16, t[:len(dst)], x[r*ld+n:])
		for i, v := range t[:len(dst)] {
			sum[i] += v
		}
	}
	copy(dst, sum[:])
}

// HalfMaxCols sets dst[c] to the greatest of column c, NaN if one is NaN. There is a row.
func HalfMaxCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) {
	halfCols(HalfMax, bf16, dst, x, rows, cols, ld)
}

// HalfMinCols sets dst[c] to the least of column c, NaN if one is NaN. There is a row.
func HalfMinCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) {
	halfCols(HalfMin, bf16, dst, x, rows, cols, ld)
}

func halfCols(op HalfOp, bf16 bool, dst []float32, x []uint16, rows, cols, ld int) {
	var acc [512]uint16
	for c := 0; c < cols; c += len(acc) {
		n := min(len(acc), cols-c)
		best := acc[:n]
		copy(best, x[c:])
		for r := 1; r < rows; r++ {
			if row := x[r*ld+c:][:n]; bf16 {
				op.BF16(best, best, row)
			} else {
				op.F16(best, best, row)
			}
		}
		widen(bf16, dst[c:][:n], best)
	}
}
