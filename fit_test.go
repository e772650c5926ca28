package glia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

func TestFitLearns(t *testing.T) {
	ds := blobs(t, 300, 6, 3)
	for _, c := range []struct {
		name string
		data data.Dataset
		loss loss.Loss
		opt  optim.Optimizer
	}{
		{"one-hot, Adam", ds.OneHot(3), loss.CategoricalCrossentropy(), optim.Adam(0.01)},
		{"class numbers, SGD", ds, loss.SparseCategoricalCrossentropy(), optim.SGD(0.1)},
		{"RMSprop", ds, loss.SparseCategoricalCrossentropy(), optim.RMSprop(0.01)},
		{"AdamW", ds.OneHot(3), loss.CategoricalCrossentropy(), optim.AdamW(0.01)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := glia.Sequential(nn.Dense(16, nn.ReLU), nn.Dense(3, nn.Softmax))
			compile(t, m, c.opt, c.loss, metric.Accuracy())
			h := fit(t, m, c.data, glia.Epochs(15))
			if a := evaluate(t, m, c.data).Get("accuracy"); a < 0.97 {
				t.Errorf("accuracy %v after training, want 0.97 or more; history %+v", a, h.Epochs)
			}
		})
	}
}

func TestFitRegression(t *testing.T) {
	n := 64
	x, y := make([]float32, n), make([]float32, n)
	for i := range n {
		x[i] = float32(i)/32 - 1
		y[i] = 3*x[i] - 2
	}
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	fit(t, m, memory(t, of(t, x, n, 1), of(t, y, n, 1)), glia.Epochs(60), glia.BatchSize(8))
	vars := m.Network().Vars()
	near(t, "slope", vars[0].Tensor().Item(), 3, 1e-3)
	near(t, "offset", vars[1].Tensor().Item(), -2, 1e-3)
}

