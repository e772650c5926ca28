package glia_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// fitted trains a small network on fixed data and returns its weights.
func fitted(t *testing.T, o optim.Optimizer) []float64 {
	t.Helper()
	x, y := make([]float32, 64), make([]float32, 32)
	for i := range x {
		x[i] = float32(i*i%17) / 17
		y[i/2] += x[i] / 2
	}
	m := glia.Sequential(nn.Input(2), nn.Dense(4, nn.Tanh), nn.Dense(1))
	compile(t, m, o, loss.MeanSquaredError())
	fit(t, m, memory(t, of(t, x, 32, 2), of(t, y, 32, 1)), glia.Epochs(2), glia.BatchSize(8))
	var all []float64
	for _, v := range m.Network().Params() {
		all = append(all, v.Tensor().Float64s()...)
	}
	return all
}

// A power of two as the scale of the loss changes no bit.
func TestFitScaledLoss(t *testing.T) {
	want := fitted(t, optim.Adam(0.01))
	for name, o := range map[string]optim.Optimizer{
		"factor": optim.Adam(0.01, optim.LossScaleFactor(1024)),
		"found":  optim.LossScale(optim.Adam(0.01), optim.InitialScale(64), optim.DynamicGrowthSteps(3)),
		"multi":  optim.Multi(optim.Adam(0.01), optim.LossScaleFactor(0.25)),
		"held":   optim.LossScale(optim.Multi(optim.Adam(0.01))),
	} {
		if got := fitted(t, o); !slices.Equal(got, want) {
			t.Errorf("%s: weights are %v, want %v", name, got, want)
		}
	}
}

// Training ends with the averages, which the last step left.
func TestFitAverages(t *testing.T) {
	o := optim.SGD(0.1, optim.EMA(0.9))
	got := fitted(t, o)
	var want []float64
	for _, v := range o.Averages() {
		want = append(want, v.Tensor().Float64s()...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("weights are %v, want the averages %v", got, want)
	}
	if plain := fitted(t, optim.SGD(0.1)); slices.Equal(got, plain) {
		t.Error("the averages are the weights")
	}
}

// TestOptimizerOfAnotherModel refuses an optimizer that trains another model, whose
// training goes on as if nothing had happened.
func TestOptimizerOfAnotherModel(t *testing.T) {
	const refused = `^glia: Compile: optimizer_test.go:\d+: optim: adam: it trains another model: want an optimizer for each$`
	ds := blobs(t, 20, 3, 2).OneHot(2)
	model := func() *glia.Model {
		return glia.Sequential(nn.Input(3), nn.Dense(4, nn.ReLU), nn.Dense(2, nn.Softmax))
	}
	loss := loss.CategoricalCrossentropy()
	trained := func(between func(adam *optim.AdamOptimizer)) []byte {
		adam := optim.Adam(0.1)
		m := model()
		compile(t, m, adam, loss)
		fit(t, m, ds)
		between(adam)
		fit(t, m, ds)
		return weights(m)
	}
	want := trained(func(*optim.AdamOptimizer) {})
	got := trained(func(adam *optim.AdamOptimizer) {
		wants(t, "another model", model().Compile(adam, loss), refused)
		wants(t, "not built", glia.Sequential(nn.Dense(2)).Compile(adam, loss), refused)
		wants(t, "scaled", model().Compile(optim.LossScale(adam), loss), refused)
		wants(t, "of several", model().Compile(optim.Multi(optim.SGD(1), optim.For(".*", adam)), loss), refused)
		other := model()
		compile(t, other, optim.SGD(0.5), loss)
		wants(t, "another model", other.Compile(adam, loss), refused)
		if other.Optimizer().Name() != "sgd" {
			t.Error("the refused optimizer has taken the place of the former")
		}
		fit(t, other, ds)

		// One that is put into another later, of a model that is built later or frozen.
		late, multi := glia.Sequential(nn.Dense(2, nn.Softmax)), optim.Multi(optim.SGD(1))
		compile(t, late, multi, loss)
		multi.Map.Entries = append(multi.Map.Entries, optim.For(".*", adam))
		_, err := late.Fit(ds)
		wants(t, "built later", err, `optim: adam: it trains another model`)
		frozen, scale := model(), optim.LossScale(optim.SGD(1))
		compile(t, frozen, scale, loss)
		scale.Inner = adam
		frozen.Network().Layers()[1].(*nn.DenseLayer).Frozen = true
		_, err = frozen.Fit(ds)
		wants(t, "frozen", err, `optim: adam: it trains another model`)
	})
	if !bytes.Equal(got, want) {
		t.Error("the training of the first model is not what it was")
	}
}

// TestOptimizerAgain compiles one model more than once with an optimizer, and another
// when the first is done with it.
func TestOptimizerAgain(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	sgd, loss := optim.SGD(0.1, optim.Momentum(0.9)), loss.CategoricalCrossentropy()
	hidden := nn.Dense(4, nn.ReLU)
	m := glia.Sequential(nn.Input(3), hidden, nn.Dense(2, nn.Softmax))
	several := optim.Multi(sgd, optim.For("dense/.*", sgd), optim.For("dense_1/.*", optim.Adam(0.1)))
	for _, o := range []optim.Optimizer{sgd, sgd, optim.LossScale(sgd), several, optim.LossScale(several), sgd} {
		compile(t, m, o, loss)
		fit(t, m, ds)
		hidden.Frozen = !hidden.Frozen
		fit(t, m, ds)
	}
	other := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.Adam(0.1), loss)
	compile(t, other, sgd, loss)
	fit(t, other, ds)
	wants(t, "one that is taken", glia.Sequential(nn.Input(3), nn.Dense(0)).Compile(several, loss), `optim: sgd: it trains another model`)
	failed := optim.Adam(0.1)
	wants(t, "no units", glia.Sequential(nn.Input(3), nn.Dense(0)).Compile(failed, loss), `0 units`)
	compile(t, other, failed, loss)
	compile(t, glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax)), several, loss)
}

