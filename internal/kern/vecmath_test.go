package kern

import (
	"math"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// TestVecULP measures the worst error of the transcendental functions against float64,
// over all exponents and densely where they are used.
// stride returns the distance of one number tested from the next: n, or seven times as
// much in short mode.
func stride(n uint64) uint64 {
	if testing.Short() {
		return 7 * n
	}
	return n
}

func TestVecULP(t *testing.T) {
	var x []float32
	for b := uint64(0); b < 1<<32; b += stride(9973) {
		x = append(x, math.Float32frombits(uint32(b)))
	}
	for i := -110 * 2048; i < 110*2048; i += int(stride(1)) {
		x = append(x, float32(i)/2048, float32(i)/0x1p18)
	}
	x = append(x, edges()...)
	tests := []struct {
		name string
		f    func(dst, x []float32)
		want func(float64) float64
		ulp  float64
	}{
		{"Exp", Exp, math.Exp, 1},
		{"Expm1", Expm1, math.Expm1, 2},
		{"Log", Log, math.Log, 1},
		{"Log1p", Log1p, math.Log1p, 2},
		{"Tanh", Tanh, math.Tanh, 2},
		{"Sigmoid", Sigmoid, sigmoid64, 2},
		{"Erf", Erf, math.Erf, 2},
		{"Softplus", Softplus, softplus64, 2},
		{"Silu", Silu, silu64, 3},
		{"Elu", func(dst, x []float32) { Elu(dst, x, 0.7) }, func(x float64) float64 {
			if x > 0 {
				return x
			}
			return float64(float32(0.7)) * math.Expm1(x)
		}, 3},
		{"Selu", Selu, func(x float64) float64 {
			if x > 0 {
				return seluScale * x
			}
			return seluScale * seluAlpha * math.Expm1(x)
		}, 3},
	}
	got := make([]float32, len(x))
	for _, test := range tests {
		want := make([]float64, len(x))
		for i, v := range x {
			want[i] = test.want(float64(v))
		}
		t.Run(test.name, func(t *testing.T) {
			impltest.All(t, "kern", func(t *testing.T) {
				test.f(got, x)
				worst, at := 0.0, 0
				for i := range x {
					if u := ulps(got[i], want[i]); u > worst {
						worst, at = u, i
					}
				}
				t.Logf("%.3f ULP at %v", worst, x[at])
				if worst > test.ulp {
					t.Errorf("at %v (%#x) got %v, want %v: %.3g ULP, want at most %g", x[at],
						math.Float32bits(x[at]), got[at], want[at], worst, test.ulp)
				}
			})
		})
	}
}

// TestVecGelu holds both forms to an error relative to x.
func TestVecGelu(t *testing.T) {
	var x []float32
	for i := -20 * 65536; i < 20*65536; i += int(stride(1)) {
		x = append(x, float32(i)/65536)
	}
	for b := uint64(0); b < 1<<32; b += stride(99991) {
		x = append(x, math.Float32frombits(uint32(b)))
	}
	x = append(x, edges()...)
	got := make([]float32, len(x))
	impltest.All(t, "kern", func(t *testing.T) {
		for _, test := range []struct {
			name string
			f    func(dst, x []float32)
			want func(float64) float64
			most float64
		}{{"Gelu", Gelu, gelu64, 0x1p-23}, {"GeluTanh", GeluTanh, geluTanh64, 0x1p-22}} {
			test.f(got, x)
			worst := 0.0
			for i, v := range x {
				want := test.want(float64(v))
				if u := ulps(got[i], want); u <= 1 {
					continue
				}
				e := math.Abs(float64(got[i])-want) / math.Abs(float64(v))
				worst = max(worst, e)
				if !(e <= test.most) {
					t.Fatalf("%s(%v): got %v, want %v", test.name, v, got[i], want)
				}
			}
			t.Logf("%s: 2^%.2f", test.name, math.Log2(worst))
		}
	})
}
