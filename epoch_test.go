package glia_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
)

// TestStepsPerEpoch cuts the same batches into other epochs.
func TestStepsPerEpoch(t *testing.T) {
	read := func(opts ...glia.Option) ([][]int, []byte, *glia.History) {
		ds := &recorder{Memory: blobs(t, 22, 3, 2).OneHot(2)}
		m := classifier(t, 3, 2)
		h := fit(t, m, ds, append(opts, glia.BatchSize(4))...) // 6 batches
		return ds.read, weights(m), h
	}
	want, w, _ := read(glia.Epochs(4))
	for _, c := range []struct{ steps, epochs int }{{1, 24}, {4, 6}, {6, 4}, {8, 3}, {24, 1}} {
		got, gw, h := read(glia.Epochs(c.epochs), glia.StepsPerEpoch(c.steps))
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d epochs of %d steps read %v\nwant %v", c.epochs, c.steps, got, want)
		}
		if !bytes.Equal(gw, w) || len(h.Epochs) != c.epochs {
			t.Errorf("%d epochs of %d steps: other weights, or %d epochs in the history", c.epochs, c.steps, len(h.Epochs))
		}
	}
	got, _, _ := read(glia.InitialEpoch(2), glia.Epochs(3), glia.StepsPerEpoch(5))
	if !slices.EqualFunc(got, want[10:15], slices.Equal) {
		t.Errorf("the third epoch of 5 steps read %v\nwant %v", got, want[10:15])
	}
}

func TestValidationOptions(t *testing.T) {
	ds := blobs(t, 30, 3, 2).OneHot(2)
	held := &recorder{Memory: blobs(t, 25, 3, 2).OneHot(2)}
	m := classifier(t, 3, 2)
	m.Optimizer().SetLearningRate(0)
	h := fit(t, m, ds, glia.Epochs(7), glia.BatchSize(5), glia.Validate(held),
		glia.ValidationFreq(3), glia.ValidationBatchSize(10), glia.ValidationSteps(2))
	for i, e := range h.Epochs {
		if (e.Validation != nil) != (i == 2 || i == 5) {
			t.Errorf("epoch %d: validation %v", i+1, e.Validation)
		}
	}
	var sizes []int
	for _, r := range held.read {
		sizes = append(sizes, len(r))
	}
	if !slices.Equal(sizes, []int{10, 10, 10, 10}) {
		t.Errorf("validation read batches of %v, want 2 times 2 of 10", sizes)
	}
	near(t, "validation on the first 20 samples", h.Epochs[2].Validation.Loss, evaluate(t, m, held.Take(20)).Loss, 1e-6)
	held.read = nil
	fit(t, m, ds, glia.BatchSize(5), glia.Validate(held), glia.ValidationBatchSize(glia.FullBatch), glia.ValidationSteps(9))
	if len(held.read) != 1 || len(held.read[0]) != 25 {
		t.Errorf("validation read %v, want all at once", held.read)
	}
	for option, o := range map[string]glia.Option{
		"ValidationFreq": glia.ValidationFreq(0), "ValidationBatchSize": glia.ValidationBatchSize(0),
		"ValidationSteps": glia.ValidationSteps(0), "StepsPerEpoch": glia.StepsPerEpoch(0),
	} {
		_, err := m.Fit(ds, o)
		wants(t, option, err, fmt.Sprintf(`^glia: Fit: %s\(0\): want 1 or more$`, option))
	}
}

