package glia_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestPadding predicts 3 and 4 samples: with one plan where samples are treated one by
// one, and the right numbers in any case.
func TestPadding(t *testing.T) {
	d := func(x *graph.Node) int { return x.Shape().At(0) }
	columns := tensor.Of[float32](1, 2, 3, 4, 5, 6)
	for _, c := range []struct {
		name string
		pads bool
		f    func(x *graph.Node) *graph.Node // of [B 2 6]
	}{
		{"softmax", true, func(x *graph.Node) *graph.Node { return ops.Softmax(ops.Scale(x, 3), -1) }},
		{"rows", true, func(x *graph.Node) *graph.Node {
			y := ops.Reshape(x, d(x)*2, 6)
			y = ops.Softmax(ops.MatMulT(y, y.Graph().Const(tensor.New(tensor.Float32, 5, 6)), false, true), 1)
			return ops.Reshape(y, d(x), 2, 5)
		}},
		{"axes behind", true, func(x *graph.Node) *graph.Node {
			y := ops.Transpose(x, 1, 0, 2)
			y = ops.Sub(ops.CumSum(y, 2), ops.ReduceMeanKeep(y, 0, 2))
			return ops.Transpose(ops.Pad(ops.SliceAxis(y, 2, 1, 5), []int{0, 0, 2}, []int{1, 0, 0}, 7), 1, 0, 2)
		}},
		{"several results", true, func(x *graph.Node) *graph.Node {
			halves := ops.Split(x, 2, 4, 2)
			best, at := ops.TopK(x, 3)
			return ops.Concat(2, halves[1], ops.Cast(at, x.DType()), best, ops.Zeros(halves[0]), ops.Iota(x.Graph(), x.Spec(), 2))
		}},
		{"attention", true, func(x *graph.Node) *graph.Node {
			return ops.MatMul(ops.Softmax(ops.MatMulT(x, x, false, true), -1), x)
		}},
		{"shared input", true, func(x *graph.Node) *graph.Node {
			return ops.Add(ops.Mul(x, x.Graph().Const(columns)), ops.Full(x.Graph(), x.Spec(), 2))
		}},
		{"one hot", true, func(x *graph.Node) *graph.Node {
			return ops.Mul(ops.OneHot(ops.ArgMax(x, 2), 6, x.DType()), ops.ExpandDims(ops.ReduceMax(x, 2), 2))
		}},
		{"LSTM", true, func(x *graph.Node) *graph.Node { // whose products with the steps are one
			h := ops.Zeros(ops.SliceAxis(ops.Reshape(x, d(x), 12), 1, 0, 3))
			kernel, recurrent := x.Graph().Const(noise(t, 6, 12)), x.Graph().Const(noise(t, 3, 12))
			last, ys := scan(x, h, func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				z := ops.Split(ops.Add(ops.MatMul(x, kernel), ops.MatMul(s, recurrent)), 1, 3, 3, 3, 3)
				y, next := ops.LSTMCell(z[0], z[1], z[2], z[3], s)
				return next, y
			})
			return ops.Concat(1, ops.Transpose(ys, 1, 0, 2), ops.ExpandDims(last, 1))
		}},
		{"moments, triangle", true, func(x *graph.Node) *graph.Node {
			mean, variance := ops.MomentsKeep(ops.Tril(x, 1), 2)
			return ops.Add(mean, variance)
		}},
		{"rows of steps", true, func(x *graph.Node) *graph.Node {
			y := ops.Tanh(ops.Reshape(ops.Transpose(x, 1, 0, 2), 2*d(x), 6))
			return ops.Transpose(ops.Reshape(ops.Add(y, ops.Zeros(y)), 2, d(x), 6), 1, 0, 2)
		}},
		{"rows of steps as those of samples", false, func(x *graph.Node) *graph.Node {
			y := ops.Reshape(ops.Transpose(x, 1, 0, 2), 2*d(x), 6)
			return ops.Add(x, ops.Reshape(y, d(x), 2, 6))
		}},
		{"rows of steps added to those of samples", false, func(x *graph.Node) *graph.Node {
			y := ops.Add(ops.Reshape(ops.Transpose(x, 1, 0, 2), 2*d(x), 6), ops.Reshape(x, 2*d(x), 6))
			return ops.Transpose(ops.Reshape(y, 2, d(x), 6), 1, 0, 2)
		}},
		{"numbered rows of steps", false, func(x *graph.Node) *graph.Node {
			y := ops.Reshape(ops.Transpose(x, 1, 0, 2), 2*d(x), 6)
			return ops.Transpose(ops.Reshape(ops.Add(y, ops.Iota(x.Graph(), y.Spec(), 0)), 2, d(x), 6), 1, 0, 2)
		}},
		{"loop while", true, func(x *graph.Node) *graph.Node {
			n := x.Graph().Const(tensor.Scalar(float32(0)))
			out := flow.While([]*graph.Node{x, n}, func(s []*graph.Node) *graph.Node {
				return ops.Less(s[1], ops.ScalarLike(s[1], 3))
			}, func(s []*graph.Node) []*graph.Node {
				return []*graph.Node{ops.Tanh(s[0]), ops.Offset(s[1], 1)}
			})
			return out[0]
		}},
		{"loop while a sample is large", false, func(x *graph.Node) *graph.Node {
			return flow.While([]*graph.Node{x}, func(s []*graph.Node) *graph.Node {
				return ops.Greater(ops.ReduceMax(s[0]), ops.ScalarLike(ops.ReduceMax(s[0]), 0.5))
			}, func(s []*graph.Node) []*graph.Node { return []*graph.Node{ops.Scale(s[0], 0.5)} })[0]
		}},
		{"branches", true, func(x *graph.Node) *graph.Node {
			pred := x.Graph().Const(tensor.Scalar(true))
			return flow.Cond(pred, func() []*graph.Node { return []*graph.Node{ops.Neg(x)} }, func() []*graph.Node { return []*graph.Node{x} })[0]
		}},
		{"branch on the samples", false, func(x *graph.Node) *graph.Node {
			sum := ops.ReduceSum(x)
			pred := ops.Greater(sum, ops.ScalarLike(sum, 0))
			return flow.Cond(pred, func() []*graph.Node { return []*graph.Node{ops.Neg(x)} }, func() []*graph.Node { return []*graph.Node{x} })[0]
		}},
		{"scan that mixes samples in a step", false, func(x *graph.Node) *graph.Node {
			_, ys := scan(x, ops.Zeros(ops.SliceAxis(x, 1, 0, 1)), func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				return s, ops.Sub(x, ops.ReduceMeanKeep(x, 0))
			})
			return ops.Transpose(ys, 1, 0, 2)
		}},
		{"scan with a state", true, func(x *graph.Node) *graph.Node {
			first := ops.Zeros(ops.SliceAxis(ops.SliceAxis(x, 1, 0, 1), 2, 0, 6))
			last, _ := scan(x, ops.Reshape(first, d(x), 6), func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				return ops.Add(s, x), x
			})
			return last
		}},
		{"scan that mixes samples in its state", false, func(x *graph.Node) *graph.Node {
			first := ops.Zeros(ops.SliceAxis(ops.SliceAxis(x, 1, 0, 1), 2, 0, 6))
			last, _ := scan(x, ops.Reshape(first, d(x), 6), func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				return ops.Add(ops.Flip(s, 0), x), x
			})
			return last
		}},
		{"scan with a sum in its state", false, func(x *graph.Node) *graph.Node {
			last, _ := scan(x, ops.Zeros(x.Graph().Const(tensor.New(x.DType(), 6))), func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				return ops.Add(s, ops.ReduceSum(x, 0)), x
			})
			return ops.Add(x, last)
		}},
		{"scan over the samples", false, func(x *graph.Node) *graph.Node {
			state := ops.Zeros(x.Graph().Const(tensor.New(x.DType(), 2, 6)))
			_, ys := flow.Scan([]*graph.Node{state}, []*graph.Node{x}, func(s, x []*graph.Node) (next, y []*graph.Node) {
				sum := []*graph.Node{ops.Add(s[0], x[0])}
				return sum, sum
			})
			return ys[0]
		}},
		{"scan by the length", false, func(x *graph.Node) *graph.Node {
			n := float64(d(x))
			_, ys := scan(x, ops.Zeros(ops.SliceAxis(x, 1, 0, 1)), func(s, x *graph.Node) (*graph.Node, *graph.Node) {
				return s, ops.Scale(x, n)
			})
			return ops.Transpose(ys, 1, 0, 2)
		}},
		{"mean over the batch", false, func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.ReduceMeanKeep(x, 0)) }},
		{"mean over all", false, func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.ReduceMean(x)) }},
		{"sum over rows", false, func(x *graph.Node) *graph.Node {
			return ops.Sub(x, ops.ReduceSumKeep(ops.Reshape(x, 1, d(x)*2, 6), 1))
		}},
		{"length of the batch", false, func(x *graph.Node) *graph.Node { return ops.Scale(x, 1/float64(d(x))) }},
		{"length counted", false, func(x *graph.Node) *graph.Node {
			return ops.Div(x, ops.ReduceSum(ops.Full(x.Graph(), tensor.Spec{DType: x.DType(), Shape: x.Shape().To(1)}, 1)))
		}},
		{"columns chosen by the length", false, func(x *graph.Node) *graph.Node { return ops.SliceAxis(x, 2, d(x)-3, d(x)) }},
		{"length three", false, func(x *graph.Node) *graph.Node {
			if d(x) == 3 {
				return ops.Neg(x)
			}
			return ops.Abs(x)
		}},
		{"constant for each sample", false, func(x *graph.Node) *graph.Node {
			c := tensor.New(x.DType(), d(x), 1, 1)
			tensor.Data[float32](c)[d(x)-1] = 1
			return ops.Mul(x, x.Graph().Const(c))
		}},
		{"constant by the length", false, func(x *graph.Node) *graph.Node {
			return ops.Mul(x, x.Graph().Const(tensor.Scalar(float32(d(x)))))
		}},
		{"softmax over the batch", false, func(x *graph.Node) *graph.Node { return ops.Softmax(x, 0) }},
		{"sums over the batch", false, func(x *graph.Node) *graph.Node { return ops.CumSum(x, 0) }},
		{"samples reversed", false, func(x *graph.Node) *graph.Node { return ops.Flip(x, 0) }},
		{"samples moved", false, func(x *graph.Node) *graph.Node {
			return ops.SliceAxis(ops.Pad(x, []int{1, 0, 0}, []int{0, 0, 0}, 0), 0, 0, d(x))
		}},
		{"samples mixed by reshaping", false, func(x *graph.Node) *graph.Node {
			return ops.Reshape(ops.Transpose(x, 1, 0, 2), d(x), 2, 6)
		}},
		{"samples against samples", false, func(x *graph.Node) *graph.Node {
			y := ops.Reshape(x, d(x), 12)
			return ops.MatMul(ops.Softmax(ops.MatMulT(y, y, false, true), 1), y)
		}},
		{"samples joined", false, func(x *graph.Node) *graph.Node {
			return ops.SliceAxis(ops.Concat(0, x, ops.Neg(x)), 0, d(x), 2*d(x))
		}},
		{"best sample", false, func(x *graph.Node) *graph.Node {
			return ops.Add(x, ops.Cast(ops.ExpandDims(ops.ArgMax(x, 0), 0), x.DType()))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dev := newCounting()
			m := glia.Sequential(nn.Input(2, 6), nn.Lambda(c.f)).On(dev)
			x := noise(t, 4, 2, 6)
			exact := glia.Func(func(in ...*graph.Node) []*graph.Node { return []*graph.Node{c.f(in[0])} })
			for _, n := range []int{4, 3} {
				part, err := x.Slice(0, 0, n, 1)
				if err != nil {
					t.Fatal(err)
				}
				want, err := exact.Call(part)
				if err != nil {
					t.Fatal(err)
				}
				if got := predict(t, m, part); !tensor.Equal(got, want[0]) {
					t.Errorf("%d samples: got %v\nwant %v", n, got, want[0])
				}
			}
			if got := dev.compiled.Load() == 1; got != c.pads {
				t.Errorf("3 samples were padded to 4: %v, want %v", got, c.pads)
			}
		})
	}
}

// TestPaddingRefused predicts a number of samples that the model takes, where it takes
// no padded batch.
func TestPaddingRefused(t *testing.T) {
	table := noise(t, 6, 6)
	f := func(x *graph.Node) *graph.Node { // of at most 6 samples
		return ops.Add(x, ops.SliceAxis(x.Graph().Const(table), 0, 0, x.Shape().At(0)))
	}
	m := glia.Sequential(nn.Input(6), nn.Lambda(f))
	x := noise(t, 6, 6)
	want, err := glia.Func(func(in ...*graph.Node) []*graph.Node { return []*graph.Node{f(in[0])} }).Call(x)
	if err != nil {
		t.Fatal(err)
	}
	if got := predict(t, m, x); !tensor.Equal(got, want[0]) {
		t.Errorf("got %v, want %v", got, want[0])
	}
	if _, err := m.Predict(noise(t, 7, 6)); err == nil {
		t.Error("7 samples are taken, want an error")
	}
}

// noise returns numbers between -3 and 3.
func noise(t testing.TB, dims ...int) *tensor.Tensor {
	t.Helper()
	x := tensor.New(tensor.Float32, dims...)
	v := tensor.Data[float32](x)
	for i := range v {
		v[i] = float32((i*7919+13)%601)/100 - 3
	}
	return x
}

