package kern

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
)

// TestBitsEverywhere holds the bits of every family of kernels against those that AVX2
// gave, so that no machine computes others. GLIA_UPDATE=1 writes them anew.
func TestBitsEverywhere(t *testing.T) {
	if impl.ISA() == impl.Portable {
		t.Skip("the portable loops differ by rounding")
	}
	const path = "testdata/bits.txt"
	lines := slices.Concat(vecBits(), productBits(), reduceBits(), softmaxBits(), sweepBits(), convertBits(), halfBits(), philoxBits(), indexBits())
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

// convertBits has numbers of all bits.
func convertBits() (lines []string) {
	const n = 1003
	r := rand.New(rand.NewPCG(9, 10))
	words, floats, halves, bytes := make([]int32, n), make([]float32, n), make([]uint16, n), make([]uint8, n)
	for i := range words {
		words[i] = int32(r.Uint32())
		floats[i] = math.Float32frombits(r.Uint32())
		if i%2 == 0 {
			floats[i] = r.Float32() - 0.5
		}
		halves[i], bytes[i] = uint16(r.Uint32()), uint8(r.Uint32())
	}
	dst, narrow, whole, wide := make([]float32, n), make([]uint16, n), make([]int32, n), make([]float64, n)
	add := func(name string, result []float32) { lines = append(lines, name+" "+hashOf(result)) }
	ScaleU8(dst, bytes, 0.3, -0.7)
	add("ScaleU8", dst)
	I32ToF32(dst, words)
	add("I32ToF32", dst)
	F32ToI32(whole, floats)
	I32ToF32(dst, whole)
	add("F32ToI32", dst)
	F32ToF64(wide, floats)
	for i := range wide {
		wide[i] *= 1 + 0x1p-25
	}
	F64ToF32(dst, wide)
	add("F64ToF32", dst)
	for _, h := range halfTypes {
		h.widen(dst, halves)
		add(h.name+"/widen", dst)
		h.narrow(narrow, floats)
		add(h.name+"/narrow", h.floats(narrow))
		h.round(dst, floats)
		add(h.name+"/round", dst)
	}
	return lines
}

// floats returns the values of x.
func (h halfType) floats(x []uint16) []float32 {
	dst := make([]float32, len(x))
	h.widen(dst, x)
	return dst
}

// halfBits has every function of halves, sums and products of them.
func halfBits() (lines []string) {
	r := rand.New(rand.NewPCG(11, 12))
	for i, h := range halfTypes {
		a, b := make([]uint16, 1003), make([]uint16, 1003)
		for i := range a {
			a[i], b[i] = uint16(r.Uint32()), uint16(r.Uint32())
		}
		dst := make([]uint16, len(a))
		for op := range halfOps {
			h.op(op, dst, a, b)
			lines = append(lines, h.name+"/"+halfNames[op]+" "+hashOf(h.floats(dst)))
		}
		for _, cols := range []int{3, 61, 333} {
			rows := 3
			for i := range a {
				h.narrow(a[i:i+1], []float32{r.Float32() - 0.5})
			}
			add := func(name string, result []float32) {
				lines = append(lines, fmt.Sprintf("%s/%s/%d %s", h.name, name, cols, hashOf(result)))
			}
			sums, of := make([]float32, rows), make([]float32, cols)
			HalfSumRows(i == 0, sums, a, rows, cols)
			add("SumRows", sums)
			HalfMaxRows(i == 0, sums, a, rows, cols)
			add("MaxRows", sums)
			HalfMinRows(i == 0, sums, a, rows, cols)
			add("MinRows", sums)
			HalfSumCols(i == 0, of, a, rows, cols, cols)
			add("SumCols", of)
			HalfSoftmax(i == 0, dst[:rows*cols], a, rows, cols)
			add("Softmax", h.floats(dst[:rows*cols]))
		}
	}
	for i, c := range []mmCase{{m: 1, n: 70, k: 301}, {m: 3, n: 50, k: 31}, {m: 29, n: 47, k: 50, bias: true}, {m: 130, n: 96, k: 1100, relu: true}} {
		mmLayouts(func(ta, tb bool) {
			for f, h := range halfTypes {
				c.transA, c.transB = ta, tb
				p := mmNarrow(mmNew[float32](c, mmNormal(uint64(i))), Narrow(f+1))
				p.Run()
				lines = append(lines, fmt.Sprintf("MatMul%s/%dx%dx%d/%v/%v %s", h.name, c.m, c.n, c.k, ta, tb, hashOf(h.floats(p.C16))))
			}
		})
	}
	subnormalProducts(func(c mmCase, p *MatMul) {
		p.Run()
		lines = append(lines, fmt.Sprintf("MatMulBF16/subnormals/%d %s", c.m, hashOf(halfTypes[0].floats(p.C16))))
	})
	return lines
}

func philoxBits() (lines []string) {
	const key, stream, offset = 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffff*4 - 150
	dst, x := make([]float32, 999), make([]float32, 999)
	for i := range x {
		x[i] = float32(i) - 500
	}
	words := make([]uint32, len(dst))
	Philox(words, key, stream, offset)
	for i, w := range words {
		dst[i] = float32(w>>16) + float32(w&0xffff)/0x10000
	}
	lines = append(lines, "Philox "+hashOf(dst))
	Uniform(dst, key, stream, offset)
	lines = append(lines, "Uniform "+hashOf(dst))
	DropoutMask(dst, key, stream, offset, 0.3)
	lines = append(lines, "DropoutMask "+hashOf(dst))
	Dropout(dst, x, key, stream, offset, 0.3)
	lines = append(lines, "Dropout "+hashOf(dst))
	Normal(dst, key, stream, offset)
	return append(lines, "Normal "+hashOf(dst))
}

func indexBits() []string {
	r := rand.New(rand.NewPCG(13, 14))
	var at []float32
	for n := 1; n < 100; n++ {
		x := randomFloats(r, n, 0)
		at = append(at, float32(ArgMax(x)), float32(ArgMin(x)))
		x[r.IntN(n)] = float32(math.NaN())
		at = append(at, float32(ArgMax(x)))
	}
	return []string{"Arg " + hashOf(at)}
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
