package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
)

// A vecFunc is a function under test in one form for all signatures. It differs
// by at most ulp from the portable loop; 0 asks for the same bits.
type vecFunc struct {
	name string
	in   int       // number of sources
	s    []float32 // scalar arguments
	fast func(dst []float32, x [][]float32, s []float32)
	slow func(dst []float32, x [][]float32, s []float32)
	ulp  float64
}

func vec1(name string, fast, slow func(dst, x []float32), ulp float64) vecFunc {
	wrap := func(f func(dst, x []float32)) func([]float32, [][]float32, []float32) {
		return func(dst []float32, x [][]float32, _ []float32) { f(dst, x[0]) }
	}
	return vecFunc{name, 1, nil, wrap(fast), wrap(slow), ulp}
}

func vec1s(name string, fast, slow func(dst, x []float32, s float32), s float32, ulp float64) vecFunc {
	wrap := func(f func(dst, x []float32, s float32)) func([]float32, [][]float32, []float32) {
		return func(dst []float32, x [][]float32, s []float32) { f(dst, x[0], s[0]) }
	}
	return vecFunc{name, 1, []float32{s}, wrap(fast), wrap(slow), ulp}
}

func vec2(name string, fast, slow func(dst, a, b []float32)) vecFunc {
	wrap := func(f func(dst, a, b []float32)) func([]float32, [][]float32, []float32) {
		return func(dst []float32, x [][]float32, _ []float32) { f(dst, x[0], x[1]) }
	}
	return vecFunc{name, 2, nil, wrap(fast), wrap(slow), 0}
}

func vec2s(name string, fast, slow func(dst, a, b []float32, s float32), s float32) vecFunc {
	wrap := func(f func(dst, a, b []float32, s float32)) func([]float32, [][]float32, []float32) {
		return func(dst []float32, x [][]float32, s []float32) { f(dst, x[0], x[1], s[0]) }
	}
	return vecFunc{name, 2, []float32{s}, wrap(fast), wrap(slow), 0}
}

func vec3(name string, fast, slow func(dst, a, b, c []float32), ulp float64) vecFunc {
	wrap := func(f func(dst, a, b, c []float32)) func([]float32, [][]float32, []float32) {
		return func(dst []float32, x [][]float32, _ []float32) { f(dst, x[0], x[1], x[2]) }
	}
	return vecFunc{name, 3, nil, wrap(fast), wrap(slow), ulp}
}

func clipVec(f func(dst, x []float32, lo, hi float32)) func([]float32, [][]float32, []float32) {
	return func(dst []float32, x [][]float32, s []float32) { f(dst, x[0], s[0], s[1]) }
}

func fillVec(f func(dst []float32, s float32)) func([]float32, [][]float32, []float32) {
	return func(dst []float32, _ [][]float32, s []float32) { f(dst, s[0]) }
}

// loose marks functions whose error is not relative to the result; see TestVecGelu.
var loose = math.Inf(1)

var nan32 = float32(math.NaN())

