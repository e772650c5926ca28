package glia_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestTraining looks at trainings as callbacks do.
func TestTraining(t *testing.T) {
	ds := blobs(t, 8, 3, 2).OneHot(2)
	accuracy, recall := metric.Accuracy(), metric.Recall()
	m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy(), accuracy, metric.WithWeights(recall))
	for _, validated := range []bool{false, true} {
		var opts []glia.Option
		if validated {
			opts = append(opts, glia.Validate(ds))
		}
		joined := false
		join := func(tr *glia.Training) error {
			joined = true
			if got, want := tr.Names(), []string{"loss", "accuracy", "recall"}; !slices.Equal(got, want) {
				t.Errorf("names %q, want %q", got, want)
			}
			if tr.Model() != m || tr.Validates() != validated {
				t.Errorf("another model, or it validates: %v, want %v", tr.Validates(), validated)
			}
			if tr.Metric("accuracy") != accuracy || tr.Metric("recall") != recall || tr.Metric("loss") != nil || tr.Metric("val_accuracy") != nil {
				t.Error("Metric found another metric")
			}
			return nil
		}
		h := fit(t, m, ds, append(opts, glia.Use(glia.Callback{Join: join}))...)
		if !joined {
			t.Error("Join was not called")
		}
		e := h.Epochs[0]
		for name, want := range map[string]float64{"loss": e.Loss, "accuracy": e.Get("accuracy")} {
			if got, ok := e.Number(name); !ok || got != want {
				t.Errorf("%s is %v %v, want %v", name, got, ok, want)
			}
			got, ok := e.Number("val_" + name)
			if ok != validated || ok && got != e.Validation.Get(name) {
				t.Errorf("val_%s is %v %v", name, got, ok)
			}
		}
		for _, name := range []string{"", "val_", "val_val_loss", "auc"} {
			if v, ok := e.Number(name); ok {
				t.Errorf("%q is %v, want no number", name, v)
			}
		}
	}
}

// TestJoinAndLeave calls the hooks at both ends.
func TestJoinAndLeave(t *testing.T) {
	ds := blobs(t, 8, 3, 2).OneHot(2)
	oops, gone := errors.New("oops"), errors.New("gone")
	var calls []string
	note := func(name string, err error) error { calls = append(calls, name); return err }
	hooks := func(join, epoch, leave error) glia.Callback {
		return glia.Callback{
			Join:         func(*glia.Training) error { return note("join", join) },
			OnTrainBegin: func(*glia.Model) error { return note("begin", nil) },
			OnEpochEnd:   func(*glia.Model, glia.Epoch) error { return note("epoch", epoch) },
			Leave:        func(*glia.Model) error { return note("leave", leave) },
			OnTrainEnd:   func(*glia.Model, *glia.History) error { return note("end", nil) },
		}
	}
	for _, c := range []struct {
		name string
		cb   glia.Callback
		want string
		errs []error
	}{
		{"all is well", hooks(nil, nil, nil), "join begin epoch leave end", nil},
		{"an error of Join", hooks(oops, nil, nil), "join", []error{oops}},
		{"Join stops", hooks(glia.ErrStop, nil, nil), "join", nil},
		{"errors of an epoch and of Leave", hooks(nil, oops, gone), "join begin epoch leave end", []error{oops, gone}},
		{"Leave stops", hooks(nil, nil, glia.ErrStop), "join begin epoch leave end", nil},
	} {
		calls = nil
		m := classifier(t, 3, 2)
		before := weights(m)
		_, err := m.Fit(ds, glia.Use(c.cb))
		if got := strings.Join(calls, " "); got != c.want {
			t.Errorf("%s: called %s, want %s", c.name, got, c.want)
		}
		for _, e := range c.errs {
			if !errors.Is(err, e) {
				t.Errorf("%s: error %v, want %v in it", c.name, err, e)
			}
		}
		if len(c.errs) == 0 && err != nil {
			t.Errorf("%s: error %v, want none", c.name, err)
		}
		if trained := string(weights(m)) != string(before); trained != strings.Contains(c.want, "epoch") {
			t.Errorf("%s: the weights changed: %v", c.name, trained)
		}
	}
}

