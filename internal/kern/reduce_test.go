package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

var rowTests = []struct {
	name      string
	run, want func(dst, x []float32, rows, cols, ld int)
}{
	{"SumRows", SumRows, sumRowsGo},
	{"SumSqRows", SumSqRows, sumSqRowsGo},
	{"ProdRows", ProdRows, prodRowsGo},
	{"MaxRows", MaxRows, maxRowsGo},
	{"MinRows", MinRows, minRowsGo},
	{
		"DotRows",
		func(dst, x []float32, rows, cols, _ int) { DotRows(dst, x, x[len(x)-rows*cols:], rows, cols) },
		func(dst, x []float32, rows, cols, _ int) { dotRowsGo(dst, x, x[len(x)-rows*cols:], rows, cols) },
	},
	{
		"MulSqRows",
		func(dst, x []float32, rows, cols, _ int) { MulSqRows(dst, x, x[len(x)-rows*cols:], rows, cols) },
		func(dst, x []float32, rows, cols, _ int) { mulSqRowsGo(dst, x, x[len(x)-rows*cols:], rows, cols) },
	},
	{
		"Sum64Rows",
		func(dst, x []float32, rows, cols, ld int) { inFloat64(Sum64Rows, dst, x, rows, cols, ld) },
		func(dst, x []float32, rows, cols, ld int) { inFloat64(sum64RowsGo, dst, x, rows, cols, ld) },
	},
}

// inFloat64 shows a float64 as its float32 value; a test below looks at all bits.
func inFloat64(f func(dst []float64, x []float32, rows, cols, ld int), dst, x []float32, rows, cols, ld int) {
	wide := make([]float64, rows)
	f(wide, x, rows, cols, ld)
	for i, v := range wide {
		dst[i] = float32(v)
	}
}

var colTests = []struct {
	name      string
	run, want func(dst, x []float32, rows, cols, ld int)
}{
	{"SumCols", SumCols, sumColsGo},
	{"MaxCols", MaxCols, maxColsGo},
	{"MinCols", MinCols, minColsGo},
}

// The implementations agree in every bit: rows of every short length and some long
// ones, with and without a gap between them.
func TestReduceRows(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		in, out := newGuard(t, 4*3*1100), newGuard(t, 64)
		for _, tt := range rowTests {
			r := rand.New(rand.NewPCG(5, 6))
			for cols := range 4*64 + 8 {
				if cols > 4*64+3 {
					cols = 1000 + cols%7
				}
				for _, rows := range []int{0, 1, 3} {
					ld := cols + cols%3
					special := 0.0
					if cols%4 == 1 {
						special = 0.5 / float64(cols)
					}
					n := max(0, (rows-1)*ld+cols)
					x := tailOf(in, randomFloats(r, n, special))
					want, got := make([]float32, rows), tail[float32](out, rows)
					tt.want(want, x, rows, cols, ld)
					tt.run(got, x, rows, cols, ld)
					wantSame(t, fmt.Sprintf("%s: %d rows of %d", tt.name, rows, cols), got, want)
					in.check(t)
					out.check(t)
				}
			}
		}
	})
}

// SumSqBoth gives the bits of its loop too, and adds to what there is.
func TestSumSqBoth(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		in, both, out := newGuard(t, 4*3*1100), newGuard(t, 4*1100), newGuard(t, 64)
		r := rand.New(rand.NewPCG(5, 6))
		for cols := range 4*64 + 8 {
			if cols > 4*64+3 {
				cols = 1000 + cols%7
			}
			for _, rows := range []int{0, 1, 3} {
				x := tailOf(in, randomFloats(r, rows*cols, 0.01))
				wantSums := randomFloats(r, cols, 0)
				sums := tailOf(both, wantSums)
				want, got := make([]float32, rows), tail[float32](out, rows)
				sumSqBothGo(want, x, wantSums, rows, cols)
				SumSqBoth(got, x, sums, rows, cols)
				wantSame(t, fmt.Sprintf("%d rows of %d", rows, cols), got, want)
				wantSame(t, fmt.Sprintf("columns of %d rows of %d", rows, cols), sums, wantSums)
				in.check(t)
				both.check(t)
				out.check(t)
			}
		}
	})
}

func TestReduceCols(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		in, out := newGuard(t, 4*7*400), newGuard(t, 4*400)
		for _, tt := range colTests {
			r := rand.New(rand.NewPCG(7, 8))
			for cols := range 3*128 + 3 {
				for _, rows := range []int{0, 1, 7} {
					ld := cols + cols%3
					x := tailOf(in, randomFloats(r, max(0, (rows-1)*ld+cols), 0.01))
					want, got := make([]float32, cols), tail[float32](out, cols)
					tt.want(want, x, rows, cols, ld)
					tt.run(got, x, rows, cols, ld)
					wantSame(t, fmt.Sprintf("%s: %d rows of %d", tt.name, rows, cols), got, want)
					in.check(t)
					out.check(t)
				}
			}
		}
	})
}

// Sums follow the documented order, written here without lanes of registers.
func TestSumOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{0, 1, 10, 16, 17, 63, 64, 65, 777} {
		x := randomFloats(r, n, 0)
		var l [64]float32
		for i, v := range x {
			l[i%64] += v
		}
		var b [16]float32
		for j := range b {
			b[j] = (l[j] + l[j+16]) + (l[j+32] + l[j+48])
		}
		var c [8]float32
		for j := range c {
			c[j] = b[j] + b[j+8]
		}
		want := ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]))
		impltest.All(t, "kern", func(t *testing.T) {
			if got := Sum(x); got != want {
				t.Errorf("Sum of %d: got %v, want %v", n, got, want)
			}
			if got := Dot(x, ones(n)); got != want {
				t.Errorf("Dot of %d with ones: got %v, want %v", n, got, want)
			}
		})
	}
}

