package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/par"
)

// convCase draws a geometry of a convolution.
func convCase(r *rand.Rand, large bool) Conv {
	c := Conv{Images: 1 + r.IntN(3), Groups: 1}
	if r.IntN(3) == 0 {
		c.Groups = 1 + r.IntN(3)
	}
	most := 5
	if large {
		most = 40
	}
	c.Channels, c.Results = c.Groups*(1+r.IntN(most)), c.Groups*(1+r.IntN(most))
	if r.IntN(4) == 0 { // depthwise
		c.Groups = 1 + r.IntN(most*8)
		c.Channels, c.Results = c.Groups, c.Groups
	}
	for i := range 3 {
		c.Size[i], c.Window[i], c.Stride[i], c.Dilation[i] = 1, 1, 1, 1
		if i < r.IntN(3) {
			continue
		}
		c.Window[i], c.Stride[i], c.Dilation[i], c.Low[i] = 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(2), r.IntN(4)
		high := r.IntN(4)
		covers := (c.Window[i]-1)*c.Dilation[i] + 1
		c.Size[i] = max(1, covers-c.Low[i]-high) + r.IntN(2+most/2)
		c.Out[i] = (c.Size[i]+c.Low[i]+high-covers)/c.Stride[i] + 1
	}
	for i := range c.Out {
		c.Out[i] = max(1, c.Out[i])
	}
	return c
}

// each calls f for every product of the convolution: indices of x, the kernel and y.
func (c *Conv) each(f func(x, w, y int)) {
	for y := range c.Images * c.Out[0] * c.Out[1] * c.Out[2] {
		n, rest := y/(c.Out[0]*c.Out[1]*c.Out[2]), y%(c.Out[0]*c.Out[1]*c.Out[2])
		place := [3]int{rest / (c.Out[1] * c.Out[2]), rest / c.Out[2] % c.Out[1], rest % c.Out[2]}
		for q := range c.taps() {
			tap := [3]int{q / (c.Window[1] * c.Window[2]), q / c.Window[2] % c.Window[1], q % c.Window[2]}
			x, inside := n, true
			for i := range 3 {
				at := place[i]*c.Stride[i] + tap[i]*c.Dilation[i] - c.Low[i]
				inside = inside && at >= 0 && at < c.Size[i]
				x = x*c.Size[i] + at
			}
			if !inside {
				continue
			}
			for o := range c.Results {
				first := o / c.results() * c.channels()
				for ch := range c.channels() {
					f(x*c.Channels+first+ch, (q*c.channels()+ch)*c.Results+o, y*c.Results+o)
				}
			}
		}
	}
}

func draw[T Float](r *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(r.IntN(17)-8) / 8
	}
	return s
}

// testConv compares the three kernels with sums in float64. The values are eighths, so
// that all sums are exact.
func testConv[T Float](t *testing.T, c Conv, r *rand.Rand) {
	t.Helper()
	nx := c.Images * c.Size[0] * c.Size[1] * c.Size[2] * c.Channels
	nw := c.taps() * c.channels() * c.Results
	ny := c.Images * c.Out[0] * c.Out[1] * c.Out[2] * c.Results
	x, w, dy := draw[T](r, nx), draw[T](r, nw), draw[T](r, ny)
	biasY, biasX := draw[T](r, c.Results), draw[T](r, c.Channels)
	wantY, wantX, wantW := make([]float64, ny), make([]float64, nx), make([]float64, nw)
	for i := range wantY {
		wantY[i] = float64(biasY[i%c.Results])
	}
	for i := range wantX {
		wantX[i] = float64(biasX[i%c.Channels])
	}
	c.each(func(xi, wi, yi int) {
		wantY[yi] += float64(x[xi]) * float64(w[wi])
		wantX[xi] += float64(dy[yi]) * float64(w[wi])
		wantW[wi] += float64(dy[yi]) * float64(x[xi])
	})
	same := func(what string, got []T, want []float64, low float64) {
		t.Helper()
		for i, g := range got {
			if float64(g) != max(low, want[i]) {
				t.Fatalf("%T %+v: %s[%d] is %v, want %v", g, c, what, i, g, max(low, want[i]))
			}
		}
	}
	nan := func(n int) []T {
		s := make([]T, n)
		for i := range s {
			s[i] = T(math.NaN())
		}
		return s
	}
	var rows rowsSeen
	forward := ConvForward[T]{Conv: c, X: Values[T]{Wide: x}, W: Values[T]{Wide: w}, Y: Values[T]{Wide: nan(ny)}, Bias: biasY, Act: ReLU, After: &rows}
	input := ConvInput[T]{Conv: c, DY: Values[T]{Wide: dy}, W: Values[T]{Wide: w}, X: Values[T]{Wide: nan(nx)}, Bias: biasX}
	kernel := ConvKernel[T]{Conv: c, X: Values[T]{Wide: x}, DY: Values[T]{Wide: dy}, W: Values[T]{Wide: nan(nw)}}
	for range 2 {
		forward.Run()
		input.Run()
		kernel.Run()
		same("y", forward.Y.Wide, wantY, 0)
		same("dx", input.X.Wide, wantX, math.Inf(-1))
		same("dw", kernel.W.Wide, wantW, math.Inf(-1))
	}
	if n := rows.n.Load(); n != int64(2*ny) {
		t.Fatalf("%+v: the epilogue saw %d results, want %d", c, n/2, ny)
	}
}

