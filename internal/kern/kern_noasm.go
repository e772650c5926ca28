//go:build !amd64 || purego

package kern

// There is no vector implementation here: the portable loops do all work.
const useAVX2, useAVX512 = false, false

// prefetch does nothing here.
func prefetch(p []byte, n int) {}

// roundF16Rows returns 0: the portable loops round all elements.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }

// roundBF16Rows returns 0: the portable loops round all elements.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }
