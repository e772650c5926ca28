package glia_test

import (
	"bytes"
	"path/filepath"
	"strings"
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

// TestDefaultStep spells the default step out: all bits are the same.
func TestDefaultStep(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	model := func() *glia.Model {
		m := glia.Sequential(nn.Input(3), nn.Dense(8, nn.ReLU, nn.KernelRegularizer(nn.L2(0.01))), nn.Dropout(0.2), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy())
		return m
	}
	plain, own := model(), model()
	own.TrainStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
		pred = s.Call(s.X...)
		loss = s.Loss(pred)
		s.Apply(s.Gradients(loss))
		return loss, pred
	}
	own.TestStep = (*glia.Step).Default
	a, b := fit(t, plain, ds, glia.Epochs(3), glia.Validate(ds)), fit(t, own, ds, glia.Epochs(3), glia.Validate(ds))
	if historyOf(a) != historyOf(b) || !bytes.Equal(weights(plain), weights(own)) {
		t.Error("a step like the default one trained otherwise")
	}
}

// TestCustomStep trains on a loss of its own, with noise that a variable of its own counts.
func TestCustomStep(t *testing.T) {
	x := of(t, []float32{1, 2, 3, 4}, 4, 1)
	ds := memory(t, x, of(t, []float32{2, 4, 6, 8}, 4, 1))
	count := graph.NewVar("count", tensor.Scalar[int64](0))
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)))
	m.TrainStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
		pred = s.Call(s.X...)
		loss = ops.Scale(s.Loss(pred), 2)
		s.Minimize(loss)
		s.Update(count, ops.Offset(s.Value(count), 1))
		return loss, pred
	}
	compile(t, m, optim.SGD(0.01), loss.MeanSquaredError())
	h := fit(t, m, ds, glia.BatchSize(4))
	near(t, "loss", h.Epochs[0].Loss, 60, 1e-6)
	near(t, "kernel", m.Network().Vars()[0].Tensor().Item(), 0.01*2*2*15, 1e-6) // 2·Σ2x²/4
	if count.Tensor().Item() != 1 {
		t.Errorf("the variable of the step counted %v, want 1", count.Tensor().Item())
	}
	_, err := m.Fit(ds, glia.Use(glia.BackupAndRestore(t.TempDir())))
	wants(t, "foreign variable", err, `variable "count" changes in training and is no layer's`)
}

func TestCustomStepErrors(t *testing.T) {
	ds := blobs(t, 8, 3, 2).OneHot(2)
	for want, step := range map[string]glia.StepFunc{
		`TrainStep: loss or predictions are nil`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) { return nil, make([]*graph.Node, 1) },
		`TrainStep: 0 predictions: want one for each of the outputs \["dense_1"\]`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
			loss, _ = s.Default()
			return loss, nil
		},
		`TrainStep: loss is float32\[8 2\]`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) { p := s.Call(s.X...); return p[0], p },
		`Step.Gradients: the optimizer was applied`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
			loss, pred = s.Default()
			s.Minimize(loss)
			return loss, pred
		},
		`Step.Apply: called twice`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
			pred = s.Call(s.X...)
			loss = s.Loss(pred)
			grads := s.Gradients(loss)
			s.Apply(grads)
			s.Apply(grads)
			return loss, pred
		},
		`depends on no weight`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
			s.Minimize(ops.ReduceSum(s.X[0]))
			return s.Default()
		},
		`another graph`: func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
			l := graph.New().Const(tensor.Scalar[float32](0))
			return l, []*graph.Node{l}
		},
	} {
		m := classifier(t, 3, 2)
		m.TrainStep = step
		_, err := m.Fit(ds)
		wants(t, want, err, want)
	}
	m := classifier(t, 3, 2)
	m.TestStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
		loss, pred = s.Default()
		s.Minimize(loss)
		return loss, pred
	}
	_, err := m.Evaluate(ds)
	wants(t, "test step that trains", err, `Step.Apply: the step does not train`)
}

func list(t *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{t} }

