package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
)

// The passes that softmax is made of: inputs of rows, inputs of one number per row,
// and whether the result is one number per row too.
var passTests = []struct {
	name          string
	rows, numbers int
	reduces       bool
	run, want     func(dst []float32, in [][]float32, rows, cols int)
}{
	{
		"subRows", 1, 1, false,
		func(dst []float32, in [][]float32, rows, cols int) { subRows(dst, in[0], in[1], rows, cols) },
		func(dst []float32, in [][]float32, rows, cols int) { subRowsGo(dst, in[0], in[1], rows, cols) },
	},
	{
		"scaleRows", 1, 1, false,
		func(dst []float32, in [][]float32, rows, cols int) { scaleRows(dst, in[0], in[1], rows, cols) },
		func(dst []float32, in [][]float32, rows, cols int) { scaleRowsGo(dst, in[0], in[1], rows, cols) },
	},
	{
		"subMulRows", 2, 1, false,
		func(dst []float32, in [][]float32, rows, cols int) {
			subMulRows(dst, in[0], in[1], in[2], rows, cols)
		},
		func(dst []float32, in [][]float32, rows, cols int) {
			subMulRowsGo(dst, in[0], in[1], in[2], rows, cols)
		},
	},
	{
		"entropyGradRows", 2, 2, false,
		func(dst []float32, in [][]float32, rows, cols int) {
			entropyGradRows(dst, in[0], in[1], in[2], in[3], rows, cols)
		},
		func(dst []float32, in [][]float32, rows, cols int) {
			entropyGradRowsGo(dst, in[0], in[1], in[2], in[3], rows, cols)
		},
	},
	{
		"entropyRows", 2, 2, true,
		func(dst []float32, in [][]float32, rows, cols int) {
			entropyRows(dst, in[0], in[1], in[2], in[3], rows, cols)
		},
		func(dst []float32, in [][]float32, rows, cols int) {
			entropyRowsGo(dst, in[0], in[1], in[2], in[3], rows, cols)
		},
	},
}

func TestSoftmaxPasses(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		var guards [5]*guard
		for i := range guards {
			guards[i] = newGuard(t, 4*3*200)
		}
		for _, tt := range passTests {
			r := rand.New(rand.NewPCG(11, 12))
			for cols := range 3*64 + 4 {
				for _, rows := range []int{0, 1, 3} {
					var in [][]float32
					for i := range tt.rows + tt.numbers {
						n := rows * cols
						if i >= tt.rows {
							n = rows
						}
						in = append(in, tailOf(guards[i+1], randomFloats(r, n, 0.01)))
					}
					n := rows * cols
					if tt.reduces {
						n = rows
					}
					want, got := make([]float32, n), tail[float32](guards[0], n)
					tt.want(want, in, rows, cols)
					tt.run(got, in, rows, cols)
					wantSame(t, fmt.Sprintf("%s: %d rows of %d", tt.name, rows, cols), got, want)
					for _, g := range guards {
						g.check(t)
					}
				}
			}
		}
	})
}

