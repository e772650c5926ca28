package tune_test

import (
	"context"
	"errors"
	"fmt"
	"log"
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
	"github.com/glia-ml/glia/tune"
)

// line returns samples of y = 2x + 1.
func line() *data.Memory {
	x, y := tensor.New(tensor.Float32, 32, 1), tensor.New(tensor.Float32, 32, 1)
	for i := range 32 {
		v := float32(i)/16 - 1
		tensor.Data[float32](x)[i], tensor.Data[float32](y)[i] = v, 2*v+1
	}
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// descent returns a trial of gradient descent with a learning rate.
func descent(rate float64) *tune.Trial {
	return &tune.Trial{
		Name: fmt.Sprintf("learning rate %v", rate),
		Model: func(seed uint64) (*glia.Model, error) {
			m := glia.Sequential(nn.Input(1), nn.Dense(1))
			m.Seed = seed
			return m, m.Compile(optim.SGD(rate), loss.MeanSquaredError(), metric.FromLoss(loss.MeanAbsoluteError()))
		},
	}
}

func TestStudy(t *testing.T) {
	var calls []string
	s := &tune.Study{
		Trials: []*tune.Trial{descent(0.1), descent(0.001), descent(1e30)},
		Seeds:  []uint64{3, 9},
		Train:  line(), Test: line(),
		Options:     []glia.Option{glia.Epochs(4), glia.BatchSize(8), glia.ValidationSplit(0.25)},
		TestOptions: []glia.Option{glia.BatchSize(7)},
		Begin:       func(t *tune.Trial, seed uint64) { calls = append(calls, fmt.Sprintf("%s %d", t.Name, seed)) },
		End: func(t *tune.Trial, r *tune.Run) {
			calls = append(calls, fmt.Sprintf("%d %v %d", r.Seed, r.Diverged, len(t.Runs)))
		},
	}
	s.Trials[1].Options = []glia.Option{glia.Epochs(2)} // after the study's
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "learning rate 0.1 3, 3 false 1, learning rate 0.001 3, 3 false 1, learning rate 1e+30 3, 3 true 1, " +
		"learning rate 0.1 9, 9 false 2, learning rate 0.001 9, 9 false 2, learning rate 1e+30 9, 9 true 2"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("called %s\nwant %s", got, want)
	}
	fast, slow, wild := s.Trials[0], s.Trials[1], s.Trials[2]
	if n := [3]int{len(fast.Runs[0].Epochs), len(slow.Runs[0].Epochs), len(wild.Runs[0].Epochs)}; n != [3]int{4, 2, 0} {
		t.Errorf("epochs %v, want 4 2 0", n)
	}
	if fast.Runs[0].Number("loss") == fast.Runs[1].Number("loss") {
		t.Error("both seeds end with the same loss")
	}
	// A run is the training that one would do oneself.
	m, err := descent(0.1).Model(9)
	if err != nil {
		t.Fatal(err)
	}
	h, err := m.Fit(line(), s.Options...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Evaluate(line(), s.TestOptions...)
	if err != nil {
		t.Fatal(err)
	}
	e, run := h.Epochs[3], &fast.Runs[1]
	for name, want := range map[string]float64{
		"loss": e.Loss, "val_loss": e.Validation.Loss, "mean_absolute_error": e.Get("mean_absolute_error"),
		"val_mean_absolute_error": e.Validation.Get("mean_absolute_error"), "test_loss": r.Loss, "test_mean_absolute_error": r.Get("mean_absolute_error"),
	} {
		if got := run.Number(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
		if got := fast.Number(name); got.N != 2 || got.Max != max(want, fast.Runs[0].Number(name)) {
			t.Errorf("%s is spread %+v, want %v and %v in it", name, got, want, fast.Runs[0].Number(name))
		}
	}
	for _, name := range []string{"auc", "val_auc", "test_auc", "", "test_"} {
		if v := run.Number(name); !math.IsNaN(v) {
			t.Errorf("%q is %v, want NaN", name, v)
		}
	}
	if !math.IsNaN(wild.Number("loss").Mean) || wild.Diverged() != 2 || fast.Diverged() != 0 || wild.Runs[0].Test == nil {
		t.Errorf("diverged: %+v, %d and %d", wild.Number("loss"), wild.Diverged(), fast.Diverged())
	}

	calls = nil
	s.Seeds = append(s.Seeds, 1)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 6 || len(fast.Runs) != 3 || fast.Runs[2].Seed != 1 {
		t.Errorf("one more seed: called %s, %d runs", calls, len(fast.Runs))
	}
}

// TestStudyStops ends within the third run, and goes on from there.
func TestStudyStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	s := &tune.Study{
		Trials: []*tune.Trial{descent(0.1), descent(0.2)}, Seeds: []uint64{1, 2}, Train: line(),
		Begin: func(*tune.Trial, uint64) {
			if n++; n == 3 {
				stop()
			}
		},
	}
	err := s.Run(ctx)
	e := (*tune.RunError)(nil)
	if !errors.As(err, &e) || !errors.Is(err, context.Canceled) || e.Trial != s.Trials[0] || e.Seed != 2 {
		t.Errorf("got error %v, want that of seed 2", err)
	}
	if err == nil || !strings.HasPrefix(err.Error(), `tune: trial "learning rate 0.1", seed 2: glia: Fit: stopped`) {
		t.Errorf("got error %v", err)
	}
	if len(s.Trials[0].Runs) != 1 || len(s.Trials[1].Runs) != 1 || s.Trials[0].Runs[0].Test != nil {
		t.Errorf("%d and %d runs are done, want 1 and 1", len(s.Trials[0].Runs), len(s.Trials[1].Runs))
	}
	if err := s.Run(t.Context()); err != nil || n != 5 {
		t.Errorf("going on: error %v, %d runs begun in all, want 5", err, n)
	}
}

func TestStudyErrors(t *testing.T) {
	good := func(change func(s *tune.Study)) *tune.Study {
		s := &tune.Study{Trials: []*tune.Trial{descent(0.1)}, Seeds: []uint64{1}, Train: line()}
		change(s)
		return s
	}
	oops := errors.New("oops")
	for want, s := range map[string]*tune.Study{
		"tune: Study.Run: no trials: want one or more":    good(func(s *tune.Study) { s.Trials = nil }),
		"no seeds: want one or more":                      good(func(s *tune.Study) { s.Seeds = nil }),
		"no Train: want a dataset":                        good(func(s *tune.Study) { s.Train = nil }),
		"trial 1 is nil":                                  good(func(s *tune.Study) { s.Trials = append(s.Trials, nil) }),
		`trial 0, "a": Model is nil: want a function`:     good(func(s *tune.Study) { s.Trials = []*tune.Trial{{Name: "a"}} }),
		`two trials are named "learning rate 0.1"`:        good(func(s *tune.Study) { s.Trials = append(s.Trials, descent(0.1)) }),
		"seed 1 stands there twice: want different seeds": good(func(s *tune.Study) { s.Seeds = []uint64{1, 2, 1} }),
		`tune: trial "a", seed 1: oops`: good(func(s *tune.Study) {
			s.Trials = []*tune.Trial{{Name: "a", Model: func(uint64) (*glia.Model, error) { return nil, oops }}}
		}),
		`seed 1: the function Model returned nil: want a compiled model`: good(func(s *tune.Study) {
			s.Trials = []*tune.Trial{{Name: "a", Model: func(uint64) (*glia.Model, error) { return nil, nil }}}
		}),
		`seed 1: glia: Fit: 0 epochs: want 1 or more`: good(func(s *tune.Study) { s.Options = []glia.Option{glia.Epochs(0)} }),
		`seed 1: glia: Evaluate: option Epochs: want`: good(func(s *tune.Study) { s.Test, s.TestOptions = line(), []glia.Option{glia.Epochs(1)} }),
	} {
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
		if t0 := s.Trials; len(t0) > 0 && t0[0] != nil && len(t0[0].Runs) != 0 {
			t.Errorf("%s: a run is there, want none", want)
		}
	}
}

func TestSpread(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	same := func(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-12 || a == b }
	for _, c := range []struct {
		values []float64
		want   tune.Spread
		text   string
	}{
		{nil, tune.Spread{Mean: nan, Std: nan, Min: nan, Max: nan}, "–"},
		{[]float64{0.5}, tune.Spread{N: 1, Mean: 0.5, Std: nan, Min: 0.5, Max: 0.5}, "0.5000"},
		{[]float64{1, 3}, tune.Spread{N: 2, Mean: 2, Std: math.Sqrt2, Min: 1, Max: 3}, "2.0000 ± 1.4142"},
		{[]float64{7, 7, 7}, tune.Spread{N: 3, Mean: 7, Min: 7, Max: 7}, "7.0000 ± 0.0000"},
		{[]float64{1, nan, 3}, tune.Spread{N: 3, Mean: nan, Std: nan, Min: nan, Max: nan}, "–"},
		{[]float64{1, inf}, tune.Spread{N: 2, Mean: inf, Std: nan, Min: 1, Max: inf}, "–"},
		{[]float64{1e200, -1e200}, tune.Spread{N: 2, Mean: 0, Std: inf, Min: -1e200, Max: 1e200}, "0.0000 ± –"},
		{[]float64{2, 4, 4, 4, 5, 5, 7, 9}, tune.Spread{N: 8, Mean: 5, Std: math.Sqrt(32.0 / 7), Min: 2, Max: 9}, "5.0000 ± 2.1381"},
		{[]float64{0.5, 0.50002}, tune.Spread{N: 2, Mean: 0.50001, Std: math.Sqrt2 * 1e-5, Min: 0.5, Max: 0.50002}, "0.5000 ± 0.0000"},
		{[]float64{2e-5, 4e-5}, tune.Spread{N: 2, Mean: 3e-5, Std: math.Sqrt2 * 1e-5, Min: 2e-5, Max: 4e-5}, "3.00e-05 ± 1.41e-05"},
		{[]float64{-3e5}, tune.Spread{N: 1, Mean: -3e5, Std: nan, Min: -3e5, Max: -3e5}, "-3.00e+05"},
	} {
		got := tune.SpreadOf(c.values...)
		if got.N != c.want.N || !same(got.Mean, c.want.Mean) || !same(got.Std, c.want.Std) || !same(got.Min, c.want.Min) || !same(got.Max, c.want.Max) {
			t.Errorf("%v: got %+v, want %+v", c.values, got, c.want)
		}
		if got.String() != c.text {
			t.Errorf("%v: got %q, want %q", c.values, got, c.text)
		}
	}
	if got := tune.SpreadOf(1, 3).Format("%.1f"); got != "2.0 ± 1.4" {
		t.Errorf("got %q, want 2.0 ± 1.4", got)
	}
}

func TestBest(t *testing.T) {
	nan := math.NaN()
	of := func(name string, losses ...float64) *tune.Trial { // accuracy is known of the first run alone
		x := &tune.Trial{Name: name}
		for _, l := range losses {
			x.Runs = append(x.Runs, tune.Run{Epochs: []glia.Epoch{{Result: glia.Result{Loss: l, Metrics: []glia.Metric{{Name: "accuracy", Value: math.Round(l)}}}}}, Diverged: math.IsNaN(l)})
		}
		return x
	}
	none, a, b, c, bad := of("none"), of("a", 0.8, 0.2), of("b", 0.6, 0.1), of("c", 0.7, 0.3), of("bad", 0.1, nan)
	all := []*tune.Trial{none, bad, a, b, c}
	for _, x := range []struct {
		what string
		of   []*tune.Trial
		by   []tune.Objective
		want *tune.Trial
	}{
		{"least", all, []tune.Objective{tune.Minimize("loss")}, b},
		{"greatest", all, []tune.Objective{tune.Maximize("loss")}, a}, // and c, behind it
		{"second objective", all, []tune.Objective{tune.Maximize("accuracy"), tune.Minimize("loss")}, b},
		{"unknown to all", all, []tune.Objective{tune.Maximize("val_accuracy"), tune.Minimize("loss")}, b},
		{"no objective", all, nil, bad},
		{"diverged alone", []*tune.Trial{none, bad}, []tune.Objective{tune.Minimize("loss")}, bad},
		{"a name that no run has", []*tune.Trial{a, b}, []tune.Objective{tune.Minimize("los")}, nil},
		{"no run", []*tune.Trial{none}, []tune.Objective{tune.Minimize("loss")}, nil},
		{"no trial", nil, []tune.Objective{tune.Minimize("loss")}, nil},
	} {
		if got := tune.Best(x.of, x.by...); got != x.want {
			t.Errorf("%s: got %+v, want %+v", x.what, got, x.want)
		}
	}
	for i, x := range []*tune.Trial{a, b, c, bad} {
		if x.Better(x, tune.Minimize("loss")) {
			t.Errorf("trial %d is better than itself", i)
		}
	}
	if bad.Better(a, tune.Minimize("loss")) || !a.Better(bad, tune.Minimize("loss")) || !a.Better(bad, tune.Maximize("loss")) {
		t.Error("NaN is not worse than a number")
	}
	if !slices.Equal([]bool{b.Better(a, tune.Minimize("loss")), a.Better(b, tune.Minimize("loss"))}, []bool{true, false}) {
		t.Error("the lesser loss is not better")
	}
}

// Three learning rates, each with two seeds.
func ExampleStudy() {
	study := &tune.Study{
		Seeds: []uint64{1, 2}, Train: line(),
		Options: []glia.Option{glia.Epochs(20), glia.BatchSize(8), glia.ValidationSplit(0.25)},
	}
	for _, rate := range []float64{0.001, 0.1, 1e3} {
		study.Trials = append(study.Trials, &tune.Trial{
			Name: fmt.Sprintf("learning rate %v", rate),
			Model: func(seed uint64) (*glia.Model, error) {
				m := glia.Sequential(nn.Input(1), nn.Dense(1))
				m.Seed = seed
				return m, m.Compile(optim.SGD(rate), loss.MeanSquaredError())
			},
		})
	}
	if err := study.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, t := range study.Trials {
		fmt.Printf("%s: %d runs, %d diverged\n", t.Name, len(t.Runs), t.Diverged())
	}
	best := tune.Best(study.Trials, tune.Minimize("val_loss"))
	fmt.Println("best:", best.Name)
	// Output:
	// learning rate 0.001: 2 runs, 0 diverged
	// learning rate 0.1: 2 runs, 0 diverged
	// learning rate 1000: 2 runs, 2 diverged
	// best: learning rate 0.1
}

// The mean of five accuracies, and how far chance moves them.
func ExampleSpread() {
	s := tune.SpreadOf(0.951, 0.948, 0.955, 0.950, 0.949)
	fmt.Println(s, "from", s.Min, "to", s.Max)
	// Output: 0.9506 ± 0.0027 from 0.948 to 0.955
}

// TestModelThatPanics wants a mistake in the function that makes a model to be the error of
// the run.
func TestModelThatPanics(t *testing.T) {
	x := tensor.New(tensor.Float32, 4, 2)
	ds, err := data.New(x, x)
	if err != nil {
		t.Fatal(err)
	}
	trial := &tune.Trial{Name: "bad", Model: func(uint64) (*glia.Model, error) {
		optim.SGD(optim.CosineDecay(0.1, 10)).SetLearningRate(1)
		return nil, nil
	}}
	s := &tune.Study{Trials: []*tune.Trial{trial}, Seeds: []uint64{1}, Train: ds}
	e := (*tune.RunError)(nil)
	if err := s.Run(t.Context()); !errors.As(err, &e) || !strings.Contains(err.Error(), "follows a schedule") {
		t.Errorf("error %v, want that of the optimizer", err)
	}
}
