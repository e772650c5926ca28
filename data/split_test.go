package data

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// labeled returns samples whose x is their number and whose y are these labels.
func labeled(t *testing.T, y *tensor.Tensor) *Memory {
	t.Helper()
	return memory(t, ramp(t, tensor.Float32, y.Shape().At(0)), y)
}

// numbersIn returns the numbers of samples in a part.
func numbersIn(m *Memory) []int {
	var all []int
	for _, v := range m.X().Float64s() {
		all = append(all, int(v))
	}
	return all
}

// TestSplitShuffled splits the order of Permutation, each sample into one part.
func TestSplitShuffled(t *testing.T) {
	m := labeled(t, ramp(t, tensor.Int32, 10))
	first := int(m.X().Float64s()[0])
	train, val, err := m.Split(0.3, Shuffle(7))
	if err != nil {
		t.Fatal(err)
	}
	got := append(numbersIn(train), numbersIn(val)...)
	for i := range got {
		got[i] -= first
	}
	if want := Permutation(10, 7, 0, nil); train.Len() != 7 || !slices.Equal(got, want) {
		t.Errorf("%d for training, in order %v: want 7, %v", train.Len(), got, want)
	}
}

// TestSplitStratified wants the exact counts of each class, the same for the same seed, for
// labels of every form.
func TestSplitStratified(t *testing.T) {
	labels := slices.Concat(slices.Repeat([]int32{0}, 50), slices.Repeat([]int32{1}, 30), slices.Repeat([]int32{5}, 23))
	want := map[int32]int{0: 10, 1: 6, 5: 5} // of 21: 50·21/103 = 10.19, 6.12, 4.69
	n := len(labels)
	floats, rows := make([]float32, n), make([]float32, n*6)
	for i, c := range labels {
		floats[i], rows[i*6+int(c)] = float32(c), 1
	}
	of := func(y *tensor.Tensor, err error) *Memory {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return labeled(t, y)
	}
	numbers := of(tensor.FromSlice(labels, n))
	backward := make([]int, n)
	for i := range backward {
		backward[i] = n - 1 - i
	}
	turned, err := numbers.Subset(backward)
	if err != nil {
		t.Fatal(err)
	}
	var before []int
	for name, m := range map[string]*Memory{
		"numbers": numbers, "column": of(tensor.FromSlice(labels, n, 1)), "floats": of(tensor.FromSlice(floats, n)),
		"rows": of(tensor.FromSlice(rows, n, 6)), "one-hot": numbers.OneHot(6), "subset": turned,
	} {
		first := int(m.x[0].t.Float64s()[0])
		train, val, err := m.Split(0.2, Stratified(3))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := map[int32]int{}
		for _, i := range numbersIn(val) {
			got[labels[i-first]]++
		}
		all := slices.Sorted(slices.Values(append(numbersIn(train), numbersIn(val)...)))
		if val.Len() != 21 || len(slices.Compact(all)) != n {
			t.Errorf("%s: %d for validation, %d different samples, want 21 and %d", name, val.Len(), len(all), n)
		}
		for c, k := range want {
			if got[c] != k {
				t.Errorf("%s: %d of class %d for validation, want %d", name, got[c], c, k)
			}
		}
		if name == "subset" {
			continue
		}
		if now := numbersIn(val); before != nil && !slices.Equal(now, before) {
			t.Errorf("%s: another order for the same seed", name)
		} else {
			before = now
		}
		_, other, _ := m.Split(0.2, Stratified(4))
		if slices.Equal(numbersIn(other), before) {
			t.Errorf("%s: the same order for another seed", name)
		}
	}
}

