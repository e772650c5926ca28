package kern

import "math"

// Transcendental functions. The portable loops compute in float64 and round, once
// (within 1 ULP of the exact value) or twice (Elu, Selu: 1.5 ULP). The vector
// implementations agree with each other bit for bit and are within the stated
// number of ULP of the exact value. NaN gives NaN everywhere.

// each is dst[i] = f(x[i]), computed in float64.
func each(dst, x []float32, f func(float64) float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = float32(f(float64(x[i])))
	}
}

// Exp is dst[i] = e^x[i], within 1 ULP. Results below 2⁻¹²⁶ are denormal, not 0.
func Exp(dst, x []float32) { vExp(dst, x) }

func vExpGo(dst, x []float32) { each(dst, x, math.Exp) }

// Expm1 is dst[i] = e^x[i] - 1, within 2 ULP.
func Expm1(dst, x []float32) { vExpm1(dst, x) }

func vExpm1Go(dst, x []float32) { each(dst, x, math.Expm1) }

// Log is dst[i] = ln x[i], within 1 ULP: -Inf at 0, NaN below.
func Log(dst, x []float32) { vLog(dst, x) }

func vLogGo(dst, x []float32) { each(dst, x, math.Log) }

// Log1p is dst[i] = ln(1+x[i]), within 2 ULP: -Inf at -1, NaN below.
func Log1p(dst, x []float32) { vLog1p(dst, x) }

func vLog1pGo(dst, x []float32) { each(dst, x, math.Log1p) }

// Tanh is dst[i] = tanh x[i], within 2 ULP.
func Tanh(dst, x []float32) { vTanh(dst, x) }

func vTanhGo(dst, x []float32) { each(dst, x, math.Tanh) }

// Sigmoid is dst[i] = 1 / (1+e^-x[i]), within 2 ULP.
func Sigmoid(dst, x []float32) { vSigmoid(dst, x) }

func sigmoid64(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func vSigmoidGo(dst, x []float32) { each(dst, x, sigmoid64) }

// Erf is dst[i] = erf x[i], the Gauss error function, within 2 ULP.
func Erf(dst, x []float32) { vErf(dst, x) }

func vErfGo(dst, x []float32) { each(dst, x, math.Erf) }

// Softplus is dst[i] = ln(1+e^x[i]) without overflow, within 2 ULP.
func Softplus(dst, x []float32) { vSoftplus(dst, x) }

func softplus64(x float64) float64 {
	return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

func vSoftplusGo(dst, x []float32) { each(dst, x, softplus64) }

// Silu is dst[i] = x[i] / (1+e^-x[i]), within 3 ULP.
func Silu(dst, x []float32) { vSilu(dst, x) }

// finite is x with -Inf replaced by a number that a factor 0 makes 0.
func finite(x float64) float64 { return math.Max(x, -math.MaxFloat32) }

func silu64(x float64) float64 { return finite(x) * sigmoid64(x) }

func vSiluGo(dst, x []float32) { each(dst, x, silu64) }

// Gelu is dst[i] = x[i] * (1+erf(x[i]/√2)) / 2. The error is at most 2⁻²³·|x[i]|:
// small beside x, not beside the result where x is below about -2.
func Gelu(dst, x []float32) { vGelu(dst, x) }

func gelu64(x float64) float64 { return finite(x) * math.Erfc(-x/math.Sqrt2) / 2 }

func vGeluGo(dst, x []float32) { each(dst, x, gelu64) }

// GeluTanh is [Gelu] with the approximation
//
//	erf(x/√2) ≈ tanh(u), u = √(2/π) * (x + 0.044715*x³)
//
// computed as x / (1+e^-2u). The error is at most 2⁻²²·|x[i]|.
//
// Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, section 2.
func GeluTanh(dst, x []float32) { vGeluTanh(dst, x) }

// geluC is √(8/π), so that 2u = geluC * (x + 0.044715*x³).
const geluC = 1.5957691216057307117597842397375

func geluTanh64(x float64) float64 {
	return finite(x) * sigmoid64(geluC*(x+0.044715*x*x*x))
}

func vGeluTanhGo(dst, x []float32) { each(dst, x, geluTanh64) }

// Elu is dst[i] = x[i] if x[i] > 0, else alpha*(e^x[i]-1), within 3 ULP.
func Elu(dst, x []float32, alpha float32) { vElu(dst, x, alpha) }

func vEluGo(dst, x []float32, alpha float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if !(v > 0) {
			v = alpha * float32(math.Expm1(float64(v)))
		}
		dst[i] = v
	}
}

// The constants of [Selu].
//
// Source: Klambauer et al. 2017, arXiv:1706.02515, section 2.
const (
	seluAlpha = 1.6732632423543772848170429916717
	seluScale = 1.0507009873554804934193349852946
)

// Selu is dst[i] = λ*x[i] if x[i] > 0, else λ*α*(e^x[i]-1), with α = 1.6733 and
// λ = 1.0507, within 3 ULP.
//
// Source: Klambauer et al. 2017, arXiv:1706.02515, section 2.
func Selu(dst, x []float32) { vSelu(dst, x) }

func vSeluGo(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		v := x[i]
		if v > 0 {
			v *= seluScale
		} else {
			v = float32(seluScale * seluAlpha * math.Expm1(float64(v)))
		}
		dst[i] = v
	}
}

// Pow sets dst[i] = a[i]^b[i], within 1 ULP, with the special cases of [math.Pow]. It has
// the portable loop only.
func Pow(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.Pow(float64(a[i]), float64(b[i])))
	}
}
