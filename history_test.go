package glia_test

import (
	"math"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// course is a training of three epochs, the second without validation.
func course() *glia.History {
	epoch := func(n int, loss, accuracy float64, val ...float64) glia.Epoch {
		of := func(loss, accuracy float64) glia.Result {
			return glia.Result{Loss: loss, Metrics: []glia.Metric{{Name: "accuracy", Value: accuracy, Direction: metric.Up}, {Name: "mine", Value: float64(n)}}}
		}
		e := glia.Epoch{Epoch: n, Result: of(loss, accuracy)}
		if val != nil {
			r := of(val[0], val[1])
			e.Validation = &r
		}
		return e
	}
	return &glia.History{Epochs: []glia.Epoch{epoch(1, 1234567, 0.5, 0.25, 0.75), epoch(2, 0.25, 0.875), epoch(3, 0.0000625, math.NaN(), 0.3, 0.75)}}
}

// TestHistoryTable prints a course and results, and asks for their numbers.
func TestHistoryTable(t *testing.T) {
	h := course()
	want := `epoch        loss  accuracy    mine  val_loss  val_accuracy  val_mine
    1  1.2346e+06    0.5000  1.0000    0.2500        0.7500    1.0000
    2      0.2500    0.8750  2.0000         -             -         -
    3  6.2500e-05       NaN  3.0000    0.3000        0.7500    3.0000
`
	if got := h.String(); got != want {
		t.Errorf("the history is\n%swant\n%s", got, want)
	}
	want = "epoch    loss  accuracy    mine\n    2  0.2500    0.8750  2.0000\n"
	if got := h.Epochs[1].String(); got != want {
		t.Errorf("the epoch is\n%swant\n%s", got, want)
	}
	r := h.Epochs[1].Result
	r.Metrics = slices.Clone(r.Metrics)
	r.Metrics[1] = glia.Metric{Name: "é\x1b[2J", Value: 0.5, Tensor: tensor.Of(0.25, 0.75)}
	want = "loss      0.2500\naccuracy  0.8750\né\\x1b[2J  0.5000  [0.2500 0.7500]\n"
	if got := r.String(); got != want {
		t.Errorf("the result is\n%swant\n%s", got, want)
	}
	if got, want := h.Names(), []string{"loss", "accuracy", "mine", "val_loss", "val_accuracy", "val_mine"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	if got := h.Series("val_loss"); len(got) != 3 || got[0] != 0.25 || !math.IsNaN(got[1]) || got[2] != 0.3 {
		t.Errorf("val_loss is %v, want 0.25 NaN 0.3", got)
	}
	if got := h.Series("nothing"); got != nil {
		t.Errorf("a series of nothing is %v, want nil", got)
	}
}

// TestHistoryBest finds the best epochs by the metrics' directions.
func TestHistoryBest(t *testing.T) {
	h := course()
	for name, want := range map[string]int{"loss": 3, "val_loss": 1, "accuracy": 2, "val_accuracy": 1} {
		if e, err := h.Best(name); err != nil || e.Epoch != want {
			t.Errorf("best %s is in epoch %d (%v), want %d", name, e.Epoch, err, want)
		}
	}
	if e, err := h.BestBy("mine", metric.Up); err != nil || e.Epoch != 3 {
		t.Errorf("the most is in epoch %d (%v), want 3", e.Epoch, err)
	}
	_, err := h.Best("mine")
	wants(t, "unknown direction", err, `^glia: Best: whether less or more of "mine" is better is not known: want BestBy$`)
	_, err = h.BestBy("mine", metric.Unknown)
	wants(t, "no direction", err, `^glia: BestBy: direction Unknown: want metric.Up or metric.Down$`)
	_, err = h.Best("val_auc")
	wants(t, "unknown name", err, `^glia: Best: no epoch has "val_auc": want one of loss, accuracy, mine, val_loss, val_accuracy, val_mine$`)
	h.Epochs = h.Epochs[2:]
	_, err = (&glia.History{}).Best("loss")
	wants(t, "no epochs", err, `^glia: Best: the history has no epochs: want one or more$`)
	_, err = (&glia.History{}).BestBy("mine", metric.Up)
	wants(t, "no epochs", err, `^glia: BestBy: the history has no epochs: want one or more$`)
	_, err = h.Best("accuracy")
	wants(t, "NaN", err, `^glia: Best: "accuracy" is NaN in all epochs$`)
}

// TestHistoryOfFit prints what Fit and Evaluate return, of several outputs too.
func TestHistoryOfFit(t *testing.T) {
	x := nn.Apply(nn.Input(4))
	a, b := nn.Apply(nn.Dense(3, nn.Softmax, nn.Name("a")), x), nn.Apply(nn.Dense(1, nn.Name("b")), x)
	m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{a, b})
	compile(t, m, optim.SGD(0.1), loss.PerOutput(loss.For("a", loss.CategoricalCrossentropy()), loss.For("b", loss.MeanSquaredError())), metric.For("a", metric.Accuracy()))
	ds, err := data.Zip(blobs(t, 30, 4, 3).OneHot(3), memory(t, nil, noise(t, 30, 1)))
	check(t, err)
	h := fit(t, m, ds, glia.Epochs(3), glia.ValidationSplit(0.2))
	if got, want := h.Names(), []string{"loss", "a_loss", "b_loss", "a_accuracy", "val_loss", "val_a_loss", "val_b_loss", "val_a_accuracy"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	for name, less := range map[string]bool{"val_a_loss": true, "b_loss": true, "val_a_accuracy": false} {
		e, err := h.Best(name)
		check(t, err)
		series := h.Series(name)
		want := slices.Max(series)
		if less {
			want = slices.Min(series)
		}
		if got, _ := e.Number(name); got != want {
			t.Errorf("best %s is %v, want %v", name, got, want)
		}
	}
}

// TestClasses takes the classes out of predictions.
func TestClasses(t *testing.T) {
	nan := math.NaN()
	p, err := tensor.FromSlice([]float64{0.1, 0.7, 0.2, 3, 3, 1, -5, -4, -6, 1, nan, 2}, 2, 2, 3)
	check(t, err)
	c, err := glia.Classes(p)
	check(t, err)
	if want, err := tensor.FromSlice([]int64{1, 0, 1, 1}, 2, 2); err != nil || !tensor.Equal(c, want) {
		t.Errorf("classes are %v, want %v", c, want)
	}
	_, err = glia.Classes(tensor.New(tensor.Float32, 5, 1))
	wants(t, "one unit", err, `^glia: Classes: predictions are float32\[5 1\]: want numbers of two classes or more on the last axis$`)
	_, err = glia.Classes(nil)
	wants(t, "nil", err, "^glia: Classes: the predictions are nil$")
}
