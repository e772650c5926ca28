package metric_test

import (
	"fmt"
	"log"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

func newReport(t *testing.T, classes int, names ...string) *metric.Report {
	t.Helper()
	r, err := metric.NewReport(classes, names...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts returns counts as ConfusionMatrix has them.
func counts(t *testing.T, classes int, numbers ...float64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(numbers, classes, classes)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestReportScores(t *testing.T) {
	r := newReport(t, 3)
	if err := r.AddMatrix(counts(t, 3, 5, 1, 0, 2, 8, 0, 0, 3, 0)); err != nil {
		t.Fatal(err)
	}
	same := func(got, want float64) bool {
		return math.IsNaN(want) && math.IsNaN(got) || math.Abs(got-want) <= 1e-15
	}
	for k, want := range []metric.Scores{
		{Precision: 5. / 7, Recall: 5. / 6, F1: 10. / 13, Samples: 6},
		{Precision: 8. / 12, Recall: 8. / 10, F1: 16. / 22, Samples: 10},
		{Precision: math.NaN(), Samples: 3}, // never predicted
	} {
		got := r.Class(k)
		if !same(got.Precision, want.Precision) || !same(got.Recall, want.Recall) || !same(got.F1, want.F1) || got.Samples != want.Samples {
			t.Errorf("class %d: got %+v, want %+v", k, got, want)
		}
	}
	if m := r.Mean(); !same(m.Precision, (5./7+8./12)/2) || m.Samples != 19 {
		t.Errorf("mean: got %+v", m)
	}
	if a := r.Accuracy(); !same(a, 13./19) {
		t.Errorf("accuracy %v, want 13/19", a)
	}
	if r.Count(1, 0) != 2 || r.Count(0, 1) != 1 || r.Classes() != 3 {
		t.Errorf("counts %v and %v of %d classes", r.Count(1, 0), r.Count(0, 1), r.Classes())
	}
	empty := newReport(t, 2)
	if !math.IsNaN(empty.Accuracy()) || !math.IsNaN(empty.Mean().F1) {
		t.Errorf("empty: accuracy %v, mean %+v, want NaN", empty.Accuracy(), empty.Mean())
	}
}

func TestReportString(t *testing.T) {
	r := newReport(t, 2)
	if err := r.AddMatrix(counts(t, 2, 5, 1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	want := `      0  1
    ──────
 0 │  5  1
 1 │  0  0

Class  Precision  Recall      F1  Samples
0         1.0000  0.8333  0.9091        6
1         0.0000       –  0.0000        0
mean      0.5000  0.8333  0.4545        6
`
	if r.String() != want {
		t.Errorf("got\n%swant\n%s", r, want)
	}
	r = newReport(t, 2, "tortoiseshell", "tabby")
	if err := r.AddMatrix(counts(t, 2, 1000, 0.5, 0, 2)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(r.String(), "\n")
	for i, want := range []string{
		`                tortoiseshell         tabby`,
		`               ────────────────────────────`,
		`tortoiseshell │          1000          0.50`,
		`        tabby │             0             2`,
		``,
		`Class          Precision  Recall      F1  Samples`,
		`tortoiseshell     1.0000  0.9995  0.9998  1000.50`,
	} {
		if lines[i] != want {
			t.Errorf("line %d: got %q, want %q", i, lines[i], want)
		}
	}
}

func TestReportAdd(t *testing.T) {
	rows := func(v ...float32) *tensor.Tensor {
		x, err := tensor.FromSlice(v, len(v)/2, 2)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	column := func(x *tensor.Tensor) *tensor.Tensor {
		y, err := x.Reshape(x.Len(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	labels, predictions := tensor.Of[int32](0, 1, 1), rows(0.1, 0.9, 0.2, 0.8, 0.5, 0.5) // equal: class 0
	for what, in := range map[string][2]*tensor.Tensor{
		"numbers":            {labels, predictions},
		"bytes in a column":  {column(labels.AsType(tensor.Uint8)), predictions},
		"one-hot rows":       {rows(1, 0, 0, 1, 0, 1), predictions},
		"one probability":    {labels, tensor.Of(0.9, 0.8, 0.5)},
		"probability column": {column(labels), column(tensor.Of[float32](0.9, 0.8, 0.5))},
	} {
		r := newReport(t, 2)
		if err := r.Add(in[0], in[1]); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := [4]float64{r.Count(0, 0), r.Count(0, 1), r.Count(1, 0), r.Count(1, 1)}; got != [4]float64{0, 1, 1, 1} {
			t.Errorf("%s: got %v, want 0 1 1 1", what, got)
		}
	}
}

func TestReportErrors(t *testing.T) {
	for want, err := range map[string]error{
		"metric: NewReport: 0 classes: want 1 to 4096":                      second(metric.NewReport(0)),
		"metric: NewReport: 5000 classes: want 1 to 4096":                   second(metric.NewReport(5000)),
		"metric: NewReport: 1 names of 2 classes: want one each, or none":   second(metric.NewReport(2, "a")),
		"AddMatrix: got nil: want counts [3 3]":                             newReport(t, 3).AddMatrix(nil),
		"AddMatrix: got float64[2 2]: want counts [3 3]":                    newReport(t, 3).AddMatrix(counts(t, 2, 1, 2, 3, 4)),
		"AddMatrix: class 1 predicted as 0: count -3: want a finite number": newReport(t, 2).AddMatrix(counts(t, 2, 1, 2, -3, 4)),
		"AddMatrix: class 0 predicted as 1: count NaN":                      newReport(t, 2).AddMatrix(counts(t, 2, 1, math.NaN(), 3, 4)),
		"Report.Add: predictions are nil":                                   newReport(t, 3).Add(tensor.Of[int32](0), nil),
		"Report.Add: labels are nil":                                        newReport(t, 2).Add(nil, tensor.Of(0.5)),
		"predictions are float64[1]: want floats [B 3]":                     newReport(t, 3).Add(tensor.Of[int32](0), tensor.Of(0.5)),
		"predictions are int32[1]: want floats [B 2]":                       newReport(t, 2).Add(tensor.Of[int32](0), tensor.Of[int32](0)),
		"labels are int32[2] for 1 predictions: want class numbers [B]":     newReport(t, 2).Add(tensor.Of[int32](0, 1), tensor.Of(0.5)),
		"labels are float64[1] for 1 predictions: want class numbers":       newReport(t, 2).Add(tensor.Of(1.0), tensor.Of(0.5)),
		"sample 1: label 2: want 0 or more and less than 2":                 newReport(t, 2).Add(tensor.Of[int32](0, 2), tensor.Of(0.5, 0.5)),
		"sample 0: label -1: want 0 or more and less than 2":                newReport(t, 2).Add(tensor.Of[int32](-1), tensor.Of(0.5)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
	r := newReport(t, 2)
	if err := r.Add(tensor.Of[int32](0, 2), tensor.Of(0.5, 0.5)); err == nil || r.Count(0, 0) != 0 {
		t.Errorf("an error (%v) leaves %v counted, want nothing", err, r.Count(0, 0))
	}
}

func second(_ *metric.Report, err error) error { return err }

// What a classifier's predictions are worth, class by class.
func ExampleReport() {
	r, err := metric.NewReport(2, "cat", "dog")
	if err != nil {
		log.Fatal(err)
	}
	labels := tensor.Of[int32](0, 0, 0, 1, 1)
	predictions := tensor.Of(0.1, 0.2, 0.7, 0.9, 0.6) // of dogs
	if err := r.Add(labels, predictions); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.1f\n\n%s", r.Accuracy(), r)
	// Output:
	// accuracy 0.8
	//
	//       cat dog
	//      ────────
	// cat │   2   1
	// dog │   0   2
	//
	// Class  Precision  Recall      F1  Samples
	// cat       1.0000  0.6667  0.8000        3
	// dog       0.6667  1.0000  0.8000        2
	// mean      0.8333  0.8333  0.8000        5
}
