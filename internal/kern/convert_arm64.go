//go:build !purego

package kern

import "unsafe"

// prefetch asks for the first n bytes of p to be brought into the cache.
func prefetch(p []byte, n int) { prefetchLines(unsafe.SliceData(p), n) }

// roundF16Rows rounds the first elements of each row, and returns how many.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	if n = whole(n); n > 0 {
		for i := range rows {
			f32ToF16NEON(unsafe.SliceData(dst[i*ldDst:]), unsafe.SliceData(src[i*ldSrc:]), n)
		}
	}
	return n
}

// roundBF16Rows rounds the first elements of each row, and returns how many.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	if n = whole(n); n > 0 {
		for i := range rows {
			f32ToBF16NEON(unsafe.SliceData(dst[i*ldDst:]), unsafe.SliceData(src[i*ldSrc:]), n)
		}
	}
	return n
}
