package kern

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// randomHalves fills x with halves: ordinary numbers, and if special is set any bits.
func randomHalves(r *rand.Rand, h halfType, x []uint16, special bool) {
	for i := range x {
		h.narrow(x[i:i+1], []float32{float32(r.NormFloat64())})
		if special && r.IntN(64) == 0 {
			x[i] = uint16(r.Uint32())
		}
	}
}

// TestHalfReductions compares reductions with those of widened elements, up to the end
// of memory.
func TestHalfReductions(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 9))
		in, out := newGuard(t, 65536), newGuard(t, 8192)
		for _, cols := range []int{1, 2, 7, 15, 16, 31, 63, 64, 65, 100, 127, 128, 129, 255, 256, 300, 1000, 1023, 2048, 2049, 3000, 5000} {
			for _, rows := range []int{0, 1, 2, 5} {
				for i, h := range halfTypes {
					bf16 := i == 0
					x := tail[uint16](in, rows*cols)
					randomHalves(r, h, x, rows == 5)
					wide := make([]float32, rows*cols)
					h.widen(wide, x)
					for _, f := range []struct {
						name  string
						half  func(bf16 bool, dst []float32, x []uint16, rows, cols int)
						plain func(dst, x []float32, rows, cols, ld int)
						n     int
					}{
						{"SumRows", HalfSumRows, SumRows, rows},
						{"MaxRows", HalfMaxRows, MaxRows, rows},
						{"MinRows", HalfMinRows, MinRows, rows},
						{"SumCols", func(bf16 bool, dst []float32, x []uint16, rows, cols int) {
							HalfSumCols(bf16, dst, x, rows, cols, cols)
						}, SumCols, cols},
						{"MaxCols", func(bf16 bool, dst []float32, x []uint16, rows, cols int) {
							HalfMaxCols(bf16, dst, x, rows, cols, cols)
						}, MaxCols, cols},
						{"MinCols", func(bf16 bool, dst []float32, x []uint16, rows, cols int) {
							HalfMinCols(bf16, dst, x, rows, cols, cols)
						}, MinCols, cols},
					} {
						if rows == 0 && (f.name == "MaxCols" || f.name == "MinCols") {
							continue
						}
						got, want := tail[float32](out, min(f.n, 2048)), make([]float32, f.n)
						if f.n > 2048 {
							got = make([]float32, f.n)
						}
						f.half(bf16, got, x, rows, cols)
						f.plain(want, wide, rows, cols, cols)
						for i := range want {
							if !same(got[i], want[i]) && !(got[i] == 0 && want[i] == 0) {
								t.Fatalf("%s of %s [%d %d], element %d: got %v, want %v", f.name, h.name, rows, cols, i, got[i], want[i])
							}
						}
						in.check(t)
						out.check(t)
					}
				}
			}
		}
	})
}

// TestHalfSumColsStride sums columns of a part of a matrix.
func TestHalfSumColsStride(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 9))
		const rows, cols, ld = 9, 150, 210
		x, wide := make([]uint16, rows*ld), make([]float32, rows*ld)
		got, want := make([]float32, cols), make([]float32, cols)
		for i, h := range halfTypes {
			randomHalves(r, h, x, false)
			h.widen(wide, x)
			HalfSumCols(i == 0, got, x, rows, cols, ld)
			SumCols(want, wide, rows, cols, ld)
			for c := range want {
				if math.Float32bits(got[c]) != math.Float32bits(want[c]) {
					t.Fatalf("%s, column %d: got %v, want %v", h.name, c, got[c], want[c])
				}
			}
		}
	})
}

// TestHalfSoftmax compares it with conversions around [Softmax].
func TestHalfSoftmax(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 9))
		in, out := newGuard(t, 16384), newGuard(t, 16384)
		for _, cols := range []int{1, 3, 10, 31, 64, 65, 100, 130, 1000, 1024, 2048} {
			for i, h := range halfTypes {
				rows := 7000 / (cols + 100)
				x, got := tail[uint16](in, rows*cols), tail[uint16](out, rows*cols)
				randomHalves(r, h, x, true)
				wide, want := make([]float32, len(x)), make([]uint16, len(x))
				h.widen(wide, x)
				Softmax(wide, wide, rows, cols)
				h.narrow(want, wide)
				HalfSoftmax(i == 0, got, x, rows, cols)
				h.compare(t, h.name, got, want, x, nil)
				in.check(t)
				out.check(t)
				HalfSoftmax(i == 0, x, x, rows, cols)
				h.compare(t, h.name+" in place", x, want, x, nil)
			}
		}
	})
}