// TestSplitWarns of data ordered by class, to where it is told.
func TestSplitWarns(t *testing.T) {
	grouped := func(k int, classes ...int32) (all []int32) {
		for _, c := range classes {
			all = append(all, slices.Repeat([]int32{c}, k)...)
		}
		return all
	}
	mixed := slices.Repeat([]int32{0, 1, 2}, 20)
	files := slices.Concat(grouped(25, 0, 1), grouped(5, 0), grouped(24, 2)) // one file behind another
	for name, c := range map[string]struct {
		y    []int32
		want string
	}{
		"ordered":            {grouped(20, 0, 1, 2), "the samples are ordered by class, so that training has none of class 2: want data.Shuffle or data.Stratified, or data.InOrder if it is meant"},
		"ordered backward":   {grouped(20, 2, 1, 0), "training has none of class 0"},
		"two":                {grouped(2, 4, 9), "training has none of class 9"},
		"files":              {files, "training has none of class 2"},
		"mixed":              {mixed, ""},
		"one class":          {grouped(50, 3), ""},
		"rare":               {append(mixed, 7, 7), ""},
		"numbers to regress": {[]int32{1, 2, 3, 4, 5, 6, 7, 8}, ""},
	} {
		y, _ := tensor.FromSlice(c.y, len(c.y))
		m := labeled(t, y)
		got := ""
		if _, _, err := m.Split(1.0/3, Warn(func(w string) { got += w })); err != nil {
			t.Fatal(err)
		}
		if got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: warning %q, want %q", name, got, c.want)
		}
		if name == "ordered" {
			onehot := ""
			if _, _, err := m.OneHot(3).Split(1.0/3, Warn(func(w string) { onehot += w })); err != nil || onehot != got {
				t.Errorf("one-hot: warning %q, error %v, want %q", onehot, err, got)
			}
		}
		for _, o := range []SplitOption{InOrder, Shuffle(1), Stratified(1)} {
			if _, _, err := m.Split(1.0/3, o, Warn(func(w string) { t.Errorf("%s: warning %q", name, w) })); err != nil && name != "numbers to regress" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	y, _ := tensor.FromSlice(grouped(20, 0, 1, 2), 60)
	_, _, _ = labeled(t, y).Split(0.2)
	if !strings.Contains(log.String(), "level=WARN msg=\"data: Split: the samples are ordered by class") {
		t.Errorf("log %q: want the warning", log.String())
	}
	log.Reset()
	if _, _, _ = labeled(t, y).Split(0.2, Warn(nil)); log.Len() > 0 {
		t.Errorf("log %q: want nothing with Warn(nil)", log.String())
	}
}

// TestSplitErrors wants labels that are no classes refused by Stratified.
func TestSplitErrors(t *testing.T) {
	for want, c := range map[string]struct {
		m    *Memory
		opts []SplitOption
	}{
		"class 2 has one sample":    {labeled(t, tensor.Of[int32](0, 0, 1, 1, 2)), []SplitOption{Stratified(1)}},
		"labels [0.5] of sample 2":  {labeled(t, tensor.Of[float32](0, 0, 0.5, 1)), []SplitOption{Stratified(1)}},
		"labels are float32[4 2 2]": {labeled(t, tensor.New(tensor.Float32, 4, 2, 2)), []SplitOption{Stratified(1)}},
		"0 targets: want one":       {memory(t, ramp(t, tensor.Float32, 4), nil), []SplitOption{Stratified(1)}},
		"InOrder with Shuffle":      {labeled(t, tensor.Of[int32](0, 0, 1, 1)), []SplitOption{InOrder, Shuffle(1)}},
		"Shuffle and Stratified":    {labeled(t, tensor.Of[int32](0, 0, 1, 1)), []SplitOption{Stratified(1), Shuffle(2)}},
		"too: want one of them":     {labeled(t, tensor.Of[int32](0, 0, 1, 1)), []SplitOption{Shuffle(1), Stratified(1)}},
		"option 0 is empty":         {labeled(t, tensor.Of[int32](0, 0, 1, 1)), []SplitOption{{}}},
	} {
		if _, _, err := c.m.Split(0.5, c.opts...); err == nil || !strings.HasPrefix(err.Error(), "data: Split: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one of %q", err, want)
		}
	}
}
