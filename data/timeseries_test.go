package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

func steps(n int) *tensor.Tensor {
	v := make([]int32, n)
	for i := range v {
		v[i] = int32(i)
	}
	return tensor.Of(v...)
}

// TestTimeSeries has the windows of Keras 3.15.1's timeseries_dataset_from_array, and forecasts.
func TestTimeSeries(t *testing.T) {
	for _, c := range []struct {
		steps, targets, length int
		opts                   []data.WindowOption
		x, y                   []int64
	}{
		{10, 10, 3, []data.WindowOption{data.Stride(2), data.SamplingRate(2)}, []int64{0, 2, 4, 2, 4, 6, 4, 6, 8}, []int64{0, 2, 4}},
		{10, 10, 3, []data.WindowOption{data.Between(0, 5)}, []int64{0, 1, 2, 1, 2, 3, 2, 3, 4}, []int64{0, 1, 2}},
		{10, 10, 3, []data.WindowOption{data.Between(6, 10)}, []int64{6, 7, 8, 7, 8, 9}, []int64{6, 7}},
		{6, 2, 3, nil, []int64{0, 1, 2, 1, 2, 3}, []int64{0, 1}},
		{4, 0, 3, nil, []int64{0, 1, 2, 1, 2, 3}, nil},
		{7, 7, 3, []data.WindowOption{data.Horizon(2), data.Stride(2)}, []int64{0, 1, 2, 2, 3, 4}, []int64{3, 4, 5, 6}},
		{8, 8, 2, []data.WindowOption{data.Horizon(1), data.SamplingRate(3)}, []int64{0, 3, 1, 4, 2, 5, 3, 6}, []int64{4, 5, 6, 7}},
	} {
		var y *tensor.Tensor
		if c.targets > 0 {
			y = steps(c.targets)
		}
		w, err := data.TimeSeries(steps(c.steps), y, c.length, c.opts...)
		if err != nil {
			t.Fatal(err)
		}
		if w.Len() != len(c.x)/c.length {
			t.Fatalf("windows of %v: got %d, want %d", c, w.Len(), len(c.x)/c.length)
		}
		var b data.Batch
		all := make([]int, w.Len())
		for i := range all {
			all[i] = i
		}
		for range 2 {
			if err := w.Read(all, &b); err != nil {
				t.Fatal(err)
			}
			if got := b.X[0].Int64s(); !slices.Equal(got, c.x) {
				t.Errorf("windows of %v: got %v, want %v", c, got, c.x)
			}
			if c.y == nil {
				if b.Y != nil {
					t.Errorf("windows of %v: got targets %v, want none", c, b.Y)
				}
			} else if got := b.Y[0].Int64s(); !slices.Equal(got, c.y) {
				t.Errorf("targets of %v: got %v, want %v", c, got, c.y)
			}
		}
	}
}

// TestTimeSeriesRefused tells what is wrong.
func TestTimeSeriesRefused(t *testing.T) {
	x := steps(10)
	for want, f := range map[string]func() (*data.Windows, error){
		"the series is nil":                func() (*data.Windows, error) { return data.TimeSeries(nil, nil, 1) },
		"windows of 0 steps":               func() (*data.Windows, error) { return data.TimeSeries(x, x, 0) },
		"Stride(0)":                        func() (*data.Windows, error) { return data.TimeSeries(x, x, 1, data.Stride(0)) },
		"SamplingRate(-1)":                 func() (*data.Windows, error) { return data.TimeSeries(x, x, 1, data.SamplingRate(-1)) },
		"Horizon(0)":                       func() (*data.Windows, error) { return data.TimeSeries(x, x, 1, data.Horizon(0)) },
		"Between(3, 11) of 10 steps":       func() (*data.Windows, error) { return data.TimeSeries(x, x, 1, data.Between(3, 11)) },
		"windows of 11 steps, each 1":      func() (*data.Windows, error) { return data.TimeSeries(x, x, 11) },
		"each 9223372036854775807":         func() (*data.Windows, error) { return data.TimeSeries(x, x, 2, data.SamplingRate(1<<63-1)) },
		"targets for none of them":         func() (*data.Windows, error) { return data.TimeSeries(x, x, 8, data.Horizon(3)) },
		"Horizon without targets":          func() (*data.Windows, error) { return data.TimeSeries(x, nil, 8, data.Horizon(3)) },
		"with targets int32[9]: want as":   func() (*data.Windows, error) { return data.TimeSeries(x, steps(9), 8, data.Horizon(1)) },
		"option 0 is empty: want one that": func() (*data.Windows, error) { return data.TimeSeries(x, x, 8, data.WindowOption{}) },
	} {
		if got, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, error %v, want %q", got, err, want)
		}
	}
	w, err := data.TimeSeries(x, x, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Read([]int{8}, &data.Batch{}); err == nil || !strings.Contains(err.Error(), "sample 8: want 0 or more and less than 8") {
		t.Errorf("sample 8 of 8: error %v", err)
	}
}
