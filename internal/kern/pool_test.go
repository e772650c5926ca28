package kern

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// The implementations of loops over windows agree in every bit, for all small numbers of
// channels, whose sources end where memory does.
func TestPool(t *testing.T) {
	const most, targets = 75, 5
	numbers := []int32{3, 0, 200, 255}
	impltest.All(t, "kern", func(t *testing.T) {
		in, out, bytesIn, bytesOut := newGuard(t, 4*9*most*targets), newGuard(t, 4*2*most*targets), newGuard(t, 9*most*targets), newGuard(t, 2*most*targets)
		r := rand.New(rand.NewPCG(11, 12))
		for channels := 1; channels < most; channels++ {
			for taps := 1; taps <= len(numbers); taps++ {
				n, step, dstStep := 1+(channels+taps)%targets, channels*(1+taps%2), channels*(1+channels%2)
				from := make([]int, taps)
				for i := range from {
					from[i] = (taps - 1 - i) * channels
				}
				size := (n-1)*dstStep + channels
				x := tailOf(in, randomFloats(r, (taps-1)*channels+(n-1)*step+channels, 0.05))
				for i := range x {
					if i%3 == 0 {
						x[i] = float32(i % 2) // ties
					}
				}
				index := tail[uint8](bytesIn, len(x))
				for i := range index {
					index[i] = uint8(numbers[r.IntN(len(numbers))])
				}
				check := func(what string, run, loop func(dst []float32, index []uint8)) {
					t.Helper()
					got, want := tail[float32](out, size), make([]float32, size)
					gotIndex, wantIndex := tail[uint8](bytesOut, size), make([]uint8, size)
					clear(got)
					clear(gotIndex)
					run(got, gotIndex)
					loop(want, wantIndex)
					name := fmt.Sprintf("%s of %d taps: %d targets of %d channels", what, taps, n, channels)
					wantSame(t, name, got, want)
					if !bytes.Equal(gotIndex, wantIndex) {
						t.Fatalf("%s: index %v, want %v", name, gotIndex, wantIndex)
					}
					for _, g := range []*guard{in, out, bytesIn, bytesOut} {
						g.check(t)
					}
				}
				check("PoolMax", func(d []float32, _ []uint8) { PoolMax(d, x, from, n, dstStep, step, channels) },
					func(d []float32, _ []uint8) { poolMaxGo(d, x, from, n, dstStep, step, channels) })
				check("PoolMaxIndex", func(d []float32, i []uint8) {
					PoolMaxIndex(d, x, i, from, numbers, n, dstStep, step, channels)
				},
					func(d []float32, i []uint8) {
						poolMaxIndexGo(d, x, i, from, numbers, n, dstStep, step, channels)
					})
				check("PoolMean", func(d []float32, _ []uint8) { PoolMean(d, x, from, n, dstStep, step, channels, 3) },
					func(d []float32, _ []uint8) { poolMeanGo(d, x, from, n, dstStep, step, channels, 3) })
				check("PoolCounted", func(d []float32, _ []uint8) {
					PoolCounted(d, x, index, from, numbers, n, dstStep, step, channels)
				},
					func(d []float32, _ []uint8) {
						poolCountedGo(d, x, index, from, numbers, n, dstStep, step, channels)
					})
			}
		}
	})
}

// BenchmarkPool is that of 2x2 windows in steps of two over a batch of images.
func BenchmarkPool(b *testing.B) {
	for _, channels := range []int{1, 3, 32, 64} {
		const rows, side = 128 * 13, 26
		x, y := make([]float32, 2*rows*side*channels), make([]float32, rows*side/2*channels)
		index := make([]uint8, len(y))
		line := side * channels
		from, numbers := []int{0, channels, line, line + channels}, []int32{0, 1, 2, 3}
		b.Run(fmt.Sprintf("MaxIndex/%d", channels), func(b *testing.B) {
			b.SetBytes(int64(4*len(x) + 5*len(y)))
			for b.Loop() {
				for r := range rows {
					PoolMaxIndex(y[r*line/2:], x[2*r*line:], index[r*line/2:], from, numbers, side/2, channels, 2*channels, channels)
				}
			}
		})
		b.Run(fmt.Sprintf("Counted/%d", channels), func(b *testing.B) {
			b.SetBytes(int64(4*len(x) + 5*len(y)))
			for b.Loop() {
				for r := range rows {
					for k := range 4 {
						PoolCounted(x[2*r*line+from[k]:], y[r*line/2:], index[r*line/2:], from[:1], numbers[k:], side/2, 2*channels, channels, channels)
					}
				}
			}
		})
	}
}
