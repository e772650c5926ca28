package kern

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// The vectors published with the reference implementation (Random123, kat_vectors).
func TestPhiloxVectors(t *testing.T) {
	tests := []struct {
		key, low, high uint64
		want           [4]uint32
	}{
		{0, 0, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{^uint64(0), ^uint64(0), ^uint64(0), [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{
			0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e,
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	}
	for _, tt := range tests {
		if got := philoxBlock(tt.key, [2]uint64{tt.low, tt.high}); got != tt.want {
			t.Errorf("philoxBlock(%x, {%x, %x}) = %x, want %x", tt.key, tt.low, tt.high, got, tt.want)
		}
	}
}

// Any piece of a stream equals that part of the whole, whichever way it is made.
func TestPhiloxPieces(t *testing.T) {
	const key, stream, total = 0x0123456789abcdef, 7<<32 + 5, 400
	base := uint64(1)<<34 - 100 // the block index carries into its high half
	words := make([]uint32, total)
	for i := range words {
		e := base + uint64(i)
		words[i] = philoxBlock(key, [2]uint64{e / 4, stream})[e%4]
	}
	x := make([]float32, total)
	for i := range x {
		x[i] = float32(i) - 100.25
	}
	x[7] = float32(math.Inf(1))
	const rate = 0.375
	impltest.All(t, "kern", func(t *testing.T) {
		gotWords := make([]uint32, total)
		uniform, mask, drop := make([]float32, total), make([]float32, total), make([]float32, total)
		for n := range 4*groupWords/2 + 4 {
			for start := range 6 {
				offset := base + uint64(start)
				for _, b := range [][]float32{uniform, mask, drop} {
					fill(b[:n+2], -9)
				}
				gotWords[n] = 12345
				Philox(gotWords[:n], key, stream, offset)
				Uniform(uniform[1:][:n], key, stream, offset)
				DropoutMask(mask[1:][:n], key, stream, offset, rate)
				Dropout(drop[1:][:n], x[start:], key, stream, offset, rate)
				if !slices.Equal(gotWords[:n], words[start:][:n]) || gotWords[n] != 12345 {
					t.Fatalf("Philox of %d words at %d: got %x, want %x", n, start, gotWords[:n], words[start:][:n])
				}
				for i, w := range words[start:][:n] {
					u := float32(w>>8) * 0x1p-24
					m, d := float32(1/(1-rate)), x[start+i]*(1/(1-rate))
					if u < rate {
						m, d = 0, 0
					}
					if uniform[1+i] != u || mask[1+i] != m || drop[1+i] != d {
						t.Fatalf("n %d start %d element %d: uniform %v mask %v dropout %v, want %v %v %v",
							n, start, i, uniform[1+i], mask[1+i], drop[1+i], u, m, d)
					}
				}
				for _, b := range [][]float32{uniform, mask, drop} {
					if b[0] != -9 || b[n+1] != -9 {
						t.Fatalf("n %d start %d: wrote outside of dst", n, start)
					}
				}
			}
		}
	})
}

func TestUniformMoments(t *testing.T) {
	x := make([]float32, 1<<18)
	Uniform(x, 1, 2, 3)
	var sum, sq float64
	for _, v := range x {
		if v < 0 || v >= 1 {
			t.Fatalf("uniform %v is not in [0, 1)", v)
		}
		sum += float64(v)
		sq += float64(v) * float64(v)
	}
	n := float64(len(x))
	if mean := sum / n; math.Abs(mean-0.5) > 0.003 {
		t.Errorf("mean %v, want 0.5", mean)
	}
	if second := sq / n; math.Abs(second-1.0/3) > 0.003 {
		t.Errorf("second moment %v, want 1/3", second)
	}
}

func TestNormal(t *testing.T) {
	const n = 1 << 17
	x := make([]float32, n)
	Normal(x, 42, 1, 0)
	var m [5]float64
	for _, v := range x {
		p := 1.0
		for k := range m {
			m[k] += p / n
			p *= float64(v)
		}
	}
	for k, want := range []float64{1, 0, 1, 0, 3} {
		if math.Abs(m[k]-want) > 0.1 || k < 3 && math.Abs(m[k]-want) > 0.012 {
			t.Errorf("moment %d is %v, want %v", k, m[k], want)
		}
	}
	impltest.All(t, "kern", func(t *testing.T) {
		for _, r := range [][2]int{{0, 1}, {1, 2}, {2, 3}, {1, 300}, {63, 66}, {64, 200}, {127, 600}, {3, 3}} {
			part := make([]float32, r[1]-r[0])
			Normal(part, 42, 1, uint64(r[0]))
			if !slices.Equal(part, x[r[0]:r[1]]) {
				t.Errorf("elements %d to %d differ from those of the whole", r[0], r[1])
			}
		}
	})
}

// The functions behind Normal against those of package math, at the edges of every
// interval and at random.
func TestNormalFunctions(t *testing.T) {
	words := []uint32{0, 1, math.MaxUint32, math.MaxUint32 - 1}
	for shift := range 32 {
		for d := range uint32(5) {
			words = append(words, 1<<shift+d-2, math.MaxUint32>>shift+d-2, uint32(math.Sqrt2*float64(uint32(1)<<shift))+d-2)
		}
	}
	for i := range uint32(8) {
		words = append(words, i<<29-1, i<<29, i<<29+1)
	}
	random := make([]uint32, 10000)
	Philox(random, 5, 6, 7)
	for _, w := range append(words, random...) {
		u := (float64(w) + 0.5) * 0x1p-32
		want := math.Log(u)
		if w > 1<<31 {
			want = math.Log1p(u - 1)
		}
		if got := logWord(w); math.Abs(got-want) > 0x1p-48*math.Abs(want) {
			t.Errorf("logWord(%d) = %v, want %v", w, got, want)
		}
		sin, cos := math.Sincos(2 * math.Pi * u)
		c, s := cosSinWord(w)
		if math.Abs(c-cos) > 0x1p-44 || math.Abs(s-sin) > 0x1p-44 {
			t.Errorf("cosSinWord(%d) = %v, %v, want %v, %v", w, c, s, cos, sin)
		}
	}
}

func BenchmarkPhilox(b *testing.B) {
	for _, n := range []int{1280, 100352} {
		dst, x, words := make([]float32, n), make([]float32, n), make([]uint32, n)
		for _, bm := range []struct {
			name string
			run  func()
		}{
			{"Words", func() { Philox(words, 1, 2, 3) }},
			{"Uniform", func() { Uniform(dst, 1, 2, 0) }},
			{"DropoutMask", func() { DropoutMask(dst, 1, 2, 0, 0.5) }},
			{"Dropout", func() { Dropout(dst, x, 1, 2, 0, 0.5) }},
			{"Normal", func() { Normal(dst, 1, 2, 0) }},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", bm.name, n), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					b.SetBytes(int64(4 * n))
					b.ReportAllocs()
					for b.Loop() {
						bm.run()
					}
				})
			})
		}
	}
}
