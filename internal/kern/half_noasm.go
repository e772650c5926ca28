//go:build !amd64 || purego

package kern

// halfBF16 and halfF16 return 0: the portable loops compute all elements.
func halfBF16(f HalfFunc, dst, a, b []uint16) int { return 0 }
func halfF16(op HalfOp, dst, a, b []uint16) int   { return 0 }

func roundBF16(dst, x []float32) { roundBF16Go(dst, x) }
func roundF16(dst, x []float32)  { roundF16Go(dst, x) }

func halfRow(op rowOp, bf16 bool, dst []float32, x []uint16, cols int, last *[lanes]uint16) {}

func halfSumCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) int { return 0 }

func subWideBF16(dst []float32, x []uint16, v float32) { subWideBF16Go(dst, x, v) }

func narrowScaledBF16(dst []uint16, x []float32, v float32) { narrowScaledBF16Go(dst, x, v) }

func fillHalf(dst []uint16, v uint16) int { return 0 }
