package glia_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestLoopLayer checks a layer that loops as those of package nn are.
func TestLoopLayer(t *testing.T) {
	nntest.Layer(t, nntest.Case{New: func() nn.Layer { return &Recurrent{Units: 3} },
		In: tensor.S(tensor.Float32, 4, 5, 2), Out: tensor.S(tensor.Float32, 4, 3), Params: 2*3 + 3*3 + 3})
}

// TestLoopTrains trains a layer that loops, in several precisions, to the same bits on
// any number of processors, and saves and loads it.
func TestLoopTrains(t *testing.T) {
	for _, policy := range []nn.DTypePolicy{nn.Float32, nn.Float64, nn.MixedBFloat16, nn.MixedFloat16} {
		train := func(procs int) (*glia.Model, *glia.History) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			m := glia.Sequential(nn.Input(12, 1), &Recurrent{Units: 16}, nn.Dense(1, nn.Sigmoid))
			m.Network().DType = policy
			compile(t, m, optim.Adam(1e-2), loss.BinaryCrossentropy())
			return m, fit(t, m, firstWins(130), glia.Epochs(3))
		}
		m, h := train(1)
		first, last := h.Epochs[0].Get("loss"), h.Epochs[2].Get("loss")
		if !(last < first) {
			t.Errorf("%v: the loss went from %v to %v: want less", policy, first, last)
		}
		other, _ := train(8)
		for i, v := range m.Network().Vars() {
			if !bytes.Equal(v.Tensor().Bytes(), other.Network().Vars()[i].Tensor().Bytes()) {
				t.Errorf("%v: %s differs on 8 processors from that on 1", policy, v.Path)
			}
		}
		var file bytes.Buffer
		if err := m.SaveTo(&file, keras.Archive); err != nil {
			t.Fatal(err)
		}
		loaded, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		x := tensor.New(tensor.Float32, 3, 12, 1)
		copy(tensor.Data[float32](x), []float32{1, -2, 3, -4, 5})
		if err := tensor.AllClose(predict(t, loaded, x), predict(t, m, x), 0, 0); err != nil {
			t.Errorf("%v: after loading: %v", policy, err)
		}
	}
}

// TestLoopFunc runs a function that loops.
func TestLoopFunc(t *testing.T) {
	f := glia.Func(func(in ...*graph.Node) []*graph.Node {
		last, ys := flow.Scan(in[:1], in[1:], func(s, x []*graph.Node) (next, y []*graph.Node) {
			n := ops.Add(s[0], x[0])
			return []*graph.Node{n}, []*graph.Node{n}
		})
		return append(last, ys...)
	})
	for _, steps := range []int{3, 0, 1} {
		x := tensor.New(tensor.Int32, steps, 2)
		for i := range tensor.Data[int32](x) {
			tensor.Data[int32](x)[i] = int32(i)
		}
		out, err := f.Call(tensor.Of[int32](10, 20), x)
		if err != nil {
			t.Fatal(err)
		}
		want := []int32{10, 20}
		for i, v := range tensor.Data[int32](x) {
			want[i%2] += v
			if got := tensor.Data[int32](out[1])[i]; got != want[i%2] {
				t.Errorf("%d steps: sum %d is %d, want %d", steps, i, got, want[i%2])
			}
		}
		if got := tensor.Data[int32](out[0]); got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%d steps: got %v, want %v", steps, got, want)
		}
	}
	_, err := f.Call(tensor.Of[int32](10), tensor.New(tensor.Int32, 3, 2))
	wants(t, "a state that grows", err, `^glia: Func: loop_test.go:\d+: flow.Scan: state 0 of the body is int32\[2\]: want int32\[1\], as in init$`)
}

// TestLoopDraws refuses a seed that is drawn in a body.
func TestLoopDraws(t *testing.T) {
	drop := nn.Dropout(0.5)
	m := glia.Sequential(nn.Input(2), nn.Lambda(func(x *graph.Node) *graph.Node {
		c := nn.NewCtx(x.Graph(), nn.NewSeed(1))
		c.Training = true
		last, _ := flow.Scan([]*graph.Node{x}, nil, func(s, _ []*graph.Node) (next, y []*graph.Node) {
			return []*graph.Node{drop.Call(c, s[0])}, nil
		}, flow.Steps(2))
		return last[0]
	}))
	err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError())
	if err == nil {
		_, err = m.Predict(tensor.New(tensor.Float32, 1, 2))
	}
	wants(t, "dropout in a loop", err, `loop_test.go:\d+: .*a seed is drawn inside the body of a loop or branch`)
}
