package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
)

// intCase is a product of 8-bit integers to test. zeroA and zeroB are 0 for no zero
// point, 1 for one, 2 for one for each row or column.
type intCase struct {
	m, n, k          int
	transA, transB   bool
	signedA, signedB bool
	zeroA, zeroB     int
	pad, batch       int
	sharedB          bool
}

// newIntProduct fills operands with draw and C with canaries.
func newIntProduct(c intCase, draw func() uint8) *MatMulInt8 {
	fill := func(n int) []uint8 {
		s := make([]uint8, n)
		for i := range s {
			s[i] = draw()
		}
		return s
	}
	matrix := func(rows, cols int, trans bool) (s []uint8, ld, stride int) {
		if trans {
			rows, cols = cols, rows
		}
		ld = cols + c.pad
		stride = max(0, (rows-1)*ld+cols)
		return fill(max(1, c.batch) * stride), ld, stride
	}
	p := &MatMulInt8{M: c.m, N: c.n, K: c.k, TransA: c.transA, TransB: c.transB, SignedA: c.signedA, SignedB: c.signedB, Batch: c.batch}
	p.A, p.LDA, p.StrideA = matrix(c.m, c.k, c.transA)
	p.B, p.LDB, p.StrideB = matrix(c.k, c.n, c.transB)
	p.ZeroA, p.ZeroB = fill([]int{0, 1, c.m}[c.zeroA]), fill([]int{0, 1, c.n}[c.zeroB])
	p.LDC = c.n + c.pad
	p.StrideC = c.m*p.LDC + c.pad
	p.C = make([]int32, max(1, c.batch)*p.StrideC)
	for i := range p.C {
		p.C[i] = mmCanary
	}
	if c.sharedB {
		p.StrideB = 0
	}
	return p
}

// intValue returns the number that 8 bits stand for.
func intValue(x uint8, signed bool) int32 {
	if signed {
		return int32(int8(x))
	}
	return int32(x)
}

// wantInts computes C by the definition.
func wantInts(p *MatMulInt8) []int32 {
	zero := func(z []uint8, i int, signed bool) int32 {
		if len(z) == 0 {
			return 0
		}
		return intValue(z[min(i, len(z)-1)], signed)
	}
	want := make([]int32, len(p.C))
	for i := range want {
		want[i] = mmCanary
	}
	row := make([]int32, p.N)
	for b := range max(1, p.Batch) {
		for i := range p.M {
			clear(row)
			for k := range p.K {
				ia := i*p.LDA + k
				if p.TransA {
					ia = k*p.LDA + i
				}
				x := intValue(p.A[b*p.StrideA+ia], p.SignedA) - zero(p.ZeroA, i, p.SignedA)
				for j := range row {
					ib := k*p.LDB + j
					if p.TransB {
						ib = j*p.LDB + k
					}
					row[j] += x * (intValue(p.B[b*p.StrideB+ib], p.SignedB) - zero(p.ZeroB, j, p.SignedB))
				}
			}
			copy(want[b*p.StrideC+i*p.LDC:], row)
		}
	}
	return want
}

func sameInts(t *testing.T, name any, got, want []int32) {
	t.Helper()
	for i, w := range want {
		if got[i] != w {
			t.Fatalf("%+v: element %d = %d, want %d", name, i, got[i], w)
		}
	}
}

// extremes draws the ends of both types, what is next to them, and sometimes any number.
func extremes(seed uint64) func() uint8 {
	r := rand.New(rand.NewPCG(seed, 5))
	return func() uint8 {
		if r.IntN(4) == 0 {
			return uint8(r.Uint32())
		}
		return []uint8{0, 1, 127, 128, 129, 255}[r.IntN(6)]
	}
}

// intForms calls f with every combination of types, layouts and zero points.
func intForms(f func(c intCase)) {
	for form := range 16 * 9 {
		f(intCase{
			transA: form&1 != 0, transB: form&2 != 0, signedA: form&4 != 0, signedB: form&8 != 0,
			zeroA: form / 16 % 3, zeroB: form / 16 / 3,
		})
	}
}

func TestMatMulInt8Small(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		i := 0
		ms, ns := []int{0, 1, 2, 3, 5, 6, 7, 13, 14, 15, 29}, []int{0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47}
		ks := []int{0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130}
		intForms(func(c intCase) {
			for range impltest.Draws(30) {
				c.m, c.n, c.k, c.pad = ms[i%len(ms)], ns[i/3%len(ns)], ks[i/2%len(ks)], i%4
				p := newIntProduct(c, extremes(uint64(i)))
				p.Run()
				sameInts(t, c, p.C, wantInts(p))
				i++
			}
		})
	})
}

