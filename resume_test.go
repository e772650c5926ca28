package glia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// training is a program that may be interrupted: what makes a model, and how it is
// fitted.
type training struct {
	name    string
	model   func(t testing.TB) *glia.Model
	data    func(t testing.TB) data.Dataset
	opts    []glia.Option
	with    func() []glia.Callback // new ones for every process
	epochs  int
	batches int // of an epoch
}

// trainings have what may go wrong: random layers, every kind of optimizer state,
// shuffling, a last batch that is smaller, weights, validation, vector metrics, and
// callbacks that remember something.
func trainings() []training {
	onehot := func(n, features, classes int) func(t testing.TB) data.Dataset {
		return func(t testing.TB) data.Dataset { return blobs(t, n, features, classes).OneHot(classes) }
	}
	return []training{
		{
			name: "Adam, dropout, class weights, split",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Input(5), nn.Dense(9, nn.ReLU), nn.Dropout(0.3), nn.Dense(3, nn.Softmax))
				m.Seed = 11
				compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy(), metric.F1Score(), metric.Precision())
				return m
			},
			data:   onehot(57, 5, 3),
			opts:   []glia.Option{glia.BatchSize(12), glia.ValidationSplit(0.2), glia.ClassWeights(map[int]float64{0: 2, 2: 0.5})},
			epochs: 3, batches: 4,
		},
		{
			name: "momentum, noise, sample weights, rate of a callback",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Dense(6, nn.Tanh, nn.KernelRegularizer(nn.L2(1e-3))), nn.GaussianNoise(0.1), nn.Dense(2))
				compile(t, m, optim.SGD(0.1, optim.Momentum(0.9), optim.Nesterov, optim.GlobalClipNorm(1)),
					loss.SparseCategoricalCrossentropy(loss.FromLogits), metric.Accuracy())
				return m
			},
			data: func(t testing.TB) data.Dataset {
				ds, err := blobs(t, 20, 4, 2).WithWeights(of(t, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1}, 20))
				if err != nil {
					t.Fatal(err)
				}
				return ds
			},
			opts:   []glia.Option{glia.BatchSize(8)},
			with:   func() []glia.Callback { return []glia.Callback{every3()} },
			epochs: 3, batches: 3,
		},
		{
			name: "schedule, AMSGrad, in order, validation",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Input(4), nn.Sequential(nn.Dense(5, nn.GELU), nn.GaussianDropout(0.2)), nn.Dense(2, nn.Softmax))
				compile(t, m, optim.AdamW(optim.CosineDecay(0.05, 10), optim.AMSGrad), loss.CategoricalCrossentropy())
				return m
			},
			data:   onehot(21, 4, 2),
			opts:   []glia.Option{glia.BatchSize(10), glia.InOrder, glia.ValidationSplit(0.1)},
			epochs: 2, batches: 2,
		},
		{
			name: "sequences in groups",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Input(nn.Any, 3), nn.Dense(4, nn.Tanh), nn.Dropout(0.2), nn.Lambda(func(x *graph.Node) *graph.Node { return ops.ReduceMean(x, 1) }), nn.Dense(2, nn.Softmax))
				compile(t, m, optim.Adam(0.02), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
				return m
			},
			data: func(t testing.TB) data.Dataset {
				var x []*tensor.Tensor
				for i := range 19 {
					x = append(x, noise(t, 1+i%4, 3))
				}
				ds, err := data.PaddedBatches(x, tensor.Of[int32](0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0), 2, 4)
				if err != nil {
					t.Fatal(err)
				}
				return ds
			},
			opts:   []glia.Option{glia.BatchSize(5)},
			epochs: 2, batches: 4,
		},
		{
			name: "layers that keep their states",
			model: func(t testing.TB) *glia.Model {
				m := glia.Sequential(nn.Input(3, 2, nn.BatchSize(4)), nn.LSTM(4, nn.Stateful, nn.ReturnSequences, nn.RecurrentDropout(0.2)),
					nn.Bidirectional(nn.GRU(3, nn.Stateful)), nn.Dense(2, nn.Softmax))
				compile(t, m, optim.Adam(0.02), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
				return m
			},
			data: func(t testing.TB) data.Dataset {
				ds, err := data.New(noise(t, 12, 3, 2), tensor.Of[int32](0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0))
				if err != nil {
					t.Fatal(err)
				}
				return ds
			},
			opts:   []glia.Option{glia.BatchSize(4)},
			epochs: 3, batches: 3,
		},
		{
			name: "two inputs and outputs, shared layers",
			model: func(t testing.TB) *glia.Model {
				m := forkedTwice()
				compile(t, m, optim.Adam(0.02), forkedLosses(), metric.For("kind", metric.Accuracy()), metric.For("size", metric.RootMeanSquaredError()))
				return m
			},
			data:   func(t testing.TB) data.Dataset { return forks(t, 26) },
			opts:   []glia.Option{glia.BatchSize(9), glia.ValidationSplit(0.1)},
			with:   func() []glia.Callback { return []glia.Callback{every3()} },
			epochs: 3, batches: 3,
		},
	}
}