// scan runs a loop over the second axis of x.
func scan(x, init *graph.Node, body func(s, x *graph.Node) (next, y *graph.Node)) (last, ys *graph.Node) {
	s, y := flow.Scan([]*graph.Node{init}, []*graph.Node{ops.Transpose(x, 1, 0, 2)}, func(s, x []*graph.Node) (_, _ []*graph.Node) {
		next, y := body(s[0], x[0])
		return []*graph.Node{next}, []*graph.Node{y}
	})
	return s[0], y[0]
}

// TestPaddingPlans counts plans: of all batch sizes, and of several inputs and outputs.
func TestPaddingPlans(t *testing.T) {
	d := newCounting()
	m := forkedTwice().On(d)
	want, err := m.PredictAll(noise(t, 256, 3), noise(t, 256, 2))
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 256; n += 1 + n/7 {
		got, err := m.PredictAll(noise(t, n, 3), noise(t, n, 2))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			part, err := want[i].Slice(0, 0, n, 1)
			if err != nil {
				t.Fatal(err)
			}
			if !tensor.Equal(got[i], part) {
				t.Errorf("%d samples: output %d has other bits than among 256", n, i)
			}
		}
	}
	if n := d.compiled.Load(); n != 9 {
		t.Errorf("%d plans, want 9", n)
	}
}

