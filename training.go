package glia

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/metric"
)

// Training is a running call of Fit, for callbacks: [Callback]'s Join gets it.
type Training struct{ run *fitRun }

// Model returns the model that is trained.
func (t *Training) Model() *Model { return t.run.m }

// Names returns the names of the numbers that are measured: "loss", and those of
// [Result]'s Metrics in their order. The names of the validation's numbers have the
// prefix "val_": see [Epoch.Number].
func (t *Training) Names() []string { return append([]string{"loss"}, t.run.m.logged()...) }

// Validates reports whether there is a validation, after every epoch or some.
func (t *Training) Validates() bool { return t.run.validating != nil }

// Metric returns the metric of that name, or nil, also for the loss.
func (t *Training) Metric(name string) metric.Metric {
	for _, x := range t.run.m.outputMetrics {
		if x.name == name {
			return x.metric
		}
	}
	return nil
}

// Trained returns the variables that training changes, in the optimizer's order, which is
// that of optim.Averager's Averages. It is empty before the weights are built.
func (m *Model) Trained() []*graph.Var {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	return slices.Clone(m.trained)
}

// BetweenSteps calls f while no step runs and nothing else reads the weights: the way
// to change variables during Fit, when Predict and Evaluate may be called from other
// goroutines. Callbacks use it, too. f must not call other methods of the model, such
// as Predict, which would wait for ever.
func (m *Model) BetweenSteps(f func()) {
	m.weightsMu.Lock()
	defer m.weightsMu.Unlock()
	f()
}

// CanSave returns an error if Save cannot write the model, whatever the file, since
// Keras's files cannot store a part of it.
func (m *Model) CanSave() error {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	k := m.kerasModel()
	_, err := keras.WriteModel(&k)
	return err
}
