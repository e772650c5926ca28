package kern

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
)

// TestVecBitsEverywhere holds the bits of every function against those that AVX2 gave,
// so that no machine computes others. GLIA_UPDATE=1 writes them anew.
func TestVecBitsEverywhere(t *testing.T) {
	const path = "testdata/vecbits.txt"
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	var x [3][]float32
	for j := range x {
		x[j] = samples(r, 4099)
	}
	dst := make([]float32, len(x[0]))
	for _, f := range vecFuncs {
		f.fast(dst, [][]float32{x[0], x[1], x[2]}[:f.in], f.s)
		h := fnv.New64a()
		for _, v := range dst {
			bits := bitsOf(v)
			h.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
		}
		b.WriteString(f.name + " " + strconv.FormatUint(h.Sum64(), 16) + "\n")
	}
	if impl.ISA() == impl.Portable {
		t.Skip("the portable loops differ by rounding")
	}
	if os.Getenv("GLIA_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(b.String(), "\n"), strings.Split(strings.ReplaceAll(string(text), "\r", ""), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d functions, want the %d of %s", len(got), len(want), path)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got %s, want %s", got[i], want[i])
		}
	}
}
