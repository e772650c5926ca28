package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/par"
)

const mmCanary = 12345678

// mmCase is a product to test.
type mmCase struct {
	m, n, k        int
	transA, transB bool
	padA, padB     int // elements after each stored row
	padC           int
	batch          int
	sharedA        bool // one A for the whole batch
	sharedB        bool
	bias, relu     bool
}

// mmNew fills operands with draw and C with canaries.
func mmNew[T Float](c mmCase, draw func() float64) *Product[T] {
	matrix := func(rows, cols, pad int, trans bool) (s []T, ld, stride int) {
		if trans {
			rows, cols = cols, rows
		}
		ld = cols + pad
		stride = rows*ld + pad
		s = make([]T, max(1, c.batch)*stride)
		for i := range s {
			s[i] = T(draw())
		}
		return s, ld, stride
	}
	p := &Product[T]{M: c.m, N: c.n, K: c.k, TransA: c.transA, TransB: c.transB, Batch: c.batch}
	p.A, p.LDA, p.StrideA = matrix(c.m, c.k, c.padA, c.transA)
	p.B, p.LDB, p.StrideB = matrix(c.k, c.n, c.padB, c.transB)
	p.C, p.LDC, p.StrideC = matrix(c.m, c.n, c.padC, false)
	for i := range p.C {
		p.C[i] = mmCanary
	}
	if c.sharedA {
		p.StrideA = 0
	}
	if c.sharedB {
		p.StrideB = 0
	}
	if c.bias {
		p.Bias = make([]T, c.n)
		for i := range p.Bias {
			p.Bias[i] = T(draw())
		}
	}
	if c.relu {
		p.Act = ReLU
	}
	return p
}

// mmWant computes element (i,j) of matrix b, and the sum of the magnitudes it adds up.
func mmWant[T Float](p *Product[T], b, i, j int) (sum, mag float64) {
	if p.Bias != nil {
		sum = float64(p.Bias[j])
		mag = math.Abs(sum)
	}
	for k := range p.K {
		ia, ib := i*p.LDA+k, k*p.LDB+j
		if p.TransA {
			ia = k*p.LDA + i
		}
		if p.TransB {
			ib = j*p.LDB + k
		}
		x := float64(p.A[b*p.StrideA+ia]) * float64(p.B[b*p.StrideB+ib])
		sum += x
		mag += math.Abs(x)
	}
	if p.Act == ReLU && sum < 0 {
		sum = 0
	}
	return sum, mag
}

// mmCheck compares C with float64 sums and looks for writes beside it. Where the
// operands are small integers, every order of additions is exact, and so is the check.
func mmCheck[T Float](t *testing.T, name any, p *Product[T], exact bool) {
	t.Helper()
	eps := 0x1p-23
	if _, ok := any(p.C).([]float64); ok {
		eps = 0x1p-52
	}
	inside := make([]bool, len(p.C))
	for b := range max(1, p.Batch) {
		for i := range p.M {
			for j := range p.N {
				at := b*p.StrideC + i*p.LDC + j
				inside[at] = true
				want, mag := mmWant(p, b, i, j)
				tol := eps * mag * math.Sqrt(float64(p.K+4))
				if exact {
					tol = 0
				}
				if got := float64(p.C[at]); !(math.Abs(got-want) <= tol) {
					t.Fatalf("%+v: C[%d][%d,%d] = %v, want %v ± %v", name, b, i, j, got, want, tol)
				}
			}
		}
	}
	for at, in := range inside {
		if !in && p.C[at] != mmCanary {
			t.Fatalf("%+v: wrote beside C, at %d (LDC %d)", name, at, p.LDC)
		}
	}
}

func mmInts(seed uint64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func() float64 { return float64(r.IntN(7) - 3) }
}

func mmNormal(seed uint64) func() float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	return r.NormFloat64
}

// mmLayouts are the four ways to store the operands.
func mmLayouts(f func(transA, transB bool)) {
	for _, ta := range []bool{false, true} {
		for _, tb := range []bool{false, true} {
			f(ta, tb)
		}
	}
}

func TestMatMulSmall(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		draw := mmInts(1)
		ks := []int{0, 1, 2, 3, 4, 5, 7, 15, 16, 17, 33}
		for m := range 17 {
			for n := range 37 {
				mmLayouts(func(ta, tb bool) {
					c := mmCase{m: m, n: n, k: ks[(m+7*n)%len(ks)], transA: ta, transB: tb,
						padA: n % 3, padB: m % 4, padC: (m + n) % 5, bias: n%2 == 0, relu: m%3 == 0}
					p := mmNew[float32](c, draw)
					p.Run()
					mmCheck(t, c, p, true)
				})
			}
		}
	})
}

