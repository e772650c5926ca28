package glia_test

import (
	"slices"
	"testing"

	"github.com/glia-ml/glia"
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
	compile(t, m, o, nn.MeanSquaredError())
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
