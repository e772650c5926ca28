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
	if cols >= lanes && (useAVX512 || useAVX2) {
		var last [lanes]uint16
		if id := op.identity(bf16); id != 0 && cols%lanes != 0 {
			for i := range last {
				last[i] = id
			}
		}
		for r := range dst[:rows] {
			dst[r] = halfRow(op, bf16, x[r*cols:][:cols], &last)
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
// in this order.
func HalfSumCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) {
	n := halfSumCols(bf16, dst, x, rows, cols, ld)
	var buf [256]float32
	for ; n < cols; n += len(buf) {
		sum := dst[n:min(cols, n+len(buf))]
		fill(sum, 0)
		for r := range rows {
			t := buf[:len(sum)]
			widen(bf16, t, x[r*ld+n:])
			Add(sum, sum, t)
		}
	}
}