// forkedTwice is as forked, with a layer and a network, whose paths are those of others,
// that are applied to both inputs, and dropout.
func forkedTwice() *glia.Model {
	x := nn.Apply(nn.Input(4))
	part := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(nn.Dropout(0.2), nn.Apply(nn.Dense(4, nn.Tanh), x))})
	part.Build(nn.NewBuilder(3), tensor.S(tensor.Float32, 1, 4)) // and so its paths are its own
	a, b, shared := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(2)), nn.Dense(4)
	p := nn.Apply(part, nn.Apply(shared, a))
	q := nn.Apply(part, nn.Apply(shared, nn.Apply(nn.Concatenate(), b, nn.Apply(nn.Dense(1), b))))
	h := nn.Apply(nn.Add(), p, q)
	kind := nn.Apply(nn.Dense(2, nn.Softmax, nn.Name("kind")), h)
	return glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{kind, nn.Apply(nn.Dense(1, nn.Name("size")), h)})
}

// every3 halves the learning rate in every third batch, whatever the epoch.
func every3() glia.Callback {
	n := 0
	return glia.Callback{
		Name: "every3",
		OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
			if n++; n%3 == 0 {
				m.Optimizer().SetLearningRate(m.Optimizer().LearningRate() / 2)
			}
			return nil
		},
		OnEpochBegin: func(m *glia.Model, _ int) error {
			m.Optimizer().SetLearningRate(m.Optimizer().LearningRate() * 1.5)
			return nil
		},
		OnEpochEnd: func(*glia.Model, glia.Epoch) error { n += 10; return nil },
		State:      func() (json.RawMessage, error) { return json.Marshal(n) },
		Restore:    func(b json.RawMessage) error { return json.Unmarshal(b, &n) },
	}
}

// run is one process: a new model and new callbacks. The callbacks go on both
// sides of the backup.
func (tr training) run(t testing.TB, backup []glia.Callback, more ...glia.Option) (*glia.Model, *glia.History, error) {
	t.Helper()
	m := tr.model(t)
	var own []glia.Callback
	if tr.with != nil {
		own = tr.with()
	}
	opts := append(slices.Clone(tr.opts), glia.Epochs(tr.epochs), glia.Use(backup...), glia.Use(own...))
	h, err := m.Fit(tr.data(t), append(opts, more...)...)
	return m, h, err
}

