package metric_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func rows(t *testing.T, v []float32, n int) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v, n, len(v)/n)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// measure adds batches of labels, predictions and maybe weights to a new state.
func measure(t *testing.T, m metric.Metric, batches ...[]*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	s, err := m.New(batches[0][0].Spec(), batches[0][1].Spec())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := update(s, b); err != nil {
			t.Fatal(err)
		}
	}
	return s.Result()
}

func TestAccuracyBySpecs(t *testing.T) {
	p := rows(t, []float32{0.1, 0.8, 0.1, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6, 0.9, 0.1, 0}, 4)
	hot := rows(t, []float32{0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0}, 4)
	column := rows(t, []float32{1, 1, 2, 0}, 4)
	for name, b := range map[string][]*tensor.Tensor{
		"categorical":    {hot, p},
		"sparse":         {tensor.Of[int32](1, 1, 2, 0), p},
		"sparse column":  {column, p},
		"sparse pixels":  {tensor.Of[uint8](1, 1, 2, 0), p},
		"binary":         {tensor.Of[float32](1, 0, 0, 1), rows(t, []float32{0.9, 0.4, 0.7, 0.8}, 4)},
		"binary vector":  {tensor.Of[int32](1, 0, 0, 1), tensor.Of[float32](0.9, 0.4, 0.7, 0.8)},
		"binary, column": {rows(t, []float32{1, 0, 0, 1}, 4), tensor.Of[float32](0.9, 0.4, 0.7, 0.8)},
	} {
		if got := measure(t, metric.Accuracy(), b).Item(); got != 0.75 {
			t.Errorf("%s: accuracy is %v, want 0.75", name, got)
		}
	}
}

// TestEpoch checks that batches of different lengths count by their samples.
func TestEpoch(t *testing.T) {
	m := metric.BinaryAccuracy(0.5)
	got := measure(t, m,
		[]*tensor.Tensor{tensor.Of[float32](1, 1, 1, 1), tensor.Of[float32](1, 1, 1, 1)},
		[]*tensor.Tensor{tensor.Of[float32](1), tensor.Of[float32](0)}).Item()
	if got != 0.8 {
		t.Errorf("accuracy of 4 right and 1 wrong is %v, want 0.8", got)
	}
}

func TestReset(t *testing.T) {
	m := metric.FromLoss(nn.MeanSquaredError())
	b := []*tensor.Tensor{tensor.Of[float32](1, 2), tensor.Of[float32](3, 4)}
	s, err := m.New(b[0].Spec(), b[1].Spec())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Result().Item(); got != 0 {
		t.Errorf("result before the first batch is %v, want 0", got)
	}
	for range 2 {
		if err := update(s, b); err != nil {
			t.Fatal(err)
		}
		if got := s.Result().Item(); got != 4 {
			t.Errorf("result is %v, want 4", got)
		}
		s.Reset()
	}
	if s.Vars()[0].Path != "mean_squared_error/total" {
		t.Errorf("first variable is %s", s.Vars()[0].Path)
	}
}

func TestConfusionMatrix(t *testing.T) {
	p := rows(t, []float32{0.1, 0.8, 0.1, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6, 0.9, 0.1, 0}, 4)
	labels := tensor.Of[int32](1, 1, 2, 0)
	for name, c := range map[string]struct {
		m    metric.Metric
		b    []*tensor.Tensor
		want []float64
	}{
		"numbers": {metric.ConfusionMatrix(3), []*tensor.Tensor{labels, p}, []float64{1, 0, 0, 1, 1, 0, 0, 0, 1}},
		"weights": {metric.ConfusionMatrix(3), []*tensor.Tensor{labels, p, tensor.Of[float32](1, 2, 3, 4)},
			[]float64{4, 0, 0, 2, 1, 0, 0, 0, 3}},
		"binary": {metric.ConfusionMatrix(2), []*tensor.Tensor{tensor.Of[int32](1, 0, 0), tensor.Of[float32](0.9, 0.8, 0.1)},
			[]float64{1, 1, 0, 1}},
	} {
		got := measure(t, c.m, c.b)
		for i, v := range got.Float64s() {
			if v != c.want[i] {
				t.Errorf("%s: got\n%v\nwant %v", name, got, c.want)
				break
			}
		}
	}
}

