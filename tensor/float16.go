package tensor

import "math"

// F16 is the bits of an IEEE 754 half: 1 sign, 5 exponent, 10 fraction bits.
type F16 uint16

// BF16 is the bits of a bfloat16, the upper half of a float32.
type BF16 uint16

// F16FromFloat32 rounds f to the nearest half, ties to even. Values that round
// to 65536 or more become infinite; a NaN stays one and keeps its upper bits.
func F16FromFloat32(f float32) F16 {
	b := math.Float32bits(f)
	sign := F16(b>>16) & 0x8000
	b &^= 1 << 31
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | F16(b>>13)&0x3ff
	case b >= 0x47800000: // 2^16 and more
		return sign | 0x7c00
	case b < 0x38800000: // below 2^-14 a half counts units of 2^-24, as a float32 from 0.5 to 1 does
		return sign | F16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	}
	b += 0xfff + b>>13&1
	return sign | F16((b-112<<23)>>13)
}

// F16FromFloat64 rounds f to the nearest half, ties to even, in one rounding.
func F16FromFloat64(f float64) F16 { return F16FromFloat32(roundToOdd(f)) }

// Float32 converts a half to float32, exactly.
func (h F16) Float32() float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(f))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// Float64 converts a half to float64, exactly.
func (h F16) Float64() float64 { return float64(h.Float32()) }

// BF16FromFloat32 rounds f to the nearest bfloat16, ties to even. A NaN stays
// one and keeps its upper bits.
func BF16FromFloat32(f float32) BF16 {
	b := math.Float32bits(f)
	if f != f {
		return BF16(b>>16) | 0x40
	}
	return BF16((b + 0x7fff + b>>16&1) >> 16)
}

// BF16FromFloat64 rounds f to the nearest bfloat16, ties to even, in one rounding.
func BF16FromFloat64(f float64) BF16 { return BF16FromFloat32(roundToOdd(f)) }

// Float32 converts a bfloat16 to float32, exactly.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// Float64 converts a bfloat16 to float64, exactly.
func (b BF16) Float64() float64 { return float64(b.Float32()) }

// roundToOdd converts f to a float32 whose last bit is 1 if f does not fit. A
// second rounding to 22 bits or fewer then gives the result of a single one: no
// inexact f can look like a tie.
//
// Source: Boldo, Melquiond 2005, When double rounding is odd.
func roundToOdd(f float64) float32 {
	g := float32(f)
	if float64(g) == f || f != f {
		return g
	}
	b := math.Float32bits(g)
	if math.Abs(float64(g)) > math.Abs(f) {
		b-- // toward zero
	}
	return math.Float32frombits(b | 1)
}