func ones(n int) []float32 {
	x := make([]float32, n)
	fill(x, 1)
	return x
}

func TestReduceValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	ramp := make([]float32, 1000)
	for i := range ramp {
		ramp[i] = float32(i)
	}
	impltest.All(t, "kern", func(t *testing.T) {
		for _, tt := range []struct {
			what      string
			got, want float32
		}{
			{"Sum of 0..999", Sum(ramp), 499500},
			{"SumSq of 0..99", SumSq(ramp[:100]), 328350},
			{"Dot of 0..99", Dot(ramp[:100], ramp[1:]), 333300},
			{"Prod of 1..10", Prod(ramp[1:11]), 3628800},
			{"MaxOf", MaxOf(ramp), 999},
			{"MinOf", MinOf(ramp[3:]), 3},
			{"Sum of nothing", Sum(nil), 0},
			{"Prod of nothing", Prod(nil), 1},
			{"MaxOf nothing", MaxOf(nil), -inf},
			{"MinOf nothing", MinOf(nil), inf},
			{"MaxOf NaN first", MaxOf([]float32{nan, 1, 2}), nan},
			{"MinOf NaN last", MinOf([]float32{1, 2, nan}), nan},
		} {
			if !same(tt.got, tt.want) {
				t.Errorf("%s is %v, want %v", tt.what, tt.got, tt.want)
			}
		}
		third := make([]float32, 1001)
		fill(third, 1.0/3)
		if got, want := Sum64(third), 1001*float64(float32(1.0/3)); math.Abs(got-want) > 1e-10 {
			t.Errorf("Sum64 is %v, want %v", got, want)
		}
		var wide [1]float64
		sum64RowsGo(wide[:], third, 1, 1001, 1001)
		if got := Sum64(third); got != wide[0] {
			t.Errorf("Sum64 is %v, the portable loop gives %v", got, wide[0])
		}
	})
}

func TestArg(t *testing.T) {
	nan := float32(math.NaN())
	impltest.All(t, "kern", func(t *testing.T) {
		g := newGuard(t, 4096)
		for n := 1; n < 4*16+4; n++ {
			for at := range n {
				x := tail[float32](g, n)
				fill(x, 1)
				x[at] = 2
				x[(at+n-1)/2] = 2 // in the second half between at and the end
				want := min(at, (at+n-1)/2)
				if got := ArgMax(x); got != want {
					t.Fatalf("ArgMax(%v) = %d, want %d", x, got, want)
				}
				for i := range x {
					x[i] = -x[i]
				}
				if got := ArgMin(x); got != want {
					t.Fatalf("ArgMin(%v) = %d, want %d", x, got, want)
				}
				x[at], x[n-1] = nan, nan
				if a, b := ArgMax(x), ArgMin(x); a != at || b != at {
					t.Fatalf("ArgMax, ArgMin(%v) = %d, %d, want %d", x, a, b, at)
				}
			}
		}
		const rows = 150
		x, got, least := make([]float32, rows*11), make([]int32, rows), make([]int32, rows)
		for r := range rows {
			x[r*11+r%10] = 5
			x[r*11+(r+3)%10] = -5
			x[r*11+10] = 9 // not part of the row
		}
		ArgMaxRows(got, x, rows, 10, 11)
		ArgMinRows(least, x, rows, 10, 11)
		for r := range rows {
			if got[r] != int32(r%10) || least[r] != int32((r+3)%10) {
				t.Errorf("row %d: got %d and %d, want %d and %d", r, got[r], least[r], r%10, (r+3)%10)
			}
		}
	})
}

func FuzzReduce(f *testing.F) {
	f.Add(uint64(1), 100, 3)
	f.Fuzz(func(t *testing.T, seed uint64, cols, rows int) {
		cols, rows = int(uint(cols)%600), int(uint(rows)%5)
		x := randomFloats(rand.New(rand.NewPCG(seed, 0)), rows*cols, 0.001)
		for _, tt := range rowTests {
			got, want := make([]float32, rows), make([]float32, rows)
			tt.run(got, x, rows, cols, cols)
			tt.want(want, x, rows, cols, cols)
			wantSame(t, tt.name, got, want)
		}
		for _, tt := range colTests {
			got, want := make([]float32, cols), make([]float32, cols)
			tt.run(got, x, rows, cols, cols)
			tt.want(want, x, rows, cols, cols)
			wantSame(t, tt.name, got, want)
		}
	})
}

func BenchmarkReduce(b *testing.B) {
	for _, shape := range [][2]int{{128, 10}, {128, 128}, {32, 784}, {128, 4096}, {4096, 64}} {
		rows, cols := shape[0], shape[1]
		x, dst := make([]float32, rows*cols), make([]float32, max(rows, cols))
		fill(x, 1.5)
		bench := func(name string, run func(dst, x []float32, rows, cols, ld int)) {
			b.Run(fmt.Sprintf("%s/%dx%d", name, rows, cols), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					b.SetBytes(int64(4 * len(x)))
					b.ReportAllocs()
					for b.Loop() {
						run(dst, x, rows, cols, cols)
					}
				})
			})
		}
		bench("SumRows", SumRows)
		bench("MaxRows", MaxRows)
		bench("SumCols", SumCols)
		bench("MaxCols", MaxCols)
		arg := make([]int32, rows)
		bench("ArgMaxRows", func(_, x []float32, rows, cols, ld int) { ArgMaxRows(arg, x, rows, cols, ld) })
	}
}
