package keras_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// lossMetric is a loss as a metric, and what it measures.
type lossMetric struct {
	loss  loss.Loss
	class string // Keras's metric, empty for a function in a wrapper
	kind  string // of labels and predictions: rows
}

// lossMetrics are all losses, by their defaults and with settings that not every class of
// a metric takes.
var lossMetrics = []lossMetric{
	{loss.BinaryCrossentropy(), "BinaryCrossentropy", "yes"},
	{loss.BinaryCrossentropy(loss.FromLogits, loss.LabelSmoothing(0.25)), "BinaryCrossentropy", "yes"},
	{loss.BinaryCrossentropy(loss.Axis(1)), "", "yes"},
	{loss.BinaryFocalCrossentropy(loss.Gamma(1.5)), "", "yes"},
	{loss.CTC(), "", "letters"},
	{loss.CategoricalCrossentropy(loss.LabelSmoothing(0.25)), "CategoricalCrossentropy", "rows"},
	{loss.CategoricalFocalCrossentropy(loss.Gamma(1.5)), "", "rows"},
	{loss.CategoricalGeneralizedCrossEntropy(), "", "numbers"},
	{loss.CategoricalHinge(), "CategoricalHinge", "rows"},
	{loss.Circle(loss.Gamma(10)), "", "numbers"},
	{loss.CosineSimilarity(), "", "rows"},
	{loss.Dice(loss.Axes(1)), "", "yes"},
	{loss.Hinge(), "Hinge", "yes"},
	{loss.Huber(loss.Delta(0.25), loss.Name("mine")), "", "rows"},
	{loss.KLDivergence(), "KLDivergence", "rows"},
	{loss.LogCosh(), "", "rows"},
	{loss.MeanAbsoluteError(loss.Sum), "MeanAbsoluteError", "rows"},
	{loss.MeanAbsolutePercentageError(), "MeanAbsolutePercentageError", "positive"},
	{loss.MeanSquaredError(loss.Name("mine")), "MeanSquaredError", "rows"},
	{loss.MeanSquaredLogarithmicError(), "MeanSquaredLogarithmicError", "rows"},
	{loss.Poisson(), "Poisson", "rows"},
	{loss.SparseCategoricalCrossentropy(loss.IgnoreClass(1)), "SparseCategoricalCrossentropy", "numbers"},
	{loss.SquaredHinge(), "SquaredHinge", "yes"},
	{loss.Tversky(loss.Axes(1)), "", "yes"},
}

// written returns what a model that has the loss as its metric is written as.
func (l lossMetric) written(t *testing.T) *keras.Object {
	t.Helper()
	_, p := l.batch()
	m := &keras.Model{Network: nn.Sequential(preprocess.Rescaling(1, 0)), Inputs: []tensor.Spec{{DType: tensor.Float32, Shape: p.Shape()}},
		Optimizer: optim.SGD(0.1), Loss: loss.MeanSquaredError(), Metrics: []metric.Metric{metric.FromLoss(l.loss)}}
	if l.kind == "numbers" || l.kind == "letters" { // Keras compares the shapes of the loss
		m.Loss = l.loss
	}
	if err := build(m); err != nil {
		t.Fatal(err)
	}
	o, err := keras.WriteModel(m)
	if err != nil {
		t.Fatalf("%s: %v", l.loss.Name(), err)
	}
	return o
}

// batch returns labels and predictions.
func (l lossMetric) batch() (y, p *tensor.Tensor) {
	p = tensor.Of[float32](0.1, 0.7, 0.2, 0.3, 0.3, 0.4, 0.8, 0.1, 0.1, 0.25, 0.5, 0.25)
	switch l.kind {
	case "numbers":
		y = tensor.Of[int32](1, 2, 0, 1)
	case "rows":
		y = tensor.Of[float32](0, 1, 0, 0, 0.5, 0.5, 1, 0, 0, 0, 0, 1)
	case "positive":
		y = tensor.Of[float32](0.25, 1, 2, 1, 0.5, 0.5, 1, 3, 1, 2, 1, 1)
	case "yes":
		y = tensor.Of[float32](0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1)
	case "letters":
		return shaped(tensor.Of[int32](1, 2, 2, 0), 2, 2), shaped(tensor.Of[float32](
			0.1, 0.7, 0.2, 0.3, 0.3, 0.4, 0.8, 0.1, 0.1, 0.25, 0.5, 0.25, 0.6, 0.2, 0.2, 0.3, 0.2, 0.5), 2, 3, 3)
	}
	if y.Len() > 4 {
		y = shaped(y, 4, 3)
	}
	return y, shaped(p, 4, 3)
}

func shaped(x *tensor.Tensor, dims ...int) *tensor.Tensor {
	x, err := x.Reshape(dims...)
	if err != nil {
		panic(err)
	}
	return x
}

