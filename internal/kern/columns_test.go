package kern

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// TestColumns compares the sums along columns with sums in float64, and checks that nothing
// beside them is written.
func TestColumns(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		noise := func(n int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = rng.Float32() - 0.25
			}
			return x
		}
		for cols := range 71 {
			for _, rows := range []int{0, 1, 2, 17} {
				ld := cols + rng.IntN(3)
				x, dy, shift := noise(rows*ld+1), noise(rows*ld+1), noise(cols+1)
				sums := [][]float32{noise(cols + 1), noise(cols + 1), noise(cols + 1), noise(cols + 1), noise(cols + 1)}
				var want [5][]float64
				for i, s := range sums {
					for c, v := range s {
						w := float64(v)
						for r := 0; r < rows && c < cols; r++ {
							d, g := float64(x[r*ld+c])-float64(shift[c]), float64(dy[r*ld+c])
							w += []float64{d, float64(d * d), g, float64(g * d), d + float64(shift[c])}[i]
						}
						want[i] = append(want[i], w)
					}
				}
				ColumnMoments(sums[0], sums[1], shift, x, rows, cols, ld)
				ColumnProducts(sums[2], sums[3], shift, dy, x, rows, cols, ld)
				ColumnSum(sums[4], x, rows, cols, ld)
				for i, s := range sums {
					for c, v := range s {
						if w := want[i][c]; math.Abs(float64(v)-w) > 1e-5*(1+math.Abs(w)) || c == cols && v != float32(w) {
							t.Fatalf("%d rows of %d columns, sum %d, column %d: got %v, want %v", rows, cols, i, c, v, w)
						}
					}
				}
			}
		}
	})
}
