package kern

// Softmax and its losses work on blocks of rows that stay in the first-level cache,
// a pass of one kernel after the other, so that short rows cost no call each. The
// greatest element of a row is subtracted before the exponential is taken: logits
// of any size are safe, and -Inf has probability 0. A row of nothing but -Inf, or
// one that holds +Inf or NaN, gives NaN. Rows are contiguous.

const (
	softElems = 2048 // elements in a block, columns in a piece of a long row
	softRows  = 64   // rows in a block, at most
)

func softBlock(rows, cols int) int {
	return min(rows, softRows, max(1, softElems/max(cols, 1)))
}

// Softmax sets dst[r, c] = e^x[r, c] / Σ_j e^x[r, j]. Dst may be x.
func Softmax(dst, x []float32, rows, cols int) {
	var e [softElems]float32
	var m, s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		maxRows(m[:n], x, n, cols, cols)
		softmax(s[:n], dst, e[:], x, m[:n], cols)
		dst, x, rows = dst[n*cols:], x[n*cols:], rows-n
	}
}

// softmax is [Softmax] of a block of len(m) rows of which m has the greatest
// elements. It leaves Σ e^(x - m) in s. The exponentials of short rows go to scratch, so
// that scaling them into dst need not wait for its own writes.
func softmax(s, dst, scratch, x, m []float32, cols int) {
	e := scratch
	if cols > softElems {
		e = dst
	}
	expSum(s, e, x, m, cols, true)
	var inv [softRows]float32
	for i, v := range s {
		inv[i] = 1 / v
	}
	scaleRows(dst, e, inv[:], len(m), cols)
}

// LogSoftmax sets dst[r, c] = x[r, c] - ln Σ_j e^x[r, j]. Dst may be x.
func LogSoftmax(dst, x []float32, rows, cols int) {
	var e [softElems]float32
	var m, s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		maxRows(m[:n], x, n, cols, cols)
		expSum(s[:n], e[:], x, m[:n], cols, false)
		Log(s[:n], s[:n])
		z := e[:]
		if cols > softElems {
			z = dst
		}
		subRows(z, x, m[:n], n, cols)
		subRows(dst, z, s[:n], n, cols)
		dst, x, rows = dst[n*cols:], x[n*cols:], rows-n
	}
}

// SoftmaxGrad sets dx[r, c] = y[r, c]·(dy[r, c] - Σ_j y[r, j]·dy[r, j]) for
// y = softmax(x). Dx may be y or dy.
func SoftmaxGrad(dx, y, dy []float32, rows, cols int) {
	var s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		dotRows(s[:n], y, dy, n, cols)
		subMulRows(dx, dy, y, s[:n], n, cols)
		dx, y, dy, rows = dx[n*cols:], y[n*cols:], dy[n*cols:], rows-n
	}
}

// LogSoftmaxGrad sets dx[r, c] = dy[r, c] - e^y[r, c]·Σ_j dy[r, j] for
// y = log softmax(x). Dx may be y, not dy.
func LogSoftmaxGrad(dx, y, dy []float32, rows, cols int) {
	var s, minus [softRows]float32
	fill(minus[:], -1)
	for rows > 0 {
		n := softBlock(rows, cols)
		sumRows(s[:n], dy, n, cols, cols)
		Exp(dx[:n*cols], y[:n*cols])
		entropyGradRows(dx, dx, dy, s[:n], minus[:n], n, cols)
		dx, y, dy, rows = dx[n*cols:], y[n*cols:], dy[n*cols:], rows-n
	}
}

// SoftmaxCrossEntropy computes the cross-entropy of labels and the softmax of
// logits, and that softmax, unless probs is nil:
//
//	loss[r] = Σ_c labels[r, c]·(ln Σ_j e^logits[r, j] - logits[r, c])
//
// Labels need not sum to 1; a label of 0 adds nothing even to a logit of -Inf.
// Probs is not logits.
func SoftmaxCrossEntropy(loss, probs, logits, labels []float32, rows, cols int) {
	var e [softElems]float32
	var m, s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		logSumExp(m[:n], s[:n], probs, e[:], logits, cols)
		entropyRows(loss, labels, logits, m[:n], s[:n], n, cols)
		loss, logits, labels, rows = loss[n:], logits[n*cols:], labels[n*cols:], rows-n
		if probs != nil {
			probs = probs[n*cols:]
		}
	}
}

// SoftmaxCrossEntropyGrad sets dx to the gradient of [SoftmaxCrossEntropy] with
// respect to the logits:
//
//	dx[r, c] = (probs[r, c]·Σ_j labels[r, j] - labels[r, c])·dy[r]
//
// Dx may be probs or labels.
func SoftmaxCrossEntropyGrad(dx, probs, labels, dy []float32, rows, cols int) {
	var s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		sumRows(s[:n], labels, n, cols, cols)
		entropyGradRows(dx, probs, labels, s[:n], dy, n, cols)
		dx, probs, labels = dx[n*cols:], probs[n*cols:], labels[n*cols:]
		dy, rows = dy[n:], rows-n
	}
}

