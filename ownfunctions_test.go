package glia_test

import (
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestOwnFunctions gives labels [n] to a model of one unit, whose predictions are [n 1]:
// losses and metrics of a user's are glia's own, on every way to them.
func TestOwnFunctions(t *testing.T) {
	squares := func(yTrue, yPred *graph.Node) *graph.Node { return ops.Square(ops.Sub(yTrue, yPred)) }
	mean := func(yTrue, yPred *graph.Node) *graph.Node { return ops.ReduceMean(squares(yTrue, yPred), -1) }
	own, ours := loss.Func("own", mean), loss.MeanSquaredError(loss.Name("own"))
	x := of(t, []float32{1, 2, 3, -1, 0, 4}, 6, 1)
	ds := memory(t, x, of(t, []float32{1, 0, 5, 2, 2, -3}, 6))
	weighted, err := ds.WithWeights(of(t, []float32{1, 2, 0, 1, 3, 0.5}, 6))
	if err != nil {
		t.Fatal(err)
	}
	two := func() *glia.Model {
		in := nn.Apply(nn.Input(1))
		return glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(1, nn.Name("a")), in), nn.Apply(nn.Dense(1, nn.Name("b")), in)})
	}
	both, err := data.Zip(ds, memory(t, nil, ds.Y()))
	if err != nil {
		t.Fatal(err)
	}
	masked := func() *glia.Model { return glia.Sequential(nn.Input(2, 1), nn.Masking(0), nn.Dense(1)) }
	steps := memory(t, of(t, []float32{1, 0, 2, 3}, 2, 2, 1), of(t, []float32{1, 5, 2, 7}, 2, 2, 1))
	for _, c := range []struct {
		name  string
		model func() *glia.Model
		ds    data.Dataset
		wrap  func(l loss.Loss) loss.Loss
	}{
		{"plain", func() *glia.Model { return glia.Sequential(nn.Input(1), nn.Dense(1)) }, ds, nil},
		{"weighted", func() *glia.Model { return glia.Sequential(nn.Input(1), nn.Dense(1)) }, weighted, nil},
		{"each output", two, both, nil},
		{"per output", two, both, func(l loss.Loss) loss.Loss { return loss.PerOutput(loss.For("a", l), loss.For("b", l).Weighted(3)) }},
		{"masked", masked, steps, nil},
		{"custom step", func() *glia.Model {
			m := glia.Sequential(nn.Input(1), nn.Dense(1))
			m.TrainStep = func(s *glia.Step) (*graph.Node, []*graph.Node) { return s.Default() }
			return m
		}, ds, nil},
	} {
		train := func(l loss.Loss, each func(yTrue, yPred *graph.Node) *graph.Node) (*glia.Model, *glia.History) {
			m := c.model()
			m.Seed = 5
			var of loss.Loss = l
			if c.wrap != nil {
				of = c.wrap(l)
			}
			compile(t, m, optim.SGD(0.01), of, metric.Mean("mean", each), metric.WithWeights(metric.Mean("weighted", each)), metric.FromLoss(l))
			return m, fit(t, m, c.ds, glia.Epochs(2), glia.BatchSize(4), glia.InOrder, glia.Validate(c.ds))
		}
		want, history := train(ours, ours.Each)
		got, h := train(own, mean)
		if string(weights(got)) != string(weights(want)) {
			t.Errorf("%s: other weights", c.name)
		}
		for i, e := range h.Epochs {
			near(t, c.name+": loss", e.Loss, history.Epochs[i].Loss, 1e-6)
			for j, m := range e.Metrics {
				near(t, c.name+": "+m.Name, m.Value, history.Epochs[i].Metrics[j].Value, 1e-6)
			}
			for j, m := range e.Validation.Metrics {
				near(t, c.name+": validation: "+m.Name, m.Value, history.Epochs[i].Validation.Metrics[j].Value, 1e-6)
			}
		}
	}
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	compile(t, m, optim.SGD(0.01), own)
	_, err = m.Fit(memory(t, x, tensor.New(tensor.Float32, 6, 1, 1, 1)))
	wants(t, "refused", err, `^glia: Fit: .*loss own: labels float32\[6 1 1 1\], predictions float32\[6 1\]: want shapes that do not broadcast into a larger one`)
}
