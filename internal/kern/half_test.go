package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// halfNames are the functions, as tests print them.
var halfNames = [halfOps]string{"Add", "Sub", "Mul", "Div", "Max", "Min", "ReluGrad", "SigmoidGrad", "TanhGrad", "LeakyReluGrad", "EluGrad",
	"Relu", "Square", "Exp", "Tanh", "Sigmoid", "Silu", "Gelu", "GeluTanh", "LeakyRelu", "Elu", "Clip",
	"Neg", "Abs", "Sqrt", "Rsqrt", "Log", "Erf", "Softplus", "Selu"}

// halfNumbers are those of the functions that have some. No half holds them.
var halfNumbers = [2]float32{0.3, 0.7}

// halfType is one of the two, for tests.
type halfType struct {
	name   string
	of     func(f HalfFunc, dst, a, b []uint16)
	widen  func(dst []float32, src []uint16)
	narrow func(dst []uint16, src []float32)
	round  func(dst, x []float32)
}

var halfTypes = []halfType{
	{"BF16", HalfFunc.BF16, BF16ToF32, F32ToBF16, RoundBF16},
	{"F16", HalfFunc.F16, F16ToF32, F32ToF16, RoundF16},
}

func (h halfType) op(op HalfOp, dst, a, b []uint16) { h.of(HalfFunc{op, halfNumbers}, dst, a, b) }

// inThree is op in three passes over whole slices.
func (h halfType) inThree(op HalfOp, a, b []uint16) []uint16 {
	x, y, dst := make([]float32, len(a)), make([]float32, len(a)), make([]uint16, len(a))
	h.widen(x, a)
	if op.Binary() {
		h.widen(y, b)
	}
	HalfFunc{op, halfNumbers}.floats(x, y)
	h.narrow(dst, x)
	return dst
}

// sameHalf compares bits, and takes any NaN for any other.
func (h halfType) sameHalf(a, b uint16) bool {
	if a == b {
		return true
	}
	var x [2]float32
	h.widen(x[:], []uint16{a, b})
	return x[0] != x[0] && x[1] != x[1]
}

func (h halfType) compare(t *testing.T, what string, got, want, a, b []uint16) {
	t.Helper()
	for i := range want {
		if !h.sameHalf(got[i], want[i]) {
			y := uint16(0)
			if b != nil {
				y = b[i]
			}
			t.Fatalf("%s, element %d: got %04x, want %04x, of %04x and %04x", what, i, got[i], want[i], a[i], y)
		}
	}
}

// TestHalfAll takes every half through the unary functions, and beside an edge or a
// random one through the binary ones.
func TestHalfAll(t *testing.T) {
	all, other := make([]uint16, 1<<16), make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	r := rand.New(rand.NewPCG(1, 2))
	edge := []uint16{0, 0x8000, 1, 0x8001, 0x3f80, 0x3c00, 0x7f80, 0x7c00, 0xff80, 0xfc00, 0x7f7f, 0x7bff, 0x7fc0, 0x7fff, 0x80, 0x400}
	impltest.All(t, "kern", func(t *testing.T) {
		for _, h := range halfTypes {
			for op := range halfOps {
				got := make([]uint16, len(all))
				if !op.Binary() {
					h.op(op, got, all, nil)
					h.compare(t, halfNames[op]+h.name, got, h.inThree(op, all, nil), all, nil)
					continue
				}
				for round := range 8 {
					if testing.Short() && round%4 != 1 {
						continue
					}
					for i := range other {
						other[i] = edge[(i+round)%len(edge)]
						if round > 3 {
							other[i] = uint16(r.Uint32())
						}
					}
					h.op(op, got, all, other)
					h.compare(t, halfNames[op]+h.name, got, h.inThree(op, all, other), all, other)
				}
			}
		}
	})
}

