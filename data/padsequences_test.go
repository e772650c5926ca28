package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// TestPadSequences pads as Keras 3.15.1 does.
func TestPadSequences(t *testing.T) {
	three := [][]float32{{1, 2, 3}, {4}, {}}
	for _, c := range []struct {
		opts []data.PadOption
		want []float32
	}{
		{nil, []float32{1, 2, 3, 0, 0, 4, 0, 0, 0}},
		{[]data.PadOption{data.PadTo(2)}, []float32{2, 3, 0, 4, 0, 0}},
		{[]data.PadOption{data.PadTo(2), data.PadBehind, data.CutBehind, data.PadValue(-1)}, []float32{1, 2, 4, -1, -1, -1}},
		{[]data.PadOption{data.PadTo(5), data.CutBehind, data.PadValue(7)}, []float32{7, 7, 1, 2, 3, 7, 7, 7, 7, 4, 7, 7, 7, 7, 7}},
	} {
		got, err := data.PadSequences(three, c.opts...)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tensor.Data[float32](got), c.want) || got.Shape().At(0) != 3 {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
	if got, err := data.PadSequences([][]int32{{}, {}}); err != nil || got.Shape() != tensor.D(2, 0) {
		t.Errorf("empty sequences: got %v, error %v, want [2 0]", got, err)
	}
	pair, _ := tensor.FromSlice([]int8{1, 2, 3, 4}, 2, 2)
	one, _ := tensor.FromSlice([]int8{5, 6}, 1, 2)
	got, err := data.PadTensors([]*tensor.Tensor{pair, one}, data.PadTo(3), data.PadValue(9))
	if want := []int8{9, 9, 1, 2, 3, 4, 9, 9, 9, 9, 5, 6}; err != nil || !slices.Equal(tensor.Data[int8](got), want) {
		t.Errorf("rows of two: got %v, error %v, want %v", got, err, want)
	}
}

// TestPadSequencesRefused tells what is wrong.
func TestPadSequencesRefused(t *testing.T) {
	for want, f := range map[string]func() (*tensor.Tensor, error){
		"no sequences":        func() (*tensor.Tensor, error) { return data.PadSequences[int32](nil) },
		"PadTo(0): want":      func() (*tensor.Tensor, error) { return data.PadSequences([][]int32{{1}}, data.PadTo(0)) },
		"PadValue(300): int8": func() (*tensor.Tensor, error) { return data.PadSequences([][]int8{{1}}, data.PadValue(300)) },
		"option 0 is empty":   func() (*tensor.Tensor, error) { return data.PadSequences([][]int8{{1}}, data.PadOption{}) },
		"int8[2 9223372036854775807]": func() (*tensor.Tensor, error) {
			return data.PadSequences([][]int8{{1}, {2}}, data.PadTo(1<<63-1))
		},
		"sequence 1 is nil or a scalar": func() (*tensor.Tensor, error) {
			return data.PadTensors([]*tensor.Tensor{tensor.Of[int8](1), nil})
		},
		"sequence 1 is int16[1], the first int8[1]": func() (*tensor.Tensor, error) {
			return data.PadTensors([]*tensor.Tensor{tensor.Of[int8](1), tensor.Of[int16](1)})
		},
	} {
		if got, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, error %v, want %q", got, err, want)
		}
	}
}