var vecFuncs = []vecFunc{
	vec2("Add", Add, vAddGo),
	vec2("Sub", Sub, vSubGo),
	vec2("Mul", Mul, vMulGo),
	vec2("Div", Div, vDivGo),
	vec2("Max", Max, vMaxGo),
	vec2("Min", Min, vMinGo),
	vec2("Equal", Equal, vEqualGo),
	vec2("NotEqual", NotEqual, vNotEqualGo),
	vec2("Less", Less, vLessGo),
	vec2("LessEqual", LessEqual, vLessEqualGo),
	vec2("Greater", Greater, vGreaterGo),
	vec2("GreaterEqual", GreaterEqual, vGreaterEqualGo),
	vec3("Select", Select, vSelectGo, 0),
	vec3("FMAdd", FMAdd, vFMAddGo, 1),
	vec2s("AddScaled", AddScaled, vAddScaledGo, 0.3),
	vec1s("AddScalar", AddScalar, vAddScalarGo, 0.3, 0),
	vec1s("RSubScalar", RSubScalar, vRSubScalarGo, 0.3, 0),
	vec1s("MulScalar", MulScalar, vMulScalarGo, 0.3, 0),
	vec1s("DivScalar", DivScalar, vDivScalarGo, 0.3, 0),
	vec1s("RDivScalar", RDivScalar, vRDivScalarGo, 0.3, 0),
	vec1s("MaxScalar", MaxScalar, vMaxScalarGo, 0, 0),
	vec1s("MinScalar", MinScalar, vMinScalarGo, 0, 0),
	vec1s("MaxScalar/NaN", MaxScalar, vMaxScalarGo, nan32, 0),
	{"Clip", 1, []float32{-1, 2}, clipVec(Clip), clipVec(vClipGo), 0},
	{"Clip/zero", 1, []float32{0, 0}, clipVec(Clip), clipVec(vClipGo), 0},
	{"Fill", 0, []float32{3}, fillVec(Fill), fillVec(vFillGo), 0},
	vec1("Neg", Neg, vNegGo, 0),
	vec1("Abs", Abs, vAbsGo, 0),
	vec1("Sign", Sign, vSignGo, 0),
	vec1("Square", Square, vSquareGo, 0),
	vec1("Sqrt", Sqrt, vSqrtGo, 0),
	vec1("Reciprocal", Reciprocal, vReciprocalGo, 0),
	vec1("Rsqrt", Rsqrt, vRsqrtGo, 0),
	vec1("Round", Round, vRoundGo, 0),
	vec1("Floor", Floor, vFloorGo, 0),
	vec1("Ceil", Ceil, vCeilGo, 0),
	vec1("Trunc", Trunc, vTruncGo, 0),
	vec1("Relu", Relu, vReluGo, 0),
	vec1s("LeakyRelu", LeakyRelu, vLeakyReluGo, 0.3, 0),
	vec2("ReluGrad", ReluGrad, vReluGradGo),
	vec2s("LeakyReluGrad", LeakyReluGrad, vLeakyReluGradGo, 0.3),
	vec2s("EluGrad", EluGrad, vEluGradGo, 0.7),
	vec2("SigmoidGrad", SigmoidGrad, vSigmoidGradGo),
	vec2("TanhGrad", TanhGrad, vTanhGradGo),
	vec1("Exp", Exp, vExpGo, 2),
	vec1("Expm1", Expm1, vExpm1Go, 3),
	vec1("Log", Log, vLogGo, 2),
	vec1("Log1p", Log1p, vLog1pGo, 3),
	vec1("Tanh", Tanh, vTanhGo, 3),
	vec1("Sigmoid", Sigmoid, vSigmoidGo, 3),
	vec1("Erf", Erf, vErfGo, 3),
	vec1("Softplus", Softplus, vSoftplusGo, 4),
	vec1("Silu", Silu, vSiluGo, 4),
	vec1("Gelu", Gelu, vGeluGo, loose),
	vec1("GeluTanh", GeluTanh, vGeluTanhGo, loose),
	vec1s("Elu", Elu, vEluGo, 0.7, 4),
	vec1("Selu", Selu, vSeluGo, 4),
}

// edges are values at which something special happens to one function or another.
func edges() []float32 {
	var e []float32
	for _, v := range []float64{0, 1, 2, 3, 0.5, 1.5, 2.5, 0.9, 4, 10, 12, 16, 17, 18, 24, 87.33655, 88.72284, 88.8, 89, 103.27893,
		103.97, 104, 110, 127, 128, 0x1p23, 0x1p24, 0x1p31, 0x1p-126, 0x1p-127, 0x1p-149, 0x1.fffffep-127, 0x1p-23, 0x1p-24,
		0x1p-25, math.Sqrt2, math.Sqrt2 / 2, math.Ln2, math.Ln2 / 2, 0x1p127, 0x1.6a09e6p127, math.MaxFloat32, math.Inf(1)} {
		for _, s := range []float32{1, -1} {
			x := s * float32(v)
			e = append(e, x, math.Nextafter32(x, 0), math.Nextafter32(x, x*2))
		}
	}
	return append(e, nan32, math.Float32frombits(0xffc00000), math.Float32frombits(0x7fc00001), math.Float32frombits(0xffffffff))
}

// samples fills n values: edges, all magnitudes, and ordinary numbers, shuffled.
func samples(r *rand.Rand, n int) []float32 {
	x := append(make([]float32, 0, n), edges()...)
	if len(x) > n {
		r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
		x = x[:n]
	}
	for len(x) < n {
		v := math.Float32frombits(r.Uint32())
		if r.IntN(2) == 0 {
			v = float32(r.NormFloat64() * 4)
		}
		x = append(x, v)
	}
	r.Shuffle(n, func(i, j int) { x[i], x[j] = x[j], x[i] })
	return x
}