func TestHistory(t *testing.T) {
	ds := blobs(t, 100, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	h := fit(t, m, ds, glia.Epochs(5), glia.InitialEpoch(2), glia.Validate(ds))
	if len(h.Epochs) != 3 {
		t.Fatalf("%d epochs, want 3", len(h.Epochs))
	}
	for i, e := range h.Epochs {
		if e.Epoch != i+3 || e.Seconds <= 0 || e.Validation == nil || len(e.Metrics) != 1 {
			t.Errorf("epoch %d is %+v", i, e)
		}
		if a := e.Get("accuracy"); a < 0 || a > 1 || e.Get("loss") != e.Loss {
			t.Errorf("epoch %d: accuracy %v, loss %v and %v", i, a, e.Get("loss"), e.Loss)
		}
	}
	if v := h.Epochs[0].Get("precision"); !math.IsNaN(v) {
		t.Errorf("a metric that is not there is %v, want NaN", v)
	}
	last, now := h.Epochs[2].Validation, evaluate(t, m, ds)
	if last.Loss != now.Loss || last.Get("accuracy") != now.Get("accuracy") {
		t.Errorf("validation found %+v, Evaluate %+v: want the same", last, now)
	}
}

// TestLossOfEpoch checks that a batch counts with its length: with weights that
// stay, the loss of an epoch is that of all samples at once.
func TestLossOfEpoch(t *testing.T) {
	ds := blobs(t, 77, 5, 3).OneHot(3)
	m := classifier(t, 5, 3)
	m.Optimizer().SetLearningRate(0)
	whole := evaluate(t, m, ds, glia.BatchSize(glia.FullBatch))
	for _, size := range []int{1, 10, 32, 77, 1000, glia.FullBatch} {
		e := fit(t, m, ds, glia.BatchSize(size)).Epochs[0]
		near(t, fmt.Sprintf("loss of training in batches of %d", size), e.Loss, whole.Loss, 1e-6)
		near(t, fmt.Sprintf("accuracy of training in batches of %d", size), e.Get("accuracy"), whole.Get("accuracy"), 0)
		r := evaluate(t, m, ds, glia.BatchSize(size))
		near(t, fmt.Sprintf("loss of evaluation in batches of %d", size), r.Loss, whole.Loss, 1e-6)
		near(t, fmt.Sprintf("accuracy of evaluation in batches of %d", size), r.Get("accuracy"), whole.Get("accuracy"), 0)
	}
}

// recorder remembers the samples that were read.
type recorder struct {
	*data.Memory
	read [][]int
}

func (r *recorder) Read(idx []int, b *data.Batch) error {
	r.read = append(r.read, slices.Clone(idx))
	return r.Memory.Read(idx, b)
}

// TestValidationSplit checks Keras's rule: the last samples, before shuffling.
func TestValidationSplit(t *testing.T) {
	ds := blobs(t, 10, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	h := fit(t, m, ds, glia.ValidationSplit(0.25), glia.BatchSize(2))
	_, last, err := ds.Split(0.25)
	if err != nil {
		t.Fatal(err)
	}
	if last.Len() != 3 {
		t.Fatalf("%d samples for validation, want 3", last.Len())
	}
	if got, want := h.Epochs[0].Validation.Loss, evaluate(t, m, last).Loss; math.Abs(got-want) > 1e-6*want {
		t.Errorf("validation loss %v, on the last three samples it is %v", got, want)
	}
}

func TestShuffle(t *testing.T) {
	order := func(seed uint64, opts ...glia.Option) [][]int {
		ds := &recorder{Memory: blobs(t, 20, 3, 2).OneHot(2)}
		m := classifier(t, 3, 2)
		m.Seed = seed
		fit(t, m, ds, append(opts, glia.Epochs(2), glia.BatchSize(20))...)
		return ds.read
	}
	a, b, c := order(1), order(1), order(2)
	if !slices.Equal(a[0], b[0]) || !slices.Equal(a[1], b[1]) {
		t.Errorf("one seed gave the orders %v and %v", a, b)
	}
	if slices.Equal(a[0], a[1]) || slices.Equal(a[0], c[0]) {
		t.Errorf("orders do not differ: epochs %v, another seed %v", a, c)
	}
	for _, o := range append(a, c...) {
		if s := slices.Sorted(slices.Values(o)); s[0] != 0 || s[19] != 19 || len(slices.Compact(s)) != 20 {
			t.Errorf("%v is not a permutation", o)
		}
	}
	for _, o := range order(1, glia.InOrder) {
		if !slices.IsSorted(o) {
			t.Errorf("InOrder read %v", o)
		}
	}
}

// TestInitialEpoch checks that a training in two parts is the training in one.
func TestInitialEpoch(t *testing.T) {
	ds := blobs(t, 60, 3, 2).OneHot(2)
	whole, parts := classifier(t, 3, 2), classifier(t, 3, 2)
	fit(t, whole, ds, glia.Epochs(4))
	fit(t, parts, ds, glia.Epochs(2))
	fit(t, parts, ds, glia.Epochs(4), glia.InitialEpoch(2))
	if !bytes.Equal(weights(whole), weights(parts)) {
		t.Error("weights differ after 4 epochs and after 2 and 2")
	}
}

func TestClassAndSampleWeights(t *testing.T) {
	x := of(t, []float32{1, 2, 3, 4}, 4, 1)
	labels := of(t, []float32{1, 0, 1, 1}, 4, 1)
	linear := func() *glia.Model { // predicts 0 at first
		m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Zeros)))
		compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
		return m
	}
	plain := memory(t, x, labels)
	weighted, err := plain.WithWeights(of(t, []float32{1, 2, 3, 4}, 4))
	if err != nil {
		t.Fatal(err)
	}
	three := glia.ClassWeights(map[int]float64{1: 3})
	for _, c := range []struct {
		name   string
		ds     data.Dataset
		opts   []glia.Option
		loss   float64 // Σ w·y² / 4
		kernel float64 // 0.1 · Σ w·2·y·x / 4
	}{
		{"no weights", plain, nil, 0.75, 0.4},
		{"class weights", plain, []glia.Option{three}, 2.25, 1.2},
		{"sample weights", weighted, nil, 2, 1.3},
		{"both", weighted, []glia.Option{three}, 6, 3.9},
		{"a class that does not occur", plain, []glia.Option{glia.ClassWeights(map[int]float64{7: 5})}, 0.75, 0.4},
		{"integer labels", memory(t, x, labels.AsType(tensor.Int32)), []glia.Option{three}, 2.25, 1.2},
	} {
		m := linear()
		h := fit(t, m, c.ds, c.opts...)
		near(t, c.name+": loss", h.Epochs[0].Loss, c.loss, 1e-6)
		near(t, c.name+": kernel", m.Network().Vars()[0].Tensor().Item(), c.kernel, 1e-6)
		// The weights of the dataset are as they were: a second epoch on weights that
		// stay finds what Evaluate finds, times the class weight.
		if r := evaluate(t, linear(), c.ds); c.opts == nil {
			near(t, c.name+": evaluation", r.Loss, c.loss, 1e-6)
		}
	}

	m := glia.Sequential(nn.Input(1), nn.Dense(2, nn.Softmax, nn.KernelInitializer(nn.Zeros)))
	compile(t, m, optim.SGD(0.0), loss.CategoricalCrossentropy())
	onehot := memory(t, x, of(t, []int32{0, 1, 1, 1}, 4)).OneHot(2)
	h := fit(t, m, onehot, glia.ClassWeights(map[int]float64{0: 2}), glia.Epochs(2), glia.BatchSize(3))
	for _, e := range h.Epochs { // every loss is ln 2, and weights are not compounded
		if want := 1.25 * math.Ln2; e.Epoch == 1 && len(h.Epochs) != 2 || math.Abs(e.Loss-want) > 1e-6 {
			t.Errorf("one-hot labels, epoch %d: loss %v, want %v", e.Epoch, e.Loss, want)
		}
	}
}