// TestHooks lists the calls of a training in their order.
func TestHooks(t *testing.T) {
	var calls []string
	note := func(format string, args ...any) error {
		calls = append(calls, fmt.Sprintf(format, args...))
		return nil
	}
	all := glia.Callback{
		OnTrainBegin:     func(*glia.Model) error { return note("train") },
		OnTrainEnd:       func(_ *glia.Model, h *glia.History) error { return note("trained %d", len(h.Epochs)) },
		OnEpochBegin:     func(_ *glia.Model, e int) error { return note("epoch %d", e) },
		OnEpochEnd:       func(_ *glia.Model, e glia.Epoch) error { return note("end %d %v", e.Epoch, e.Validation != nil) },
		OnBatchBegin:     func(_ *glia.Model, e, b int) error { return note("batch %d %d", e, b) },
		OnBatchEnd:       func(_ *glia.Model, e, b int, _ float64) error { return note("done %d %d", e, b) },
		OnTestBegin:      func(*glia.Model) error { return note("test") },
		OnTestEnd:        func(_ *glia.Model, r glia.Result) error { return note("tested %s", r.Metrics[0].Name) },
		OnTestBatchBegin: func(_ *glia.Model, b int) error { return note("tbatch %d", b) },
		OnTestBatchEnd:   func(_ *glia.Model, b int, _ float64) error { return note("tdone %d", b) },
	}
	ds := blobs(t, 8, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	fit(t, m, ds, glia.Epochs(2), glia.BatchSize(4), glia.Validate(ds.Take(3)), glia.ValidationFreq(2), glia.Use(all))
	want := "train,epoch 0,batch 0 0,done 0 0,batch 0 1,done 0 1,end 1 false," +
		"epoch 1,batch 1 0,done 1 0,batch 1 1,done 1 1,test,tbatch 0,tdone 0,tested accuracy,end 2 true,trained 2"
	if got := strings.Join(calls, ","); got != want {
		t.Errorf("Fit called %s\nwant %s", got, want)
	}
	calls = nil
	evaluate(t, m, ds, glia.BatchSize(5), glia.Use(all))
	if got, want := strings.Join(calls, ","), "test,tbatch 0,tdone 0,tbatch 1,tdone 1,tested accuracy"; got != want {
		t.Errorf("Evaluate called %s\nwant %s", got, want)
	}
}

// TestHookErrors stops at every hook.
func TestHookErrors(t *testing.T) {
	ds := blobs(t, 8, 3, 2).OneHot(2)
	oops := errors.New("oops")
	for name, cb := range map[string]glia.Callback{
		"OnBatchBegin":     {OnBatchBegin: func(*glia.Model, int, int) error { return oops }},
		"OnTestBegin":      {OnTestBegin: func(*glia.Model) error { return oops }},
		"OnTestEnd":        {OnTestEnd: func(*glia.Model, glia.Result) error { return oops }},
		"OnTestBatchBegin": {OnTestBatchBegin: func(*glia.Model, int) error { return oops }},
		"OnTestBatchEnd":   {OnTestBatchEnd: func(*glia.Model, int, float64) error { return oops }},
	} {
		m := classifier(t, 3, 2)
		if _, err := m.Fit(ds, glia.Validate(ds), glia.Use(cb)); !errors.Is(err, oops) {
			t.Errorf("%s: Fit returned %v", name, err)
		}
		if _, err := m.Evaluate(ds, glia.Use(cb)); !errors.Is(err, oops) && name != "OnBatchBegin" {
			t.Errorf("%s: Evaluate returned %v", name, err)
		}
	}
	var ended glia.Result
	end := glia.Callback{OnTestEnd: func(_ *glia.Model, r glia.Result) error { ended = r; return nil }}
	bad := broken{ds, func(*data.Batch) error { return oops }}
	if _, err := classifier(t, 3, 2).Evaluate(bad, glia.Use(end)); !errors.Is(err, oops) || ended.Loss == ended.Loss {
		t.Errorf("an evaluation that failed (%v) ended with %+v, want NaN", err, ended)
	}
}

// TestStopIsLast: callbacks behind one that stops see the epoch and the batch, too.
func TestStopIsLast(t *testing.T) {
	ds := blobs(t, 8, 3, 2).OneHot(2)
	for name, stop := range map[string]glia.Callback{
		"epoch": {OnEpochEnd: func(*glia.Model, glia.Epoch) error { return glia.ErrStop }},
		"batch": {OnBatchEnd: func(*glia.Model, int, int, float64) error { return fmt.Errorf("enough: %w", glia.ErrStop) }},
	} {
		epochs, batches := 0, 0
		count := glia.Callback{
			OnEpochEnd: func(*glia.Model, glia.Epoch) error { epochs++; return nil },
			OnBatchEnd: func(*glia.Model, int, int, float64) error { batches++; return nil },
		}
		h := fit(t, classifier(t, 3, 2), ds, glia.Epochs(5), glia.BatchSize(4), glia.Use(stop, count))
		if want := map[string]int{"epoch": 1, "batch": 0}[name]; epochs != want || len(h.Epochs) != want || batches != want+1 {
			t.Errorf("stop after a %s: %d epochs, %d in the history, and %d batches", name, epochs, len(h.Epochs), batches)
		}
	}
}

// TestResumeSteps resumes within epochs that end in the middle of the data.
func TestResumeSteps(t *testing.T) {
	tr := trainings()[0]
	tr.opts = append(tr.opts, glia.StepsPerEpoch(7), glia.ValidationFreq(2))
	tr.epochs = 5
	want := tr.whole(t)
	for n := range 35 {
		if testing.Short() && n%7 != 3 {
			continue
		}
		dir := t.TempDir()
		_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, glia.EveryBatches(2))}, cuts()["error after a batch"](n)...)
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
		if err != nil {
			t.Fatal(err)
		}
		tr.endOf(t, m, h).same(t, fmt.Sprintf("cut after %d batches", n), want)
	}
}
