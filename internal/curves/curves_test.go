package curves

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/plot"
)

func read(t *testing.T, s string) *plot.Picture {
	t.Helper()
	p, err := Read(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// same compares numbers, all NaN being equal.
func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
}

func wantCurve(t *testing.T, got plot.Curve, want plot.Curve) {
	t.Helper()
	if got.Name != want.Name || !same(got.X, want.X) || !same(got.Y, want.Y) || !same(got.Low, want.Low) || !same(got.High, want.High) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

const compared = `{"dataset": "mnist", "batch_size": 32, "epochs": 2, "validation_split": 0.1, "trials": [
	{"optimizer": "sgd", "learning_rate": 0.01, "best": true, "runs": [
		{"epochs": [{"loss": 4, "metrics": {"accuracy": 0.5}, "val_loss": 3, "val_metrics": {"accuracy": 0.25}}, {"loss": 2, "val_metrics": {"accuracy": 0.75}}]},
		{"epochs": [{"loss": 8, "metrics": {"accuracy": 0.75}, "val_loss": 3, "val_metrics": {"accuracy": 0.75}}]}]},
	{"optimizer": "sgd", "learning_rate": 1, "runs": [{"epochs": []}]},
	{"optimizer": "lion", "learning_rate": 1e-05, "best": true, "runs": [
		{"epochs": [{"loss": null, "val_metrics": {"accuracy": null}}]}, {"epochs": [{"loss": 1}]}]}]}`

func TestComparison(t *testing.T) {
	nan := math.NaN()
	p := read(t, compared)
	if want := "Optimizers on mnist, batches of 32: mean and range of 2 seeds"; p.Title != want || len(p.Charts) != 2 {
		t.Fatalf("got %q and %d charts, want %q and 2", p.Title, len(p.Charts), want)
	}
	loss, accuracy := p.Charts[0], p.Charts[1]
	if loss.Title != "Training loss" || !loss.Log || accuracy.Title != "Validation accuracy" || len(loss.Curves) != 2 || len(accuracy.Curves) != 2 {
		t.Fatalf("got %+v", p.Charts)
	}
	wantCurve(t, loss.Curves[0], plot.Curve{Name: "sgd 0.01", X: []float64{1, 2}, Y: []float64{6, nan}, Low: []float64{4, nan}, High: []float64{8, nan}})
	wantCurve(t, accuracy.Curves[0], plot.Curve{Name: "sgd 0.01", X: []float64{1, 2}, Y: []float64{0.5, nan}, Low: []float64{0.25, nan}, High: []float64{0.75, nan}})
	wantCurve(t, loss.Curves[1], plot.Curve{Name: "lion 1e-05", X: []float64{1}, Y: []float64{nan}, Low: []float64{nan}, High: []float64{nan}})
	wantCurve(t, accuracy.Curves[1], plot.Curve{Name: "lion 1e-05", X: []float64{1}, Y: []float64{nan}, Low: []float64{nan}, High: []float64{nan}})

	p = read(t, strings.Replace(compared, `"validation_split": 0.1`, `"validation_split": 0`, 1))
	if p.Charts[1].Title != "Training accuracy" {
		t.Errorf("without validation: got %+v", p.Charts[1])
	}
	wantCurve(t, p.Charts[1].Curves[0], plot.Curve{Name: "sgd 0.01", X: []float64{1, 2}, Y: []float64{0.625, nan}, Low: []float64{0.5, nan}, High: []float64{0.75, nan}})
}

func TestTraining(t *testing.T) {
	p := read(t, `{"dataset": "mnist", "optimizer": "adam", "batch_size": 128, "epochs": [
		{"epoch": 1, "loss": 2, "metrics": {"accuracy": 0.5, "a": 3}, "val_loss": 4, "val_metrics": {"accuracy": 0.25}},
		{"epoch": 2, "loss": 1, "metrics": {"accuracy": 0.75, "a": null}, "val_loss": null, "val_metrics": {"accuracy": 0.5}}]}`)
	if p.Title != "adam on mnist, batches of 128" || len(p.Charts) != 3 {
		t.Fatalf("got %q, %d charts", p.Title, len(p.Charts))
	}
	x := []float64{1, 2}
	for i, want := range [][]plot.Curve{
		{{Name: "training", X: x, Y: []float64{2, 1}}, {Name: "validation", X: x, Y: []float64{4, math.NaN()}}},
		{{Name: "training", X: x, Y: []float64{3, math.NaN()}}},
		{{Name: "training", X: x, Y: []float64{0.5, 0.75}}, {Name: "validation", X: x, Y: []float64{0.25, 0.5}}},
	} {
		c := p.Charts[i]
		if title := []string{"loss", "a", "accuracy"}[i]; c.Title != title || len(c.Curves) != len(want) {
			t.Fatalf("chart %d: got %+v, want %s with %d curves", i, c, title, len(want))
		}
		for j := range want {
			wantCurve(t, c.Curves[j], want[j])
		}
	}
}

// TestMany reads results of many trainings.
func TestMany(t *testing.T) {
	const epoch = `{"epoch":1,"seconds":0.123456,"loss":0.987654321,"metrics":{"accuracy":0.9876},"val_loss":0.9876543,"val_metrics":{"accuracy":0.9765}}`
	if p := read(t, `{"epochs":[`+strings.Repeat(epoch+",", 100_000)+epoch+`]}`); len(p.Charts) == 0 {
		t.Error("got no charts")
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, "results as JSON: "},
		{`[]`, "results as JSON: "},
		{`{"matmul": []}`, "got JSON without trials and epochs"},
		{`{"trials": 3}`, "results of glia compare: "},
		{`{"trials": []}`, "results of glia compare: got no training, want 1 or more"},
		{`{"trials": [{"optimizer": "sgd", "best": true, "runs": []}]}`, "got no training"},
		{`{"epochs": 3}`, "results of glia train: "},
		{`{"epochs": []}`, "results of glia train: got no epochs, want 1 or more"},
		{`{"epochs": [{"loss": "x"}]}`, "results of glia train: "},
		{`{"epochs": [` + strings.Repeat("{},", 1<<20) + `{}]}`, "got 1048578 objects and 1048577 values in 3145744 bytes, want fewer"},
		{`{"epochs": [` + strings.Repeat("null,", 1<<20) + `null]}`, "got 1 objects and 1048577 values"},
	} {
		if p, err := Read(strings.NewReader(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %+v, error %v, want %s", c.in, p, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(compared)
	f.Add(`{"epochs": [{"loss": 2, "metrics": {"accuracy": 0.5}, "val_loss": null}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := Read(strings.NewReader(s)); (p == nil) == (err == nil) {
			t.Errorf("%q: got %v, error %v", s, p, err)
		}
	})
}
