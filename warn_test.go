package glia_test

import (
	"bytes"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"strings"
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

// heard returns an option that collects warnings, and those that came.
func heard() (glia.Option, *[]string) {
	var all []string
	return glia.Warn(func(w string) { all = append(all, w) }), &all
}

// wantWarnings wants as many warnings as patterns, each like its pattern.
func wantWarnings(t *testing.T, what string, got []string, patterns ...string) {
	t.Helper()
	ok := len(got) == len(patterns)
	for i := range patterns {
		ok = ok && regexp.MustCompile(patterns[i]).MatchString(got[i])
	}
	if !ok {
		t.Errorf("%s: warnings\n\t%q\nwant\n\t%q", what, got, patterns)
	}
}

// TestUnsuitedLosses wants an error for what means nothing, one warning for what is likely a
// mistake, and silence for what is right.
func TestUnsuitedLosses(t *testing.T) {
	const n = 4
	numbers := func(v ...int32) *tensor.Tensor { return of(t, v, n) }
	column := func(v ...float32) *tensor.Tensor { return of(t, v, n, 1) }
	truths, classes := column(0, 1, 1, 0), numbers(0, 2, 1, 0)
	rows := of(t, []float32{1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0}, n, 3)
	raw, sigmoid, softmax := nn.Dense, func(u int) nn.Layer { return nn.Dense(u, nn.Sigmoid) }, func(u int) nn.Layer { return nn.Dense(u, nn.Softmax) }
	line := func(u int) nn.Layer { return raw(u) }
	for _, c := range []struct {
		name    string
		last    nn.Layer
		y       *tensor.Tensor
		loss    loss.Loss
		metrics []metric.Metric
		err     string
		warn    []string
	}{
		{name: "classes on one unit", last: line(1), y: truths, loss: loss.CategoricalCrossentropy(), err: `loss.CategoricalCrossentropy: predictions float32\[4 1\] are of one class, whose share is always 1: want an output for each class, or loss.BinaryCrossentropy`},
		{name: "class numbers on one unit", last: line(1), y: truths, loss: loss.SparseCategoricalCrossentropy(loss.FromLogits), err: `are of one class`},
		{name: "focal on one unit", last: sigmoid(1), y: truths, loss: loss.CategoricalFocalCrossentropy(), err: `loss.CategoricalFocalCrossentropy: .* are of one class`},
		{name: "hinge on one unit", last: line(1), y: truths, loss: loss.CategoricalHinge(), err: `loss.CategoricalHinge: .* are of one class`},
		{name: "softmax of one", last: softmax(1), y: truths, loss: loss.BinaryCrossentropy(), err: `^glia: Fit: output dense is a softmax over one number, which is always 1: want nn.Sigmoid, or an output for each class$`},
		{name: "sparse accuracy of one", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.SparseCategoricalAccuracy()}, err: `metric.SparseCategoricalAccuracy: predictions .* are of one class, which is always the greatest`},
		{name: "categorical accuracy of one", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.CategoricalAccuracy()}, err: `metric.CategoricalAccuracy: .* are of one class`},
		{name: "top k of one", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.TopKCategoricalAccuracy(1)}, err: `are of one class`},
		{name: "F1 of one", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.F1Score()}, err: `metric.f1_score: .* are of one class`},
		{name: "labels 1 and 2", last: sigmoid(1), y: column(1, 2, 1, 2), loss: loss.BinaryCrossentropy(), err: `sample 1: label 2: want 0 to 1 for loss binary_crossentropy$`},
		{name: "labels 1 and 2 on logits", last: line(1), y: numbers(1, 1, 2, 1), loss: loss.BinaryFocalCrossentropy(loss.FromLogits), err: `sample 2: label 2: want 0 to 1`},
		{name: "labels 1 and 2 of a margin", last: line(1), y: column(1, 2, 1, 2), loss: loss.Hinge(), err: `sample 1: label 2: want -1 to 1 for loss hinge$`},
		{name: "accuracy of 1 and 2", last: sigmoid(1), y: column(1, 2, 1, 2), loss: loss.MeanSquaredError(), metrics: []metric.Metric{metric.Accuracy()}, err: `sample 1: label 2: want 0 to 1 for metric accuracy$`},
		{name: "rows for class numbers", last: softmax(3), y: rows, loss: loss.SparseCategoricalCrossentropy(), err: `look like rows of probabilities`},
		{name: "class numbers for rows", last: softmax(3), y: classes, loss: loss.CategoricalCrossentropy(), err: `look like class numbers`},

		{name: "softmax from logits", last: softmax(3), y: classes, loss: loss.SparseCategoricalCrossentropy(loss.FromLogits), warn: []string{`^loss.SparseCategoricalCrossentropy with FromLogits takes raw scores, but the output is a softmax: want no FromLogits, or no activation in the last layer$`}},
		{name: "sigmoid from logits", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(loss.FromLogits), warn: []string{`with FromLogits takes raw scores, but the output is a sigmoid`}},
		{name: "raw scores", last: line(3), y: rows, loss: loss.CategoricalCrossentropy(), warn: []string{`^loss.CategoricalCrossentropy takes probabilities, but the output is raw scores: want loss.FromLogits, or nn.Softmax in the last layer$`}},
		{name: "raw score", last: line(1), y: truths, loss: loss.BinaryCrossentropy(), warn: []string{`want loss.FromLogits, or nn.Sigmoid in the last layer$`}},
		{name: "rectified", last: nn.Dense(3, nn.ReLU), y: classes, loss: loss.SparseCategoricalCrossentropy(), warn: []string{`raw scores`}},
		{name: "no bias", last: nn.Dense(3, nn.NoBias), y: classes, loss: loss.SparseCategoricalCrossentropy(), warn: []string{`raw scores`}},
		{name: "generalized", last: line(3), y: classes, loss: loss.CategoricalGeneralizedCrossEntropy(), warn: []string{`raw scores: want nn.Softmax in the last layer$`}},
		{name: "binary of a softmax", last: softmax(3), y: rows, loss: loss.BinaryCrossentropy(), warn: []string{`takes each output by itself, but the output is a softmax over classes: want loss.CategoricalCrossentropy`}},
		{name: "categorical of a sigmoid", last: sigmoid(3), y: rows, loss: loss.CategoricalCrossentropy(), warn: []string{`takes probabilities that sum to 1, but the output is a sigmoid`}},
		{name: "squares of a softmax", last: softmax(3), y: rows, loss: loss.MeanSquaredError(), warn: []string{`^loss.MeanSquaredError of a softmax learns classes slowly`}},
		{name: "accuracy of logits", last: line(1), y: truths, loss: loss.BinaryCrossentropy(loss.FromLogits), metrics: []metric.Metric{metric.Accuracy()}, warn: []string{`^metric accuracy compares predictions with thresholds from 0 to 1, but the output is raw scores: want nn.Sigmoid in the last layer, and a loss without FromLogits, which is as exact$`}},
		{name: "precision and AUC of logits", last: line(1), y: truths, loss: loss.BinaryCrossentropy(loss.FromLogits), metrics: []metric.Metric{metric.Precision(), metric.AUC(), metric.AUC(metric.FromLogits, metric.Name("area"))}, warn: []string{`^metric precision`, `^metric auc`}},
		{name: "accuracy of a regression", last: line(1), y: truths, loss: loss.MeanSquaredError(), metrics: []metric.Metric{metric.Accuracy()}, warn: []string{`metric.MeanAbsoluteError$`}},
		{name: "sigmoid from logits, with accuracy", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(loss.FromLogits), metrics: []metric.Metric{metric.Accuracy()}, warn: []string{`with FromLogits takes raw scores, but the output is a sigmoid`}},
		{name: "a loss as a metric", last: line(1), y: truths, loss: loss.MeanSquaredError(), metrics: []metric.Metric{metric.FromLoss(loss.BinaryCrossentropy())}, warn: []string{`takes probabilities, but the output is raw scores`}},

		{name: "right: logits", last: line(3), y: classes, loss: loss.SparseCategoricalCrossentropy(loss.FromLogits), metrics: []metric.Metric{metric.Accuracy()}},
		{name: "right: softmax", last: softmax(3), y: rows, loss: loss.CategoricalCrossentropy(), metrics: []metric.Metric{metric.Accuracy(), metric.F1Score(metric.Macro)}},
		{name: "right: sigmoid", last: sigmoid(1), y: truths, loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.Accuracy(), metric.AUC()}},
		{name: "right: hard sigmoid", last: nn.Dense(1, nn.HardSigmoid), y: truths, loss: loss.BinaryCrossentropy()},
		{name: "right: between", last: sigmoid(1), y: column(0.1, 0.9, 0.5, 1), loss: loss.BinaryCrossentropy(), metrics: []metric.Metric{metric.Accuracy()}},
		{name: "right: a number", last: line(1), y: column(1, 2, 3, 4), loss: loss.MeanSquaredError()},
		{name: "right: a margin", last: line(1), y: column(-1, 1, 1, -1), loss: loss.Hinge()},
	} {
		m := glia.Sequential(nn.Input(2), c.last)
		compile(t, m, optim.SGD(0.1), c.loss, c.metrics...)
		ds := memory(t, of(t, []float32{0, 0, 0, 1, 1, 0, 1, 1}, n, 2), c.y)
		warn, got := heard()
		_, err := m.Fit(ds, warn, glia.Epochs(2), glia.BatchSize(n), glia.InOrder, glia.Validate(ds))
		if c.err != "" {
			wants(t, c.name, err, c.err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		fit(t, m, ds, warn)
		if _, err := m.Evaluate(ds, warn); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		ofLoss := slices.DeleteFunc(*got, func(w string) bool { return strings.Contains(w, "the loss is") }) // raw scores may make NaN
		wantWarnings(t, c.name, ofLoss, c.warn...)
	}
}

// TestWarnings goes to the progress, to the default logger or nowhere, once until Compile.
func TestWarnings(t *testing.T) {
	ds := blobs(t, 8, 2, 3)
	m := glia.Sequential(nn.Input(2), nn.Dense(3))
	again := func() {
		t.Helper()
		compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy())
	}
	const want = "loss.SparseCategoricalCrossentropy takes probabilities"
	var log, progress bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)

	again()
	fit(t, m, ds, glia.Progress(&progress))
	fit(t, m, ds, glia.Progress(&progress))
	if got := progress.String(); !strings.HasPrefix(got, "Warning: "+want) || strings.Count(got, want) != 1 || log.Len() > 0 {
		t.Errorf("progress\n%s\nlog %q: want one warning in the first line", got, log.String())
	}
	again()
	fit(t, m, ds)
	if got := log.String(); strings.Count(got, want) != 1 || !strings.Contains(got, "level=WARN") {
		t.Errorf("log %q: want one warning", got)
	}
	log.Reset()
	again()
	fit(t, m, ds, glia.Warn(nil))
	again()
	m.TrainStep = func(s *glia.Step) (*graph.Node, []*graph.Node) { return s.Default() }
	fit(t, m, ds)
	if log.Len() > 0 {
		t.Errorf("log %q: want nothing with Warn(nil), nor of a custom step", log.String())
	}
}

