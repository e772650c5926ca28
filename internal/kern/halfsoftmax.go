package kern

// HalfSoftmax computes [Softmax] of bfloat16, or of float16 unless bf16: the bits are
// those of the float32 function between conversions. Dst may be x. Cols is at most 2048.
func HalfSoftmax(bf16 bool, dst, x []uint16, rows, cols int) {
	var e [softElems]float32
	var m, s [softRows]float32
	for rows > 0 {
		n := softBlock(rows, cols)
		block := e[:n*cols]
		if cols < lanes { // several rows go together
			widen(bf16, block, x)
			Softmax(block, block, n, cols)
			narrow(bf16, dst, block)
			dst, x, rows = dst[n*cols:], x[n*cols:], rows-n
			continue
		}
		if HalfMaxRows(bf16, m[:n], x, n, cols); bf16 {
			for r, v := range m[:n] {
				hSubWideBF16(e[r*cols:][:cols], x[r*cols:], v)
			}
		} else {
			F16ToF32(block, x)
			subRows(block, block, m[:n], n, cols)
		}
		Exp(block, block)
		sumRows(s[:n], block, n, cols, cols)
		for i, v := range s[:n] {
			s[i] = 1 / v
		}
		if bf16 {
			for r, v := range s[:n] {
				hNarrowScaledBF16(dst[r*cols:][:cols], e[r*cols:], v)
			}
		} else {
			scaleRows(block, block, s[:n], n, cols)
			narrow(false, dst, block)
		}
		dst, x, rows = dst[n*cols:], x[n*cols:], rows-n
	}
}

// hSubWideBF16Go sets dst[i] = x[i] - v.
func hSubWideBF16Go(dst []float32, x []uint16, v float32) {
	bf16ToF32Go(dst, x)
	for i := range dst {
		dst[i] -= v
	}
}

// hNarrowScaledBF16Go sets dst[i] = x[i]·v, changing x.
func hNarrowScaledBF16Go(dst []uint16, x []float32, v float32) {
	x = x[:len(dst)]
	for i := range x {
		x[i] *= v
	}
	f32ToBF16Go(dst, x)
}
