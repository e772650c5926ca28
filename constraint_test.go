package glia_test

import (
	"math"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// longest returns the greatest length of a column of a matrix.
func longest(x *tensor.Tensor) float64 {
	cols := x.Shape().At(1)
	v := make([]float64, cols)
	for i, e := range x.Float64s() {
		v[i%cols] += e * e
	}
	return math.Sqrt(slices.Max(v))
}

// TestConstraints trains with a rate so high that weights would leave their bounds,
// and looks at them after every batch, for several optimizers, and in a step of the
// user's own.
func TestConstraints(t *testing.T) {
	x, y := tensor.New(tensor.Float32, 40, 3), tensor.New(tensor.Float32, 40, 2)
	for i := range 120 {
		tensor.Data[float32](x)[i] = float32(math.Sin(float64(i)))
	}
	for i := range 80 {
		tensor.Data[float32](y)[i] = -20
	}
	for name, opt := range map[string]func() optim.Optimizer{
		"sgd":  func() optim.Optimizer { return optim.SGD(0.05, optim.Momentum(0.9)) },
		"adam": func() optim.Optimizer { return optim.Adam(0.5) },
		"own":  func() optim.Optimizer { return optim.RMSprop(0.5) },
	} {
		free := nn.Dense(2)
		bound := nn.Dense(2, nn.KernelConstraint(nn.MaxNorm(0.7)), nn.BiasConstraint(nn.NonNeg), nn.BiasInitializer(nn.Ones))
		m := glia.Sequential(nn.Input(3), free, bound)
		if name == "own" {
			m.TrainStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
				pred = s.Call(s.X...)
				loss = s.Loss(pred)
				s.Minimize(loss)
				return loss, pred
			}
		}
		compile(t, m, opt(), loss.MeanSquaredError())
		most, least := 0.0, 1.0
		look := glia.Callback{OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
			all := m.Network().Vars()
			most = max(most, longest(all[2].Tensor()))
			least = min(least, slices.Min(all[3].Tensor().Float64s()))
			return nil
		}}
		fit(t, m, memory(t, x, y), glia.Epochs(5), glia.BatchSize(8), glia.Use(look))
		if !(most > 0.69 && most <= 0.7+1e-6) {
			t.Errorf("%s: the longest column of the kernel had length %g, want 0.7", name, most)
		}
		if least != 0 {
			t.Errorf("%s: the least bias was %g, want 0", name, least)
		}
		if l := longest(m.Network().Vars()[0].Tensor()); l < 0.8 {
			t.Errorf("%s: columns of the layer without a constraint have length %g at most, want more", name, l)
		}
	}
}
