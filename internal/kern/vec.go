package kern

// The functions of this file work elementwise on float32 slices of one length. Callers
// guarantee that, and that the destination either is one of the sources or overlaps none
// of them. Every implementation gives the same bits, except where a comment says
// otherwise; the payload of NaNs is unspecified.

// Add is dst[i] = a[i] + b[i].
func Add(dst, a, b []float32) { vAdd(dst, a, b) }

func vAddGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Sub is dst[i] = a[i] - b[i].
func Sub(dst, a, b []float32) { vSub(dst, a, b) }

func vSubGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// Mul is dst[i] = a[i] * b[i].
func Mul(dst, a, b []float32) { vMul(dst, a, b) }

func vMulGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Div is dst[i] = a[i] / b[i].
func Div(dst, a, b []float32) { vDiv(dst, a, b) }

func vDivGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// Max is dst[i] = a[i] if a[i] > b[i] or a[i] is NaN, else b[i]: NaN if either
// is NaN, and the second of two zeros.
func Max(dst, a, b []float32) { vMax(dst, a, b) }

func vMaxGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		v := b[i]
		if u := a[i]; u > v || u != u {
			v = u
		}
		dst[i] = v
	}
}

// Min is dst[i] = a[i] if a[i] < b[i] or a[i] is NaN, else b[i]: NaN if either
// is NaN, and the second of two zeros.
func Min(dst, a, b []float32) { vMin(dst, a, b) }

func vMinGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		v := b[i]
		if u := a[i]; u < v || u != u {
			v = u
		}
		dst[i] = v
	}
}

// one32 is 1 for true and 0 for false.
func one32(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// Equal is dst[i] = 1 if a[i] == b[i], else 0.
func Equal(dst, a, b []float32) { vEqual(dst, a, b) }

func vEqualGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] == b[i])
	}
}

// NotEqual is dst[i] = 1 if a[i] != b[i], else 0; NaN differs from everything.
func NotEqual(dst, a, b []float32) { vNotEqual(dst, a, b) }

func vNotEqualGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] != b[i])
	}
}

// Less is dst[i] = 1 if a[i] < b[i], else 0.
func Less(dst, a, b []float32) { vLess(dst, a, b) }

func vLessGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] < b[i])
	}
}

// LessEqual is dst[i] = 1 if a[i] <= b[i], else 0.
func LessEqual(dst, a, b []float32) { vLessEqual(dst, a, b) }

func vLessEqualGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] <= b[i])
	}
}

// Greater is dst[i] = 1 if a[i] > b[i], else 0.
func Greater(dst, a, b []float32) { vGreater(dst, a, b) }

func vGreaterGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] > b[i])
	}
}

// GreaterEqual is dst[i] = 1 if a[i] >= b[i], else 0.
func GreaterEqual(dst, a, b []float32) { vGreaterEqual(dst, a, b) }

func vGreaterEqualGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = one32(a[i] >= b[i])
	}
}

// Select is dst[i] = a[i] if mask[i] != 0, else b[i].
func Select(dst, mask, a, b []float32) { vSelect(dst, mask, a, b) }

func vSelectGo(dst, mask, a, b []float32) {
	mask, a, b = mask[:len(dst)], a[:len(dst)], b[:len(dst)]
	for i := range dst {
		v := b[i]
		if mask[i] != 0 {
			v = a[i]
		}
		dst[i] = v
	}
}

// FMAdd is dst[i] = a[i]*b[i] + c[i], rounded once; the portable loop rounds
// twice in rare ties, so that it may differ by 1 ULP.
func FMAdd(dst, a, b, c []float32) { vFMAdd(dst, a, b, c) }

func vFMAddGo(dst, a, b, c []float32) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = float32(float64(a[i])*float64(b[i]) + float64(c[i]))
	}
}

// AddScaled is dst[i] = a[i] + s*b[i], rounded after each operation.
func AddScaled(dst, a, b []float32, s float32) { vAddScaled(dst, a, b, s) }

func vAddScaledGo(dst, a, b []float32, s float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + float32(s*b[i])
	}
}

// AddScalar is dst[i] = x[i] + s.
func AddScalar(dst, x []float32, s float32) { vAddScalar(dst, x, s) }

func vAddScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + s
	}
}

// RSubScalar is dst[i] = s - x[i].
func RSubScalar(dst, x []float32, s float32) { vRSubScalar(dst, x, s) }

func vRSubScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = s - x[i]
	}
}

// MulScalar is dst[i] = x[i] * s.
func MulScalar(dst, x []float32, s float32) { vMulScalar(dst, x, s) }

func vMulScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * s
	}
}

// DivScalar is dst[i] = x[i] / s.
func DivScalar(dst, x []float32, s float32) { vDivScalar(dst, x, s) }

func vDivScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] / s
	}
}

// RDivScalar is dst[i] = s / x[i].
func RDivScalar(dst, x []float32, s float32) { vRDivScalar(dst, x, s) }

func vRDivScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = s / x[i]
	}
}

// MaxScalar is [Max] of x[i] and s.
func MaxScalar(dst, x []float32, s float32) { vMaxScalar(dst, x, s) }

func vMaxScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := s
		if u := x[i]; u > v || u != u {
			v = u
		}
		dst[i] = v
	}
}

// MinScalar is [Min] of x[i] and s.
func MinScalar(dst, x []float32, s float32) { vMinScalar(dst, x, s) }

func vMinScalarGo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := s
		if u := x[i]; u < v || u != u {
			v = u
		}
		dst[i] = v
	}
}

// Clip is dst[i] = min(max(x[i], lo), hi); NaN stays.
// Neither bound is NaN.
func Clip(dst, x []float32, lo, hi float32) { vClip(dst, x, lo, hi) }

func vClipGo(dst, x []float32, lo, hi float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if lo > v {
			v = lo
		}
		if hi < v {
			v = hi
		}
		dst[i] = v
	}
}

// Fill is dst[i] = s.
func Fill(dst []float32, s float32) { vFill(dst, s) }

func vFillGo(dst []float32, s float32) {
	for i := range dst {
		dst[i] = s
	}
}