// mmShapes are shapes that take each way through the cuts: few and many rows,
// packed operands and operands in place, one window and several.
var mmShapes = []mmCase{
	{m: 1, n: 300, k: 70}, {m: 2, n: 257, k: 33}, {m: 3, n: 130, k: 1}, {m: 5, n: 100, k: 90}, {m: 6, n: 65, k: 40},
	{m: 14, n: 33, k: 100}, {m: 15, n: 31, k: 17}, {m: 29, n: 47, k: 50}, {m: 43, n: 64, k: 512}, {m: 128, n: 10, k: 128},
	{m: 10, n: 512, k: 1030}, {m: 70, n: 512, k: 65}, {m: 40, n: 1024, k: 512}, {m: 130, n: 129, k: 131},
	{m: 261, n: 100, k: 1100}, {m: 300, n: 520, k: 400}, {m: 4200, n: 40, k: 40}, {m: 31, n: 4200, k: 70},
	{m: 64, n: 65, k: 133}, {m: 128, n: 128, k: 130}, {m: 4224, n: 72, k: 70}, {m: 20, n: 600, k: 300}, // A or B crowds the L1 cache
	{m: 100, n: 50, k: 2048}, {m: 150, n: 130, k: 1100}, {m: 600, n: 100, k: 17}, // one operand packed by the kernel, the other before
}

func TestMatMulShapes(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i, c := range mmShapes {
			if impl.ISA() == impl.Portable && c.m*c.n*c.k > 8<<20 {
				continue
			}
			mmLayouts(func(ta, tb bool) {
				c := c
				c.transA, c.transB = ta, tb
				c.padC, c.bias, c.relu = i%3, i%2 == 0, i%4 == 0
				p := mmNew[float32](c, mmInts(uint64(i)))
				p.Run()
				mmCheckSome(t, c, p)
			})
		}
	})
}

// mmCheckSome is an exact mmCheck at the edges of C and at random places.
func mmCheckSome(t *testing.T, name any, p *Product[float32]) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	check := func(b, i, j int) {
		want, _ := mmWant(p, b, i, j)
		if got := float64(p.C[b*p.StrideC+i*p.LDC+j]); got != want {
			t.Fatalf("%+v: C[%d][%d,%d] = %v, want %v", name, b, i, j, got, want)
		}
	}
	for b := range max(1, p.Batch) {
		for i := range p.M {
			check(b, i, r.IntN(p.N))
			check(b, i, p.N-1)
		}
		for j := range p.N {
			check(b, r.IntN(p.M), j)
			check(b, p.M-1, j)
		}
		for range min(500, p.M*p.N) {
			check(b, r.IntN(p.M), r.IntN(p.N))
		}
	}
	for at, x := range p.C {
		if in := at % p.StrideC; in/p.LDC < p.M && in%p.LDC < p.N {
			if x == mmCanary {
				t.Fatalf("%+v: C at %d was not written", name, at)
			}
		} else if x != mmCanary {
			t.Fatalf("%+v: wrote beside C, at %d", name, at)
		}
	}
}

func TestMatMulRounding(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i, c := range []mmCase{{m: 33, n: 50, k: 300, bias: true}, {m: 1, n: 200, k: 784}, {m: 60, n: 40, k: 1500, relu: true}} {
			mmLayouts(func(ta, tb bool) {
				c := c
				c.transA, c.transB = ta, tb
				p := mmNew[float32](c, mmNormal(uint64(i)))
				p.Run()
				mmCheck(t, c, p, false)
			})
		}
	})
}

func TestMatMul64(t *testing.T) {
	for i, c := range []mmCase{{m: 1, n: 1, k: 1}, {m: 5, n: 7, k: 9, bias: true}, {m: 130, n: 50, k: 80, relu: true}, {m: 3, n: 4, k: 0}} {
		mmLayouts(func(ta, tb bool) {
			c := c
			c.transA, c.transB, c.padB, c.padC = ta, tb, 1, 2
			p := mmNew[float64](c, mmNormal(uint64(i)))
			p.Run()
			mmCheck(t, c, p, false)
		})
	}
}

func TestMatMulBatch(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i, c := range []mmCase{
			{m: 17, n: 20, k: 12, batch: 3}, {m: 64, n: 64, k: 32, batch: 24}, {m: 30, n: 64, k: 20, batch: 9, sharedB: true},
			{m: 30, n: 64, k: 20, batch: 5, sharedA: true, bias: true}, {m: 200, n: 512, k: 512, batch: 2},
			{m: 20, n: 40, k: 1100, batch: 3}, {m: 0, n: 3, k: 2, batch: 2},
		} {
			if impl.ISA() == impl.Portable && c.m*c.n*c.k > 8<<20 {
				continue
			}
			mmLayouts(func(ta, tb bool) {
				c := c
				c.transA, c.transB, c.padC = ta, tb, i%2
				p := mmNew[float32](c, mmInts(uint64(i)))
				p.Run()
				if c.m > 0 {
					mmCheckSome(t, c, p)
				}
			})
		}
	})
}