// softmax64 returns the softmax and the logarithm of the sum of one row.
func softmax64(x []float32) (p []float64, lse float64) {
	m := math.Inf(-1)
	for _, v := range x {
		m = math.Max(m, float64(v))
	}
	var sum float64
	p = make([]float64, len(x))
	for c, v := range x {
		p[c] = math.Exp(float64(v) - m)
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p, m + math.Log(sum)
}

// near reports whether got is want to a few units in the last place of float32, or
// to what is lost when numbers of the size of scale are subtracted.
func near(got float32, want, scale float64) bool {
	if math.IsInf(want, 0) || math.IsNaN(want) {
		return same(got, float32(want))
	}
	return math.Abs(float64(got)-want) <= 1e-6*math.Abs(want)+1.5e-7*scale+1e-37
}

// softmaxCase is a batch of logits with what all functions make of it.
type softmaxCase struct {
	rows, cols            int
	x, labels, dy, dyRows []float32
	classes               []int32
}

func newSoftmaxCase(rows, cols int, scale float64, holes bool) *softmaxCase {
	r := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	c := &softmaxCase{rows: rows, cols: cols}
	c.x, c.labels = randomFloats(r, rows*cols, 0), randomFloats(r, rows*cols, 0)
	c.dy, c.dyRows = randomFloats(r, rows*cols, 0), randomFloats(r, rows, 0)
	for i := range c.x {
		c.x[i] *= float32(scale)
		c.labels[i] = max(0, c.labels[i])
		if holes && i%cols != 0 && r.IntN(3) == 0 {
			c.x[i], c.labels[i] = float32(math.Inf(-1)), 0
		}
	}
	for i := range rows {
		class := int32(r.IntN(cols))
		if i%5 == 4 {
			class = -1
		}
		c.classes = append(c.classes, class)
	}
	return c
}

// results runs every function on c.
func (c *softmaxCase) results() map[string][]float32 {
	n := c.rows * c.cols
	out := map[string][]float32{}
	buf := func(name string, n int) []float32 {
		b := make([]float32, n+1)
		b[n] = 77
		out[name] = b
		return b[:n]
	}
	p := buf("Softmax", n)
	Softmax(p, c.x, c.rows, c.cols)
	inPlace := buf("Softmax in place", n)
	copy(inPlace, c.x)
	Softmax(inPlace, inPlace, c.rows, c.cols)
	l := buf("LogSoftmax", n)
	LogSoftmax(l, c.x, c.rows, c.cols)
	SoftmaxGrad(buf("SoftmaxGrad", n), p, c.dy, c.rows, c.cols)
	LogSoftmaxGrad(buf("LogSoftmaxGrad", n), l, c.dy, c.rows, c.cols)
	probs := buf("probs", n)
	SoftmaxCrossEntropy(buf("loss", c.rows), probs, c.x, c.labels, c.rows, c.cols)
	SoftmaxCrossEntropy(buf("loss without probs", c.rows), nil, c.x, c.labels, c.rows, c.cols)
	SoftmaxCrossEntropyGrad(buf("loss gradient", n), probs, c.labels, c.dyRows, c.rows, c.cols)
	sparse := buf("sparse probs", n)
	SparseSoftmaxCrossEntropy(buf("sparse loss", c.rows), sparse, c.x, c.classes, c.rows, c.cols)
	SparseSoftmaxCrossEntropy(buf("sparse loss without probs", c.rows), nil, c.x, c.classes, c.rows, c.cols)
	SparseSoftmaxCrossEntropyGrad(buf("sparse gradient", n), sparse, c.classes, c.dyRows, c.rows, c.cols)
	return out
}

var softmaxCases = []*softmaxCase{
	newSoftmaxCase(1, 1, 1, false), newSoftmaxCase(130, 10, 3, false), newSoftmaxCase(7, 10, 1e4, false),
	newSoftmaxCase(3, 17, 5, true), newSoftmaxCase(9, 33, 1, false), newSoftmaxCase(70, 64, 2, true),
	newSoftmaxCase(5, 1000, 4, false), newSoftmaxCase(2, 2048, 1, false), newSoftmaxCase(3, 5000, 6, true),
	newSoftmaxCase(2, 4097, 1e4, false),
}

func TestSoftmax(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, c := range softmaxCases {
			got := c.results()
			for name, b := range got {
				if b[len(b)-1] != 77 {
					t.Errorf("%s of %d rows of %d wrote after its end", name, c.rows, c.cols)
				}
			}
			for r := range c.rows {
				c.checkRow(t, got, r)
			}
		}
	})
}

// checkRow compares row r of the results with float64.
func (c *softmaxCase) checkRow(t *testing.T, got map[string][]float32, r int) {
	t.Helper()
	at := r * c.cols
	p, lse := softmax64(c.x[at:][:c.cols])
	var dot, sumDy, sumLabels, loss, labelSize float64
	size := math.Abs(lse)
	for j := range p {
		x, l := float64(c.x[at+j]), float64(c.labels[at+j])
		if !math.IsInf(x, 0) {
			size = max(size, math.Abs(x))
		}
		dot += p[j] * float64(c.dy[at+j])
		sumDy += float64(c.dy[at+j])
		sumLabels += l
		if l != 0 {
			loss += l * (lse - x)
			labelSize += l * math.Abs(lse-x)
		}
	}
	dyr := float64(c.dyRows[r])
	check := func(name string, i int, want, scale float64) {
		t.Helper()
		if g := got[name][i]; !near(g, want, scale) {
			t.Fatalf("%s of %d rows of %d, element %d: got %v, want %v", name, c.rows, c.cols, i, g, want)
		}
	}
	for j := range p {
		i := at + j
		l, dy := float64(c.labels[i]), float64(c.dy[i])
		// The difference to the greatest logit is rounded before its exponential.
		err := p[j] * min(size, 100)
		check("Softmax", i, p[j], err)
		check("Softmax in place", i, p[j], err)
		check("probs", i, p[j], err)
		check("LogSoftmax", i, float64(c.x[i])-lse, 2*size)
		check("SoftmaxGrad", i, p[j]*(dy-dot), 4+err)
		check("LogSoftmaxGrad", i, dy-p[j]*sumDy, math.Abs(dy)+(1+size)*math.Abs(p[j]*sumDy)+float64(c.cols))
		check("loss gradient", i, (p[j]*sumLabels-l)*dyr, 8*(p[j]*sumLabels+l)*math.Abs(dyr)*(1+min(size, 100)))
		one := 0.0
		if int(c.classes[r]) == j {
			one = 1
		}
		want := (p[j] - one) * dyr
		if c.classes[r] < 0 {
			want = 0
		}
		check("sparse gradient", i, want, 4+err)
	}
	check("loss", r, loss, 4*(labelSize+size*sumLabels))
	check("loss without probs", r, loss, 4*(labelSize+size*sumLabels))
	want := 0.0
	if class := c.classes[r]; class >= 0 {
		want = lse - float64(c.x[at+int(class)])
	}
	check("sparse loss", r, want, 4*size)
	check("sparse loss without probs", r, want, 4*size)
}

