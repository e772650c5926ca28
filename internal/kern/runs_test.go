package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// The sums of runs agree in every bit, for all small lengths of rows and runs, where memory ends.
func TestRuns(t *testing.T) {
	const longest = 40
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		in, bytesIn, out := newGuard(t, 12*longest), newGuard(t, 4*longest), newGuard(t, 12*longest)
		for from := 1; from < longest; from++ {
			for most := 1; most <= 5; most++ {
				n := 1 + r.IntN(longest-1)
				at, length, weight := make([]int, n), make([]int, n), make([]float32, n*most)
				for i := range at {
					at[i] = r.IntN(from)
					length[i] = r.IntN(min(most, from-at[i]) + 1)
				}
				for i := range weight {
					weight[i] = r.Float32() - 0.3
				}
				src, pix := tailOf(in, randomFloats(r, 3*from, 0.05)), tail[uint8](bytesIn, 4*from)
				for i := range pix {
					pix[i] = uint8(r.Uint32())
				}
				check := func(name string, run, loop func(dst []float32)) {
					t.Helper()
					got, want := tail[float32](out, 3*n), make([]float32, 3*n)
					run(got)
					loop(want)
					wantSame(t, fmt.Sprintf("%s: %d of %d, runs of %d", name, n, from, most), got, want)
					for _, g := range []*guard{in, bytesIn, out} {
						g.check(t)
					}
				}
				check("SumTriples", func(d []float32) { SumTriples(d, src, at, length, weight, most) },
					func(d []float32) { sumTriplesGo(d, src, at, length, weight, most) })
				check("SumPixels", func(d []float32) { SumPixels(d, pix, at, length, weight, most) },
					func(d []float32) { sumPixelsGo(d, pix, at, length, weight, most) })
			}
		}
	})
}

// BenchmarkRuns is of a row of 500 pixels that becomes one of 224.
func BenchmarkRuns(b *testing.B) {
	const n, from = 224, 500
	at, length, weight := make([]int, n), make([]int, n), make([]float32, 2*n)
	for i := range at {
		at[i], length[i] = i*from/n, 2
	}
	dst, src, pix := make([]float32, 3*n), make([]float32, 3*from), make([]uint8, 4*from)
	b.Run("Triples", func(b *testing.B) {
		for b.Loop() {
			SumTriples(dst, src, at, length, weight, 2)
		}
	})
	b.Run("Pixels", func(b *testing.B) {
		for b.Loop() {
			SumPixels(dst, pix, at, length, weight, 2)
		}
	})
}