// TestClassesOfWeights wants weights of classes that labels cannot say refused, where the
// loss or the labels say how many classes there are.
func TestClassesOfWeights(t *testing.T) {
	x := of(t, []float32{1, 2, 3, 4}, 4, 1)
	labels := of(t, []int32{0, 1, 1, 1}, 4)
	for _, c := range []struct {
		name    string
		units   int
		loss    loss.Loss
		y       *tensor.Tensor
		weights map[int]float64
		ok      bool
	}{
		{"sparse", 3, loss.SparseCategoricalCrossentropy(loss.FromLogits), labels, map[int]float64{2: 2}, true},
		{"beyond sparse", 3, loss.SparseCategoricalCrossentropy(loss.FromLogits), labels, map[int]float64{3: 2}, false},
		{"ignored", 3, loss.SparseCategoricalCrossentropy(loss.FromLogits, loss.IgnoreClass(255)), labels, map[int]float64{255: 0}, true},
		{"rows", 3, loss.CategoricalCrossentropy(loss.FromLogits), tensor.New(tensor.Float32, 4, 3), map[int]float64{2: 2}, true},
		{"beyond rows", 3, loss.CategoricalCrossentropy(loss.FromLogits), tensor.New(tensor.Float32, 4, 3), map[int]float64{3: 2}, false},
		{"binary", 1, loss.BinaryCrossentropy(loss.FromLogits), labels, map[int]float64{0: 2, 1: 3}, true},
		{"beyond binary", 1, loss.BinaryCrossentropy(loss.FromLogits), labels, map[int]float64{2: 2}, false},
		{"beyond hinge", 1, loss.Hinge(), labels, map[int]float64{2: 2}, false},
		{"counts", 1, loss.MeanSquaredError(), labels, map[int]float64{7: 2}, true},
	} {
		m := glia.Sequential(nn.Input(1), nn.Dense(c.units))
		compile(t, m, optim.SGD(0.1), c.loss)
		before := m.Network().Vars()[0].Tensor().Float64s()
		_, err := m.Fit(memory(t, x, c.y), glia.ClassWeights(c.weights))
		if (err == nil) != c.ok {
			t.Errorf("%s: weights %v: error %v, want none: %v", c.name, c.weights, err, c.ok)
		}
		if after := m.Network().Vars()[0].Tensor().Float64s(); err != nil && !slices.Equal(before, after) {
			t.Errorf("%s: trained before the error", c.name)
		}
	}
}