func TestTopK(t *testing.T) {
	p := rows(t, []float32{0.1, 0.5, 0.4, 0.3, 0.3, 0.3}, 2)
	for k, want := range map[int]float64{1: 0.5, 2: 1, 3: 1} { // in a tie, all are among the greatest
		if got := measure(t, metric.SparseTopKCategoricalAccuracy(k), []*tensor.Tensor{tensor.Of[int32](2, 2), p}).Item(); got != want {
			t.Errorf("top %d: %v, want %v", k, got, want)
		}
	}
}

func TestMean(t *testing.T) {
	bias := metric.Mean("bias", func(yTrue, yPred *graph.Node) *graph.Node { return ops.Sub(yPred, yTrue) })
	b := []*tensor.Tensor{tensor.Of[float32](1, 2, 3, 4), tensor.Of[float32](2, 3, 4, 6)}
	if got := measure(t, bias, b).Item(); got != 1.25 {
		t.Errorf("mean is %v, want 1.25", got)
	}
	if got := measure(t, bias, append(b, tensor.Of[float32](0, 0, 1, 1))).Item(); got != 1.5 {
		t.Errorf("weighted mean is %v, want 1.5", got)
	}
}

func TestMistakes(t *testing.T) {
	f32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	for name, c := range map[string]struct {
		m    metric.Metric
		y, p tensor.Spec
		want string
	}{
		"batches":   {metric.Accuracy(), f32(3, 2), f32(4, 2), "the same batch"},
		"scalars":   {metric.Accuracy(), f32(), f32(), "the same batch"},
		"rows":      {metric.CategoricalAccuracy(), f32(4), f32(4, 2), "want one shape"},
		"numbers":   {metric.SparseCategoricalAccuracy(), f32(4, 3), f32(4, 2), "one class number"},
		"top":       {metric.SparseTopKCategoricalAccuracy(0), f32(4), f32(4, 2), "1 or more"},
		"class":     {metric.Precision(metric.ClassID(2)), f32(4, 2), f32(4, 2), "class 2"},
		"f1":        {metric.F1Score(), f32(4), f32(4), "[B classes]"},
		"threshold": {metric.F1Score(metric.Threshold(2)), f32(4, 2), f32(4, 2), "up to 1"},
		"classes":   {metric.ConfusionMatrix(3), f32(4), f32(4, 2), "[B ... 3]"},
		"nothing":   {metric.Mean("m", nil), f32(4), f32(4, 2), "the function is nil"},
		"nil value": {metric.Mean("m", func(_, _ *graph.Node) *graph.Node { return nil }), f32(4), f32(4, 2), "got a nil node"},
		"none":      {metric.ConfusionMatrix(0), f32(4), f32(4, 2), "0 classes"},
	} {
		if _, err := c.m.New(c.y, c.p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q in it", name, err, c.want)
		}
	}
}

// TestSmallUpdate counts the operations that accuracy adds to a training step.
func TestSmallUpdate(t *testing.T) {
	g := graph.New()
	y, p := g.Input("y", tensor.S(tensor.Float32, 128, 10)), g.Input("p", tensor.S(tensor.Float32, 128, 10))
	s, err := metric.Accuracy().New(y.Spec(), p.Spec())
	if err != nil {
		t.Fatal(err)
	}
	before := len(g.Nodes())
	s.Update(g, y, p, nil)
	if n := len(g.Nodes()) - before; n > 10 {
		t.Errorf("accuracy takes %d nodes, want 10 at most:\n%v", n, g)
	}
}