// TestMatMulSameBits holds results against those of every implementation with
// fused multiply-adds, of other numbers of threads, and of each row alone.
func TestMatMulSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i, c := range []mmCase{{m: 61, n: 70, k: 90, bias: true}, {m: 130, n: 1024, k: 500}, {m: 9, n: 300, k: 1100, relu: true}} {
		mmLayouts(func(ta, tb bool) {
			c := c
			c.transA, c.transB = ta, tb
			p := mmNew[float32](c, mmNormal(uint64(i)))
			var first []float32
			for _, name := range impl.Names("kern") {
				restore := impl.Select("kern", name)
				if name == impl.Portable {
					first = nil
				}
				for _, procs := range impltest.Processors() {
					runtime.GOMAXPROCS(procs)
					p.Run()
					if first == nil {
						first = slices.Clone(p.C)
					}
					mmSame(t, fmt.Sprintf("%+v %s, %d threads", c, name, procs), p.C, first)
				}
				row := *p
				row.M = 1
				row.C = make([]float32, c.n)
				for r := 0; r < c.m; r += 7 {
					row.A = p.A[r*p.LDA:]
					if ta {
						row.A = p.A[r:]
					}
					row.Run()
					mmSame(t, fmt.Sprintf("%+v %s, row %d alone", c, name, r), row.C, first[r*p.LDC:][:c.n])
				}
				restore()
			}
		})
	}
}

// TestMatMulChain holds every bit against chains of multiply-adds that are each rounded
// once, of signed zeros, subnormals, infinities and NaN too, where whole vectors and parts
// of them end with the rows of B in place and packed.
func TestMatMulChain(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	for _, scale := range []float32{1, 0x1p-66} {
		for i, n := range []int{1, 3, 4, 5, 8, 12, 13, 24, 28, 48, 50, 60, 100} {
			m, k := 1+5*i%13, []int{0, 1, 3, 7, 64, 171}[(i+int(r.Uint32()%2))%6]
			mmLayouts(func(ta, tb bool) {
				c := mmCase{m: m, n: n, k: k, transA: ta, transB: tb, padA: i % 2, padB: i % 3, padC: i % 4, batch: 2,
					sharedA: i%5 == 0, sharedB: i%3 == 0, bias: n%3 == 0, relu: n%2 == 0}
				p := mmNew[float32](c, func() float64 {
					if r.IntN(50) == 0 {
						return float64(special[r.IntN(len(special))])
					}
					return float64(scale * float32(r.NormFloat64()))
				})
				for _, name := range impl.Names("kern") {
					if name == impl.Portable {
						continue // rounds products
					}
					restore := impl.Select("kern", name)
					p.Run()
					restore()
					for b := range 2 {
						for i := range m {
							for j := range n {
								if got, want := p.C[b*p.StrideC+i*p.LDC+j], mmChain(p, b, i, j); !same(got, want) {
									t.Fatalf("%s, %+v: C[%d][%d,%d] = %v, want %v", name, c, b, i, j, got, want)
								}
							}
						}
					}
				}
			})
		}
	}
}

// mmChain computes element (i,j) of matrix b as kernels do.
func mmChain(p *MatMul, b, i, j int) (x float32) {
	if p.Bias != nil {
		x = p.Bias[j]
	}
	for k := range p.K {
		ia, ib := i*p.LDA+k, k*p.LDB+j
		if p.TransA {
			ia = k*p.LDA + i
		}
		if p.TransB {
			ib = j*p.LDB + k
		}
		x = fma32(p.A[b*p.StrideA+ia], p.B[b*p.StrideB+ib], x)
	}
	if p.Act == ReLU && x < 0 {
		return 0
	}
	return x
}

func mmSame(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d = %v, want %v", name, i, got[i], want[i])
		}
	}
}

func TestMatMulNaNInf(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, m := range []int{1, 2, 5, 14, 20} {
			for _, n := range []int{1, 9, 16, 40, 130} {
				p := mmNew[float32](mmCase{m: m, n: n, k: 6, relu: true}, func() float64 { return -1 })
				for i := range p.B {
					p.B[i] = 1
				}
				p.A[(m-1)*p.LDA] = nan
				p.B[3*p.LDB+n-1] = inf // times -1
				p.Run()
				for i := range m {
					for j := range n {
						got := p.C[i*p.LDC+j]
						if wantNaN := i == m-1; wantNaN != (got != got) || !wantNaN && got != 0 {
							t.Fatalf("m=%d n=%d: ReLU at [%d,%d] = %v", m, n, i, j, got)
						}
					}
				}
				p.Act = NoAct
				p.Run()
				for i := range m - 1 {
					if got := p.C[i*p.LDC+n-1]; got != -inf {
						t.Fatalf("m=%d n=%d: C[%d,%d] = %v, want -Inf", m, n, i, n-1, got)
					}
				}
			}
		}
	})
}

