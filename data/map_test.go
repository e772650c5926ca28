package data

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// numbers returns n samples x [2] that hold their number, and y.
func numbers(t *testing.T, n int) *Memory {
	t.Helper()
	x, y := tensor.New(tensor.Float32, n, 2), tensor.New(tensor.Int32, n)
	for i := range n {
		tensor.Data[float32](x)[2*i], tensor.Data[float32](x)[2*i+1] = float32(i), float32(i)
		tensor.Data[int32](y)[i] = int32(i)
	}
	m, err := New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// noise adds a random number to x.
func noise(s *Sample) error {
	for i := range tensor.Data[float32](s.X[0]) {
		tensor.Data[float32](s.X[0])[i] += s.Rand.Float32()
	}
	return nil
}

// readEpoch returns x of samples.
func readEpoch(t *testing.T, ds Augmented, b *Batch, seed, epoch uint64, idx ...int) []float32 {
	t.Helper()
	if err := ds.ReadEpoch(seed, epoch, idx, b); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(tensor.Data[float32](b.X[0]))
}

// TestMapDependsOnTheSampleAlone reads samples in several batches and orders.
func TestMapDependsOnTheSampleAlone(t *testing.T) {
	base := numbers(t, 10)
	m, err := Map(base, noise)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	all := readEpoch(t, m, &b, 7, 3, 0, 1, 2, 3, 4)
	for _, i := range []int{4, 0, 3} {
		if got := readEpoch(t, m, &b, 7, 3, 9, i); !slices.Equal(got[2:], all[2*i:][:2]) {
			t.Errorf("sample %d is %v beside another, want %v", i, got[2:], all[2*i:][:2])
		}
	}
	for name, other := range map[string][]float32{"epoch": readEpoch(t, m, &b, 7, 4, 0, 1), "seed": readEpoch(t, m, &b, 8, 3, 0, 1)} {
		for i, v := range other {
			if v == all[i] {
				t.Errorf("another %s gives %v again", name, v)
			}
		}
	}
	if a, b := all[0]-0, all[2]-1; a == b {
		t.Errorf("two samples have the same noise, %v", a)
	}
	if x := tensor.Data[float32](base.X()); x[0] != 0 || x[3] != 1 {
		t.Errorf("the dataset changed: %v", x)
	}
	if err := m.Read([]int{2}, &b); err != nil {
		t.Fatal(err)
	}
	if got, want := tensor.Data[float32](b.X[0]), readEpoch(t, m, new(Batch), 0, 0, 2); !slices.Equal(got, want) {
		t.Errorf("Read gives %v, want %v of seed and epoch 0", got, want)
	}
	if y := tensor.Data[int32](b.Y[0]); y[0] != 2 {
		t.Errorf("label %v, want 2", y)
	}
	r := NewRand(7, 3, 1)
	if got, want := all[2], 1+r.Float32(); got != want {
		t.Errorf("sample 1 is %v, want %v by NewRand", got, want)
	}
}

// TestMapOfMap wants the random numbers of two functions to differ.
func TestMapOfMap(t *testing.T) {
	var got [2][]float64
	record := func(k int) func(s *Sample) error {
		return func(s *Sample) error {
			got[k] = append(got[k], s.Rand.Float64())
			return nil
		}
	}
	inner, err := Map(numbers(t, 3), record(0))
	if err != nil {
		t.Fatal(err)
	}
	outer, err := Map(inner, record(1))
	if err != nil {
		t.Fatal(err)
	}
	readEpoch(t, outer, new(Batch), 1, 2, 0, 1)
	if len(got[0]) != 2 || len(got[1]) != 2 || got[0][0] == got[1][0] {
		t.Errorf("random numbers %v, want two of each that differ", got)
	}
	first := got[0][0]
	readEpoch(t, outer, new(Batch), 1, 3, 0)
	if got[0][2] == first {
		t.Error("the inner function has the numbers of the epoch before")
	}
}

func TestMapKeepsGroups(t *testing.T) {
	s, err := PaddedBatches([]*tensor.Tensor{tensor.New(tensor.Float32, 3), tensor.New(tensor.Float32, 9)}, nil, 4, 9)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Map(s, noise)
	if err != nil {
		t.Fatal(err)
	}
	g, ok := m.(Grouped)
	if !ok || g.Group(0) != s.Group(0) || g.Group(1) != s.Group(1) {
		t.Errorf("groups of %T, want those of the sequences", m)
	}
	if m, _ := Map(numbers(t, 1), noise); m != nil {
		if _, ok := m.(Grouped); ok {
			t.Error("samples without groups have some")
		}
	}
}

func TestMapErrors(t *testing.T) {
	if _, err := Map(nil, noise); err == nil {
		t.Error("a nil dataset: no error")
	}
	if _, err := Map(numbers(t, 1), nil); err == nil {
		t.Error("a nil function: no error")
	}
	bad := errors.New("bad")
	for want, f := range map[string]func(s *Sample) error{
		"data: Map: sample 1: bad":                                       func(s *Sample) error { return bad },
		"data: Map: sample 1: the function put float32[1] in place of ":  func(s *Sample) error { s.X[0] = tensor.New(tensor.Float32, 1); return nil },
		"data: Map: sample 1: the function put nil in place of ":         func(s *Sample) error { s.Y[0] = nil; return nil },
		"data: Map: sample 1: the function left 0 tensors in place of 1": func(s *Sample) error { s.X = nil; return nil },
	} {
		m, err := Map(numbers(t, 2), f)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Read([]int{1}, new(Batch)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	replaced, err := Map(numbers(t, 2), func(s *Sample) error {
		s.X[0] = s.X[0].Clone()
		tensor.Data[float32](s.X[0])[0] = 5
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	for range 2 {
		if got := readEpoch(t, replaced, &b, 0, 0, 1); got[0] != 5 || got[1] != 1 {
			t.Errorf("a tensor put in place gives %v, want [5 1]", got)
		}
	}
}

// TestMapAtOnce reads from several goroutines.
func TestMapAtOnce(t *testing.T) {
	m, err := Map(numbers(t, 50), noise)
	if err != nil {
		t.Fatal(err)
	}
	want := readEpoch(t, m, new(Batch), 1, 1, 3, 4, 5)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var b Batch
			for range 20 {
				if err := m.ReadEpoch(1, 1, []int{3, 4, 5}, &b); err != nil || !slices.Equal(tensor.Data[float32](b.X[0]), want) {
					t.Errorf("another result: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMapAllocatesNothing(t *testing.T) {
	m, err := Map(numbers(t, 50), noise)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	idx, epoch := []int{1, 2, 3}, uint64(0)
	read := func() {
		epoch++
		if err := m.ReadEpoch(1, epoch, idx, &b); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if a := testing.AllocsPerRun(20, read); a != 0 {
		t.Errorf("%v allocations, want 0", a)
	}
}