// TestNoEpochsLeft trains nothing when the initial epoch is behind the last, as a program
// does that resumes a training which was done. Keras 3.15.1 trains nothing either.
func TestNoEpochsLeft(t *testing.T) {
	ds := blobs(t, 20, 3, 2)
	m := glia.Sequential(nn.Input(3), nn.Dense(2))
	compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy(loss.FromLogits))
	if h := fit(t, m, ds, glia.InitialEpoch(3), glia.Epochs(3)); len(h.Epochs) != 0 {
		t.Errorf("trained %d epochs, want 0", len(h.Epochs))
	}
}

// TestWeightsAreNotCompounded trains several epochs: class weights must not find
// their way into the weights of the dataset.
func TestWeightsAreNotCompounded(t *testing.T) {
	plain := memory(t, of(t, []float32{1, 2}, 2, 1), of(t, []float32{1, 1}, 2, 1))
	ds, err := plain.WithWeights(of(t, []float32{1, 2}, 2))
	if err != nil {
		t.Fatal(err)
	}
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.KernelInitializer(nn.Zeros)))
	compile(t, m, optim.SGD(0.0), loss.MeanSquaredError())
	for _, e := range fit(t, m, ds, glia.Epochs(3), glia.ClassWeights(map[int]float64{1: 5})).Epochs {
		near(t, fmt.Sprintf("loss of epoch %d", e.Epoch), e.Loss, 7.5, 1e-6)
	}
}

func TestCallbacks(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	var log []string
	say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	h := fit(t, m, ds, glia.Epochs(2), glia.BatchSize(32), glia.Use(glia.Callback{
		OnTrainBegin: func(*glia.Model) error { say("train"); return nil },
		OnTrainEnd:   func(_ *glia.Model, h *glia.History) error { say("end %d", len(h.Epochs)); return nil },
		OnEpochBegin: func(_ *glia.Model, e int) error { say("epoch %d", e); return nil },
		OnEpochEnd:   func(_ *glia.Model, e glia.Epoch) error { say("done %d", e.Epoch); return nil },
		OnBatchEnd: func(_ *glia.Model, e, b int, loss float64) error {
			if !(loss > 0) {
				t.Errorf("loss %v in batch %d", loss, b)
			}
			say("batch %d", b)
			return nil
		},
	}, glia.Callback{}))
	got := strings.Join(log, ", ")
	if want := "train, epoch 0, batch 0, batch 1, done 1, epoch 1, batch 0, batch 1, done 2, end 2"; got != want || len(h.Epochs) != 2 {
		t.Errorf("callbacks: got %s\nwant %s", got, want)
	}
}