// total adds the first weight up, batch by batch, in a variable that backups keep.
func total(sum **graph.Var) glia.Callback {
	return glia.Callback{
		Name: "total",
		Join: func(*glia.Training) error {
			*sum = graph.NewVar("sum", tensor.New(tensor.Float64))
			return nil
		},
		Vars: func() []*graph.Var { return []*graph.Var{*sum} },
		OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
			return (*sum).Set(tensor.Scalar((*sum).Tensor().Item() + m.Trained()[0].Tensor().Float64s()[0]))
		},
	}
}

// TestResumeVars interrupts a training whose callback has a variable.
func TestResumeVars(t *testing.T) {
	var sum *graph.Var
	tr := trainings()[0]
	tr.with = func() []glia.Callback { return []glia.Callback{total(&sum)} }
	want := tr.whole(t)
	all := sum.Tensor().Item()
	for _, how := range []string{"error after a batch", "context after an epoch"} {
		dir := t.TempDir()
		if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()[how](1)...); err == nil {
			t.Fatalf("%s: no error", how)
		}
		m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
		if err != nil {
			t.Fatal(err)
		}
		tr.endOf(t, m, h).same(t, how, want)
		if got := sum.Tensor().Item(); got != all {
			t.Errorf("%s: the sum is %v, want %v", how, got, all)
		}
	}
}

// TestVarsErrors gives variables that no backup could hold.
func TestVarsErrors(t *testing.T) {
	vars := func(v ...*graph.Var) func() []*graph.Var { return func() []*graph.Var { return v } }
	one := vars(graph.NewVar("a", tensor.New(tensor.Float32)))
	for name, c := range map[string]struct {
		cb   []glia.Callback
		want string
	}{
		"nil":            {[]glia.Callback{{Name: "mine", Vars: vars(nil)}}, `^glia: Fit: callback 0, "mine": Vars has a variable that is nil`},
		"without tensor": {[]glia.Callback{{Name: "mine", Vars: vars(graph.NewVar("a", nil))}}, `Vars has a variable that is nil: want those that graph.NewVar makes$`},
		"no name":        {[]glia.Callback{{Vars: one}, glia.BackupAndRestore(t.TempDir())}, `BackupAndRestore: callback 0 has State or Vars, and its Name is "": want one`},
		"one name": {[]glia.Callback{{Name: "a", Vars: one}, {
			Name: "a", State: func() (json.RawMessage, error) { return nil, nil }, Restore: func(json.RawMessage) error { return nil },
		}, glia.BackupAndRestore(t.TempDir())}, `callback 1 has State or Vars, and its Name is "a": want one`},
	} {
		_, err := classifier(t, 3, 2).Fit(blobs(t, 8, 3, 2).OneHot(2), glia.Use(c.cb...))
		wants(t, name, err, c.want)
	}
}

// TestTrained: frozen variables are not there.
func TestTrained(t *testing.T) {
	frozen := nn.Dense(4, nn.Frozen)
	m := glia.Sequential(nn.Dense(5, nn.Tanh), frozen, nn.Dense(2, nn.Softmax))
	if got := m.Trained(); len(got) != 0 {
		t.Errorf("%d variables before Compile, want none", len(got))
	}
	compile(t, m, optim.SGD(0.1, optim.EMA(0.5)), loss.CategoricalCrossentropy())
	fit(t, m, blobs(t, 8, 3, 2).OneHot(2))
	if got := m.Trained(); !slices.Equal(got, m.Network().Params()) || len(got) != 4 {
		t.Errorf("%d variables, want the 4 that are trained", len(got))
	}
	if a := m.Optimizer().(optim.Averager).Averages(); len(a) != 4 || a[0].Spec() != m.Trained()[0].Spec() {
		t.Errorf("%d averages, want one for each", len(a))
	}
}

// TestCanSave tells what Save would.
func TestCanSave(t *testing.T) {
	good := classifier(t, 3, 2)
	if err := good.CanSave(); err != nil {
		t.Error(err)
	}
	bad := glia.Sequential(nn.Input(3), nn.Lambda(func(x *graph.Node) *graph.Node { return x }))
	compile(t, bad, optim.SGD(0.1), loss.MeanSquaredError())
	wants(t, "a function", bad.CanSave(), `Lambda`)
}