// TestPlansForgotten predicts with more batch sizes than plans are kept.
func TestPlansForgotten(t *testing.T) {
	d := newCounting()
	m := glia.Sequential(nn.Input(3), nn.Lambda(func(x *graph.Node) *graph.Node { return ops.CumSum(x, 0) })).On(d)
	f := glia.Func(func(in ...*graph.Node) []*graph.Node { return []*graph.Node{ops.Neg(in[0])} }).On(d)
	for _, call := range []func(n int){
		func(n int) { predict(t, m, noise(t, n, 3)) },
		func(n int) {
			if _, err := f.Call(noise(t, n)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		compiled := func(sizes ...int) int64 {
			was := d.compiled.Load()
			for _, n := range sizes {
				call(n)
			}
			return d.compiled.Load() - was
		}
		all := make([]int, 16)
		for i := range all {
			all[i] = i + 1
		}
		if n := compiled(all...); n != 16 {
			t.Errorf("16 sizes made %d plans", n)
		}
		if n := compiled(all...); n != 0 {
			t.Errorf("16 sizes again made %d plans, want none", n)
		}
		if n := compiled(1, 17, 1, 3); n != 1 { // 2 goes, used least recently
			t.Errorf("one size more, and others again, made %d plans, want 1", n)
		}
		if n := compiled(2); n != 1 {
			t.Errorf("the size used least recently made %d plans, want 1", n)
		}
	}
}

// TestServiceMemory predicts batches of every size from eight goroutines. The memory of
// the largest alone is that of one goroutine, and seven times more without the weights.
func TestServiceMemory(t *testing.T) {
	const most, goroutines, units = 1000, 8, 96
	service := func(goroutines, calls int, sizes func(worker, i int) int) (bytes, weights int) {
		m := glia.Sequential(nn.Input(64), nn.Dense(units, nn.ReLU), nn.Dense(units, nn.Softmax), nn.Dense(units, nn.GELU), nn.Dense(3, nn.Softmax))
		x := noise(t, most, 64)
		before := heap()
		var wg sync.WaitGroup
		for worker := range goroutines {
			wg.Go(func() {
				for i := range calls {
					if testing.Short() && i%24 != 0 {
						continue
					}
					part, err := x.Slice(0, 0, sizes(worker, i), 1)
					if err == nil {
						_, err = m.Predict(part)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		bytes = heap() - before
		trained, fixed := m.Params()
		runtime.KeepAlive(x)
		return bytes, 4 * (trained + fixed)
	}
	largest := func(_, _ int) int { return most }
	service(goroutines, 100, largest) // after it, workers and packing have their memory, which is no model's
	one, weights := service(1, most, largest)
	// Every size, in another order in each.
	all, _ := service(goroutines, most, func(worker, i int) int { return 1 + (i*(2*worker+1)*7+worker*131)%most })
	if alone := weights + goroutines*(one-weights); 2*all > 3*alone {
		t.Errorf("batches of 1 to %d keep %d bytes, those of %d alone %d: want no more than 1.5 times as many", most, all, most, alone)
	}
}

// heap returns the bytes of memory in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}