// The vector implementations agree in every bit.
func TestSoftmaxBits(t *testing.T) {
	first := map[string][]float32{}
	impltest.All(t, "kern", func(t *testing.T) {
		if impl.ISA() == impl.Portable {
			t.Skip("the portable exponential may differ in the last place")
		}
		for i, c := range softmaxCases {
			for name, got := range c.results() {
				key := fmt.Sprint(i, name)
				if want, ok := first[key]; ok {
					wantSame(t, name, got, want)
				}
				first[key] = got
			}
		}
	})
}

func TestSoftmaxEdges(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	impltest.All(t, "kern", func(t *testing.T) {
		for _, tt := range []struct{ x, want []float32 }{
			{[]float32{5}, []float32{1}},
			{[]float32{1e4, -1e4, 1e4}, []float32{0.5, 0, 0.5}},
			{[]float32{-inf, 0, -inf, 0}, []float32{0, 0.5, 0, 0.5}},
			{[]float32{-3e38, 3e38}, []float32{0, 1}},
			{[]float32{-inf, -inf}, []float32{nan, nan}},
			{[]float32{0, nan, 1}, []float32{nan, nan, nan}},
		} {
			got := make([]float32, len(tt.x))
			Softmax(got, tt.x, 1, len(tt.x))
			wantSame(t, fmt.Sprintf("Softmax(%v)", tt.x), got, tt.want)
		}
		// A label of 0 on an impossible class costs nothing, another one everything.
		var loss [1]float32
		x := []float32{0, -inf, 0}
		SoftmaxCrossEntropy(loss[:], nil, x, []float32{1, 0, 0}, 1, 3)
		if !near(loss[0], math.Ln2, 0) {
			t.Errorf("loss is %v, want ln 2", loss[0])
		}
		SoftmaxCrossEntropy(loss[:], nil, x, []float32{0, 1, 0}, 1, 3)
		if loss[0] != inf {
			t.Errorf("loss is %v, want +Inf", loss[0])
		}
	})
}

func TestSoftmaxAllocs(t *testing.T) {
	c := newSoftmaxCase(130, 10, 1, false)
	loss, p := make([]float32, c.rows), make([]float32, len(c.x))
	allocs := testing.AllocsPerRun(10, func() {
		Softmax(p, c.x, c.rows, c.cols)
		LogSoftmax(p, c.x, c.rows, c.cols)
		SoftmaxCrossEntropy(loss, nil, c.x, c.labels, c.rows, c.cols)
		SparseSoftmaxCrossEntropy(loss, p, c.x, c.classes, c.rows, c.cols)
		SoftmaxCrossEntropyGrad(p, p, c.labels, c.dyRows, c.rows, c.cols)
		Dropout(p, c.x, 1, 2, 3, 0.5)
		Normal(p, 1, 2, 3)
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}

func FuzzSoftmax(f *testing.F) {
	f.Add(uint64(1), 100, 3)
	f.Fuzz(func(t *testing.T, seed uint64, cols, rows int) {
		cols, rows = 1+int(uint(cols)%3000), int(uint(rows)%5)
		x := randomFloats(rand.New(rand.NewPCG(seed, 0)), rows*cols, 0)
		got := make([]float32, len(x))
		Softmax(got, x, rows, cols)
		for r := range rows {
			want, _ := softmax64(x[r*cols:][:cols])
			for c, w := range want {
				if g := got[r*cols+c]; !near(g, w, 20*w) {
					t.Fatalf("row %d, column %d of %d: got %v, want %v", r, c, cols, g, w)
				}
			}
		}
	})
}

func BenchmarkSoftmax(b *testing.B) {
	for _, shape := range [][2]int{{128, 10}, {128, 128}, {128, 1000}, {8, 50000}} {
		c := newSoftmaxCase(shape[0], shape[1], 1, false)
		p, loss := make([]float32, len(c.x)), make([]float32, c.rows)
		for _, bm := range []struct {
			name string
			run  func()
		}{
			{"Exp", func() { Exp(p, c.x) }},
			{"Softmax", func() { Softmax(p, c.x, c.rows, c.cols) }},
			{"LogSoftmax", func() { LogSoftmax(p, c.x, c.rows, c.cols) }},
			{"CrossEntropy", func() { SoftmaxCrossEntropy(loss, p, c.x, c.labels, c.rows, c.cols) }},
			{"CrossEntropyGrad", func() { SoftmaxCrossEntropyGrad(p, c.x, c.labels, c.dyRows, c.rows, c.cols) }},
			{"SparseCrossEntropy", func() { SparseSoftmaxCrossEntropy(loss, p, c.x, c.classes, c.rows, c.cols) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", bm.name, c.rows, c.cols), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					b.SetBytes(int64(8 * len(c.x)))
					b.ReportAllocs()
					for b.Loop() {
						bm.run()
					}
				})
			})
		}
	}
}