// TestWarnNaN tells of the sample whose data is not finite, in training and evaluation, or how
// to find the operation.
func TestWarnNaN(t *testing.T) {
	x, y := make([]float32, 40), make([]float32, 10)
	for i := range x {
		x[i] = float32(i%5) / 5
	}
	nan := float32(math.NaN())
	at := func(v []float32, i int) []float32 { v = append([]float32(nil), v...); v[i] = nan; return v }
	fresh := func(rate float64) *glia.Model {
		m := glia.Sequential(nn.Input(2, 2), nn.Flatten(), nn.Dense(1))
		compile(t, m, optim.SGD(rate), loss.MeanSquaredError())
		return m
	}
	sets := func(x, y []float32) *data.Memory { return memory(t, of(t, x, 10, 2, 2), of(t, y, 10, 1)) }
	for _, c := range []struct {
		ds   *data.Memory
		rate float64
		want string
	}{
		{sets(at(x, 4*7+2), y), 0.1, `^epoch 1, batch 4: the loss is NaN: the data has NaN in x: sample 7, element \[1 0\]$`},
		{sets(x, at(y, 5)), 0.1, `^epoch 1, batch 3: the loss is NaN: the data has NaN in y: sample 5, element \[0\]$`},
		{sets(x, at(y, 9)).Take(10), 1e30, `^epoch 1, batch [2-5]: the loss is .*, the data of the batch is finite: glia.StopOnNaN stops`},
	} {
		warn, got := heard()
		fit(t, fresh(c.rate), c.ds, warn, glia.InOrder, glia.BatchSize(2), glia.Epochs(3))
		wantWarnings(t, "training", *got, c.want)
	}
	warn, got := heard()
	if _, err := fresh(0.1).Evaluate(sets(at(x, 13), y), warn); err != nil {
		t.Error(err)
	}
	fit(t, fresh(0.1), sets(x, y), warn, glia.Validate(sets(at(x, 13), y)), glia.Epochs(3))
	wantWarnings(t, "evaluation", *got, `^Evaluate: the loss is NaN: the data has NaN in x: sample 3, element \[0 1\]$`, `^validation: the loss is NaN: `)
}
