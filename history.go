package glia

import (
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Result holds the loss and the metrics of an evaluation.
type Result struct {
	Loss    float64
	Metrics []Metric
}

// Metric is the value of a metric over an epoch. The numbers of a metric with one per
// class are in Tensor, their mean in Value.
type Metric struct {
	Name   string
	Value  float64
	Tensor *tensor.Tensor
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

func (r Result) number(name string) (v float64, ok bool) {
	known := name == "loss" || slices.ContainsFunc(r.Metrics, func(m Metric) bool { return m.Name == name })
	return r.Get(name), known
}

// History is the course of a training.
type History struct{ Epochs []Epoch }

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
	names := ms.logged()
	for i := range ms.each {
		v := ms.lossOf(i)
		r.Metrics = append(r.Metrics, Metric{names[i], v, tensor.Scalar(v)})
	}
	for i, name := range names[len(ms.each):] {
		t := ms.states[i].Result()
		r.Metrics = append(r.Metrics, Metric{name, mean(t), t})
	}
	return r
}

func mean(t *tensor.Tensor) float64 {
	var sum float64
	for _, v := range t.Float64s() {
		sum += v
	}
	return sum / float64(t.Len())
}
