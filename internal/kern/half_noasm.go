//go:build !amd64 || purego

package kern

// halfBF16 and halfF16 do nothing here, and say so.
func halfBF16(op HalfOp, dst, a, b []uint16) int { return 0 }
func halfF16(op HalfOp, dst, a, b []uint16) int  { return 0 }

func roundBF16(dst, x []float32) { roundBF16Go(dst, x) }
func roundF16(dst, x []float32)  { roundF16Go(dst, x) }
