package glia_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// slow is a dataset of which three batches are read ahead, and counted.
type slow struct {
	data.Augmented
	begun atomic.Int64
	fails func(idx []int) error
}

func (*slow) Ahead() int { return 3 }

func (s *slow) Read(idx []int, b *data.Batch) error { return s.ReadEpoch(0, 0, idx, b) }

func (s *slow) ReadEpoch(seed, epoch uint64, idx []int, b *data.Batch) error {
	s.begun.Add(1)
	if s.fails != nil {
		if err := s.fails(idx); err != nil {
			return err
		}
	}
	return s.Augmented.ReadEpoch(seed, epoch, idx, b)
}

// noisy returns samples that differ from epoch to epoch.
func noisy(t testing.TB, n int) data.Augmented {
	t.Helper()
	ds, err := data.Map(blobs(t, n, 4, 3).OneHot(3), func(s *data.Sample) error {
		for i, x := range tensor.Data[float32](s.X[0]) {
			tensor.Data[float32](s.X[0])[i] = x + float32(s.Rand.NormFloat64())/10
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// waitFor waits until n batches were begun to be read.
func (s *slow) waitFor(n int64) error {
	for end := time.Now().Add(time.Minute); s.begun.Load() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("nothing was read ahead")
		}
	}
	return nil
}

// TestReadAhead trains on a dataset that is read ahead as on one that is not, bit by bit, while
// batches are read before their steps.
func TestReadAhead(t *testing.T) {
	const n, size, batches, epochs = 50, 8, 7, 3
	options := map[string][]glia.Option{
		"plain":           {glia.Epochs(epochs)},
		"steps per epoch": {glia.Epochs(epochs), glia.StepsPerEpoch(5)},
		"in order":        {glia.Epochs(epochs), glia.InOrder},
		"stop on NaN":     {glia.Epochs(epochs), glia.StopOnNaN},
	}
	for name, opts := range options {
		want := classifier(t, 4, 3)
		fit(t, want, noisy(t, n), append(opts, glia.BatchSize(size), glia.Validate(noisy(t, n)))...)
		ds, validation := &slow{Augmented: noisy(t, n)}, &slow{Augmented: noisy(t, n)}
		got := classifier(t, 4, 3)
		after := glia.Callback{Name: "wait", OnBatchEnd: func(_ *glia.Model, e, b int, _ float64) error {
			if name != "plain" {
				return nil
			}
			return ds.waitFor(int64(e*batches + min(b+4, batches)))
		}}
		h := fit(t, got, ds, append(opts, glia.BatchSize(size), glia.Validate(validation), glia.Use(after))...)
		for i, v := range got.Network().Vars() {
			if w := want.Network().Vars()[i]; !tensor.Equal(v.Tensor(), w.Tensor()) {
				t.Errorf("%s: %s differs from that of a training without reading ahead", name, v.Path)
			}
		}
		if a, b := h.Epochs[epochs-1].Validation.Loss, evaluate(t, want, noisy(t, n), glia.BatchSize(size)).Loss; a != b {
			t.Errorf("%s: validation loss %v, want %v", name, a, b)
		}
	}
}

// TestReadAheadEnds has errors and panics of reading come with their batches, and nothing be
// read when Fit has returned.
func TestReadAheadEnds(t *testing.T) {
	m := classifier(t, 4, 3)
	bad := errors.New("broken file")
	ds := &slow{Augmented: noisy(t, 80), fails: func(idx []int) error {
		if idx[0] == 32 {
			return bad
		}
		return nil
	}}
	steps := 0
	count := glia.Callback{Name: "count", OnBatchEnd: func(*glia.Model, int, int, float64) error { steps++; return nil }}
	_, err := m.Fit(ds, glia.BatchSize(8), glia.InOrder, glia.Use(count))
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "epoch 1, batch 5: ") || steps != 4 {
		t.Errorf("got error %v after %d steps, want that of batch 5", err, steps)
	}
	if _, err := m.Evaluate(ds, glia.BatchSize(8)); !errors.Is(err, bad) || !strings.Contains(err.Error(), "batch 5: ") {
		t.Errorf("Evaluate: got error %v, want that of batch 5", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ds = &slow{Augmented: noisy(t, 80)}
	stop := glia.Callback{Name: "stop", OnBatchEnd: func(*glia.Model, int, int, float64) error { cancel(); return nil }}
	if _, err := m.Fit(ds, glia.BatchSize(8), glia.Context(ctx), glia.Use(stop)); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
	read := ds.begun.Load()
	runtime.Gosched()
	if more := ds.begun.Load(); more != read || read > 5 {
		t.Errorf("%d batches read, then %d: want no more than five", read, more)
	}
	defer func() {
		if p := recover(); p != "broken reader" {
			t.Errorf("got panic %v, want that of reading", p)
		}
	}()
	ds = &slow{Augmented: noisy(t, 80), fails: func([]int) error { panic("broken reader") }}
	_, _ = m.Fit(ds, glia.BatchSize(8))
}

// TestWaited counts what steps wait for batches: the time of reading them, unless they are read
// ahead of steps that take as long.
func TestWaited(t *testing.T) {
	const pause, batches = 20 * time.Millisecond, 7
	rest := func([]int) error {
		time.Sleep(pause)
		return nil
	}
	fitted := func(ds data.Dataset) glia.Epoch {
		wait := glia.Callback{Name: "step", OnBatchEnd: func(*glia.Model, int, int, float64) error { return rest(nil) }}
		return fit(t, classifier(t, 4, 3), ds, glia.Epochs(1), glia.BatchSize(8), glia.Use(wait)).Epochs[0]
	}
	at, ahead := &slow{Augmented: noisy(t, 50), fails: rest}, &slow{Augmented: noisy(t, 50), fails: rest}
	if e := fitted(struct{ data.Augmented }{at}); e.Waited < (batches*pause).Seconds() || e.Waited > e.Seconds-(batches*pause).Seconds() {
		t.Errorf("waited %v s of %v, want %v or more, and no step's time", e.Waited, e.Seconds, (batches * pause).Seconds())
	}
	if e := fitted(ahead); e.Waited > e.Seconds/2 {
		t.Errorf("read ahead: waited %v s of %v", e.Waited, e.Seconds)
	}
}
