//go:build !purego

package kern

import "unsafe"

// prefetch asks for the first n bytes of p to be brought into the cache.
func prefetch(p []byte, n int) { prefetchLines(unsafe.SliceData(p), n) }

// roundF16Rows rounds the first elements of each row, and returns how many.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	switch {
	case rows == 0 || n == 0:
	case useAVX512:
		f32ToF16RowsAVX512(d, 2*ldDst, s, 4*ldSrc, rows, n&^15, 1<<(n&15)-1)
		return n
	case useAVX2:
		f32ToF16RowsAVX2(d, 2*ldDst, s, 4*ldSrc, rows, n&^7)
		return n &^ 7
	}
	return 0
}

// roundBF16Rows rounds the first elements of each row, and returns how many.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	switch {
	case rows == 0 || n == 0:
	case useAVX512:
		f32ToBF16RowsAVX512(d, 2*ldDst, s, 4*ldSrc, rows, n&^15, 1<<(n&15)-1)
		return n
	case useAVX2:
		f32ToBF16RowsAVX2(d, 2*ldDst, s, 4*ldSrc, rows, n&^7)
		return n &^ 7
	}
	return 0
}
