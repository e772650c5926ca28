//go:build (amd64 || arm64) && !purego

package kern

// packWidenedRows is packRows from 16 bits, as float32.
func packWidenedRows[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	if f == F16 {
		packWidened(t, f, dst, ldDst, src, ldSrc, n, k)
		return
	}
	// Odd rows change places with even ones.
	packWidened(t, f, from(dst, ldDst), 2*ldDst, src, 2*ldSrc, n, k/2)
	packWidened(t, f, dst, 2*ldDst, from(src, ldSrc), 2*ldSrc, n, k/2)
	if k%2 != 0 {
		packWidened(t, f, dst[k*ldDst:], ldDst, src[(k-1)*ldSrc:], ldSrc, n, 1)
		fillPair(f, dst, ldDst, n, k)
	}
}

// packWidened copies k rows of n elements as float32. Behind each there is room up to
// a whole vector.
func packWidened[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	fit := t.rowsFit(src, ldSrc, n, k)
	widenRows(t, f, false, dst, ldDst, src, ldSrc, n, fit)
	for i := fit; i < k; i++ {
		to := dst[i*ldDst:][:n]
		for j, h := range src[i*ldSrc:][:n] {
			to[j] = T(f.widen(h))
		}
	}
}

// rowsFit returns how many of k rows of n elements of 16 bits can be read in whole
// vectors: without AVX-512's masks, rows followed by enough memory.
func (t tile) rowsFit(src []uint16, ld, n, k int) int {
	more := len(src) - ceil(n, t.lanes)*t.lanes
	switch {
	case t.isa >= avx512:
		return k
	case more < 0:
		return 0
	}
	return min(k, more/ld+1)
}

// packNarrowLines copies k rows of n elements along K, as float32 in the order in
// which they are multiplied. Behind each there is room up to a whole vector.
func packNarrowLines[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	fit := t.rowsFit(src, ldSrc, n, k)
	widenLines(t, f, dst, ldDst, src, ldSrc, n, fit)
	for i := 0; f == BF16 && n%2 != 0 && i < fit; i++ {
		dst[i*ldDst+n-1] = 0 // the place of the missing element
	}
	packNarrowLinesGo(f, from(dst, fit*ldDst), ldDst, from(src, fit*ldSrc), ldSrc, n, k-fit)
}
