//go:build !purego

package kern

import "unsafe"

func packRows[T Float](_ tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	packRowsGo(dst, ldDst, src, ldSrc, n, k)
}

func packCols[T Float](t tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	whole := 0
	if t.isa == neon && t.lanes == 4 {
		whole = k &^ 3
	}
	if whole > 0 {
		d, s := wide(dst), wide(src)
		fourRows(n, func(j int, r [4]int) {
			packTransposedNEON(&d[j], 4*ldDst, &s[r[0]*ldSrc], &s[r[1]*ldSrc], &s[r[2]*ldSrc], &s[r[3]*ldSrc], whole)
		})
	}
	if whole < k {
		packColsGo(from(dst, whole*ldDst), ldDst, src[whole:], ldSrc, n, k-whole)
	}
}

// packStrips reports false: the tiles want vectors, which pack copies.
func packStrips[T Float](_ tile, dst []T, step int, src operand[T], rows, strips, k int) bool {
	return false
}

// fourRows calls do for every fourth of n rows, with it and those after it: there is always
// a row to read, and room to write.
func fourRows(n int, do func(j int, rows [4]int)) {
	for j := 0; j < n; j += 4 {
		do(j, [4]int{j, min(j+1, n-1), min(j+2, n-1), min(j+3, n-1)})
	}
}

// packNarrowRows is packRows from 16 bits.
func packNarrowRows[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	if t.isa == portable {
		packNarrowRowsGo(f, dst, ldDst, src, ldSrc, n, k)
	} else {
		packWidenedRows(t, f, dst, ldDst, src, ldSrc, n, k)
	}
}

// packNarrowCols is packCols from 16 bits.
func packNarrowCols[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	whole := 0
	if t.isa == neon {
		whole = k &^ 3
	}
	if whole > 0 {
		pack, d := packTransposedF16NEON, wide(dst)
		if f == BF16 {
			pack = packTransposedBF16NEON
		}
		fourRows(n, func(j int, r [4]int) {
			pack(&d[j], 4*ldDst, &src[r[0]*ldSrc], &src[r[1]*ldSrc], &src[r[2]*ldSrc], &src[r[3]*ldSrc], whole)
		})
	}
	if whole < k {
		packNarrowColsGo(f, from(dst, whole*ldDst), ldDst, from(src, whole), ldSrc, n, k-whole)
	}
}

// widenRows widens k rows in whole vectors. Along K bfloat16 change places.
func widenRows[T Float](t tile, f Narrow, along bool, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	if n <= 0 || k <= 0 {
		return
	}
	d, s, n := unsafe.SliceData(wide(dst)), unsafe.SliceData(src), ceil(n, t.lanes)*t.lanes
	switch {
	case f == F16:
		packRowsF16NEON(d, 4*ldDst, s, 2*ldSrc, k, n)
	case along:
		packRowsAlongBF16NEON(d, 4*ldDst, s, 2*ldSrc, k, n)
	default:
		packRowsBF16NEON(d, 4*ldDst, s, 2*ldSrc, k, n)
	}
}

// segmented reports whether kernels take a depth in segments.
func segmented(isa) bool { return false }

// widenLines widens k rows of elements along K in whole vectors. Bfloat16 change places.
func widenLines[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	widenRows(t, f, true, dst, ldDst, src, ldSrc, n, k)
}