func TestCallbackStops(t *testing.T) {
	boom := errors.New("boom")
	ds := blobs(t, 40, 3, 2).OneHot(2)
	for _, c := range []struct {
		name   string
		cb     glia.Callback
		err    error
		epochs int
	}{
		{"ErrStop at an epoch", glia.Callback{OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
			if e.Epoch == 2 {
				return fmt.Errorf("enough: %w", glia.ErrStop)
			}
			return nil
		}}, nil, 2},
		{"ErrStop at a batch", glia.Callback{OnBatchEnd: func(_ *glia.Model, e, b int, _ float64) error {
			if e == 1 && b == 1 {
				return glia.ErrStop
			}
			return nil
		}}, nil, 1},
		{"error at the start", glia.Callback{OnTrainBegin: func(*glia.Model) error { return boom }}, boom, 0},
		{"error at an epoch", glia.Callback{OnEpochBegin: func(*glia.Model, int) error { return boom }}, boom, 0},
		{"error at the end", glia.Callback{OnTrainEnd: func(*glia.Model, *glia.History) error { return boom }}, boom, 4},
		{"ErrStop at the end", glia.Callback{OnTrainEnd: func(*glia.Model, *glia.History) error { return glia.ErrStop }}, nil, 4},
	} {
		h, err := classifier(t, 3, 2).Fit(ds, glia.Epochs(4), glia.BatchSize(10), glia.Use(c.cb))
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
		}
		if len(h.Epochs) != c.epochs {
			t.Errorf("%s: %d epochs, want %d", c.name, len(h.Epochs), c.epochs)
		}
	}
}

// TestCallbackUsesModel checks that a callback may measure and predict, and that
// a second Fit or a Compile is refused, not waited for.
func TestCallbackUsesModel(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	with, without := classifier(t, 3, 2), classifier(t, 3, 2)
	fit(t, without, ds, glia.Epochs(3), glia.Validate(ds))
	fit(t, with, ds, glia.Epochs(3), glia.Validate(ds), glia.Use(glia.Callback{
		OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
			evaluate(t, m, ds)
			predict(t, m, ds.X())
			if _, err := m.Fit(ds); err == nil || !strings.Contains(err.Error(), "called during Fit") {
				t.Errorf("Fit in Fit: error %v", err)
			}
			if err := m.Compile(optim.SGD(1), loss.MeanSquaredError()); err == nil || !strings.Contains(err.Error(), "called during Fit") {
				t.Errorf("Compile in Fit: error %v", err)
			}
			return nil
		},
	}))
	if !bytes.Equal(weights(with), weights(without)) {
		t.Error("what the callback did changed the training")
	}
}

func TestContext(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	ctx, cancel := context.WithCancel(context.Background())
	batches := 0
	m := classifier(t, 3, 2)
	h, err := m.Fit(ds, glia.Context(ctx), glia.Epochs(5), glia.BatchSize(10), glia.Use(glia.Callback{
		OnBatchEnd: func(_ *glia.Model, e, b int, _ float64) error {
			if batches++; e == 2 && b == 1 {
				cancel()
			}
			return nil
		},
	}))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "epoch 3 before batch 3") {
		t.Errorf("error %v, want context.Canceled, epoch 3 before batch 3", err)
	}
	if len(h.Epochs) != 2 || batches != 10 {
		t.Errorf("%d epochs in the history and %d batches, want 2 and 10", len(h.Epochs), batches)
	}
	if _, err := m.Evaluate(ds, glia.Context(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate: error %v, want context.Canceled", err)
	}
}

func TestStopOnNaN(t *testing.T) {
	ds := blobs(t, 40, 3, 2)
	x := tensor.Data[float32](ds.X())
	x[3*25] = float32(math.NaN())
	m := classifier(t, 3, 2)
	h, err := m.Fit(ds.OneHot(2), glia.InOrder, glia.BatchSize(10), glia.StopOnNaN, glia.Epochs(2))
	if err == nil || !strings.Contains(err.Error(), "epoch 1, batch 3: loss is NaN") {
		t.Errorf("error %v, want epoch 1, batch 3", err)
	}
	if len(h.Epochs) != 0 {
		t.Errorf("%d epochs in the history, want none", len(h.Epochs))
	}
	h, err = classifier(t, 3, 2).Fit(ds.OneHot(2), glia.InOrder, glia.BatchSize(10))
	if err != nil || !math.IsNaN(h.Epochs[0].Loss) {
		t.Errorf("without StopOnNaN: error %v, history %+v", err, h)
	}
}

