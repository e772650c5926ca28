package kern

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
)

// TestBitsEverywhere holds the bits of every family of kernels of float32 against those
// that AVX2 gave, so that no machine computes others. GLIA_UPDATE=1 writes them anew.
func TestBitsEverywhere(t *testing.T) {
	if impl.ISA() == impl.Portable {
		t.Skip("the portable loops differ by rounding")
	}
	const path = "testdata/bits.txt"
	lines := slices.Concat(vecBits(), productBits(), reduceBits(), softmaxBits(), sweepBits())
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

// reduceBits has rows of one register, of few, and of more than all lanes.
func reduceBits() (lines []string) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, cols := range []int{3, 16, 61, 1027} {
		const rows = 5
		ld := cols + 2
		x := randomFloats(r, rows*ld, 0.2/float64(cols))
		add := func(name string, results ...[]float32) {
			lines = append(lines, fmt.Sprintf("%s/%d %s", name, cols, hashOf(slices.Concat(results...))))
		}
		for _, tt := range rowTests {
			dst := make([]float32, rows)
			tt.run(dst, x, rows, cols, ld)
			add(tt.name, dst)
		}
		for _, tt := range colTests {
			dst := make([]float32, cols)
			tt.run(dst, x, rows, cols, ld)
			add(tt.name, dst)
		}
		wide, rest := make([]float64, rows), make([]float32, rows)
		Sum64Rows(wide, x, rows, cols, ld)
		for i, v := range wide {
			rest[i] = float32(v - float64(float32(v)))
		}
		add("Sum64Rows/rest", rest)
		sums, dst := slices.Clone(x[len(x)-cols:]), make([]float32, rows)
		SumSqBoth(dst, x, sums, rows, cols)
		add("SumSqBoth", dst, sums)
	}
	return lines
}

// softmaxBits has the passes, and the functions that are made of them: of short rows, and
// of rows of more than a block.
func softmaxBits() (lines []string) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, cols := range []int{3, 70, softElems + 50} {
		const rows = 5
		var in [4][]float32
		for i := range in {
			in[i] = randomFloats(r, rows*cols, 0.2/float64(cols))
		}
		dst, number := make([]float32, rows*cols), make([]float32, rows)
		add := func(name string, result []float32) {
			lines = append(lines, fmt.Sprintf("%s/%d %s", name, cols, hashOf(result)))
		}
		for _, tt := range passTests {
			result := dst
			if tt.reduces {
				result = number
			}
			tt.run(result, append(slices.Clone(in[:tt.rows]), in[2:][:tt.numbers]...), rows, cols)
			add(tt.name, result)
		}
		Softmax(dst, in[0], rows, cols)
		add("Softmax", dst)
		SoftmaxGrad(dst, in[0], in[1], rows, cols)
		add("SoftmaxGrad", dst)
		LogSoftmax(dst, in[0], rows, cols)
		add("LogSoftmax", dst)
		LogSoftmaxGrad(dst, in[0], in[1], rows, cols)
		add("LogSoftmaxGrad", dst)
		SoftmaxCrossEntropy(number, dst, in[0], in[1], rows, cols)
		add("SoftmaxCrossEntropy", slices.Concat(number, dst))
	}
	return lines
}

func sweepBits() (lines []string) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, tt := range sweepTests {
		slots := make([][]float32, tt.slots)
		for i := range slots {
			slots[i] = randomFloats(r, 1003, 0.01)
		}
		tt.run(slots)
		lines = append(lines, tt.name+" "+hashOf(slices.Concat(slots...)))
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
