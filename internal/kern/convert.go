package kern

import (
	"math"
	"unsafe"
)

// Conversions between element types: dst[i] from src[i], for all of dst. Float16 and
// bfloat16 are their bits, as uint16. Rounding is to nearest, ties to even; values out of
// range become infinities, subnormals are kept. A NaN stays a NaN of the same sign,
// quiet, with the leading bits of its payload. No implementation differs.

// ScaleU8 sets dst[i] = src[i]·scale + offset, product and sum rounded separately.
func ScaleU8(dst []float32, src []uint8, scale, offset float32) { scaleU8(dst, src, scale, offset) }

// F16ToF32 widens float16.
func F16ToF32(dst []float32, src []uint16) { f16ToF32(dst, src) }

// F32ToF16 rounds to float16.
func F32ToF16(dst []uint16, src []float32) { f32ToF16(dst, src) }

// BF16ToF32 widens bfloat16; it does not change even a signalling NaN.
func BF16ToF32(dst []float32, src []uint16) { bf16ToF32(dst, src) }

// F32ToBF16 rounds to bfloat16.
func F32ToBF16(dst []uint16, src []float32) {
	n := hNarrowBF16(dst, src)
	f32ToBF16(dst[n:], src[n:])
}

// F32ToF64 widens float32.
func F32ToF64(dst []float64, src []float32) { f32ToF64(dst, src) }

// F64ToF32 rounds to float32.
func F64ToF32(dst []float32, src []float64) { f64ToF32(dst, src) }

// I32ToF32 rounds integers to float32.
func I32ToF32(dst []float32, src []int32) { i32ToF32(dst, src) }

// F32ToI32 truncates toward zero; NaN and values out of range become the least int32.
func F32ToI32(dst []int32, src []float32) { f32ToI32(dst, src) }

// BoolToF32 sets dst[i] to 1 where src[i] holds, else 0.
func BoolToF32(dst []float32, src []bool) {
	scaleU8(dst, unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(src))), len(src)), 1, 0)
}

// F32ToBool sets dst[i] = src[i] != 0, so NaN is true.
func F32ToBool(dst []bool, src []float32) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = v != 0
	}
}

func scaleU8Go(dst []float32, src []uint8, scale, offset float32) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = float32(float32(v)*scale) + offset
	}
}

func f16ToF32Go(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i, h := range src {
		dst[i] = halfToFloat(h)
	}
}

func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31 && frac != 0:
		return math.Float32frombits(sign | 0x7fc00000 | frac<<13)
	case exp == 31:
		return math.Float32frombits(sign | 0x7f800000)
	case exp == 0: // zero or subnormal: frac·2^-24 is exact
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

func f32ToF16Go(dst []uint16, src []float32) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = floatToHalf(v)
	}
}

func floatToHalf(f float32) uint16 {
	bits := math.Float32bits(f)
	sign, b := uint16(bits>>16)&0x8000, bits&0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 | uint16(b>>13)&0x3ff
	case b >= 0x47800000: // 2^16 and more
		return sign | 0x7c00
	case b < 0x38800000: // less than 2^-14: adding 0.5 rounds to a multiple of 2^-24
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-0x3f000000)
	}
	// A carry out of the fraction raises the exponent, up to infinity.
	return sign | uint16((b+0xfff+b>>13&1-(127-15)<<23)>>13)
}

func bf16ToF32Go(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i, h := range src {
		dst[i] = bf16ToFloat(h)
	}
}

func bf16ToFloat(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func f32ToBF16Go(dst []uint16, src []float32) {
	src = src[:len(dst)]
	for i, v := range src {
		b := math.Float32bits(v)
		if v != v {
			dst[i] = uint16(b>>16) | 0x40
		} else {
			dst[i] = uint16((b + 0x7fff + b>>16&1) >> 16)
		}
	}
}

// f32ToF16Rows and f32ToBF16Rows round rows of n elements, whose first elements are
// ldDst and ldSrc apart.
func f32ToF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) {
	if ldDst == n && ldSrc == n {
		rows, n = 1, rows*n
	}
	from := roundF16Rows(dst, ldDst, src, ldSrc, rows, n)
	roundRest(f32ToF16Go, dst, ldDst, src, ldSrc, rows, from, n)
}

func f32ToBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) {
	if ldDst == n && ldSrc == n {
		rows, n = 1, rows*n
	}
	from := roundBF16Rows(dst, ldDst, src, ldSrc, rows, n)
	roundRest(f32ToBF16Go, dst, ldDst, src, ldSrc, rows, from, n)
}

// roundRest rounds elements [from,n) of each row.
func roundRest(round func([]uint16, []float32), dst []uint16, ldDst int, src []float32, ldSrc, rows, from, n int) {
	if from == n {
		return
	}
	for i := range rows {
		round(dst[i*ldDst+from:i*ldDst+n], src[i*ldSrc+from:])
	}
}

func f32ToF64Go(dst []float64, src []float32) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = float64(v)
	}
}

func f64ToF32Go(dst []float32, src []float64) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = float32(v)
	}
}

func i32ToF32Go(dst []float32, src []int32) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = float32(v)
	}
}

func f32ToI32Go(dst []int32, src []float32) {
	src = src[:len(dst)]
	for i, v := range src {
		if v >= -0x1p31 && v < 0x1p31 {
			dst[i] = int32(v)
		} else {
			dst[i] = math.MinInt32
		}
	}
}