// TestFrozen checks that a frozen layer stays as it is and another does not.
func TestFrozen(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	m := glia.Sequential(nn.Input(3), nn.Dense(4, nn.Frozen), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.Adam(0.1), loss.CategoricalCrossentropy())
	vars := m.Network().Vars()
	first, second := vars[0].Tensor().Clone(), vars[2].Tensor().Clone()
	fit(t, m, ds)
	if !tensor.Equal(first, vars[0].Tensor()) || tensor.Equal(second, vars[2].Tensor()) {
		t.Error("the frozen layer changed, or the other did not")
	}
	if p, f := m.Params(); p != 10 || f != 16 {
		t.Errorf("%d parameters to train and %d fixed, want 10 and 16", p, f)
	}
}

// TestRecompile checks that a model keeps its weights and forgets its optimizer.
func TestRecompile(t *testing.T) {
	ds := blobs(t, 60, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	fit(t, m, ds, glia.Epochs(3))
	before := weights(m)
	compile(t, m, optim.SGD(0.0), loss.MeanSquaredError(), metric.Accuracy())
	if !bytes.Equal(before, weights(m)) {
		t.Error("Compile changed the weights")
	}
	r := evaluate(t, m, ds)
	fit(t, m, ds)
	if !bytes.Equal(before, weights(m)) {
		t.Error("a learning rate of 0 changed the weights")
	}
	if r.Loss > 0.25 {
		t.Errorf("mean squared error %v, want that of a trained model", r.Loss)
	}
}

// TestCallbackErrors names the call, the epoch, the batch and the callback.
func TestCallbackErrors(t *testing.T) {
	full := errors.New("disk full")
	ds := blobs(t, 40, 3, 2).OneHot(2)
	for want, cb := range map[string]glia.Callback{
		`^glia: Fit: callback log: disk full$`:                   {OnTrainBegin: func(*glia.Model) error { return full }},
		`^glia: Fit: epoch 1, batch 2: callback log: disk full$`: {OnBatchEnd: func(_ *glia.Model, _, b int, _ float64) error { return []error{nil, full}[b] }},
		`^glia: Fit: epoch 2, batch 1: callback log: disk full$`: {OnBatchBegin: func(_ *glia.Model, e, _ int) error { return []error{nil, full}[e] }},
		`^glia: Fit: epoch 1: callback log: disk full$`:          {OnEpochEnd: func(*glia.Model, glia.Epoch) error { return full }},
		`^glia: Fit: callback log: disk full$|never`:             {OnTrainEnd: func(*glia.Model, *glia.History) error { return full }},
		`^glia: Fit: callback log: disk full$|not`:               {Leave: func(*glia.Model) error { return full }},
	} {
		cb.Name = "log"
		_, err := classifier(t, 3, 2).Fit(ds, glia.Epochs(2), glia.BatchSize(20), glia.Use(cb))
		wants(t, "Fit", err, want)
		if !errors.Is(err, full) {
			t.Errorf("%v: is not the callback's error", err)
		}
	}
}

// TestValidationSplitOptions warns of data ordered by class, unless samples from everywhere are
// set aside.
func TestValidationSplitOptions(t *testing.T) {
	y := slices.Repeat([]int32{0}, 20)
	y = append(y, slices.Repeat([]int32{1}, 20)...)
	ds := memory(t, blobs(t, 40, 2, 2).X(), of(t, y, 40))
	for _, c := range []struct {
		opts []data.SplitOption
		warn []string
	}{
		{nil, []string{`^ValidationSplit: the samples are ordered by class, so that validation has none of class 0: want data.Shuffle`}},
		{[]data.SplitOption{data.Stratified(1)}, nil},
		{[]data.SplitOption{data.InOrder}, nil},
	} {
		m := glia.Sequential(nn.Input(2), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy())
		warn, got := heard()
		fit(t, m, ds, warn, glia.ValidationSplit(0.25, c.opts...))
		wantWarnings(t, "split", *got, c.warn...)
	}
}