func TestConv(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range impltest.Draws(300) {
			testConv[float32](t, convCase(r, i%20 == 0), r)
			testConv[float64](t, convCase(r, false), r)
		}
	})
}

// TestConvNarrow wants of 16-bit floats the rounded results of float32.
func TestConvNarrow(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for range impltest.Draws(100) {
			c := convCase(r, false)
			for _, narrow := range []Narrow{BF16, F16} {
				halves := func(n int) (Values[float32], Values[float32]) {
					s := draw[float32](r, n)
					v := Values[float32]{Bits: make([]uint16, n), Narrow: narrow}
					v.set(0, s)
					return Values[float32]{Wide: s}, v
				}
				x, x16 := halves(c.Images * c.Size[0] * c.Size[1] * c.Size[2] * c.Channels)
				w, w16 := halves(c.taps() * c.channels() * c.Results)
				y, y16 := halves(c.Images * c.Out[0] * c.Out[1] * c.Out[2] * c.Results)
				same := func(what string, want, got Values[float32]) {
					t.Helper()
					rounded := Values[float32]{Bits: make([]uint16, len(got.Bits)), Narrow: narrow}
					rounded.set(0, want.Wide)
					if !slices.Equal(rounded.Bits, got.Bits) {
						t.Fatalf("%+v, %v: %s differs", c, narrow, what)
					}
				}
				f, f16 := ConvForward[float32]{Conv: c, X: x, W: w, Y: y}, ConvForward[float32]{Conv: c, X: x16, W: w16, Y: y16}
				f.Run()
				f16.Run()
				same("y", y, y16)
				y16.set(0, y.Wide)
				y16.copyTo(y.Wide, 0)
				k, k16 := ConvKernel[float32]{Conv: c, X: x, DY: y, W: w}, ConvKernel[float32]{Conv: c, X: x16, DY: y16, W: w16}
				k.Run()
				k16.Run()
				same("dw", w, w16)
				w16.copyTo(w.Wide, 0)
				i, i16 := ConvInput[float32]{Conv: c, DY: y, W: w, X: x}, ConvInput[float32]{Conv: c, DY: y16, W: w16, X: x16}
				i.Run()
				i16.Run()
				same("dx", x, x16)
			}
		}
	})
}

// TestConvProcessors wants the same bits at any GOMAXPROCS, of values whose sums round.
func TestConvProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		c := Conv{Images: 9, Size: [3]int{1, 17, 19}, Out: [3]int{1, 9, 19}, Window: [3]int{1, 3, 3}, Stride: [3]int{1, 2, 1}, Dilation: [3]int{1, 1, 1}, Low: [3]int{0, 1, 1}, Channels: 12, Results: 40, Groups: 1}
		random := func(n int) Values[float32] {
			s := make([]float32, n)
			for i := range s {
				s[i] = float32(r.NormFloat64())
			}
			return Values[float32]{Wide: s}
		}
		x, w, dy := random(9*17*19*12), random(9*12*40), random(9*9*19*40)
		var want string
		for _, n := range impltest.Processors() {
			runtime.GOMAXPROCS(n)
			y, dx, dw := random(len(dy.Wide)), random(len(x.Wide)), random(len(w.Wide))
			(&ConvForward[float32]{Conv: c, X: x, W: w, Y: y}).Run()
			(&ConvInput[float32]{Conv: c, DY: dy, W: w, X: dx}).Run()
			(&ConvKernel[float32]{Conv: c, X: x, DY: dy, W: dw}).Run()
			got := fmt.Sprint(y.Wide, dx.Wide, dw.Wide)
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("%d processors: other bits", n)
			}
		}
	})
}

// rowsSeen is an epilogue that counts results.
type rowsSeen struct{ n atomic.Int64 }

func (e *rowsSeen) Block(_, i0, i1, j0, j1 int, _ *par.Worker) { e.n.Add(int64((i1 - i0) * (j1 - j0))) }