func bitsOf(v float32) uint32 {
	if v != v {
		return 0x7fc00000
	}
	return math.Float32bits(v)
}

// ulps is the distance of got from want in units of the last place of want rounded
// to float32; infinite if only one of them is NaN or both are infinite apart.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	switch {
	case w != w || got != got:
		if w != w && got != got {
			return 0
		}
		return math.Inf(1)
	case got == w:
		if got == 0 && math.Signbit(float64(got)) != math.Signbit(want) {
			return math.Inf(1)
		}
		if math.IsInf(float64(got), 0) {
			return 0
		}
		return math.Min(0.5, math.Abs(float64(got)-want)/ulpOf(w))
	case math.IsInf(want, 0):
		return math.Inf(1)
	case math.IsInf(float64(got), 0):
		got = float32(math.Copysign(math.MaxFloat32, float64(got)))
		return 1 + math.Abs(float64(got)-want)/0x1p104
	}
	return math.Abs(float64(got)-want) / ulpOf(w)
}

func ulpOf(w float32) float64 {
	_, e := math.Frexp(math.Abs(float64(w)))
	return math.Ldexp(1, max(e-24, -149))
}

// TestVecLengths runs every function at every length around its loops, from misaligned
// starts, beside a page that must not be read, with canaries around what it writes, and in
// place. Wanted are the bits it gives in the middle of a long slice.
func TestVecLengths(t *testing.T) {
	const most = 4*64 + 3
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, f := range vecFuncs {
			x := make([][]float32, f.in)
			guarded := make([][]float32, f.in)
			for j := range x {
				x[j] = samples(r, 512)
				mem := guardedBytes(t, 4*most)
				guarded[j] = unsafe.Slice((*float32)(unsafe.Pointer(&mem[len(mem)-4*most])), most)
			}
			want := make([]float32, 512)
			f.fast(want, x, f.s)
			for n := 0; n <= most; n += 1 + n/70 {
				start := n % 5
				in := make([][]float32, f.in)
				for j := range in {
					in[j] = guarded[j][most-n:]
					copy(in[j], x[j][start:])
				}
				checkVec(t, f, fmt.Sprintf("length %d", n), in, want[start:start+n], n%4)
				for j := range in {
					alias := slices.Clone(in)
					alias[j] = slices.Clone(in[j])
					f.fast(alias[j], alias, f.s)
					diffVec(t, f, fmt.Sprintf("length %d, in place of %d", n, j), in, alias[j], want[start:start+n])
				}
			}
		}
	})
}

// checkVec runs f into a slice between canaries that starts skip elements after a boundary.
func checkVec(t *testing.T, f vecFunc, what string, in [][]float32, want []float32, skip int) {
	t.Helper()
	const canary = -12345
	buf := make([]float32, len(want)+64)
	for i := range buf {
		buf[i] = canary
	}
	got := buf[16+skip:][:len(want)]
	f.fast(got, in, f.s)
	diffVec(t, f, what, in, got, want)
	for i, v := range buf {
		if (i < 16+skip || i >= 16+skip+len(want)) && v != canary {
			t.Fatalf("%s, %s: wrote %v at %d", f.name, what, v, i-16-skip)
		}
	}
}

func diffVec(t *testing.T, f vecFunc, what string, in [][]float32, got, want []float32) {
	t.Helper()
	for i := range want {
		if bitsOf(got[i]) != bitsOf(want[i]) {
			t.Fatalf("%s, %s: at %d got %v (%#x), want %v (%#x), input %v", f.name, what, i,
				got[i], bitsOf(got[i]), want[i], bitsOf(want[i]), column(in, i))
		}
	}
}

func column(in [][]float32, i int) []float32 {
	var c []float32
	for _, x := range in {
		c = append(c, x[i])
	}
	return c
}

