package glia_test

import (
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestCompileBadGraph reports the mistake in a graph, not that it has no layers.
func TestCompileBadGraph(t *testing.T) {
	x := nn.Apply(nn.Input(3))
	for _, c := range []struct {
		out  *nn.Symbol
		want string
	}{
		{nil, `nn.Functional: output 0 is nil`}, {nn.Apply(nn.Dense(1), nil), `outputs_misuse_test.go:\d+: nn.Apply: input 0 of Dense is nil`},
		{nn.Apply(nn.Input(2)), `depends on an nn.Input that is not among the inputs`},
	} {
		m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{c.out})
		wants(t, "Compile", m.Compile(optim.SGD(0.1), loss.MeanSquaredError()), c.want)
		_, err := m.Predict(tensor.New(tensor.Float32, 2, 3))
		wants(t, "Predict", err, c.want)
	}
	m := forked()
	wants(t, "losses in losses", m.Compile(optim.SGD(0.1), loss.PerOutput(loss.For("kind", forkedLosses()))), `the loss of output "kind" is loss.PerOutput: want that of one output`)
	wants(t, "nil metric", m.Compile(optim.SGD(0.1), loss.MeanSquaredError(), metric.For("kind", nil)), `metric 0 is nil`)
}

// TestBatchesOfOutputs gives a model of two inputs and outputs batches that do not fit.
func TestBatchesOfOutputs(t *testing.T) {
	var b data.Batch
	if err := forks(t, 8).Read([]int{0, 1, 2, 3}, &b); err != nil {
		t.Fatal(err)
	}
	m := forked()
	compile(t, m, optim.SGD(0.1), forkedLosses())
	before := weights(m)
	of := func(t ...*tensor.Tensor) []*tensor.Tensor { return t }
	w := tensor.New(tensor.Float32, 4)
	for _, c := range []struct {
		name string
		b    *data.Batch
		want string
	}{
		{"one x", &data.Batch{X: b.X[:1], Y: b.Y}, `samples have 1 inputs: the model takes 2`},
		{"three x", &data.Batch{X: of(b.X[0], b.X[1], b.X[1]), Y: b.Y}, `samples have 3 inputs: the model takes 2`},
		{"one y", &data.Batch{X: b.X, Y: b.Y[:1]}, `samples have 1 targets: want one for each of the model's outputs`},
		{"three y", &data.Batch{X: b.X, Y: of(b.Y[0], b.Y[1], b.Y[1])}, `samples have 3 targets: want one for each`},
		{"three weights", &data.Batch{X: b.X, Y: b.Y, Weight: of(w, w, w)}, `3 tensors of weights for 2 targets: want none, one, or one for each`},
		{"x the other way round", &data.Batch{X: of(b.X[1], b.X[0]), Y: b.Y}, `samples are \[2\] for input 0: the model takes \[3\]`},
		{"nil x", &data.Batch{X: of(b.X[0], nil), Y: b.Y}, `a batch without x or y`},
		{"nil y", &data.Batch{X: b.X, Y: of(nil, b.Y[1])}, `a batch without x or y`},
	} {
		_, err := m.TrainOnBatch(c.b)
		wants(t, c.name, err, c.want)
		_, err = m.TestOnBatch(c.b)
		wants(t, c.name, err, c.want)
	}
	if string(weights(m)) != string(before) {
		t.Error("what does not fit changed weights")
	}
	_, err := m.PredictAll()
	wants(t, "no x", err, `no x: want a tensor for each input`)
	_, err = m.PredictAll(b.X[0], nil)
	wants(t, "nil x", err, `x is nil`)
}

// TestStepsOfOutputs has steps of one's own that forget an input or an output.
func TestStepsOfOutputs(t *testing.T) {
	for want, step := range map[string]glia.StepFunc{
		`TrainStep: 1 predictions: want one for each of the outputs \["kind" "size"\]`: func(s *glia.Step) (*graph.Node, []*graph.Node) {
			loss, pred := s.Default()
			return loss, pred[:1]
		},
		`nn.Network: 1 inputs: want 2`: func(s *glia.Step) (*graph.Node, []*graph.Node) {
			pred := s.Call(s.X[0])
			return s.Loss(pred), pred
		},
		`Step.Loss: 1 predictions and 2 targets`: func(s *glia.Step) (*graph.Node, []*graph.Node) {
			pred := s.Call(s.X...)
			return s.Loss(pred[:1]), pred
		},
	} {
		m := forked()
		m.TrainStep = step
		compile(t, m, optim.SGD(0.1), forkedLosses())
		_, err := m.Fit(forks(t, 8))
		wants(t, "Fit", err, want)
	}
}
