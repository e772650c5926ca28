package glia

import (
	"fmt"
	"slices"
	"strings"

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
func (t *Training) Names() []string { return append([]string{"loss"}, t.run.totals.names...) }

// Validates reports whether there is a validation, after every epoch or some.
func (t *Training) Validates() bool { return t.run.validating != nil }

// Metric returns the metric of that name, or nil, also for the loss.
func (t *Training) Metric(name string) metric.Metric {
	for _, x := range t.run.totals.outputMetrics {
		if x.name == name {
			return x.metric
		}
	}
	return nil
}

// Direction returns which numbers of that name, one of [Training.Names] or of the validation,
// are better: by the metric, otherwise by a name like those of losses; metric.Unknown if
// neither tells.
func (t *Training) Direction(name string) metric.Direction {
	name = strings.TrimPrefix(name, "val_")
	if m := t.Metric(name); m != nil && metric.DirectionOf(m) != metric.Unknown {
		return metric.DirectionOf(m)
	}
	return directionOf(name)
}

// Trained returns the variables that training changes, in the optimizer's order, which is
// that of optim.Averager's Averages. It is empty before the weights are built.
func (m *Model) Trained() []*graph.Var {
	m.mustHold("Trained")
	defer m.traceMu.unlock()
	return slices.Clone(m.trained)
}

// BetweenSteps calls f while no step runs and nothing else reads the weights: the way
// to change several variables together, also during Fit and from callbacks; one by itself
// needs no more than its Set. A call of a method of the model in f, but for
// [Model.Optimizer] and [Model.Network], is an error, which BetweenSteps itself would tell
// by a panic with *graph.Error.
func (m *Model) BetweenSteps(f func()) {
	if err := m.weightsMu.change(func() error { f(); return nil }); err != nil {
		panic(graph.Errorf("glia: BetweenSteps: %v", err))
	}
}

// CanSave returns an error if Save cannot write the model, whatever the file, since
// Keras's files cannot store a part of it.
func (m *Model) CanSave() (err error) {
	defer catch("CanSave", &err)
	if err := m.hold(); err != nil {
		return fmt.Errorf("glia: CanSave: %w", err)
	}
	defer m.traceMu.unlock()
	k := m.kerasModel()
	_, err = keras.WriteModel(&k)
	return err
}
