//go:build !amd64 || purego

package kern

// prefetch does nothing here.
func prefetch(p []byte, n int) {}

func scaleU8(dst []float32, src []uint8, scale, offset float32) { scaleU8Go(dst, src, scale, offset) }
func f16ToF32(dst []float32, src []uint16)                      { f16ToF32Go(dst, src) }
func f32ToF16(dst []uint16, src []float32)                      { f32ToF16Go(dst, src) }
func bf16ToF32(dst []float32, src []uint16)                     { bf16ToF32Go(dst, src) }
func f32ToBF16(dst []uint16, src []float32)                     { f32ToBF16Go(dst, src) }
func f32ToF64(dst []float64, src []float32)                     { f32ToF64Go(dst, src) }
func f64ToF32(dst []float32, src []float64)                     { f64ToF32Go(dst, src) }
func i32ToF32(dst []float32, src []int32)                       { i32ToF32Go(dst, src) }
func f32ToI32(dst []int32, src []float32)                       { f32ToI32Go(dst, src) }

// roundF16Rows returns 0: the portable loops round all elements.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }

// roundBF16Rows returns 0: the portable loops round all elements.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int { return 0 }