// whole runs it without interruption.
func (tr training) whole(t testing.TB) end {
	t.Helper()
	m, h, err := tr.run(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr.endOf(t, m, h)
}

// end is where a training ended.
type end struct {
	history, weights, optimizer, later string // bytes
	config                             string // of the optimizer
}

func (tr training) endOf(t testing.TB, m *glia.Model, h *glia.History) end {
	t.Helper()
	e := end{history: historyOf(h), weights: string(weights(m))}
	config, err := json.Marshal(m.Optimizer())
	if err != nil {
		t.Fatal(err)
	}
	e.config = string(config)
	for _, v := range m.Optimizer().Vars() {
		e.optimizer += fmt.Sprint(v.Path, v.Spec()) + string(v.Tensor().Bytes())
	}
	// The random layers' state shows in what comes next.
	fit(t, m, tr.data(t), append(slices.Clone(tr.opts), glia.InitialEpoch(tr.epochs), glia.Epochs(tr.epochs+1))...)
	e.later = string(weights(m))
	return e
}

// historyOf returns the bits of a history but for the seconds.
func historyOf(h *glia.History) string {
	var b strings.Builder
	result := func(r glia.Result) {
		fmt.Fprintf(&b, " loss %x", math.Float64bits(r.Loss))
		for _, m := range r.Metrics {
			fmt.Fprintf(&b, " %s %x %v %x", m.Name, math.Float64bits(m.Value), m.Tensor.Spec(), m.Tensor.Bytes())
		}
	}
	for _, e := range h.Epochs {
		fmt.Fprintf(&b, "\n%d", e.Epoch)
		result(e.Result)
		if e.Validation != nil {
			b.WriteString(" validation")
			result(*e.Validation)
		}
	}
	return b.String()
}

func (e end) same(t *testing.T, what string, want end) {
	t.Helper()
	switch {
	case e.history != want.history:
		t.Errorf("%s: history %s\nwant%s", what, e.history, want.history)
	case e.weights != want.weights:
		t.Errorf("%s: other weights", what)
	case e.optimizer != want.optimizer:
		t.Errorf("%s: other state of the optimizer", what)
	case e.config != want.config:
		t.Errorf("%s: the optimizer is %s, want %s", what, e.config, want.config)
	case e.later != want.later:
		t.Errorf("%s: goes on in another way", what)
	}
}

var errCut = errors.New("cut")

// cuts are the ways in which a training ends before its time: after the n-th call
// of something.
func cuts() map[string]func(n int) []glia.Option {
	after := func(n int, do func() error) func() error {
		return func() error {
			if n--; n == -1 {
				return do()
			}
			return nil
		}
	}
	fail := func() error { return errCut }
	return map[string]func(n int) []glia.Option{
		"error after a batch": func(n int) []glia.Option {
			f := after(n, fail)
			return []glia.Option{glia.Use(glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error { return f() }})}
		},
		"error before an epoch": func(n int) []glia.Option {
			f := after(n, fail)
			return []glia.Option{glia.Use(glia.Callback{OnEpochBegin: func(*glia.Model, int) error { return f() }})}
		},
		"error after an epoch": func(n int) []glia.Option {
			f := after(n, fail)
			return []glia.Option{glia.Use(glia.Callback{OnEpochEnd: func(*glia.Model, glia.Epoch) error { return f() }})}
		},
		"context after a batch": func(n int) []glia.Option {
			ctx, cancel := context.WithCancel(context.Background())
			f := after(n, func() error { cancel(); return nil })
			return []glia.Option{glia.Context(ctx), glia.Use(glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error { return f() }})}
		},
		"context before an epoch": func(n int) []glia.Option {
			ctx, cancel := context.WithCancel(context.Background())
			f := after(n, func() error { cancel(); return nil })
			return []glia.Option{glia.Context(ctx), glia.Use(glia.Callback{OnEpochBegin: func(*glia.Model, int) error { return f() }})}
		},
		"context after an epoch": func(n int) []glia.Option {
			ctx, cancel := context.WithCancel(context.Background())
			f := after(n, func() error { cancel(); return nil })
			return []glia.Option{glia.Context(ctx), glia.Use(glia.Callback{OnEpochEnd: func(*glia.Model, glia.Epoch) error { return f() }})}
		},
	}
}

// TestResumeAnywhere interrupts trainings everywhere, in every way and with every
// frequency of backups, and goes on in a new model until the end.
func TestResumeAnywhere(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer par.SetThreads(0)
	for _, tr := range trainings() {
		t.Run(tr.name, func(t *testing.T) {
			want := tr.whole(t)
			for how, cut := range cuts() {
				for name, every := range map[string][]glia.BackupOption{
					"every epoch": nil, "every batch": {glia.EveryBatches(1)}, "every 3 batches": {glia.EveryBatches(3)},
				} {
					calls := tr.epochs
					if strings.HasSuffix(how, "batch") {
						calls *= tr.batches
					}
					for n := range calls {
						if testing.Short() && n%24 != 2 {
							continue
						}
						threads := 1 + n%2
						runtime.GOMAXPROCS(threads)
						par.SetThreads(threads)
						what := fmt.Sprintf("%s %d, backup %s", how, n, name)
						dir := t.TempDir()
						_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, every...)}, cut(n)...)
						if err == nil && strings.HasPrefix(how, "context after") && n == calls-1 {
							continue // the context is done when all is done
						}
						if !errors.Is(err, errCut) && !errors.Is(err, context.Canceled) {
							t.Fatalf("%s: error %v, want the interruption", what, err)
						}
						m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, every...)})
						if err != nil {
							t.Fatalf("%s: again: %v", what, err)
						}
						tr.endOf(t, m, h).same(t, what, want)
						if left, _ := os.ReadDir(dir); len(left) != 0 {
							t.Errorf("%s: after the end there are %v, want nothing", what, left)
						}
					}
				}
			}
		})
	}
}

