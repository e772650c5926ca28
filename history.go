package glia

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

// Result holds the loss and the metrics of an evaluation. Printed, it is a table with a row
// for each.
type Result struct {
	Loss    float64
	Metrics []Metric
}

// Metric is the value of a metric over an epoch. The numbers of a metric with one per
// class are in Tensor, their mean in Value. Direction says which values are better.
type Metric struct {
	Name      string
	Value     float64
	Tensor    *tensor.Tensor
	Direction metric.Direction
}

// Get returns the value of the metric with that name, or NaN.
func (r Result) Get(name string) float64 {
	if name == "loss" {
		return r.Loss
	}
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value
		}
	}
	return math.NaN()
}

// Epoch holds the results of one epoch.
type Epoch struct {
	// Epoch is its number, counted from 1.
	Epoch int
	// Seconds is the time it took, with the validation.
	Seconds float64
	// Waited counts the seconds of these in which steps waited for their batches: all of reading
	// them, or what is left of it when they are read ahead, see [data.Slow].
	Waited float64
	Result
	// Validation is nil if there was none.
	Validation *Result
}

// Number returns the number of that name, one of [Training.Names]: "loss" or a metric, or
// with the prefix "val_" that of the validation. It reports false if there is none, as in
// an epoch without validation.
func (e Epoch) Number(name string) (v float64, ok bool) {
	if v, ok = e.number(name); ok || e.Validation == nil {
		return v, ok
	}
	if name, ok = strings.CutPrefix(name, "val_"); ok {
		return e.Validation.number(name)
	}
	return 0, false
}

// names lists the names of the numbers.
func (r Result) names() []string {
	names := []string{"loss"}
	for _, m := range r.Metrics {
		names = append(names, m.Name)
	}
	return names
}

func (r Result) number(name string) (v float64, ok bool) {
	known := name == "loss" || slices.ContainsFunc(r.Metrics, func(m Metric) bool { return m.Name == name })
	return r.Get(name), known
}

// History is the course of a training. Printed, it is a table with a row for each epoch.
type History struct{ Epochs []Epoch }

// Names returns the names of the numbers in the epochs: "loss" and the metrics, then those of
// the validation, which begin with "val_".
func (h *History) Names() []string {
	var names []string
	note := func(prefix string, r Result) {
		for _, name := range r.names() {
			if name = prefix + name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, e := range h.Epochs {
		note("", e.Result)
	}
	for _, e := range h.Epochs {
		if e.Validation != nil {
			note("val_", *e.Validation)
		}
	}
	return names
}

// Series returns the number of that name in each epoch, see [Epoch.Number], NaN where there is
// none, as in epochs without validation; nil if no epoch has it.
func (h *History) Series(name string) []float64 {
	all, found := make([]float64, len(h.Epochs)), false
	for i, e := range h.Epochs {
		v, ok := e.Number(name)
		if !ok {
			v = math.NaN()
		}
		all[i], found = v, found || ok
	}
	if !found {
		return nil
	}
	return all
}

// Best returns the epoch with the best number of that name, the first of equal ones. It is the
// least loss or error, the greatest accuracy, and so on, as the metric's direction has it. It
// returns an error if there are no epochs, or none has a number of that name other than NaN, or
// the direction is not known: [History.BestBy] takes it.
func (h *History) Best(name string) (Epoch, error) {
	d := h.direction(name)
	if d == metric.Unknown && h.Series(name) != nil {
		return Epoch{}, fmt.Errorf("glia: Best: whether less or more of %q is better is not known: want BestBy", name)
	}
	return h.best("Best", name, d)
}

// BestBy is [History.Best] in a direction, metric.Up or metric.Down.
func (h *History) BestBy(name string, d metric.Direction) (Epoch, error) {
	if d != metric.Up && d != metric.Down {
		return Epoch{}, fmt.Errorf("glia: BestBy: direction %v: want metric.Up or metric.Down", d)
	}
	return h.best("BestBy", name, d)
}

func (h *History) best(call, name string, d metric.Direction) (Epoch, error) {
	series, best := h.Series(name), -1
	for i, v := range series {
		switch {
		case v != v:
		case best < 0, d == metric.Up && v > series[best], d == metric.Down && v < series[best]:
			best = i
		}
	}
	switch {
	case best >= 0:
		return h.Epochs[best], nil
	case len(h.Epochs) == 0:
		return Epoch{}, fmt.Errorf("glia: %s: the history has no epochs: want one or more", call)
	case series != nil:
		return Epoch{}, fmt.Errorf("glia: %s: %q is NaN in all epochs", call, name)
	}
	return Epoch{}, fmt.Errorf("glia: %s: no epoch has %q: want one of %s", call, name, strings.Join(h.Names(), ", "))
}

// direction returns which numbers of that name are better.
func (h *History) direction(name string) metric.Direction {
	name = strings.TrimPrefix(name, "val_")
	for _, e := range slices.Backward(h.Epochs) { // those of a backup have none
		for _, m := range e.Metrics {
			if m.Name == name && m.Direction != metric.Unknown {
				return m.Direction
			}
		}
	}
	return directionOf(name)
}

// directionOf returns the direction of numbers whose name is like those of losses.
func directionOf(name string) metric.Direction {
	if name == "loss" || strings.HasSuffix(name, "_error") || strings.HasSuffix(name, "crossentropy") || strings.HasSuffix(name, "loss") {
		return metric.Down
	}
	return metric.Unknown
}

// Measured returns loss and metrics of the epoch so far. It is for callbacks of Fit,
// such as OnBatchEnd; at other times the result is empty.
func (m *Model) Measured() Result {
	ms := m.fitting.Load()
	if ms == nil {
		return Result{Loss: math.NaN()}
	}
	if err := m.weightsMu.read(); err != nil {
		panic(graph.Errorf("glia: Measured: %v", err))
	}
	defer m.weightsMu.RUnlock()
	return ms.result()
}

// result returns the loss and the metrics of the epoch so far.
func (ms *totals) result() Result {
	r := Result{Loss: ms.loss()}
	names := ms.names
	r.Metrics = slices.Grow(r.Metrics, len(names))
	for i := range ms.each {
		v := ms.lossOf(i)
		r.Metrics = append(r.Metrics, Metric{names[i], v, tensor.Scalar(v), metric.Down})
	}
	for i, name := range names[len(ms.each):] {
		t := ms.states[i].Result()
		r.Metrics = append(r.Metrics, Metric{name, mean(t), t, metric.DirectionOf(ms.outputMetrics[i].metric)})
	}
	return r
}

func mean(t *tensor.Tensor) float64 {
	if t.Len() == 1 {
		return t.Item()
	}
	var sum float64
	for _, v := range t.Float64s() {
		sum += v
	}
	return sum / float64(t.Len())
}