// TestGradientAccumulation wants the weights of Keras 3.15.1 after every batch of one sample:
// gradients left over at the end of an epoch or of Fit count for the next, and schedules go on
// by a batch.
func TestGradientAccumulation(t *testing.T) {
	for _, c := range []struct {
		samples int
		opt     optim.Optimizer
		first   []float64 // two epochs
		second  []float64 // one, in another Fit
	}{
		{5, optim.SGD(0.25, optim.GradientAccumulation(2)),
			[]float64{0, 0.5, 0.5, 0.75, 0.75, 0.875, 0.875, 0.9375, 0.9375, 0.96875}, []float64{0.96875, 0.984375, 0.984375, 0.9921875, 0.9921875}},
		{3, optim.SGD(0.25, optim.GradientAccumulation(4)),
			[]float64{0, 0, 0, 0.5, 0.5, 0.5}, []float64{0.5, 0.75, 0.75}},
		{4, optim.SGD(optim.PiecewiseConstantDecay([]int{1}, []float64{0.25, 0.125}), optim.GradientAccumulation(2)),
			[]float64{0, 0.5, 0.5, 0.625, 0.625, 0.71875, 0.71875, 0.7890625}, []float64{0.7890625, 0.841796875, 0.841796875, 0.88134765625}},
	} {
		m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)))
		compile(t, m, c.opt, loss.MeanSquaredError())
		ones := make([]float32, c.samples)
		for i := range ones {
			ones[i] = 1
		}
		ds := memory(t, of(t, ones, c.samples, 1), of(t, ones, c.samples, 1))
		var got []float64
		watch := glia.Use(glia.Callback{OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
			got = append(got, m.Network().Params()[0].Tensor().Item())
			return nil
		}})
		fit(t, m, ds, glia.Epochs(2), glia.BatchSize(1), glia.InOrder, watch)
		fit(t, m, ds, glia.BatchSize(1), glia.InOrder, watch)
		if want := slices.Concat(c.first, c.second); !slices.Equal(got, want) {
			t.Errorf("%d samples: weights %v, want %v", c.samples, got, want)
		}
	}
}
