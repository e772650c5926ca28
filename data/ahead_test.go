package data_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// TestReader reads batches in the order of their starts, on other goroutines, with errors and
// panics where they belong.
func TestReader(t *testing.T) {
	var r data.Reader
	defer r.Stop()
	bad := errors.New("bad")
	gate := make(chan struct{})
	read := func(idx []int, b *data.Batch) error {
		<-gate
		switch idx[0] {
		case 3:
			return bad
		case 4:
			panic("broken")
		}
		if len(b.X) == 0 || b.X[0].Shape().At(0) != len(idx) {
			b.X = []*tensor.Tensor{tensor.New(tensor.Int64, len(idx))}
		}
		for i, v := range idx {
			tensor.Data[int64](b.X[0])[i] = int64(v)
		}
		return nil
	}
	idx := []int{0, 0}
	for i := range 4 {
		idx[0], idx[1] = i, 10*i
		r.Start(idx, read) // which keeps a copy
	}
	if n := r.Started(); n != 4 {
		t.Errorf("%d batches started, want 4", n)
	}
	if _, ok, _ := r.Next([]int{1, 10}); ok {
		t.Error("took another batch than the first")
	}
	close(gate)
	seen := map[*tensor.Tensor]bool{}
	for i := range 12 {
		if i == 3 {
			if _, ok, err := r.Next([]int{3, 30}); !ok || err != bad {
				t.Errorf("batch 3: got %v, error %v", ok, err)
			}
			continue
		}
		if i > 3 {
			r.Start([]int{i + 10, i}, read)
		}
		want := []int{i, 10 * i}
		if i > 3 {
			want = []int{i + 10, i}
		}
		b, ok, err := r.Next(want)
		if err != nil || !ok {
			t.Fatalf("batch %d: got %v, error %v", i, ok, err)
		}
		if got := b.X[0].Float64s(); got[0] != float64(want[0]) || got[1] != float64(want[1]) {
			t.Errorf("batch %d: got %v, want %v", i, got, want)
		}
		seen[b.X[0]] = true
	}
	if len(seen) > 5 {
		t.Errorf("%d batches were made for 5 at a time", len(seen))
	}
	r.Start([]int{4}, read)
	func() {
		defer func() {
			if p := recover(); p != "broken" {
				t.Errorf("got panic %v, want that of reading", p)
			}
		}()
		_, _, _ = r.Next([]int{4})
	}()
	if _, ok, err := r.Next(nil); ok || err != nil {
		t.Error("a batch, where none was started")
	}
}

// slow is a dataset that is read ahead.
type slow struct{ data.Dataset }

func (slow) Ahead() int { return 3 }

func TestAheadOf(t *testing.T) {
	m, err := data.New(tensor.New(tensor.Float32, 4, 1), tensor.New(tensor.Float32, 4, 1))
	if err != nil {
		t.Fatal(err)
	}
	keep := func(*data.Sample) error { return nil }
	quick, err := data.Map(m, keep)
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := data.Map(slow{m}, keep)
	if err != nil {
		t.Fatal(err)
	}
	got := []int{data.AheadOf(m), data.AheadOf(quick), data.AheadOf(slow{m}), data.AheadOf(mapped)}
	if want := []int{0, 0, 3, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
