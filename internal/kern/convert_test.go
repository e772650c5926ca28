package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// testConvert compares a conversion with its portable loop at every short length.
func testConvert[D, S any](t *testing.T, name string, conv, loop func(dst []D, src []S), source func(r *rand.Rand) S, bits func(D) uint64) {
	t.Run(name, func(t *testing.T) {
		impltest.All(t, "kern", func(t *testing.T) {
			in, out := newGuard(t, 4096), newGuard(t, 4096)
			r := rand.New(rand.NewPCG(3, 4))
			for n := range 4*16*2 + 4 {
				src := tail[S](in, n)
				for i := range src {
					src[i] = source(r)
				}
				want, got := make([]D, n), tail[D](out, n)
				loop(want, src)
				conv(got, src)
				for i := range want {
					if g, w := bits(got[i]), bits(want[i]); g != w {
						t.Fatalf("n %d, element %d: got %x, want %x, source %v", n, i, g, w, src[i])
					}
				}
				in.check(t)
				out.check(t)
			}
		})
	})
}

func TestConvert(t *testing.T) {
	f32Bits := func(f float32) uint64 { return uint64(math.Float32bits(f)) }
	u16Bits := func(h uint16) uint64 { return uint64(h) }
	anyFloat := func(r *rand.Rand) float32 { return math.Float32frombits(r.Uint32()) }
	halfFloat := func(r *rand.Rand) float32 { // mostly within the range of float16
		if r.IntN(8) == 0 {
			return anyFloat(r)
		}
		e := uint32(127 - 27 + r.IntN(45))
		return math.Float32frombits(r.Uint32()&0x807fffff | e<<23)
	}
	anyHalf := func(r *rand.Rand) uint16 { return uint16(r.Uint32()) }

	testConvert(t, "ScaleU8",
		func(d []float32, s []uint8) { ScaleU8(d, s, 1/255.0, -0.3) },
		func(d []float32, s []uint8) { scaleU8Go(d, s, 1/255.0, -0.3) },
		func(r *rand.Rand) uint8 { return uint8(r.Uint32()) }, f32Bits)
	testConvert(t, "F16ToF32", F16ToF32, f16ToF32Go, anyHalf, f32Bits)
	testConvert(t, "F32ToF16", F32ToF16, f32ToF16Go, halfFloat, u16Bits)
	testConvert(t, "BF16ToF32", BF16ToF32, bf16ToF32Go, anyHalf, f32Bits)
	testConvert(t, "F32ToBF16", F32ToBF16, f32ToBF16Go, anyFloat, u16Bits)
	testConvert(t, "F32ToF64", F32ToF64, f32ToF64Go, anyFloat, math.Float64bits)
	testConvert(t, "F64ToF32", F64ToF32, f64ToF32Go, func(r *rand.Rand) float64 {
		if r.IntN(4) == 0 {
			return math.Float64frombits(r.Uint64())
		}
		return math.Ldexp(r.NormFloat64(), r.IntN(300)-150)
	}, f32Bits)
	testConvert(t, "I32ToF32", I32ToF32, i32ToF32Go, func(r *rand.Rand) int32 { return int32(r.Uint32()) }, f32Bits)
	testConvert(t, "F32ToI32", F32ToI32, f32ToI32Go, anyFloat, func(i int32) uint64 { return uint64(uint32(i)) })
}