// TestResumeOverAndOver gets two batches further in every process.
func TestResumeOverAndOver(t *testing.T) {
	for _, tr := range trainings() {
		want := tr.whole(t)
		dir := t.TempDir()
		for processes := 1; ; processes++ {
			m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()["context after a batch"](1)...)
			if err == nil {
				tr.endOf(t, m, h).same(t, tr.name, want)
				if least := tr.epochs * tr.batches / 2; processes < least {
					t.Errorf("%s: %d processes, want %d or more", tr.name, processes, least)
				}
				break
			}
			if !errors.Is(err, context.Canceled) || processes > 100 {
				t.Fatalf("%s: process %d: %v", tr.name, processes, err)
			}
			if len(h.Epochs) > 0 && h.Epochs[0].Epoch != 1 {
				t.Errorf("%s: the history begins with epoch %d, want 1", tr.name, h.Epochs[0].Epoch)
			}
		}
	}
}

// TestResumeInValidation stops while the validation reads.
func TestResumeInValidation(t *testing.T) {
	tr := trainings()[0]
	ctx, cancel := context.WithCancel(context.Background())
	train, held, err := tr.data(t).(*data.Memory).Split(0.2)
	if err != nil {
		t.Fatal(err)
	}
	reads, stop := 0, 0
	tr.data = func(testing.TB) data.Dataset { return train }
	tr.opts = []glia.Option{glia.BatchSize(6), glia.Validate(broken{held, func(*data.Batch) error {
		if reads++; reads == stop {
			cancel()
		}
		return nil
	}})}
	want := tr.whole(t)
	reads, stop = 0, 3
	dir := t.TempDir()
	_, _, err = tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, glia.Context(ctx))
	wants(t, "stopped", err, `epoch 2, validation: stopped before batch 2: context canceled`)
	batches := 0
	m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, glia.Use(glia.Callback{
		OnBatchEnd: func(*glia.Model, int, int, float64) error { batches++; return nil },
	}))
	if err != nil {
		t.Fatal(err)
	}
	if batches != 8 { // of the third epoch: the second had only to be validated
		t.Errorf("%d batches after the validation was stopped, want 8", batches)
	}
	tr.endOf(t, m, h).same(t, "validation", want)
}

// TestResumeSameModel goes on in the same process.
func TestResumeSameModel(t *testing.T) {
	tr := trainings()[1]
	want := tr.whole(t)
	m, back, own := tr.model(t), glia.BackupAndRestore(t.TempDir()), tr.with()
	opts := append(tr.opts, glia.Epochs(tr.epochs), glia.Use(back), glia.Use(own...))
	if _, err := m.Fit(tr.data(t), append(opts, cuts()["context after a batch"](4)...)...); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	tr.endOf(t, m, fit(t, m, tr.data(t), opts...)).same(t, tr.name, want)
}

// TestKeepBackup trains on with more epochs.
func TestKeepBackup(t *testing.T) {
	tr := trainings()[0]
	want := tr.whole(t)
	dir := t.TempDir()
	for _, tr.epochs = range []int{1, 1, 3, 3} {
		m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, glia.KeepBackup)})
		if err != nil {
			t.Fatal(err)
		}
		if len(h.Epochs) != tr.epochs {
			t.Errorf("%d epochs in the history, want %d", len(h.Epochs), tr.epochs)
		}
		if tr.epochs == 3 {
			tr.endOf(t, m, h).same(t, "more epochs", want)
		}
	}
	tr.epochs = 2
	_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
	wants(t, "less epochs", err, `backup.safetensors: it is of 3 epochs: want 3 or more, got 2$`)
	_, _, err = tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, glia.Epochs(9), glia.InitialEpoch(5))
	wants(t, "later first epoch", err, `it resumes in epoch 4: want InitialEpoch\(3\) or less, got 5$`)
}
