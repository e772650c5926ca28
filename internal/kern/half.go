package kern

import "math"

// Functions of half-precision slices, bfloat16 or float16 as their bits: elementwise, of
// slices of one length, the destination one of the sources itself or apart from them.
// Each widens to float32, computes as the function of float32 slices does, and rounds to
// nearest, ties to even, in one pass: the bits are those of the three passes, but for the
// payload of NaNs, which is unspecified.

// HalfOp names a function of half-precision slices.
type HalfOp uint8

// The functions, named after those of float32 slices: of two slices first.
const (
	HalfAdd HalfOp = iota
	HalfSub
	HalfMul
	HalfDiv
	HalfMax
	HalfMin
	HalfReluGrad
	HalfSigmoidGrad
	HalfTanhGrad
	HalfLeakyReluGrad
	HalfEluGrad
	HalfRelu
	HalfSquare
	HalfExp
	HalfTanh
	HalfSigmoid
	HalfSilu
	HalfGelu
	HalfGeluTanh
	HalfLeakyRelu
	HalfElu
	HalfClip
	HalfNeg
	HalfAbs
	HalfSqrt
	HalfRsqrt
	HalfLog
	HalfErf
	HalfSoftplus
	HalfSelu
	halfOps
)

// HalfFunc is a function of half-precision slices with its parameters: alpha where the
// function has one, the bounds of [HalfClip].
type HalfFunc struct {
	Op HalfOp
	P  [2]float32
}

// Binary reports whether op is a function of two slices.
func (op HalfOp) Binary() bool { return op < HalfRelu }

// BF16 sets dst[i] to op of a[i] and b[i], all bfloat16. A unary function takes no b.
func (op HalfOp) BF16(dst, a, b []uint16) { HalfFunc{Op: op}.BF16(dst, a, b) }

// F16 sets dst[i] to op of a[i] and b[i], all float16, as [HalfOp.BF16] does.
func (op HalfOp) F16(dst, a, b []uint16) { HalfFunc{Op: op}.F16(dst, a, b) }

// BF16 sets dst[i] to f of a[i] and b[i], all bfloat16. A unary function takes no b.
func (f HalfFunc) BF16(dst, a, b []uint16) {
	n := f.ofBF16(dst, a, b)
	if n < len(dst) {
		f.byFloats(true, dst[n:], a[n:], rest(b, n))
	}
}

// F16 sets dst[i] to f of a[i] and b[i], all float16, as [HalfFunc.BF16] does.
func (f HalfFunc) F16(dst, a, b []uint16) {
	n := f.ofF16(dst, a, b)
	if n < len(dst) {
		f.byFloats(false, dst[n:], a[n:], rest(b, n))
	}
}

// rest returns s from n on, or nil for nil.
func rest(s []uint16, n int) []uint16 {
	if s == nil {
		return nil
	}
	return s[n:]
}

// byFloats computes in three passes the results that the assembly computes in one.
func (f HalfFunc) byFloats(bf16 bool, dst, a, b []uint16) {
	var x, y [256]float32
	for at := 0; at < len(dst); at += len(x) {
		n := min(len(x), len(dst)-at)
		x, y := x[:n], y[:n]
		widen(bf16, x, a[at:])
		if f.Op.Binary() {
			widen(bf16, y, b[at:])
		}
		f.floats(x, y)
		narrow(bf16, dst[at:], x)
	}
}

// narrow rounds src to the first elements of dst.
func narrow(bf16 bool, dst []uint16, src []float32) {
	if dst = dst[:len(src)]; bf16 {
		F32ToBF16(dst, src)
	} else {
		F32ToF16(dst, src)
	}
}

func widen(bf16 bool, dst []float32, src []uint16) {
	if bf16 {
		BF16ToF32(dst, src)
	} else {
		F16ToF32(dst, src)
	}
}

// ofBits computes the first elements if f is a function of the bits of halves, and returns
// how many. inf holds the bits of infinity twice.
func (f HalfFunc) ofBits(dst, a, b []uint16, inf uint32) int {
	switch f.Op {
	case HalfRelu:
		return hRelu(dst, a, inf|0x80008000)
	case HalfReluGrad:
		return hReluGrad(dst, a, b, inf)
	}
	return 0
}

// RoundBF16 sets dst[i] to the bfloat16 nearest to x[i], as [F32ToBF16] does, but as a
// float32. Dst may be x.
func RoundBF16(dst, x []float32) { hRoundBF16(dst, x) }

// RoundF16 sets dst[i] to the float16 nearest to x[i], as [RoundBF16] does for bfloat16.
func RoundF16(dst, x []float32) { hRoundF16(dst, x) }

// FillHalf sets every element to v.
func FillHalf(dst []uint16, v uint16) {
	dst = dst[hFill(dst, uint32(v)<<16|uint32(v)):]
	for i := range dst {
		dst[i] = v
	}
}

func hRoundBF16Go(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		b := math.Float32bits(v)
		if v != v {
			b |= 0x400000
		} else {
			b += 0x7fff + b>>16&1
		}
		dst[i] = math.Float32frombits(b &^ 0xffff)
	}
}

func hRoundF16Go(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = halfToFloat(floatToHalf(v))
	}
}
