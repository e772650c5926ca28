package kern

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// A guard is memory that ends where a page begins that cannot be touched (on
// systems where the tests know how), and has canaries in front.
type guard struct {
	mem  []byte
	free int // bytes before the slice last handed out
}

const canary = 0xa5

func newGuard(t testing.TB, size int) *guard {
	return &guard{mem: guardedBytes(t, size)}
}

// tail returns the last n elements of g, and puts canaries into all of the rest. As n
// varies they start at every alignment.
func tail[T any](g *guard, n int) []T {
	var e T
	start := len(g.mem) - n*int(unsafe.Sizeof(e))
	for i := range start {
		g.mem[i] = canary
	}
	g.free = start
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&g.mem[start])), n)
}

// tailOf is tail with the values of x.
func tailOf[T any](g *guard, x []T) []T {
	s := tail[T](g, len(x))
	copy(s, x)
	return s
}

func (g *guard) check(t testing.TB) {
	t.Helper()
	for i, b := range g.mem[:g.free] {
		if b != canary {
			t.Fatalf("byte written %d before the slice", g.free-i)
		}
	}
}

// same compares bits, and takes any NaN for any other.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// wantSame fails the test at the first element of got that is not that of want.
func wantSame(t testing.TB, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !same(got[i], want[i]) {
			t.Fatalf("%s: element %d of %d is %v (%08x), want %v (%08x)", what, i, len(want),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

var special = []float32{
	0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	math.SmallestNonzeroFloat32, -0x1p-130, math.MaxFloat32, -math.MaxFloat32, 1, -1,
}

// randomFloats returns n numbers around 1, some of which are special with
// probability p.
func randomFloats(r *rand.Rand, n int, p float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		if r.Float64() < p {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}
