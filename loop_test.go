package glia_test

import (
	"bytes"
	"math"
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

// stepwise is a layer that calls another on every step of its input, in a loop.
type stepwise struct {
	nn.Base
	inner nn.Layer
}

func newStepwise(inner nn.Layer) *stepwise { return &stepwise{Base: nn.NewBase(), inner: inner} }

func (l *stepwise) Build(b *nn.Builder, in tensor.Spec) {
	b.Build("layer", l.inner, tensor.Spec{DType: in.DType, Shape: in.Shape.Without(1)})
}

func (l *stepwise) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	_, ys := flow.Scan(nil, []*graph.Node{ops.SwapAxes(x, 0, 1)}, func(_, x []*graph.Node) (next, y []*graph.Node) {
		return nil, []*graph.Node{c.Trace(l.inner, x[0])}
	})
	return ops.SwapAxes(ys[0], 0, 1)
}

// TestLoopPenalties trains a layer with penalties of its variables in a loop to the losses
// that it has without one.
func TestLoopPenalties(t *testing.T) {
	dense := func() nn.Layer {
		return nn.Dense(3, nn.KernelRegularizer(nn.L2(.5)), nn.BiasRegularizer(nn.L1(.5)), nn.BiasInitializer(nn.Ones))
	}
	train := func(l nn.Layer) *glia.History {
		m := glia.Sequential(nn.Input(12, 1), l, nn.Flatten(), nn.Dense(1, nn.Sigmoid))
		compile(t, m, optim.SGD(1e-2), loss.BinaryCrossentropy())
		return fit(t, m, firstWins(64), glia.Epochs(3))
	}
	got, want := train(newStepwise(dense())), train(dense())
	for i := range want.Epochs {
		if g, w := got.Epochs[i].Get("loss"), want.Epochs[i].Get("loss"); math.Abs(g-w) > 1e-5*w {
			t.Errorf("epoch %d: loss %v in a loop, want %v", i+1, g, w)
		}
	}
}

// TestLoopLosses refuses losses that are added in a body.
func TestLoopLosses(t *testing.T) {
	for name, inner := range map[string]nn.Layer{
		"a layer":          nn.ActivityRegularization(.1, .1),
		"a setting":        nn.Dense(2, nn.ActivityRegularizer(nn.L2(.1))),
		"one in a network": nn.Sequential(nn.Dense(2), nn.ActivityRegularization(.1, .1)),
	} {
		m := glia.Sequential(nn.Input(4, 2), newStepwise(inner), nn.Dense(1))
		err := m.Compile(optim.SGD(.1), loss.MeanSquaredError())
		wants(t, name, err, `loop_test.go:\d+: layer "stepwise.*": nn.AddLoss: a loss, or the penalty of an activity, is added inside the body of a loop or branch`)
	}
}

// TestNilInLayers refuses nil layers and variables in a layer of the user's.
func TestNilInLayers(t *testing.T) {
	for want, l := range map[string]nn.Layer{
		`layer "stepwise": nn.Builder: layer is nil: want a layer`:                            newStepwise(nil),
		`layer "hollow": nn.Ctx: the layer to trace is nil: want a layer`:                     &hollow{},
		`layer "hollow": nn.Ctx.Update: the variable is nil: want one that was made by Build`: &hollow{update: true},
	} {
		err := glia.Sequential(nn.Input(4, 2), l).Compile(optim.SGD(.1), loss.MeanSquaredError())
		wants(t, want, err, `^glia: .*loop_test.go:\d+: `+want)
	}
}

// hollow is a layer that traces a nil layer or updates a nil variable.
type hollow struct {
	nn.Base
	update bool
}

func (*hollow) Build(*nn.Builder, tensor.Spec) {}

func (l *hollow) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	if l.update {
		c.Update(nil, x)
		return x
	}
	return c.Trace(nil, x)
}