// TestOnBatch compares with Fit and Evaluate.
func TestOnBatch(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	var b data.Batch
	if err := ds.Read([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, &b); err != nil {
		t.Fatal(err)
	}
	a, c := classifier(t, 3, 2), classifier(t, 3, 2)
	for range 3 {
		h := fit(t, a, ds, glia.BatchSize(20), glia.InOrder)
		r, err := c.TrainOnBatch(&b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Loss != h.Epochs[0].Loss || r.Get("accuracy") != h.Epochs[0].Get("accuracy") {
			t.Errorf("TrainOnBatch measured %+v, Fit %+v", r, h.Epochs[0])
		}
	}
	if !bytes.Equal(weights(a), weights(c)) {
		t.Error("TrainOnBatch trained otherwise than Fit")
	}
	r, err := c.TestOnBatch(&b)
	if e := evaluate(t, a, ds); err != nil || r.Loss != e.Loss || r.Get("accuracy") != e.Get("accuracy") {
		t.Errorf("TestOnBatch measured %+v (%v), Evaluate %+v", r, err, e)
	}
	p, err := c.PredictOnBatch(b.X[0])
	if err != nil || !bytes.Equal(p.Bytes(), predict(t, a, b.X[0]).Bytes()) {
		t.Errorf("PredictOnBatch predicted otherwise than Predict (%v)", err)
	}
	for name, bad := range map[string]*data.Batch{"nil": nil, "empty": {}, "without y": {X: b.X}, "other lengths": {X: b.X, Y: list(tensor.New(tensor.Float32, 3, 2))},
		"weights": {X: b.X, Y: b.Y, Weight: list(tensor.New(tensor.Float32, 2))}, "weights of two": {X: b.X, Y: b.Y, Weight: append(list(tensor.New(tensor.Float32, 20)), nil)}, "scalar": {X: list(tensor.Scalar(1.0)), Y: b.Y}, "other samples": {X: list(tensor.New(tensor.Float32, 20, 4)), Y: b.Y}} {
		if _, err := c.TrainOnBatch(bad); err == nil || !strings.HasPrefix(err.Error(), "glia: TrainOnBatch: ") {
			t.Errorf("%s: TrainOnBatch returned %v", name, err)
		}
		if _, err := c.TestOnBatch(bad); err == nil || !strings.HasPrefix(err.Error(), "glia: TestOnBatch: ") {
			t.Errorf("%s: TestOnBatch returned %v", name, err)
		}
	}
	if _, err := c.PredictOnBatch(nil); err == nil {
		t.Error("PredictOnBatch(nil): no error")
	}
}

// TestFrozenLater freezes and thaws layers of a model that was trained.
func TestFrozenLater(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	m := classifier(t, 3, 2) // 3·17+17 + 17·2+2, Adam
	optimizerHas := func(trained, fixed int) {
		t.Helper()
		if a, b := m.Params(); a != trained || b != fixed {
			t.Errorf("%d trained and %d fixed, want %d and %d", a, b, trained, fixed)
		}
		if n := strings.Count(m.Summary(), "\n"); n == 0 {
			t.Error("no summary")
		}
		n := 0
		for _, v := range m.Optimizer().Vars() {
			n += v.Spec().Shape.Size()
		}
		if n != 2+2*trained { // iteration, learning rate, two moments
			t.Errorf("the optimizer has %d numbers for %d parameters", n, trained)
		}
	}
	fit(t, m, ds)
	optimizerHas(104, 0)
	m.Optimizer().SetLearningRate(0.03)
	first := m.Network().Layers()[1].(*nn.DenseLayer)
	first.Frozen = true
	optimizerHas(36, 68)
	before := [][]byte{}
	for _, v := range m.Network().Vars() {
		before = append(before, bytes.Clone(v.Tensor().Bytes()))
	}
	fit(t, m, ds)
	for i, v := range m.Network().Vars() {
		if same := bytes.Equal(v.Tensor().Bytes(), before[i]); same != (i < 2) {
			t.Errorf("%s: the same %v", v.Path, same)
		}
	}
	if lr := m.Optimizer().LearningRate(); lr != 0.03 {
		t.Errorf("learning rate %v, want 0.03 as before", lr)
	}
	first.Frozen = false
	fit(t, m, ds)
	optimizerHas(104, 0)
	if bytes.Equal(m.Network().Vars()[0].Tensor().Bytes(), before[0]) {
		t.Error("the thawed layer was not trained")
	}
	// The same from a callback.
	fit(t, m, ds, glia.Epochs(2), glia.Use(glia.Callback{OnEpochBegin: func(_ *glia.Model, e int) error {
		first.Frozen = e == 1
		return nil
	}}))
	optimizerHas(36, 68)
}

// TestWeightedMetrics counts by hand.
func TestWeightedMetrics(t *testing.T) {
	x, y := of(t, []float32{1, 2, 3, 4}, 4, 1), of(t, []float32{0, 0, 2, 2}, 4, 1)
	ds, err := memory(t, x, y).WithWeights(of(t, []float32{1, 2, 3, 4}, 4))
	if err != nil {
		t.Fatal(err)
	}
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)))
	mae := func() metric.Metric { return metric.FromLoss(loss.MeanAbsoluteError()) }
	compile(t, m, optim.SGD(0.0), loss.MeanSquaredError(), mae(), metric.WithWeights(mae()), metric.WithWeights(metric.FromLoss(loss.MeanSquaredError())))
	h := fit(t, m, ds, glia.BatchSize(3), glia.Validate(ds), glia.ClassWeights(map[int]float64{2: 3}))
	for name, want := range map[string]float64{
		"mean_absolute_error":          1,
		"weighted_mean_absolute_error": 2 * 3 * 7 / (3 + 3*7.0),
		"mean_squared_error":           4 * 3 * 7 / (3 + 3*7.0),
	} {
		near(t, name, h.Epochs[0].Get(name), want, 1e-9)
	}
	near(t, "validation", h.Epochs[0].Validation.Get("weighted_mean_absolute_error"), 2*7/10.0, 1e-9) // no class weights
}

// TestWeightedMetricsFile takes weighted metrics through a .keras file.
func TestWeightedMetricsFile(t *testing.T) {
	ds, err := blobs(t, 12, 3, 2).OneHot(2).WithWeights(of(t, []float32{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}, 12))
	if err != nil {
		t.Fatal(err)
	}
	m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy(), metric.WithWeights(metric.Accuracy()), metric.Accuracy())
	path := filepath.Join(t.TempDir(), "m.keras")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := evaluate(t, m, ds), evaluate(t, again, ds)
	for i, name := range []string{"accuracy", "weighted_accuracy"} {
		if got, want := b.Get(name), a.Metrics[i].Value; got != want || a.Metrics[i].Name != name || b.Metrics[i].Name != name {
			t.Errorf("%s is %v of the loaded model, want %v: %+v", name, got, want, b)
		}
	}
}
