package callback

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
)

func TestMonitorMode(t *testing.T) {
	f := trainingOf(t, glia.Sequential(nn.Input(3), nn.Dense(3)),
		metric.Accuracy(), metric.TopKCategoricalAccuracy(2), metric.Precision(), metric.Recall(metric.Name("hits")), metric.F1Score(metric.Name("f")),
		metric.FromLoss(loss.MeanAbsoluteError()), metric.FromLoss(loss.BinaryCrossentropy()), metric.TruePositives(), metric.Mean("mine", metric.Predictions),
		metric.WithWeights(metric.Accuracy()), metric.FromLoss(loss.MeanSquaredError(loss.Name("loss_of_mine"))),
	)
	for name, want := range map[string]Mode{
		"loss": Minimize, "val_loss": Minimize, "accuracy": Maximize, "val_accuracy": Maximize,
		"top_k_categorical_accuracy": Maximize, "precision": Maximize, "val_f": Maximize,
		"mean_absolute_error": Minimize, "val_binary_crossentropy": Minimize,
		"hits": Maximize, "weighted_accuracy": Maximize, "loss_of_mine": Minimize,
		"true_positives": Auto, "val_mine": Auto, // unknown
	} {
		w := monitor{name: name}
		err := w.check(f, false)
		if w.mode != want || (err != nil) != (want == Auto) {
			t.Errorf("%s: mode %d, error %v, want mode %d", name, w.mode, err, want)
		}
		for _, given := range []Mode{Minimize, Maximize} {
			if w := (monitor{name: name, mode: given}); w.check(f, false) != nil || w.mode != given {
				t.Errorf("%s: mode %d, want %d as given", name, w.mode, given)
			}
		}
	}
	for _, name := range []string{"", "val_", "acc", "val_val_loss"} {
		if err := (&monitor{name: name, mode: Minimize}).check(f, false); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
	if err := (&monitor{name: "val_loss"}).check(f, true); err == nil {
		t.Error("val_loss after a batch: no error")
	}
}

func TestMonitorBetter(t *testing.T) {
	nan, inf, half := math.NaN(), math.Inf(1), 0.5
	for _, c := range []struct {
		mode   Mode
		best   *float64
		v      float64
		better bool
	}{
		{Minimize, nil, inf, true}, {Maximize, nil, -inf, true}, {Minimize, nil, nan, false},
		{Minimize, &half, 0.4, true}, {Minimize, &half, 0.5, false}, {Minimize, &half, 0.6, false}, {Minimize, &half, nan, false},
		{Maximize, &half, 0.4, false}, {Maximize, &half, 0.5, false}, {Maximize, &half, 0.6, true}, {Maximize, &half, nan, false},
	} {
		if w := (monitor{mode: c.mode, best: c.best}); w.better(c.v) != c.better {
			t.Errorf("%+v: got %v", c, !c.better)
		}
	}
}

func TestExactly(t *testing.T) {
	for _, v := range []float64{0, 1.0 / 3, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.MaxFloat64, math.Copysign(0, -1)} {
		b, err := json.Marshal(exactly(v))
		if err != nil {
			t.Fatal(err)
		}
		var got exactly
		if err := json.Unmarshal(b, &got); err != nil || math.Float64bits(float64(got)) != math.Float64bits(v) {
			t.Errorf("%v becomes %s and %v (%v)", v, b, got, err)
		}
	}
	var x exactly
	for _, bad := range []string{`1`, `"x"`, `{}`} {
		if json.Unmarshal([]byte(bad), &x) == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