// TestVecPortable compares every implementation with the portable loops, and the vector
// ones with each other, on edges in all pairs and on random numbers.
func TestVecPortable(t *testing.T) {
	n := max(impltest.Draws(1<<18), 1<<17) // room for all pairs of edges
	r := rand.New(rand.NewPCG(3, 4))
	e := edges()
	x := make([][]float32, 3)
	for j := range x {
		x[j] = samples(r, n)
	}
	for i, a := range e {
		for j, b := range e {
			x[0][i*len(e)+j], x[1][i*len(e)+j] = a, b
		}
	}
	want, got, first := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, f := range vecFuncs {
		in := x[:f.in]
		f.slow(want, in, f.s)
		for k, name := range impl.Names("kern") {
			restore := impl.Select("kern", name)
			f.fast(got, in, f.s)
			restore()
			if k == 0 {
				copy(first, got)
			}
			what := name + " and " + impl.Portable
			if f.ulp == 0 {
				diffVec(t, f, what, in, got, want)
			}
			for i := range got {
				if u := ulps(got[i], float64(want[i])); !(u <= f.ulp) && f.ulp > 0 {
					t.Fatalf("%s, %s: got %v, want %v within %v ULP, input %v", f.name, what, got[i], want[i], f.ulp, column(in, i))
				}
			}
			if name != impl.Portable {
				diffVec(t, f, name+" and "+impl.Names("kern")[0], in, got, first)
			}
		}
	}
}

// TestVecBits compares the vector implementations with each other on four million random
// bit patterns and ordinary numbers.
func TestVecBits(t *testing.T) {
	names := impl.Names("kern")
	names = names[:len(names)-1]
	if len(names) < 2 {
		t.Skip("fewer than two vector implementations")
	}
	const n = 1 << 16
	r := rand.New(rand.NewPCG(7, 8))
	x := [][]float32{make([]float32, n), make([]float32, n), make([]float32, n)}
	got := [][]float32{make([]float32, n), make([]float32, n)}
	for range 64 {
		for i := range n {
			u, v := r.Uint64(), r.Uint64()
			x[0][i] = math.Float32frombits(uint32(u))
			x[1][i] = math.Float32frombits(uint32(u >> 32))
			x[2][i] = float32(int64(v)) * 0x1p-58 // -32 to 32
			if i%2 == 0 {
				x[0][i], x[2][i] = x[2][i], x[0][i]
			}
		}
		for _, f := range vecFuncs {
			for k, name := range names[:2] {
				restore := impl.Select("kern", name)
				f.fast(got[k], x[:f.in], f.s)
				restore()
			}
			for i, v := range got[0] {
				if w := got[1][i]; math.Float32bits(v) != math.Float32bits(w) {
					t.Fatalf("%s: %s gives %#x, %s %#x, input %v", f.name, names[0], math.Float32bits(v),
						names[1], math.Float32bits(w), column(x[:f.in], i))
				}
			}
		}
	}
}

func FuzzVec(f *testing.F) {
	f.Add(uint8(0), uint32(0), uint32(1<<31), uint32(0x7f800000), uint8(3))
	f.Add(uint8(44), uint32(0x42b17218), uint32(0x3f800000), uint32(0), uint8(17))
	f.Fuzz(func(t *testing.T, which uint8, a, b, c uint32, n uint8) {
		fn := vecFuncs[int(which)%len(vecFuncs)]
		x := make([][]float32, fn.in)
		r := rand.New(rand.NewPCG(uint64(a), uint64(b)))
		for j := range x {
			x[j] = make([]float32, n)
			for i := range x[j] {
				x[j][i] = math.Float32frombits([3]uint32{a, b, c}[(i+j)%3] ^ r.Uint32()>>(r.UintN(33)))
			}
		}
		want := make([]float32, n)
		fn.slow(want, x, fn.s)
		for _, name := range impl.Names("kern") {
			restore := impl.Select("kern", name)
			got := make([]float32, n)
			fn.fast(got, x, fn.s)
			restore()
			for i := range got {
				if fn.ulp == 0 && bitsOf(got[i]) != bitsOf(want[i]) || fn.ulp > 0 && !(ulps(got[i], float64(want[i])) <= fn.ulp) {
					t.Fatalf("%s, %s: got %v, want %v, input %v", fn.name, name, got[i], want[i], column(x, i))
				}
			}
		}
	})
}

func BenchmarkVec(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, size := range []int{1 << 10, 1 << 18} {
		x := make([][]float32, 3)
		for j := range x {
			x[j] = make([]float32, size)
			for i := range x[j] {
				x[j][i] = float32(r.Float64()*4 + 0.1)
			}
		}
		dst := make([]float32, size)
		for _, f := range vecFuncs {
			b.Run(fmt.Sprintf("%s/%d", f.name, size), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					b.SetBytes(int64(4 * size * (f.in + 1)))
					for b.Loop() {
						f.fast(dst, x[:f.in], f.s)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/elem")
				})
			})
		}
	}
}