// Every float16 survives the way to float32 and back; halfway cases go to even.
func TestFloat16(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		all, back := make([]uint16, 1<<16), make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		wide := make([]float32, len(all))
		F16ToF32(wide, all)
		F32ToF16(back, wide)
		for i, h := range all {
			want := h
			if wide[i] != wide[i] {
				want |= 0x200 // quiet
			}
			if back[i] != want {
				t.Fatalf("float16 %04x came back as %04x", h, back[i])
			}
		}
		// Between neighbours of equal sign: the middle goes to the even one, a little
		// more or less to the nearer one.
		for i := 0; i < 0x7bff; i++ {
			lo, hi := wide[i], wide[i+1]
			mid := (lo + hi) / 2
			even := uint16(i + i&1)
			in := []float32{mid, math.Nextafter32(mid, lo), math.Nextafter32(mid, hi)}
			var got [3]uint16
			F32ToF16(got[:], in)
			if want := [3]uint16{even, uint16(i), uint16(i + 1)}; got != want {
				t.Fatalf("%v to float16: got %04x, want %04x", in, got, want)
			}
		}
		var got [4]uint16
		F32ToF16(got[:], []float32{65519.996, 65520, -65520, 0x1p-25})
		if want := [4]uint16{0x7bff, 0x7c00, 0xfc00, 0}; got != want {
			t.Errorf("edges of float16: got %04x, want %04x", got, want)
		}
	})
}

func TestBFloat16(t *testing.T) {
	tests := []struct {
		bits uint32
		want uint16
	}{
		{0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81}, {0x3f807fff, 0x3f80},
		{0x7f7fffff, 0x7f80}, {0xff800000, 0xff80}, {0x7f800001, 0x7fc0}, {0xffffffff, 0xffff},
		{0x80000000, 0x8000}, {0x00000001, 0}, {0x00018000, 2},
	}
	impltest.All(t, "kern", func(t *testing.T) {
		for _, tt := range tests {
			var src [16]float32
			var got [16]uint16
			src[5] = math.Float32frombits(tt.bits)
			F32ToBF16(got[:], src[:])
			if got[5] != tt.want {
				t.Errorf("float32 %08x to bfloat16: got %04x, want %04x", tt.bits, got[5], tt.want)
			}
		}
	})
}

func TestBool(t *testing.T) {
	src := []bool{true, false, false, true, true, false, true, true, true, true, false}
	f, back := make([]float32, len(src)), make([]bool, len(src))
	BoolToF32(f, src)
	F32ToBool(back, f)
	for i, v := range src {
		if (f[i] == 1) != v || (f[i] == 0) == v || back[i] != v {
			t.Errorf("element %d: %v became %v, then %v", i, v, f[i], back[i])
		}
	}
}

func FuzzFloat16(f *testing.F) {
	f.Add(uint32(0x3f800000))
	f.Fuzz(func(t *testing.T, bits uint32) {
		var src [16]float32
		var half, bf [16]uint16
		for i := range src {
			src[i] = math.Float32frombits(bits + uint32(i)<<9)
		}
		F32ToF16(half[:], src[:])
		F32ToBF16(bf[:], src[:])
		var wantHalf, wantBF [16]uint16
		f32ToF16Go(wantHalf[:], src[:])
		f32ToBF16Go(wantBF[:], src[:])
		if half != wantHalf || bf != wantBF {
			t.Errorf("%v: got %04x and %04x, want %04x and %04x", src, half, bf, wantHalf, wantBF)
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	for _, n := range []int{784, 100352} {
		u8, u16, f32, f64 := make([]uint8, n), make([]uint16, n), make([]float32, n), make([]float64, n)
		for _, bm := range []struct {
			name string
			size int
			run  func()
		}{
			{"ScaleU8", 5, func() { ScaleU8(f32, u8, 1/255.0, 0) }},
			{"F16ToF32", 6, func() { F16ToF32(f32, u16) }},
			{"F32ToF16", 6, func() { F32ToF16(u16, f32) }},
			{"F32ToBF16", 6, func() { F32ToBF16(u16, f32) }},
			{"F64ToF32", 12, func() { F64ToF32(f32, f64) }},
		} {
			b.Run(fmt.Sprintf("%s/n=%d", bm.name, n), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					b.SetBytes(int64(bm.size * n))
					b.ReportAllocs()
					for b.Loop() {
						bm.run()
					}
				})
			})
		}
	}
}
