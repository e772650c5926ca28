package kern

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
)

// TestBitsEverywhere holds the bits of the elementwise functions and of products against
// those that AVX2 gave, so that no machine computes others. GLIA_UPDATE=1 writes them
// anew.
func TestBitsEverywhere(t *testing.T) {
	if impl.ISA() == impl.Portable {
		t.Skip("the portable loops differ by rounding")
	}
	const path = "testdata/bits.txt"
	lines := append(vecBits(), productBits()...)
	if os.Getenv("GLIA_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(strings.ReplaceAll(string(text), " ", "="))
	if len(lines) != len(want) {
		t.Fatalf("%d results, want the %d of %s", len(lines), len(want), path)
	}
	for i, line := range lines {
		if got := strings.ReplaceAll(line, " ", "="); got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
}

func vecBits() (lines []string) {
	r := rand.New(rand.NewPCG(1, 2))
	var x [3][]float32
	for j := range x {
		x[j] = samples(r, 4099)
	}
	dst := make([]float32, len(x[0]))
	for _, f := range vecFuncs {
		f.fast(dst, [][]float32{x[0], x[1], x[2]}[:f.in], f.s)
		lines = append(lines, f.name+" "+hashOf(dst))
	}
	return lines
}

func productBits() (lines []string) {
	for i, c := range []mmCase{{m: 1, n: 70, k: 300}, {m: 3, n: 50, k: 31}, {m: 29, n: 47, k: 50, bias: true}, {m: 130, n: 96, k: 1100, relu: true}} {
		mmLayouts(func(ta, tb bool) {
			c.transA, c.transB = ta, tb
			p := mmNew[float32](c, mmNormal(uint64(i)))
			p.Run()
			lines = append(lines, fmt.Sprintf("MatMul/%dx%dx%d/%v/%v %s", c.m, c.n, c.k, ta, tb, hashOf(p.C)))
		})
	}
	return lines
}

// hashOf returns a hash of the bits of x; the payloads of NaNs do not count.
func hashOf(x []float32) string {
	h := fnv.New64a()
	for _, v := range x {
		bits := bitsOf(v)
		h.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
	}
	return strconv.FormatUint(h.Sum64(), 16)
}