// TestLossMetrics writes every loss as a metric and reads it again: it is the same loss,
// under a name that Keras has.
func TestLossMetrics(t *testing.T) {
	for _, l := range lossMetrics {
		o := l.written(t)
		want := l.class
		if want == "" {
			want = `"config":"` + nn.SnakeCase(loss.ClassOf(l.loss)) + `"`
		}
		if !strings.Contains(string(o.CompileConfig), want) || l.class == "" && !strings.Contains(string(o.CompileConfig), "MeanMetricWrapper") {
			t.Errorf("%s is written as %s, want %s", l.loss.Name(), o.CompileConfig, want)
		}
		m, err := keras.ReadModel(o, keras.Options{})
		if err != nil {
			t.Errorf("%s: %v", l.loss.Name(), err)
			continue
		}
		mean, ok := m.Metrics[0].(*metric.MeanMetric)
		if !ok || mean.Loss() == nil {
			t.Errorf("%s comes back as %T", l.loss.Name(), m.Metrics[0])
			continue
		}
		got, want := configOf(t, mean.Loss()), configOf(t, l.loss)
		if got != want {
			t.Errorf("%s comes back as %s, want %s", l.loss.Name(), got, want)
		}
	}
}

// configOf returns a loss's class and config, but for the reduction, which a metric lacks.
func configOf(t *testing.T, l loss.Loss) string {
	t.Helper()
	_, class, config, err := loss.ToConfig(l)
	var m map[string]any
	if err != nil || json.Unmarshal(config, &m) != nil {
		t.Fatal(err)
	}
	delete(m, "reduction")
	return fmt.Sprint(class, m)
}

// TestLossOrMetric reads what stands for a loss and for a metric of other numbers: Keras
// looks for a function among the losses, for a name among the metrics.
func TestLossOrMetric(t *testing.T) {
	for text, loss := range map[string]bool{
		`"cosine_similarity"`: false,
		`{"module": "keras.metrics", "class_name": "CosineSimilarity", "config": {"name": "c"}, "registered_name": null}`:                  false,
		`{"module": "builtins", "class_name": "function", "config": "cosine_similarity", "registered_name": "function"}`:                   true,
		`{"class_name": "MeanMetricWrapper", "config": {"name": "c", "fn": {"class_name": "function", "config": "cosine_similarity"}}}`:    true,
		`{"class_name": "MeanMetricWrapper", "config": {"name": "c", "fn": {"class_name": "function", "config": "categorical_accuracy"}}}`: false,
		`{"module": "builtins", "class_name": "function", "config": "mean_squared_error", "registered_name": "function"}`:                  true,
	} {
		m, err := modelOf(nil, map[string]any{"metrics": []json.RawMessage{json.RawMessage(text)}})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := m.Metrics[0].(*metric.MeanMetric).Loss() != nil; got != loss {
			t.Errorf("%s is a loss: %v, want %v", text, got, loss)
		}
	}
}

// TestLossMetricsInKeras has Keras load models that measure losses, and compares what it
// measures.
func TestLossMetricsInKeras(t *testing.T) {
	run := python(t)
	type row struct {
		Name   string        `json:"name"`
		Object *keras.Object `json:"object,omitempty"`
		Y      any           `json:"y,omitempty"`
		P      any           `json:"p,omitempty"`
		Value  float64       `json:"value"`
		Why    string        `json:"why,omitempty"`
	}
	var rows []row
	var want []float64
	for _, l := range lossMetrics {
		y, p := l.batch()
		rows = append(rows, row{Name: l.loss.Name(), Object: l.written(t), Y: nested(y), P: nested(p)})
		m := metric.FromLoss(l.loss)
		s, err := update(m, nil, []*tensor.Tensor{y, p}, compiled)
		if err != nil {
			t.Fatalf("%s: %v", l.loss.Name(), err)
		}
		want = append(want, s.Result().Item())
	}
	text, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	if err := os.WriteFile(in, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run("testdata/lossmetrics.py", in, out); err != nil {
		t.Fatal(err)
	}
	said := []row{}
	if text, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &said); err != nil || len(said) != len(want) {
		t.Fatalf("%d answers, want %d (%v)", len(said), len(want), err)
	}
	for i, r := range said {
		if d := math.Abs(r.Value - want[i]); r.Why != "" || !(d <= 1e-5*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: Keras measures %v %s, want %v", r.Name, r.Value, r.Why, want[i])
		}
	}
}

// nested returns numbers as nested lists.
func nested(x *tensor.Tensor) any {
	if x.Shape().Rank() == 0 {
		if x.DType().IsFloat() {
			return x.Item()
		}
		return int(x.Item())
	}
	list := make([]any, x.Shape().At(0))
	for i := range list {
		part, err := x.Slice(0, i, i+1, 1)
		if err != nil {
			panic(err)
		}
		list[i] = nested(shaped(part.Clone(), x.Shape().From(1).Slice()...))
	}
	return list
}
