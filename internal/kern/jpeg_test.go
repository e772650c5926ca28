package kern

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// The transforms agree in every number: of usual coefficients, few of them, and of any 16 bits.
func TestInverseDCT(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		out := newGuard(t, 8*40)
		for i := range 3000 {
			c, q := &[64]int16{}, &[64]uint16{}
			for k := range c {
				switch q[k] = uint16(1 + r.IntN(60)); {
				case i%3 == 0:
					c[k], q[k] = int16(r.Uint32()), uint16(r.Uint32())
				case i%3 == 1 || r.IntN(12) == 0:
					c[k] = int16(r.IntN(65) - 32)
				}
			}
			stride := 8 + i%33
			got := tail[uint8](out, 7*stride+8)
			for k := range got {
				got[k] = 7
			}
			want := slices.Clone(got)
			InverseDCT(got, stride, c, q)
			inverseDCTGo(want, stride, c, q)
			if !bytes.Equal(got, want) {
				t.Fatalf("case %d: got %v, want %v", i, got, want)
			}
			out.check(t)
		}
	})
}

// The loops over samples agree in every number, for all small lengths, where memory ends.
func TestSamples(t *testing.T) {
	const most = 70
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		var in [3]*guard
		for i := range in {
			in[i] = newGuard(t, 2*most+4)
		}
		out := newGuard(t, 4*most)
		for n := 1; n < most; n++ {
			fill := func(i int) []uint8 {
				b := tail[uint8](in[i], n)
				for k := range b {
					b[k] = uint8(r.Uint32()) | uint8(0-k%5/4) // 255, too
				}
				return b
			}
			check := func(name string, got, want any) {
				t.Helper()
				if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
					t.Fatalf("%s of %d: got %v, want %v", name, n, g, w)
				}
				out.check(t)
			}
			a, b, c := fill(0), fill(1), fill(2)
			pix, wantPix := tail[uint8](out, 4*n), make([]uint8, 4*n)
			Colors(pix, a, b, c)
			colorsGo(wantPix, a, b, c)
			check("Colors", pix, wantPix)
			for _, f := range [][2]uint16{{1, 0}, {3, 1}} {
				sums, wantSums := tail[uint16](out, n), make([]uint16, n)
				SumSamples(sums, a, b, f[0], f[1])
				sumSamplesGo(wantSums, a, b, f[0], f[1])
				check("SumSamples", sums, wantSums)
			}
			sums := tail[uint16](in[0], n+2)
			for i := range sums {
				sums[i] = uint16(r.IntN(1021))
			}
			for _, f := range [][3]int{{8, 7, 4}, {1, 2, 2}} {
				if f[2] == 2 {
					for i := range sums {
						sums[i] /= 4
					}
				}
				dst, wantDst := tail[uint8](out, 2*n), make([]uint8, 2*n)
				BetweenSamples(dst, sums, uint16(f[0]), uint16(f[1]), f[2])
				betweenSamplesGo(wantDst, sums, uint16(f[0]), uint16(f[1]), f[2])
				check("BetweenSamples", dst, wantDst)
			}
		}
	})
}

// BenchmarkJPEG is of a block, and of a row of pixels.
func BenchmarkJPEG(b *testing.B) {
	c, q := &[64]int16{}, &[64]uint16{}
	for k := range c {
		c[k], q[k] = int16(64-k), uint16(k+1)
	}
	const n = 512
	pix, samples, sums := make([]uint8, 4*n), make([]uint8, n), make([]uint16, n/2+2)
	b.Run("InverseDCT", func(b *testing.B) {
		b.SetBytes(64)
		for b.Loop() {
			InverseDCT(pix, 8, c, q)
		}
	})
	b.Run("Colors", func(b *testing.B) {
		b.SetBytes(n)
		for b.Loop() {
			Colors(pix, samples, samples, samples)
		}
	})
	b.Run("BetweenSamples", func(b *testing.B) {
		b.SetBytes(n)
		for b.Loop() {
			BetweenSamples(samples, sums, 8, 7, 4)
		}
	})
}
