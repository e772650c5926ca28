package glia_test

import (
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestNaNWatch names the first operation and layer.
func TestNaNWatch(t *testing.T) {
	apply := func(name string, f func(x *graph.Node) *graph.Node) nn.Layer {
		return nn.Lambda(f, nn.Name(name))
	}
	root := apply("root", func(x *graph.Node) *graph.Node { return ops.Sqrt(x) })
	x, y := make([]float32, 600), make([]float32, 600)
	for i := range x {
		x[i], y[i] = float32(i%7)/7+0.1, float32(i%2)
	}
	with := func(i int, v float32) []float32 {
		c := append([]float32(nil), x...)
		c[i] = v
		return c
	}
	for _, c := range []struct {
		name   string
		layers []nn.Layer
		opt    optim.Optimizer
		loss   nn.Loss
		x      []float32
		want   string
		finite bool // the weights in the end
	}{
		{"forward", []nn.Layer{nn.Input(1), root, nn.Dense(1)}, optim.SGD(0.01), nn.MeanSquaredError(), with(450, -1),
			`epoch 1, batch 451: loss is NaN: .*; the first came in epoch 1, batch 451: Sqrt made NaN in layer root, from float32\[1 1\] with numbers from -1 to -1$`, true},
		{"inner", []nn.Layer{nn.Input(1), nn.Sequential(nn.Dense(2, nn.KernelInitializer(nn.Constant(-1))), apply("log", ops.Log)), nn.Dense(1)}, optim.SGD(0.01), nn.MeanSquaredError(), x,
			`epoch 1, batch 1: .*; the first came in epoch 1, batch 1: Log made NaN in layer sequential/log, from float32\[1 2\] with numbers from -0.1 to -0.1$`, true},
		{"backward", []nn.Layer{nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)), root, apply("twice", func(x *graph.Node) *graph.Node { return ops.Add(x, x) })},
			optim.SGD(0.01), nn.MeanSquaredError(), x,
			`epoch 1, batch 2: loss is NaN: .*; the first came in epoch 1, batch 1: Div made NaN in layer root, from`, true},
		{"data", []nn.Layer{nn.Input(1), nn.Dense(1)}, optim.SGD(0.01), nn.MeanSquaredError(), with(300, float32(math.NaN())),
			`epoch 1, batch 301: loss is NaN: .*; the first came in epoch 1, batch 301: the data has NaN in x$`, true},
		{"overflow", []nn.Layer{nn.Input(1), nn.Dense(1)}, optim.SGD(3e38), nn.MeanSquaredError(), x,
			`; the first came in epoch 1, batch 2: Mul made infinity in the loss, from`, true},
	} {
		m := glia.Sequential(c.layers...)
		compile(t, m, c.opt, c.loss)
		_, err := m.Fit(memory(t, of(t, c.x, 600, 1), of(t, y, 600, 1)), glia.InOrder, glia.BatchSize(1), glia.StopOnNaN, glia.Epochs(3))
		wants(t, c.name, err, c.want)
		for _, v := range m.Network().Vars() {
			for _, w := range v.Tensor().Float64s() {
				if (math.IsNaN(w) || math.IsInf(w, 0)) == c.finite {
					t.Errorf("%s: %s is %v in the end", c.name, v.Path, w)
				}
			}
		}
	}
}

// TestNaNWatchChanged cannot find it out if a callback changed the weights, and says
// nothing wrong then.
func TestNaNWatchChanged(t *testing.T) {
	m := classifier(t, 3, 2)
	_, err := m.Fit(blobs(t, 40, 3, 2).OneHot(2), glia.BatchSize(4), glia.StopOnNaN, glia.Use(glia.Callback{OnBatchEnd: func(m *glia.Model, _, b int, _ float64) error {
		if b == 3 {
			tensor.Data[float32](m.Network().Vars()[0].Tensor())[0] = float32(math.NaN())
		}
		return nil
	}}))
	wants(t, "changed", err, `^glia: Fit: epoch 1, batch 5: loss is NaN: want a finite number; a smaller learning rate or clipped gradients may help$`)
	if strings.Contains(err.Error(), "first came") {
		t.Error(err)
	}
}
