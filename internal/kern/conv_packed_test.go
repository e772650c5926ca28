package kern

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// packConv returns a kernel as the convolutions of c read it packed.
func packConv[T Float](c Conv, w []T) []T {
	p := ConvPack[T]{Conv: c, W: w}
	p.Packed = make([]T, p.Len())
	p.Run()
	return p.Packed
}

// testPackedConv wants of packed weights the bits of others, and of what is added and of an
// upper bound what follows of the sums. The values are eighths, so that all sums are exact.
func testPackedConv[T Float](t *testing.T, c Conv, r *rand.Rand) {
	t.Helper()
	ny := c.Images * c.Out[0] * c.Out[1] * c.Out[2] * c.Results
	x, w := draw[T](r, c.Images*c.Size[0]*c.Size[1]*c.Size[2]*c.Channels), draw[T](r, c.taps()*c.channels()*c.Results)
	bias, add := draw[T](r, c.Results), draw[T](r, ny)
	forward := func() ConvForward[T] {
		return ConvForward[T]{Conv: c, X: Values[T]{Wide: x}, W: Values[T]{Wide: w}, Y: Values[T]{Wide: make([]T, ny)}, Bias: bias}
	}
	plain := forward()
	plain.Run()
	depthwise := depthwiseOf[T](&c)
	packed := packConv(c, w)
	for _, limit := range []T{0, 0.5} {
		for _, adds := range []bool{false, true} {
			if adds && depthwise {
				continue
			}
			want := slices.Clone(plain.Y.Wide)
			for i, v := range want {
				if adds {
					v += add[i]
				}
				if v = max(v, 0); limit > 0 {
					v = min(v, limit)
				}
				want[i] = v
			}
			for _, of := range [][]T{nil, packed} {
				if of != nil && depthwise {
					continue
				}
				var rows rowsSeen
				f := forward()
				f.Packed, f.Act, f.Cap, f.After = of, ReLU, limit, &rows
				if of != nil {
					f.W = Values[T]{}
				}
				if adds {
					f.Add = add
				}
				f.Run()
				if !slices.Equal(f.Y.Wide, want) {
					t.Fatalf("%T %+v, packed %v, adds %v, limit %v: other results", limit, c, of != nil, adds, limit)
				}
				if n := rows.n.Load(); n != int64(ny) {
					t.Fatalf("%+v: the epilogue saw %d results, want %d", c, n, ny)
				}
			}
		}
	}
}

// TestPackedConv draws geometries, most of them of few places along the last axis.
func TestPackedConv(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for i := range impltest.Draws(200) {
			testPackedConv[float32](t, convCase(r, i%20 == 0), r)
			testPackedConv[float64](t, convCase(r, false), r)
		}
		for _, c := range []Conv{
			{Images: 9, Size: [3]int{1, 7, 7}, Out: [3]int{1, 7, 7}, Window: [3]int{1, 3, 3}, Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, 1}, Low: [3]int{0, 1, 1}, Channels: 40, Results: 52, Groups: 1},
			{Images: 1, Size: [3]int{1, 14, 14}, Out: [3]int{1, 7, 7}, Window: [3]int{1, 1, 1}, Stride: [3]int{1, 2, 2}, Dilation: [3]int{1, 1, 1}, Channels: 300, Results: 70, Groups: 1},
		} {
			testPackedConv[float32](t, c, r)
		}
	})
}

// TestPackedProduct wants of a product with packed B the bits of another, of values whose sums
// round, with what is added and a bound behind them, at any GOMAXPROCS.
func TestPackedProduct(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	impltest.All(t, "kern", func(t *testing.T) {
		for _, size := range [][3]int{{1, 5, 3}, {7, 16, 9}, {49, 40, 2100}, {200, 70, 64}, {600, 33, 1030}, {49, 16, 2048}, {3, 200, 50}} {
			c := mmCase{m: size[0], n: size[1], k: size[2], bias: true, padC: 3}
			p := mmNew[float32](c, mmNormal(3))
			p.Run()
			add := make([]float32, len(p.C))
			for i := range add {
				add[i] = float32(i%13) - 6
			}
			for _, threads := range impltest.Processors() {
				runtime.GOMAXPROCS(threads)
				for _, packs := range []bool{false, true} {
					q := mmNew[float32](c, mmNormal(3))
					if q.Add, q.Act, q.Cap = add, ReLU, 4; packs {
						q.PackedB = packConv(Conv{Channels: q.K, Results: q.N, Groups: 1, Window: [3]int{1, 1, 1}}, q.B)
						q.B = nil
					}
					q.Run()
					for i := range q.C {
						want := p.C[i]
						if i%p.LDC < p.N && i/p.LDC < p.M {
							want = min(max(want+add[i], 0), 4)
						}
						if q.C[i] != want {
							t.Fatalf("%v, packed %v, %d threads: C[%d] is %v, want %v", size, packs, threads, i, q.C[i], want)
						}
					}
				}
			}
		}
	})
}

// TestFinishNaN wants NaN to stay NaN behind what is added and bounds.
func TestFinishNaN(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		p := mmNew[float32](mmCase{m: 7, n: 19, k: 5}, mmInts(1))
		p.Add, p.Act, p.Cap = make([]float32, len(p.C)), ReLU, 6
		for i := range p.Add {
			p.Add[i] = float32(math.NaN())
		}
		p.Run()
		for i, v := range p.C {
			if v == v && i%p.LDC < p.N && i/p.LDC < p.M {
				t.Fatalf("C[%d] is %v, want NaN", i, v)
			}
		}
	})
}
