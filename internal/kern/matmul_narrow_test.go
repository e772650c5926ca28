package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/par"
)

// mmNarrow returns p with its operands rounded to 16 bits.
func mmNarrow(p *MatMul, f Narrow) *MatMul {
	to := func(s []float32) []uint16 {
		h := mmRound(f, s)
		for i, x := range h {
			s[i] = f.widen(x)
		}
		return h
	}
	q := *p
	q.Narrow, q.A16, q.B16, q.C16 = f, to(p.A), to(p.B), to(p.C)
	q.A, q.B, q.C = nil, nil, nil
	return &q
}

// mmRound returns s rounded.
func mmRound(f Narrow, s []float32) []uint16 {
	h := make([]uint16, len(s))
	if f == BF16 {
		f32ToBF16Go(h, s)
	} else {
		f32ToF16Go(h, s)
	}
	return h
}

// mmCheckNarrow compares C16 with float64 sums. Each of K+1 additions in float32
// errs by at most 2^-24 of the magnitudes it adds up, and the last rounding by half a
// unit; a chain that becomes subnormal may be flushed.
func mmCheckNarrow(t *testing.T, name any, wide, p *MatMul) {
	t.Helper()
	unit, least := 0x1p-8, 0x1p-126
	if p.Narrow == F16 {
		unit, least = 0x1p-11, 0x1p-25
	}
	canary := mmRound(p.Narrow, []float32{mmCanary})[0]
	inside := make([]bool, len(p.C16))
	for b := range max(1, p.Batch) {
		for i := range p.M {
			for j := range p.N {
				at := b*p.StrideC + i*p.LDC + j
				inside[at] = true
				want, mag := mmWant(wide, b, i, j)
				tol := mag*float64(p.K+1)*0x1p-24 + math.Abs(want)*unit*(1+0x1p-8) + least*float64(p.K+1)
				if got := float64(p.Narrow.widen(p.C16[at])); !(math.Abs(got-want) <= tol) {
					t.Fatalf("%+v: C[%d][%d,%d] = %v, want %v ± %v", name, b, i, j, got, want, tol)
				}
			}
		}
	}
	for at, in := range inside {
		if !in && p.C16[at] != canary {
			t.Fatalf("%+v: wrote beside C, at %d (LDC %d)", name, at, p.LDC)
		}
	}
}

func mmNarrows(f func(n Narrow)) {
	f(BF16)
	f(F16)
}

func TestNarrowMatMulSmall(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		draw := mmNormal(1)
		ks := []int{0, 1, 2, 3, 4, 5, 7, 15, 16, 17, 31, 32, 33, 34, 65, 70}
		for m := range 17 {
			for n := range 37 {
				mmLayouts(func(ta, tb bool) {
					mmNarrows(func(f Narrow) {
						c := mmCase{m: m, n: n, k: ks[(m+7*n)%len(ks)], transA: ta, transB: tb,
							padA: n % 3, padB: m % 4, padC: (m + n) % 5, bias: n%2 == 0, relu: m%3 == 0}
						wide := mmNew[float32](c, draw)
						p := mmNarrow(wide, f)
						p.Run()
						mmCheckNarrow(t, fmt.Sprintf("%+v %d", c, f), wide, p)
					})
				})
			}
		}
	})
}

// TestNarrowMatMulShapes compares with the float32 product of the same operands: small
// integers are exact until the result is rounded.
func TestNarrowMatMulShapes(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		cases := slices.Concat(mmShapes, []mmCase{
			{m: 17, n: 20, k: 12, batch: 3}, {m: 64, n: 64, k: 32, batch: 24}, {m: 30, n: 64, k: 21, batch: 9, sharedB: true},
			{m: 30, n: 64, k: 20, batch: 5, sharedA: true, bias: true}, {m: 200, n: 512, k: 512, batch: 2}, {m: 40, n: 1024, k: 513},
			{m: 1, n: 300, k: 71}, {m: 2, n: 70, k: 4099}, {m: 100, n: 70, k: 4099}, {m: 70, n: 100, k: 4098},
		})
		for i, c := range cases {
			if impl.ISA() == impl.Portable && c.m*c.n*c.k > 1<<20 || testing.Short() && c.m*c.n*c.k > 1<<22 {
				continue
			}
			mmLayouts(func(ta, tb bool) {
				mmNarrows(func(f Narrow) {
					c := c
					c.transA, c.transB = ta, tb
					c.padC, c.bias, c.relu = i%3, i%2 == 0, i%4 == 0
					wide := mmNew[float32](c, mmInts(uint64(i)))
					p := mmNarrow(wide, f)
					wide.Run()
					p.Run()
					mmSame16(t, fmt.Sprintf("%+v %d", c, f), p.C16, mmRound(f, wide.C))
				})
			})
		}
	})
}

func mmSame16(t *testing.T, name string, got, want []uint16) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: element %d = %#x, want %#x", name, i, got[i], want[i])
		}
	}
}

// TestNarrowMatMulSameBits holds results against those of every implementation, of
// other numbers of threads, and of each row alone.
func TestNarrowMatMulSameBits(t *testing.T) {
	step := 7 // from one row computed alone to the next
	if testing.Short() {
		step = 43
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i, c := range []mmCase{{m: 61, n: 70, k: 91, bias: true}, {m: 130, n: 300, k: 2500}, {m: 9, n: 300, k: 1100, relu: true},
		{m: 20, n: 70, k: 4101}, {m: 128, n: 70, k: 98}, {m: 41, n: 48, k: 1070, relu: true}} {
		if testing.Short() && c.m*c.n*c.k > 1<<23 {
			continue
		}
		mmLayouts(func(ta, tb bool) {
			mmNarrows(func(f Narrow) {
				c := c
				c.transA, c.transB = ta, tb
				p := mmNarrow(mmNew[float32](c, mmNormal(uint64(i))), f)
				var first []uint16
				for _, name := range impl.Names("kern") {
					restore := impl.Select("kern", name)
					if name == impl.Portable && f == F16 {
						first = nil // its products are not exact in float32
					}
					for _, procs := range impltest.Processors() {
						runtime.GOMAXPROCS(procs)
						p.Run()
						if first == nil {
							first = slices.Clone(p.C16)
						}
						mmSame16(t, fmt.Sprintf("%+v %d %s, %d threads", c, f, name, procs), p.C16, first)
					}
					row := *p
					row.M = 1
					row.C16 = make([]uint16, c.n)
					for r := 0; r < c.m; r += step {
						if ta {
							row.A16 = p.A16[r:]
						} else {
							row.A16 = p.A16[r*p.LDA:]
						}
						row.Run()
						mmSame16(t, fmt.Sprintf("%+v %d %s, row %d alone", c, f, name, r), row.C16, first[r*p.LDC:][:c.n])
					}
					restore()
				}
			})
		})
	}
}

// subnormalProducts has products and sums around the least normal number.
func subnormalProducts(each func(c mmCase, p *MatMul)) {
	r := rand.New(rand.NewPCG(7, 8))
	tiny := func() float64 { return math.Ldexp(r.NormFloat64(), -60-r.IntN(8)) }
	for _, c := range []mmCase{{m: 20, n: 40, k: 31}, {m: 3, n: 130, k: 8, bias: true}, {m: 15, n: 16, k: 3, transA: true, transB: true},
		{m: 20, n: 40, k: 30}, {m: 20, n: 40, k: 30, transA: true}} {
		p := mmNarrow(mmNew[float32](c, tiny), BF16)
		for i := range p.A16 {
			if r.IntN(4) == 0 {
				p.A16[i] = uint16(r.UintN(1<<16)) & 0x80ff // subnormal, or nearly
			}
		}
		for i := range p.Bias {
			p.Bias[i] *= 0x1p-66
		}
		each(c, p)
	}
}

// TestNarrowMatMulSubnormals has numbers which all vector kernels take for zeros in the same
// way, in products of bfloat16 alone.
func TestNarrowMatMulSubnormals(t *testing.T) {
	least := []float32{math.SmallestNonzeroFloat32}
	subnormalProducts(func(c mmCase, p *MatMul) {
		var first []uint16
		for _, name := range impl.Names("kern") {
			if name == impl.Portable {
				break
			}
			restore := impl.Select("kern", name)
			p.Run()
			restore()
			if least[0]*1.5 == 0 {
				t.Fatalf("%+v %s: subnormals are zeros after it", c, name)
			}
			if first == nil {
				first = slices.Clone(p.C16)
			}
			mmSame16(t, fmt.Sprintf("%+v %s", c, name), p.C16, first)
		}
	})
}

func TestNarrowMatMulRandom(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		most := 300
		if impl.ISA() == impl.Portable {
			most = 60
		}
		for range impltest.Draws(60) {
			c := mmCase{m: 1 + r.IntN(most), n: 1 + r.IntN(most), k: 1 + r.IntN(most), transA: r.IntN(2) == 0, transB: r.IntN(2) == 0,
				bias: r.IntN(2) == 0, relu: r.IntN(4) == 0, batch: 1 + r.IntN(2), padA: r.IntN(3), padB: r.IntN(3), padC: r.IntN(3)}
			if r.IntN(3) == 0 {
				c.m = 1 + r.IntN(30)
			}
			mmNarrows(func(f Narrow) {
				wide := mmNew[float32](c, mmNormal(r.Uint64()))
				p := mmNarrow(wide, f)
				p.Run()
				mmCheckNarrow(t, fmt.Sprintf("%+v %d", c, f), wide, p)
			})
		}
	})
}

// TestNarrowMatMulNaNInf has a NaN, and an infinity in the last and odd row of B.
func TestNarrowMatMulNaNInf(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		mmNarrows(func(f Narrow) {
			for _, m := range []int{1, 2, 5, 14, 20, 40} {
				for _, n := range []int{1, 9, 16, 40, 130} {
					wide := mmNew[float32](mmCase{m: m, n: n, k: 7, relu: true}, func() float64 { return -1 })
					wide.A[(m-1)*wide.LDA] = float32(math.NaN())
					for i := range wide.B {
						wide.B[i] = 1
					}
					wide.B[6*wide.LDB+n-1] = float32(math.Inf(1)) // times -1
					p := mmNarrow(wide, f)
					p.Run()
					for i := range m {
						for j := range n {
							got := f.widen(p.C16[i*p.LDC+j])
							if wantNaN := i == m-1; wantNaN != (got != got) || !wantNaN && got != 0 {
								t.Fatalf("%d m=%d n=%d: ReLU at [%d,%d] = %v", f, m, n, i, j, got)
							}
						}
					}
					p.Act = NoAct
					p.Run()
					for i := range m - 1 {
						if got := f.widen(p.C16[i*p.LDC+n-1]); !math.IsInf(float64(got), -1) {
							t.Fatalf("%d m=%d n=%d: C[%d,%d] = %v, want -Inf", f, m, n, i, n-1, got)
						}
					}
				}
			}
		})
	})
}

// narrowCover counts how often each element of C is reported, and those that are not final.
type narrowCover struct {
	c, want []uint16
	ldc     int
	stride  int
	n       []int32
	wrong   atomic.Int32
}

func (e *narrowCover) Block(b, i0, i1, j0, j1 int, w *par.Worker) {
	extra := w.Extra(64)
	for i := range extra {
		extra[i] = 0xff // must not harm the product's own memory
	}
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			at := b*e.stride + i*e.ldc + j
			e.n[at]++
			if e.c[at] != e.want[at] {
				e.wrong.Add(1)
			}
			e.c[at]++ // an epilogue may change what it is shown
		}
	}
}

// TestNarrowMatMulEpilogue has K in one part and in several.
func TestNarrowMatMulEpilogue(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, c := range []mmCase{{m: 128, n: 128, k: 128}, {m: 128, n: 10, k: 784}, {m: 200, n: 100, k: 1100}, {m: 130, n: 600, k: 70},
			{m: 5, n: 40, k: 9}, {m: 20, n: 30, k: 10, batch: 7}, {m: 3, n: 5}} {
			if impl.ISA() == impl.Portable && c.m*c.n*c.k > 1<<21 {
				continue
			}
			mmLayouts(func(ta, tb bool) {
				mmNarrows(func(f Narrow) {
					c := c
					c.transA, c.transB, c.relu = ta, tb, true
					wide := mmNew[float32](c, mmInts(5))
					p := mmNarrow(wide, f)
					wide.Run()
					e := &narrowCover{c: p.C16, want: mmRound(f, wide.C), ldc: p.LDC, stride: p.StrideC, n: make([]int32, len(p.C16))}
					p.After = e
					p.Run()
					if n := e.wrong.Load(); n != 0 {
						t.Fatalf("%+v %d: %d elements of C were not final", c, f, n)
					}
					for at, n := range e.n {
						if in := at % p.StrideC; in/p.LDC < p.M && in%p.LDC < p.N && n != 1 {
							t.Fatalf("%+v %d: element %d was reported %d times", c, f, at, n)
						}
					}
				})
			})
		}
	})
}

func TestNarrowMatMulAllocs(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, c := range []mmCase{{m: 1, n: 128, k: 784}, {m: 128, n: 128, k: 128}, {m: 300, n: 100, k: 2100}, {m: 64, n: 64, k: 64, transA: true}} {
			mmNarrows(func(f Narrow) {
				p := mmNarrow(mmNew[float32](c, mmInts(1)), f)
				p.Run()
				if n := testing.AllocsPerRun(3, p.Run); n != 0 {
					t.Errorf("%d %dx%dx%d allocates %v times", f, c.m, c.n, c.k, n)
				}
			})
		}
	})
}

func FuzzNarrowMatMul(f *testing.F) {
	f.Add(uint16(3), uint16(40), uint16(5), uint8(0), uint64(1))
	f.Add(uint16(128), uint16(10), uint16(128), uint8(2), uint64(2))
	f.Add(uint16(20), uint16(33), uint16(513), uint8(1), uint64(4))
	f.Fuzz(func(t *testing.T, m, n, k uint16, flags uint8, seed uint64) {
		names := impl.Names("kern")
		defer impl.Select("kern", names[seed%uint64(len(names))])()
		c := mmCase{m: int(m % 200), n: int(n % 300), k: int(k % 600), transA: flags&1 != 0, transB: flags&2 != 0,
			bias: flags&4 != 0, relu: flags&8 != 0, padA: int(flags >> 6), padB: int(flags >> 5 & 1), padC: int(flags >> 4 & 1), batch: int(seed % 3)}
		wide := mmNew[float32](c, mmNormal(seed))
		p := mmNarrow(wide, Narrow(1+seed>>8%2))
		p.Run()
		mmCheckNarrow(t, c, wide, p)
	})
}

// BenchmarkNarrowMatMul is BenchmarkMatMul of 16 bits, beside float32.
func BenchmarkNarrowMatMul(b *testing.B) {
	for _, s := range [][3]int{{64, 64, 64}, {128, 128, 128}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {128, 128, 784},
		{784, 128, 128}, {128, 10, 128}, {1, 128, 784}} {
		for _, l := range []string{"NN", "TN", "NT"} {
			for f, format := range []string{"float32", "bfloat16", "float16"} {
				b.Run(fmt.Sprintf("%dx%dx%d/%s/%s", s[0], s[1], s[2], l, format), func(b *testing.B) {
					p := mmNew[float32](mmCase{m: s[0], n: s[1], k: s[2], transA: l[0] == 'T', transB: l[1] == 'T'}, mmNormal(1))
					if f > 0 {
						p = mmNarrow(p, Narrow(f))
					}
					for b.Loop() {
						p.Run()
					}
					b.ReportMetric(2*float64(p.M)*float64(p.N)*float64(p.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
