package kern

import (
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// TestTwoBatchAxes multiplies matrices that lie as the heads of attention do, two axes
// of them within one tensor, and wants the bits of the products one by one.
func TestTwoBatchAxes(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, c := range []struct{ batch, heads, m, k, n int }{{2, 3, 5, 4, 7}, {3, 2, 40, 33, 70}, {1, 4, 130, 64, 130}} {
			la, lb, lc := c.heads*c.k, c.heads*c.n, c.heads*c.n
			a, b := make([]float32, c.batch*c.m*la), make([]float32, c.batch*c.k*lb)
			for i := range a {
				a[i] = float32(i%13) - 6
			}
			for i := range b {
				b[i] = float32(i%11)/3 - 1.5
			}
			got, want := make([]float32, c.batch*c.m*lc), make([]float32, c.batch*c.m*lc)
			p := MatMul{
				M: c.m, N: c.n, K: c.k, A: a, B: b, C: got, LDA: la, LDB: lb, LDC: lc,
				Batch: c.batch * c.heads, StrideA: c.k, StrideB: c.n, StrideC: c.n,
				Inner: c.heads, OuterA: c.m * la, OuterB: c.k * lb, OuterC: c.m * lc,
			}
			p.Run()
			for i := range c.batch * c.heads {
				outer, head := i/c.heads, i%c.heads
				one := MatMul{
					M: c.m, N: c.n, K: c.k, LDA: la, LDB: lb, LDC: lc,
					A: a[outer*c.m*la+head*c.k:], B: b[outer*c.k*lb+head*c.n:], C: want[outer*c.m*lc+head*c.n:],
				}
				one.Run()
			}
			for i, w := range want {
				if got[i] != w {
					t.Fatalf("%v: element %d: got %v, want %v", c, i, got[i], w)
				}
			}
		}
	})
}