// TestMatMulInt8Shapes has shapes of one window and several, of one piece and many, on
// several numbers of processors.
func TestMatMulInt8Shapes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	impltest.All(t, "kern", func(t *testing.T) {
		for i, s := range []intCase{
			{m: 1, n: 300, k: 700}, {m: 2, n: 70, k: 2049}, {m: 128, n: 10, k: 128}, {m: 130, n: 129, k: 131}, {m: 261, n: 100, k: 1100},
			{m: 300, n: 220, k: 60}, {m: 4200, n: 40, k: 20}, {m: 31, n: 4200, k: 70}, {m: 140, n: 4100, k: 530}, {m: 17, n: 20, k: 12, batch: 3},
			{m: 64, n: 64, k: 32, batch: 24}, {m: 30, n: 64, k: 20, batch: 9, sharedB: true}, {m: 200, n: 300, k: 600, batch: 2},
		} {
			if impl.ISA() == impl.Portable && s.m*s.n*s.k > 8<<20 || testing.Short() && s.m*s.n*s.k > 1<<22 {
				continue
			}
			for form := range 4 {
				c := s
				c.transA, c.transB, c.signedA, c.signedB = form&1 != 0, form&2 != 0, i&1 != 0, (i+form)&2 != 0
				c.zeroA, c.zeroB, c.pad = (i+form)%3, (i+form)/3%3, i%3
				p := newIntProduct(c, extremes(uint64(i)))
				want := wantInts(p)
				for _, procs := range impltest.Processors() {
					runtime.GOMAXPROCS(procs)
					for j := range p.C {
						p.C[j] = mmCanary
					}
					p.Run()
					sameInts(t, fmt.Sprintf("%+v, %d threads", c, procs), p.C, want)
				}
			}
		}
	})
}

// TestMatMulInt8Pairs multiplies every pair of values of every combination of types.
func TestMatMulInt8Pairs(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		all := make([]uint8, 256)
		for i := range all {
			all[i] = uint8(i)
		}
		for form := range 4 {
			p := &MatMulInt8{M: 256, N: 256, K: 1, SignedA: form&1 != 0, SignedB: form&2 != 0, A: all, B: all, LDA: 1, LDB: 256, LDC: 256,
				C: make([]int32, 256*256)}
			for _, zero := range []uint8{0, 1, 127, 128, 255} {
				p.ZeroA, p.ZeroB = []uint8{zero}, []uint8{255 - zero}
				p.Run()
				sameInts(t, fmt.Sprintf("form %d, zero %d", form, zero), p.C, wantInts(p))
			}
		}
	})
}

// TestMatMulInt8Wraps has sums beyond int32.
func TestMatMulInt8Wraps(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		const k = 70001 // 255·255·k is 4.55e9
		for _, m := range []int{1, 7} {
			p := newIntProduct(intCase{m: m, n: 17, k: k}, func() uint8 { return 255 })
			p.Run()
			want := uint64(255 * 255 * k)
			for i, x := range p.C {
				if x != int32(uint32(want)) {
					t.Fatalf("element %d = %d, want %d", i, x, int32(uint32(want)))
				}
			}
			p.SignedA, p.ZeroB = true, []uint8{255}
			p.Run()
			sameInts(t, "int8 by uint8", p.C, wantInts(p))
		}
	})
}

// TestMatMulInt8Quads has the words of VNNI, with plain loops, on every machine.
func TestMatMulInt8Quads(t *testing.T) {
	i := 0
	intForms(func(c intCase) {
		c.m, c.n, c.k, c.pad, c.batch = 1+i%9, 1+i*5%37, i*7%140, i%4, i%3
		p := newIntProduct(c, extremes(uint64(i)))
		p.run(intTile{isa: portable, group: 4, mr: 6, width: 8, nr: 16, grain: 1 << 12})
		sameInts(t, c, p.C, wantInts(p))
		i++
	})
}

