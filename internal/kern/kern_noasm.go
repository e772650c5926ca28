//go:build (!amd64 && !arm64) || purego

package kern

// whole returns 0: there are no registers of float32 here, and the portable loops do all
// work.
func whole(int) int { return 0 }

// prefetch does nothing here.
func prefetch(p []byte, n int) {}

// roundF16Rows returns 0: the portable loops round all elements.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }

// roundBF16Rows returns 0: the portable loops round all elements.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }
