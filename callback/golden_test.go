package callback

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/pytest"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// golden is testdata/callbacks.json, which callbacks.py beside it writes.
type golden struct {
	EarlyStopping []struct {
		Options struct {
			Mode     string   `json:"mode"`
			Patience int      `json:"patience"`
			MinDelta float64  `json:"min_delta"`
			Start    int      `json:"start_from_epoch"`
			Restore  bool     `json:"restore_best_weights"`
			Baseline *float64 `json:"baseline"`
		} `json:"options"`
		Values   []float64 `json:"values"`
		Epochs   int       `json:"epochs"`
		Restored *int      `json:"restored"`
	} `json:"early_stopping"`
	Plateau []struct {
		Options struct {
			Mode     string  `json:"mode"`
			Patience int     `json:"patience"`
			MinDelta float64 `json:"min_delta"`
			Cooldown int     `json:"cooldown"`
			MinLR    float64 `json:"min_lr"`
			Factor   float64 `json:"factor"`
		} `json:"options"`
		Values []float64 `json:"values"`
		Rates  []float64 `json:"rates"`
	} `json:"reduce_lr_on_plateau"`
	CSV []struct {
		Separator  string `json:"separator"`
		Append     bool   `json:"append"`
		Validation bool   `json:"validation"`
		Text       string `json:"text"`
	} `json:"csv_logger"`
}

func readGolden(t *testing.T) (g golden) {
	text, err := os.ReadFile("testdata/callbacks.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGoldenFixture makes the fixture again with the Keras that is there.
func TestGoldenFixture(t *testing.T) {
	t.Setenv("KERAS_BACKEND", "jax")
	python := pytest.Python(t, "keras")
	got, err := exec.Command(python, "testdata/callbacks.py").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/callbacks.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("callbacks.py wrote another callbacks.json with this Keras: %.100s", got)
	}
}

// onePixel returns the training, validated, of a model of one weight with an accuracy.
func onePixel(t *testing.T) *glia.Training {
	t.Helper()
	return trainingOf(t, glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias)), metric.Accuracy())
}

// trainingOf returns a training with a validation, of a network with metrics. It is over
// before its first step: the test calls the callbacks.
func trainingOf(t *testing.T, m *glia.Model, metrics ...metric.Metric) (of *glia.Training) {
	t.Helper()
	if err := m.Compile(optim.SGD(1), loss.MeanSquaredError(), metrics...); err != nil {
		t.Fatal(err)
	}
	n := m.Network().Vars()[0].Spec().Shape.At(0)
	ds, err := data.New(tensor.New(tensor.Float32, 2, n), tensor.New(tensor.Float32, 2, n))
	if err != nil {
		t.Fatal(err)
	}
	join := glia.Callback{Join: func(t *glia.Training) error { of = t; return glia.ErrStop }}
	if _, err := m.Fit(ds, glia.Validate(ds), glia.Use(join)); err != nil {
		t.Fatal(err)
	}
	return of
}

// epochOf returns an epoch with a validation loss.
func epochOf(e int, v float64) glia.Epoch {
	return glia.Epoch{Epoch: e, Validation: &glia.Result{Loss: v, Metrics: []glia.Metric{{Name: "accuracy"}}}}
}

func modeNamed(name string) Mode {
	if name == "max" {
		return Maximize
	}
	return Minimize
}

// decide gives a callback a sequence of numbers, through a state and back in the
// middle, and returns in which epoch it stops.
func decide(t *testing.T, make func() glia.Callback, values []float64, after func(f *glia.Training)) (f *glia.Training, last int) {
	t.Helper()
	f = onePixel(t)
	start := func() glia.Callback {
		cb := make()
		if err := cb.Join(f); err != nil {
			t.Fatal(err)
		}
		if err := cb.OnTrainBegin(f.Model()); err != nil {
			t.Fatal(err)
		}
		return cb
	}
	cb := start()
	for i, v := range values {
		last = i + 1
		f.Model().Network().Vars()[0].Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[0] = float32(last) })
		if err := cb.OnEpochEnd(f.Model(), epochOf(last, v)); err == glia.ErrStop {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		after(f)
		state, err := cb.State()
		if err != nil {
			t.Fatal(err)
		}
		next := start()
		if err := next.Restore(state); err != nil {
			t.Fatal(err)
		}
		if cb.Vars != nil {
			if err := copyVars(next.Vars(), cb.Vars()); err != nil {
				t.Fatal(err)
			}
		}
		cb = next
	}
	if cb.OnTrainEnd != nil {
		if err := cb.OnTrainEnd(f.Model(), nil); err != nil {
			t.Fatal(err)
		}
	}
	return f, last
}

// TestEarlyStoppingGolden compares with Keras's decisions.
func TestEarlyStoppingGolden(t *testing.T) {
	for i, c := range readGolden(t).EarlyStopping {
		o := c.Options
		opts := []EarlyStoppingOption{modeNamed(o.Mode), Patience(o.Patience), MinDelta(o.MinDelta), StartFromEpoch(o.Start)}
		if o.Restore {
			opts = append(opts, RestoreBestWeights)
		}
		if o.Baseline != nil {
			opts = append(opts, Baseline(*o.Baseline))
		}
		f, last := decide(t, func() glia.Callback { return EarlyStopping(opts...) }, c.Values, func(*glia.Training) {})
		weights := last
		if c.Restored != nil {
			weights = *c.Restored
		}
		if got := int(f.Model().Network().Vars()[0].Tensor().Item()); last != c.Epochs || got != weights {
			t.Errorf("case %d, %+v: stopped after epoch %d with the weights of %d, Keras after %d with %d", i, o, last, got, c.Epochs, weights)
		}
	}
}

// TestPlateauGolden compares with Keras's decisions.
func TestPlateauGolden(t *testing.T) {
	for i, c := range readGolden(t).Plateau {
		o := c.Options
		var rates []float64
		decide(t, func() glia.Callback {
			return ReduceLROnPlateau(modeNamed(o.Mode), Patience(o.Patience), MinDelta(o.MinDelta), Cooldown(o.Cooldown), MinLR(o.MinLR), Factor(o.Factor))
		}, c.Values, func(f *glia.Training) { rates = append(rates, f.Model().Optimizer().LearningRate()) })
		if !slices.Equal(rates, c.Rates) {
			t.Errorf("case %d, %+v: rates %v, Keras's %v", i, o, rates, c.Rates)
		}
	}
}

// TestCSVLoggerGolden compares with the bytes that Keras writes.
func TestCSVLoggerGolden(t *testing.T) {
	for i, c := range readGolden(t).CSV {
		path := filepath.Join(t.TempDir(), "log.csv")
		opts := []CSVOption{Separator([]rune(c.Separator)[0])}
		firsts := []int{0}
		if c.Append {
			opts, firsts = append(opts, AppendCSV), []int{0, 3}
		}
		for _, first := range firsts {
			cb := CSVLogger(path, opts...)
			if err := cb.Join(onePixel(t)); err != nil {
				t.Fatal(err)
			}
			for e := first; e < first+3; e++ {
				of := glia.Epoch{Epoch: e + 1, Result: glia.Result{Loss: 1.5 / float64(e+1), Metrics: []glia.Metric{{Name: "accuracy", Value: 0.25 * float64(e%3)}}}}
				if c.Validation {
					a := 1e-9
					if e == 1 {
						a = math.NaN()
					}
					of.Validation = &glia.Result{Loss: 0.1 + float64(e), Metrics: []glia.Metric{{Name: "accuracy", Value: a}}}
				}
				if err := cb.OnEpochEnd(nil, of); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != c.Text {
			t.Errorf("case %d: wrote %q (%v), Keras %q", i, got, err, c.Text)
		}
	}
}

// TestCooldown wants the rates of Keras 3.15.1 for losses that never improve, with
// Cooldown(3) and Patience(1) a reduction every third epoch as the text says, and no
// difference between 0 and 1.
func TestCooldown(t *testing.T) {
	still := slices.Repeat([]float64{1}, 8)
	for _, c := range []struct {
		cooldown, patience int
		want               []float64
	}{
		{0, 1, []float64{1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125}},
		{1, 1, []float64{1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125}},
		{2, 1, []float64{1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625}},
		{3, 1, []float64{1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125}},
		{3, 2, []float64{1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25}},
	} {
		var rates []float64
		decide(t, func() glia.Callback {
			return ReduceLROnPlateau(Factor(0.5), MinDelta(0), Patience(c.patience), Cooldown(c.cooldown))
		}, still, func(f *glia.Training) {
			rates = append(rates, f.Model().Optimizer().LearningRate())
		})
		first := rates[0]
		for i := range rates {
			rates[i] /= first
		}
		if !slices.Equal(rates, c.want) {
			t.Errorf("Cooldown(%d), Patience(%d): rates %v of the first, Keras's %v", c.cooldown, c.patience, rates, c.want)
		}
	}
}
