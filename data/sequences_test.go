package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// TestPaddedBatches reads sequences of 1, 3 and 5 steps.
func TestPaddedBatches(t *testing.T) {
	x := []*tensor.Tensor{tensor.Of[int16](1), tensor.Of[int16](2, 3, 4), tensor.Of[int16](5, 6, 7, 8, 9)}
	y := tensor.Of[int32](10, 20, 30)
	powers, err := data.PaddedBatches(x, y)
	if err != nil {
		t.Fatal(err)
	}
	given, err := data.PaddedBatches(x, y, 3, 6)
	if err != nil {
		t.Fatal(err)
	}
	if given, err = given.PadWith(-1); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		of   *data.Sequences
		idx  []int
		want []int64
	}{
		{powers, []int{0}, []int64{1}},
		{powers, []int{1, 0}, []int64{2, 3, 4, 0, 1, 0, 0, 0}},
		{powers, []int{2}, []int64{5, 6, 7, 8, 9, 0, 0, 0}},
		{given, []int{0, 1}, []int64{1, -1, -1, 2, 3, 4}},
		{given, []int{2, 2, 0}, []int64{5, 6, 7, 8, 9, -1, 5, 6, 7, 8, 9, -1, 1, -1, -1, -1, -1, -1}},
	} {
		var b data.Batch
		for range 2 { // the second time into the same batch
			if err := c.of.Read(c.idx, &b); err != nil {
				t.Fatal(err)
			}
			want, _ := tensor.FromSlice(c.want, len(c.idx), len(c.want)/len(c.idx))
			for i, v := range b.X[0].Int64s() {
				if b.X[0].Shape() != want.Shape() || v != c.want[i] {
					t.Fatalf("samples %v: got %v, want %v", c.idx, b.X[0], want)
				}
			}
			for i, v := range b.Y[0].Int64s() {
				if want := int64(10 * (c.idx[i] + 1)); v != want {
					t.Errorf("samples %v: target %d is %d, want %d", c.idx, i, v, want)
				}
			}
		}
	}
}

// TestWithTargets reads targets of steps with their weights.
func TestWithTargets(t *testing.T) {
	x := []*tensor.Tensor{tensor.Of[float32](1), tensor.Of[float32](2, 3, 4), tensor.Of[float32](5, 6)}
	ds, err := data.PaddedBatches(x, nil, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, y := ds.Specs(); len(y) != 0 {
		t.Errorf("targets %v of sequences that have none", y)
	}
	b := data.Batch{Y: []*tensor.Tensor{x[0]}, Weight: []*tensor.Tensor{x[0]}}
	if err := ds.Read([]int{0}, &b); err != nil || len(b.Y)+len(b.Weight) != 0 {
		t.Errorf("without targets: read %v with weights %v, error %v", b.Y, b.Weight, err)
	}
	ds, err = ds.WithTargets([]*tensor.Tensor{tensor.Of[int32](7), tensor.Of[int32](8, 9, 8), tensor.Of[int32](7, 7)})
	if err != nil {
		t.Fatal(err)
	}
	if ds, err = ds.PadWith(-1); err != nil {
		t.Fatal(err)
	}
	if _, y := ds.Specs(); len(y) != 1 || y[0] != tensor.S(tensor.Int32, -1) {
		t.Errorf("targets are %v, want int32[-1]", y)
	}
	for i, want := range []int{0, 1, 0} {
		if got := ds.Group(i); got != want {
			t.Errorf("group of sample %d is %d, want %d", i, got, want)
		}
	}
	for _, c := range []struct {
		idx        []int
		x, y, w    []float64
		n, padding int
	}{
		{[]int{1, 0}, []float64{2, 3, 4, -1, 1, -1, -1, -1}, []float64{8, 9, 8, 0, 7, 0, 0, 0}, []float64{1, 1, 1, 0, 1, 0, 0, 0}, 2, 4},
		{[]int{0, 2}, []float64{1, -1, 5, 6}, []float64{7, 0, 7, 7}, []float64{1, 0, 1, 1}, 2, 2},
		{[]int{2, 0}, []float64{5, 6, 1, -1}, []float64{7, 7, 7, 0}, []float64{1, 1, 1, 0}, 2, 2}, // into the tensors of the one before
	} {
		if err := ds.Read(c.idx, &b); err != nil {
			t.Fatal(err)
		}
		for _, part := range []struct {
			got  *tensor.Tensor
			want []float64
		}{{b.X[0], c.x}, {b.Y[0], c.y}, {b.Weight[0], c.w}} {
			if part.got.Shape() != tensor.D(c.n, c.padding) || !slices.Equal(part.got.Float64s(), part.want) {
				t.Errorf("samples %v: got %v, want %v", c.idx, part.got, part.want)
			}
		}
	}
	if a := testing.AllocsPerRun(10, func() {
		if err := ds.Read([]int{2, 0}, &b); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("%v allocations, want 0", a)
	}
}

func TestPaddedBatchesMisuse(t *testing.T) {
	one, y := tensor.Of[float32](1, 2), tensor.Of[int32](1)
	for want, f := range map[string]func() error{
		"no sequences": func() error { _, err := data.PaddedBatches(nil, y); return err },
		"want a target for each": func() error {
			_, err := data.PaddedBatches([]*tensor.Tensor{one, one}, y)
			return err
		},
		"sequence 0 is nil or a scalar": func() error {
			_, err := data.PaddedBatches([]*tensor.Tensor{nil}, y)
			return err
		},
		"sequence 1 is int32[1], the first float32[2]": func() error {
			_, err := data.PaddedBatches([]*tensor.Tensor{one, y}, tensor.Of[int32](1, 2))
			return err
		},
		"boundaries [2 2]: want rising": func() error {
			_, err := data.PaddedBatches([]*tensor.Tensor{one}, y, 2, 2)
			return err
		},
		"2 steps, boundaries to 1": func() error { _, err := data.PaddedBatches([]*tensor.Tensor{one}, y, 1); return err },
		"sample 1: want 0 or more and less than 1": func() error {
			s, err := data.PaddedBatches([]*tensor.Tensor{one}, nil)
			if err != nil {
				return err
			}
			return s.Read([]int{1}, new(data.Batch))
		},
		"sequence 0 is float32[2] with targets int32[1]: want as many steps": func() error {
			s, err := data.PaddedBatches([]*tensor.Tensor{one}, nil)
			if err == nil {
				_, err = s.WithTargets([]*tensor.Tensor{y})
			}
			return err
		},
		"1 sequences with 2 of targets": func() error {
			s, err := data.PaddedBatches([]*tensor.Tensor{one}, nil)
			if err == nil {
				_, err = s.WithTargets([]*tensor.Tensor{one, one})
			}
			return err
		},
		"the sequences have targets": func() error {
			s, err := data.PaddedBatches([]*tensor.Tensor{one}, y)
			if err == nil {
				_, err = s.WithTargets([]*tensor.Tensor{one})
			}
			return err
		},
		"PadWith(300): uint8 holds": func() error {
			s, err := data.PaddedBatches([]*tensor.Tensor{tensor.Of[uint8](1)}, y)
			if err != nil {
				return err
			}
			_, err = s.PadWith(300)
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
