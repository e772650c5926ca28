package kern

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// Powers are near those of package math, over all float32 and where Ftrl's sums are.
func TestPower32(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range []float64{0, 0.1, 0.25, 0.3, 0.5, 2. / 3, 0.9, 1, 1.5, 2, 3, maxPower} {
		f, worst, at := newPower32(p), 0.0, float32(0)
		for i := range impltest.Draws(400_000) {
			x := math.Float32frombits(r.Uint32() >> 1)
			if i%2 == 0 {
				x = float32(math.Exp(20 * (r.Float64() - 0.5)))
			}
			if got, want := f.of(x), math.Pow(float64(x), p); float32(want) != got && x == x {
				if d := ulps(got, want); d > worst || d != d {
					worst, at = d, x
				}
			}
		}
		if bound := 2 * max(p, 1); !(worst <= bound) {
			t.Errorf("power %v of %v is %v ULP from %v: want at most %v", p, at, worst, math.Pow(float64(at), p), bound)
		}
		t.Logf("power %v: %.2f ULP at %v", p, worst, at)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range [][3]float32{{0, 0.5, 0}, {0, 0, 1}, {inf, 0.5, inf}, {-1, 0.5, nan}, {nan, 0.5, nan}, {1, 0.3, 1}, {-inf, 1, nan}} {
		if got := newPower32(float64(c[1])).of(c[0]); got != c[2] && (got == got || c[2] == c[2]) {
			t.Errorf("%v to the power %v is %v, want %v", c[0], c[1], got, c[2])
		}
	}
}
