package kern

import "math"

// Cheap functions of one slice, and gradients of activations from their outputs.
// The rules of vec.go hold.

// Neg is dst[i] = -x[i].
func Neg(dst, x []float32) { vNeg(dst, x) }

func vNegGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = -x[i]
	}
}

// Abs is dst[i] = |x[i]|.
func Abs(dst, x []float32) { vAbs(dst, x) }

func vAbsGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = math.Float32frombits(math.Float32bits(x[i]) &^ (1 << 31))
	}
}

// Sign is dst[i] = 1 if x[i] > 0, -1 if x[i] < 0, else x[i] (a zero or NaN).
func Sign(dst, x []float32) { vSign(dst, x) }

func vSignGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if v > 0 {
			v = 1
		} else if v < 0 {
			v = -1
		}
		dst[i] = v
	}
}

// Square is dst[i] = x[i] * x[i].
func Square(dst, x []float32) { vSquare(dst, x) }

func vSquareGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * x[i]
	}
}

// Sqrt is dst[i] = √x[i], correctly rounded.
func Sqrt(dst, x []float32) { vSqrt(dst, x) }

// root32 returns √x, exactly rounded: float64 has more than twice the bits of float32.
func root32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func vSqrtGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = root32(x[i])
	}
}

// Reciprocal is dst[i] = 1 / x[i].
func Reciprocal(dst, x []float32) { vReciprocal(dst, x) }

func vReciprocalGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = 1 / x[i]
	}
}

// Rsqrt is dst[i] = 1 / √x[i], both operations correctly rounded.
func Rsqrt(dst, x []float32) { vRsqrt(dst, x) }

func vRsqrtGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = 1 / root32(x[i])
	}
}

// Floor is dst[i] = ⌊x[i]⌋.
func Floor(dst, x []float32) { vFloor(dst, x) }

func vFloorGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.Floor(float64(x[i])))
	}
}

// Ceil is dst[i] = ⌈x[i]⌉.
func Ceil(dst, x []float32) { vCeil(dst, x) }

func vCeilGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.Ceil(float64(x[i])))
	}
}

// Round is dst[i] = the integer nearest to x[i], halves to the even one.
func Round(dst, x []float32) { vRound(dst, x) }

func vRoundGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.RoundToEven(float64(x[i])))
	}
}

// Trunc is dst[i] = x[i] without its fraction.
func Trunc(dst, x []float32) { vTrunc(dst, x) }

func vTruncGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.Trunc(float64(x[i])))
	}
}

// Relu is dst[i] = 0 if x[i] < 0, else x[i]; NaN stays.
func Relu(dst, x []float32) { vRelu(dst, x) }

func vReluGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if v < 0 {
			v = 0
		}
		dst[i] = v
	}
}

// ReluGrad is dst[i] = dy[i] if y[i] > 0, else 0.
func ReluGrad(dst, y, dy []float32) { vReluGrad(dst, y, dy) }

func vReluGradGo(dst, y, dy []float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		v := dy[i]
		if !(y[i] > 0) {
			v = 0
		}
		dst[i] = v
	}
}

// LeakyRelu is dst[i] = x[i] if x[i] > 0, else alpha*x[i].
func LeakyRelu(dst, x []float32, alpha float32) { vLeakyRelu(dst, x, alpha) }

func vLeakyReluGo(dst, x []float32, alpha float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if !(v > 0) {
			v *= alpha
		}
		dst[i] = v
	}
}

// ClipGrad sets dst to dy where x is from lo to hi, both included, and to 0 elsewhere.
func ClipGrad(dst, x, dy []float32, lo, hi float32) { vClipGrad(dst, x, dy, lo, hi) }

func vClipGradGo(dst, x, dy []float32, lo, hi float32) {
	x, dy = x[:len(dst)], dy[:len(dst)]
	for i := range dst {
		v := dy[i]
		if !(x[i] >= lo && x[i] <= hi) {
			v = 0
		}
		dst[i] = v
	}
}

// LeakyReluGrad is dst[i] = dy[i] if y[i] > 0, else dy[i]*alpha.
func LeakyReluGrad(dst, y, dy []float32, alpha float32) { vLeakyReluGrad(dst, y, dy, alpha) }

func vLeakyReluGradGo(dst, y, dy []float32, alpha float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		v := dy[i]
		if !(y[i] > 0) {
			v *= alpha
		}
		dst[i] = v
	}
}

// EluGrad is dst[i] = dy[i] if y[i] > 0, else dy[i]*(y[i]+alpha), for y made by
// [Elu] with the same alpha.
func EluGrad(dst, y, dy []float32, alpha float32) { vEluGrad(dst, y, dy, alpha) }

func vEluGradGo(dst, y, dy []float32, alpha float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		v := dy[i]
		if !(y[i] > 0) {
			v *= y[i] + alpha
		}
		dst[i] = v
	}
}

// SigmoidGrad is dst[i] = dy[i] * y[i] * (1-y[i]), for y made by [Sigmoid].
func SigmoidGrad(dst, y, dy []float32) { vSigmoidGrad(dst, y, dy) }

func vSigmoidGradGo(dst, y, dy []float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * y[i] * (1 - y[i])
	}
}

// TanhGrad is dst[i] = dy[i] * (1-y[i]*y[i]), for y made by [Tanh].
func TanhGrad(dst, y, dy []float32) { vTanhGrad(dst, y, dy) }

func vTanhGradGo(dst, y, dy []float32) {
	y, dy = y[:len(dst)], dy[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (1 - float32(y[i]*y[i]))
	}
}