// TestHalfLengths runs every short length up to the end of memory, and in place.
func TestHalfLengths(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		inA, inB, out := newGuard(t, 4096), newGuard(t, 4096), newGuard(t, 4096)
		for n := range 4*64 + 4 {
			op := HalfOp(n) % halfOps
			for _, h := range halfTypes {
				a, b, dst := tail[uint16](inA, n), tail[uint16](inB, n), tail[uint16](out, n)
				for i := range a {
					a[i], b[i] = uint16(r.Uint32()), uint16(r.Uint32())
				}
				want := h.inThree(op, a, b)
				what := fmt.Sprintf("%s%s of %d", halfNames[op], h.name, n)
				h.op(op, dst, a, b)
				h.compare(t, what, dst, want, a, b)
				h.op(op, a, a, b)
				h.compare(t, what+" in place", a, want, a, b)
				inA.check(t)
				inB.check(t)
				out.check(t)
			}
		}
	})
}

// TestHalfRound compares rounding in place with a way there and back.
func TestHalfRound(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		in, out := newGuard(t, 4096), newGuard(t, 4096)
		for _, h := range halfTypes {
			for n := range 4*16*2 + 4 {
				src, got := tail[float32](in, n), tail[float32](out, n)
				for i := range src {
					src[i] = math.Float32frombits(r.Uint32())
					switch r.IntN(8) {
					case 0:
						src[i] = math.Float32frombits(r.Uint32()&0x807fffff | uint32(127-27+r.IntN(45))<<23)
					case 1: // subnormal
						src[i] = math.Float32frombits(r.Uint32() & 0x807fffff)
					case 2: // NaN or infinity
						src[i] = math.Float32frombits(r.Uint32()&0x80000fff | 0x7f800000 | uint32(r.IntN(2))*0x7fffff)
					case 3: // half way
						src[i] = math.Float32frombits(r.Uint32()&0xffff8000 | 0x8000)
					}
				}
				half, want := make([]uint16, n), make([]float32, n)
				h.narrow(half, src)
				h.widen(want, half)
				h.round(got, src)
				for i := range want {
					if g, w := math.Float32bits(got[i]), math.Float32bits(want[i]); g != w {
						t.Fatalf("Round%s of %d, element %d: got %08x, want %08x, of %08x", h.name, n, i, g, w, math.Float32bits(src[i]))
					}
				}
				h.round(src, src)
				for i := range want {
					if math.Float32bits(src[i]) != math.Float32bits(want[i]) {
						t.Fatalf("Round%s in place, element %d: got %v, want %v", h.name, i, src[i], want[i])
					}
				}
				in.check(t)
				out.check(t)
			}
		}
	})
}

func TestFillHalf(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		out := newGuard(t, 1024)
		for n := range 200 {
			x := tail[uint16](out, n)
			FillHalf(x, 0x7f81+uint16(n))
			for i, v := range x {
				if v != 0x7f81+uint16(n) {
					t.Fatalf("%d elements: element %d is %04x", n, i, v)
				}
			}
			out.check(t)
		}
	})
}

func TestHalfAllocates(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		a, b, x := make([]uint16, 301), make([]uint16, 301), make([]float32, 301)
		n := testing.AllocsPerRun(10, func() {
			HalfGelu.BF16(a, a, nil)
			HalfAdd.F16(a, a, b)
			RoundBF16(x, x)
			RoundF16(x, x)
		})
		if n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
	})
}

func BenchmarkHalf(b *testing.B) {
	const n = 1024
	x, y, h := make([]float32, n), make([]float32, n), make([]uint16, n)
	g := make([]uint16, n)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n*16, "ns/16")
		})
	}
	run("F32/Add", func() { Add(x, x, y) })
	run("F32/Relu", func() { Relu(x, x) })
	run("F32/Gelu", func() { Gelu(x, x) })
	run("F32/RoundBF16", func() { RoundBF16(x, x) })
	run("F32/RoundF16", func() { RoundF16(x, x) })
	run("F32ToBF16", func() { F32ToBF16(h, x) })
	run("BF16ToF32", func() { BF16ToF32(x, h) })
	for _, op := range []HalfOp{HalfAdd, HalfRelu, HalfReluGrad, HalfGelu} {
		run("BF16/"+halfNames[op], func() { op.BF16(h, h, g) })
		run("F16/"+halfNames[op], func() { op.F16(h, h, g) })
	}
}