// TestPackInts holds packing, and sums, for every tile against the plain loops.
func TestPackInts(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		if intTileHere().isa == portable {
			t.Skip("the loops are plain")
		}
		draw := extremes(9)
		src := make([]uint8, 1<<14)
		for i := range src {
			src[i] = draw()
		}
		tiles := []intTile{{isa: avx2, group: 2, width: 8, nr: 16}, {isa: avx2, group: 4, width: 8, nr: 16},
			{isa: avx2, group: 2, width: 16, nr: 32}, {isa: avx2, group: 4, width: 16, nr: 32}}
		if here := intTileHere(); here.isa == neon || here.isa == neonMM {
			tiles = []intTile{here}
		}
		for _, tile := range tiles {
			plainTile := tile
			plainTile.isa = portable
			for form := range 16 {
				along, signed, right := form&1 != 0, form&2 != 0, form&4 != 0
				o := tile.operand(nil, 77, along, []int{tile.width, tile.nr}[form>>3], []uint8{uint8(form * 31)}, signed, right)
				for n := 1; n <= o.width; n++ {
					for _, depth := range []int{1, 2, 3, 4, 7, 16, 31, 33, 64, 70} {
						lines, last := depth, n
						if along {
							lines, last = n, depth
						}
						o.src = src[:(lines+2)*o.ld+3+last] // it ends where the operand does
						k0, at := 2, 3
						if along {
							k0, at = 3, 2
						}
						steps := ceil(depth, tile.group)
						got, want := make([]int32, steps*o.width), make([]int32, steps*o.width)
						tile.pack(got, &o, at, n, k0, depth)
						tile.packIntsGo(want, &o, at, 0, n, k0, depth, 0, steps)
						for i := range want {
							if i%o.width < n && got[i] != want[i] {
								t.Fatalf("%+v %d, %d deep: word %d = %#x, want %#x", tile, form, depth, i, got[i], want[i])
							}
						}
						sums, plain := make([]int32, n), make([]int32, n)
						tile.sums(sums, got, &o, false)
						plainTile.sums(plain, got, &o, false)
						sameInts(t, fmt.Sprintf("sums: %+v %d, %d deep", tile, form, depth), sums, plain)
					}
				}
			}
		}
	})
}

func TestMatMulInt8Allocs(t *testing.T) {
	for _, c := range []intCase{{m: 1, n: 128, k: 784}, {m: 128, n: 128, k: 128, zeroB: 2}, {m: 512, n: 512, k: 512, zeroA: 2, signedA: true}} {
		p := newIntProduct(c, extremes(1))
		p.Run()
		if n := testing.AllocsPerRun(20, p.Run); n != 0 {
			t.Errorf("%dx%dx%d allocates %v times", c.m, c.n, c.k, n)
		}
	}
}

func FuzzMatMulInt8(f *testing.F) {
	f.Add(uint16(3), uint16(40), uint16(5), uint16(0), uint64(1))
	f.Add(uint16(128), uint16(10), uint16(128), uint16(0x5a), uint64(2))
	f.Fuzz(func(t *testing.T, m, n, k, flags uint16, seed uint64) {
		names := impl.Names("kern")
		defer impl.Select("kern", names[seed%uint64(len(names))])()
		c := intCase{m: int(m % 200), n: int(n % 300), k: int(k % 600), transA: flags&1 != 0, transB: flags&2 != 0,
			signedA: flags&4 != 0, signedB: flags&8 != 0, zeroA: int(flags >> 4 % 3), zeroB: int(flags >> 6 % 3), pad: int(flags >> 8 % 4), batch: int(seed % 3)}
		p := newIntProduct(c, extremes(seed))
		p.Run()
		sameInts(t, c, p.C, wantInts(p))
	})
}

// BenchmarkMatMulInt8 runs products of integers beside those of float32, by turns, and
// reports the fastest of each. The ratio is that of multiply-adds in a second.
func BenchmarkMatMulInt8(b *testing.B) {
	for _, s := range [][3]int{{128, 128, 128}, {512, 512, 512}, {1024, 1024, 1024}, {64, 4096, 576}, {1, 128, 784}} {
		for _, l := range []string{"NN", "TN", "NT"} {
			for _, zeros := range []int{1, 2} {
				b.Run(fmt.Sprintf("%dx%dx%d/%s/zeros%d", s[0], s[1], s[2], l, zeros), func(b *testing.B) {
					c := intCase{m: s[0], n: s[1], k: s[2], transA: l[0] == 'T', transB: l[1] == 'T', signedB: true, zeroA: zeros, zeroB: zeros}
					p := newIntProduct(c, extremes(1))
					wide := mmNew[float32](mmCase{m: c.m, n: c.n, k: c.k, transA: c.transA, transB: c.transB}, mmNormal(1))
					ints, floats := math.Inf(1), math.Inf(1)
					for b.Loop() {
						ints = min(ints, seconds(p.Run))
						floats = min(floats, seconds(wide.Run))
					}
					gops := 2 * float64(c.m) * float64(c.n) * float64(c.k) / 1e9
					b.ReportMetric(gops/ints, "GOP/s")
					b.ReportMetric(gops/floats, "GFLOP/s")
					b.ReportMetric(floats/ints, "ratio")
				})
			}
		}
	}
}

// seconds times f.
func seconds(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}
