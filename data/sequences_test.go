package data_test

import (
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

func TestPaddedBatchesMisuse(t *testing.T) {
	one, y := tensor.Of[float32](1, 2), tensor.Of[int32](1)
	for want, f := range map[string]func() error{
		"0 sequences": func() error { _, err := data.PaddedBatches(nil, y); return err },
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