// mmCover counts how often each element of C is reported, and that it is final.
type mmCover struct {
	p    *MatMul
	want []float32
	n    []int32
	bad  chan string
}

func (e *mmCover) Block(b, i0, i1, j0, j1 int, w *par.Worker) {
	extra := w.Extra(64)
	for i := range extra {
		extra[i] = 0xff // must not harm the product's own memory
	}
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			at := b*e.p.StrideC + i*e.p.LDC + j
			e.n[at]++
			if e.p.C[at] != e.want[at] {
				select {
				case e.bad <- fmt.Sprintf("[%d][%d,%d] = %v, want %v", b, i, j, e.p.C[at], e.want[at]):
				default:
				}
			}
			e.p.C[at]++ // an epilogue may change what it is shown
		}
	}
}

func TestMatMulEpilogue(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, c := range append(mmShapes[:14:14], mmCase{m: 20, n: 30, k: 10, batch: 7}, mmCase{m: 3, n: 5}) {
			mmLayouts(func(ta, tb bool) {
				c := c
				c.transA, c.transB, c.relu = ta, tb, true
				p := mmNew[float32](c, mmInts(5))
				p.Run()
				e := &mmCover{p: p, want: slices.Clone(p.C), n: make([]int32, len(p.C)), bad: make(chan string, 1)}
				p.After = e
				p.Run()
				select {
				case s := <-e.bad:
					t.Fatalf("%+v: Block saw C%s", c, s)
				default:
				}
				for at, n := range e.n {
					if in := at % p.StrideC; in/p.LDC < p.M && in%p.LDC < p.N && n != 1 {
						t.Fatalf("%+v: element %d was reported %d times", c, at, n)
					}
				}
			})
		}
	})
}

func TestMatMulAllocs(t *testing.T) {
	for _, c := range []mmCase{{m: 1, n: 128, k: 784}, {m: 128, n: 128, k: 128}, {m: 512, n: 512, k: 512}, {m: 64, n: 64, k: 64, transB: true}} {
		p := mmNew[float32](c, mmInts(1))
		p.Run()
		if n := testing.AllocsPerRun(20, p.Run); n != 0 {
			t.Errorf("%dx%dx%d allocates %v times", c.m, c.n, c.k, n)
		}
	}
}

func TestFMALoop(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		if one, ten := FMALoop(1), FMALoop(10); one <= 0 || ten != 10*one {
			t.Errorf("1 round is %d operations, 10 are %d", one, ten)
		}
	})
}

func FuzzMatMul(f *testing.F) {
	f.Add(uint16(3), uint16(40), uint16(5), uint8(0), uint64(1))
	f.Add(uint16(128), uint16(10), uint16(128), uint8(2), uint64(2))
	f.Fuzz(func(t *testing.T, m, n, k uint16, flags uint8, seed uint64) {
		c := mmCase{m: int(m % 200), n: int(n % 300), k: int(k % 600), transA: flags&1 != 0, transB: flags&2 != 0,
			bias: flags&4 != 0, relu: flags&8 != 0, padA: int(flags >> 6), padB: int(flags >> 5 & 1), padC: int(flags >> 4 & 1), batch: int(seed % 3)}
		p := mmNew[float32](c, mmInts(seed))
		p.Run()
		if c.m > 0 && c.n > 0 {
			mmCheckSome(t, c, p)
		}
	})
}

// BenchmarkFMALoop is the peak that BenchmarkMatMul's figures are to be held against.
func BenchmarkFMALoop(b *testing.B) {
	impltest.Bench(b, "kern", func(b *testing.B) {
		flops := 0
		for b.Loop() {
			flops += FMALoop(1000)
		}
		b.ReportMetric(float64(flops)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}

// BenchmarkMatMul runs shapes of layers and squares, plain and with either side transposed.
func BenchmarkMatMul(b *testing.B) {
	for _, s := range [][3]int{{128, 128, 784}, {784, 128, 128}, {128, 128, 128}, {128, 784, 128}, {64, 4096, 576},
		{512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048}, {128, 10, 128}, {10, 128, 128}, {128, 128, 10}, {1, 128, 784}} {
		for _, l := range []string{"NN", "TN", "NT"} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", s[0], s[1], s[2], l), func(b *testing.B) {
				p := mmNew[float32](mmCase{m: s[0], n: s[1], k: s[2], transA: l[0] == 'T', transB: l[1] == 'T'}, mmNormal(1))
				b.ReportAllocs()
				for b.Loop() {
					p.Run()
				}
				b.ReportMetric(2*float64(p.M)*float64(p.N)*float64(p.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