// SparseSoftmaxCrossEntropy is [SoftmaxCrossEntropy] with one class as the label of
// each row: loss[r] = ln Σ_j e^logits[r, j] - logits[r, labels[r]]. A row with a
// negative label is ignored: its loss is 0.
func SparseSoftmaxCrossEntropy(loss, probs, logits []float32, labels []int32, rows, cols int) {
	var e [softElems]float32
	var m, s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		logSumExp(m[:n], s[:n], probs, e[:], logits, cols)
		for i, c := range labels[:n] {
			loss[i] = 0
			if c >= 0 {
				loss[i] = s[i] - (logits[i*cols+int(c)] - m[i])
			}
		}
		loss, logits, labels, rows = loss[n:], logits[n*cols:], labels[n:], rows-n
		if probs != nil {
			probs = probs[n*cols:]
		}
	}
}

// SparseSoftmaxCrossEntropyGrad sets dx[r, c] = (probs[r, c] - 1)·dy[r] where c is
// the label of row r and probs[r, c]·dy[r] elsewhere; 0 in rows with a negative
// label. Dx may be probs.
func SparseSoftmaxCrossEntropyGrad(dx, probs []float32, labels []int32, dy []float32, rows, cols int) {
	var at [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		for i, c := range labels[:n] {
			if c >= 0 {
				at[i] = (probs[i*cols+int(c)] - 1) * dy[i]
			}
		}
		scaleRows(dx, probs, dy, n, cols)
		for i, c := range labels[:n] {
			if c >= 0 {
				dx[i*cols+int(c)] = at[i]
			} else {
				clear(dx[i*cols:][:cols])
			}
		}
		dx, probs, labels = dx[n*cols:], probs[n*cols:], labels[n:]
		dy, rows = dy[n:], rows-n
	}
}

// logSumExp sets m[r] to the greatest element of row r and s[r] to ln Σ e^(x - m[r]),
// for a block of len(m) rows. If probs is not nil it gets the softmax.
func logSumExp(m, s, probs, scratch, x []float32, cols int) {
	n := len(m)
	maxRows(m, x, n, cols, cols)
	if probs == nil {
		expSum(s, scratch, x, m, cols, false)
	} else {
		softmax(s, probs, scratch, x, m, cols)
	}
	Log(s, s)
}

// expSum sets s[r] = Σ_c e^(x[r, c] - m[r]) for a block of len(m) rows. The
// exponentials end in e, or, if keep is false and a row is longer than a piece, only
// those of its last piece.
func expSum(s, e, x, m []float32, cols int, keep bool) {
	n := len(m)
	if cols <= softElems {
		subRows(e, x, m, n, cols)
		Exp(e[:n*cols], e[:n*cols])
		sumRows(s, e, n, cols, cols)
		return
	}
	s[0] = 0
	for x = x[:cols]; len(x) > 0; {
		k := min(len(x), softElems)
		subRows(e, x, m, 1, k)
		Exp(e[:k], e[:k])
		s[0] += Sum(e[:k])
		x = x[k:]
		if keep {
			e = e[k:]
		}
	}
}

// The kernels below take rows of cols elements, with one number per row.

// subRowsGo sets dst[r, c] = x[r, c] - v[r].
func subRowsGo(dst, x, v []float32, rows, cols int) {
	for r, v := range v[:rows] {
		d, x := dst[r*cols:][:cols], x[r*cols:][:cols]
		for c := range d {
			d[c] = x[c] - v
		}
	}
}

// scaleRowsGo sets dst[r, c] = x[r, c]·v[r].
func scaleRowsGo(dst, x, v []float32, rows, cols int) {
	for r, v := range v[:rows] {
		d, x := dst[r*cols:][:cols], x[r*cols:][:cols]
		for c := range d {
			d[c] = x[c] * v
		}
	}
}

// subMulRowsGo sets dst[r, c] = (x[r, c] - v[r])·y[r, c].
func subMulRowsGo(dst, x, y, v []float32, rows, cols int) {
	for r, v := range v[:rows] {
		d, x, y := dst[r*cols:][:cols], x[r*cols:][:cols], y[r*cols:][:cols]
		for c := range d {
			d[c] = (x[c] - v) * y[c]
		}
	}
}

// entropyGradRowsGo sets dst[r, c] = (p[r, c]·s[r] - l[r, c])·v[r].
func entropyGradRowsGo(dst, p, l, s, v []float32, rows, cols int) {
	for r, v := range v[:rows] {
		d, p, l := dst[r*cols:][:cols], p[r*cols:][:cols], l[r*cols:][:cols]
		for c := range d {
			d[c] = (float32(p[c]*s[r]) - l[c]) * v
		}
	}
}

// entropyRowsGo sets dst[r] = Σ_c l[r, c]·(s[r] - (x[r, c] - m[r])), without the
// terms where l is 0, in the order of [Sum].
func entropyRowsGo(dst, l, x, m, s []float32, rows, cols int) {
	var buf [lanes]float32
	b := buf[:width(cols)]
	for r := range rows {
		fill(b, 0)
		x := x[r*cols:][:cols]
		for c, p := range l[r*cols:][:cols] {
			if p != 0 {
				b[c%lanes] += float32(p * (s[r] - (x[c] - m[r])))
			}
		}
		dst[r] = sumTree(b)
	}
}
