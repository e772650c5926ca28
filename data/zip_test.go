package data

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

func zip(t *testing.T, sets ...*Memory) *Memory {
	t.Helper()
	z, err := Zip(sets...)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestZip reads sets side by side: whole ones, parts and selections, each scaled and
// one-hot for itself.
func TestZip(t *testing.T) {
	images, labels := ramp(t, tensor.Uint8, 6, 2), tensor.Of[int32](0, 1, 2, 2, 1, 0)
	whole := memory(t, images, labels)
	some, err := whole.Subset([]int{5, 4, 3, 2, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	last := memory(t, nil, ramp(t, tensor.Float32, 7)).part(1, 7)
	z := zip(t, whole.Scale(0.5).OneHot(3), some, last)
	x, y := z.Specs()
	if !slices.Equal(x, []tensor.Spec{tensor.S(tensor.Float32, 2), tensor.S(tensor.Uint8, 2)}) ||
		!slices.Equal(y, []tensor.Spec{tensor.S(tensor.Float32, 3), tensor.S(tensor.Int32), tensor.S(tensor.Float32)}) {
		t.Errorf("specs are %v and %v", x, y)
	}
	for what, c := range map[string]struct {
		of  *Memory
		idx int
	}{"all": {z, 4}, "a part": {z.part(2, 6), 2}} {
		b := read(t, c.of, c.idx)
		all, back := images.Float64s(), images.Float64s()
		for i := range all {
			all[i] /= 2
		}
		if got := b.X[0].Float64s(); !slices.Equal(got, all[8:10]) {
			t.Errorf("%s: first input is %v, want %v", what, got, all[8:10])
		}
		if got := b.X[1].Float64s(); !slices.Equal(got, back[2:4]) {
			t.Errorf("%s: second input is %v, want %v", what, got, back[2:4])
		}
		if got := [][]float64{b.Y[0].Float64s(), b.Y[1].Float64s(), b.Y[2].Float64s()}; !slices.Equal(got[0], []float64{0, 1, 0}) || got[1][0] != 1 || got[2][0] != ramp(t, tensor.Float32, 7).Float64s()[5] {
			t.Errorf("%s: targets are %v", what, got)
		}
	}
	if train, held, err := z.Split(0.5); err != nil || train.Len() != 3 || held.Len() != 3 {
		t.Errorf("Split: %v", err)
	}
}

func TestZipWeights(t *testing.T) {
	a := memory(t, ramp(t, tensor.Float32, 3, 1), ramp(t, tensor.Float32, 3))
	b := memory(t, nil, ramp(t, tensor.Float32, 3))
	weighted, err := b.WithWeights(tensor.Of[float32](4, 5, 6))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, zip(t, a, b), 1); len(got.Weight) != 0 {
		t.Errorf("weights are %v, want none", got.Weight)
	}
	got := read(t, zip(t, a, weighted, zip(t, weighted, b)), 1)
	if w := got.Weight; len(w) != 4 || w[0] != nil || w[1].Item() != 5 || w[2].Item() != 5 || w[3] != nil {
		t.Errorf("weights are %v, want those of targets 1 and 2", w)
	}
}

func TestZipErrors(t *testing.T) {
	a := memory(t, ramp(t, tensor.Float32, 3, 1), nil)
	weighted, err := a.WithWeights(tensor.Of[float32](4, 5, 6))
	if err != nil {
		t.Fatal(err)
	}
	for want, sets := range map[string][]*Memory{
		"set 1 is empty":                         {a, {}},
		"set 0 is empty":                         {nil},
		"sets 0 and 1 have 3 and 2 samples":      {a, a.part(0, 2)},
		"set 1 has weights but no y":             {a, weighted},
		"OneHot: the samples have no y":          {a.OneHot(3)},
		"the samples have 2 targets: want OneHo": {zip(t, memory(t, nil, tensor.Of[int32](0, 1)), memory(t, nil, tensor.Of[int32](0, 1))).OneHot(2)},
	} {
		if _, err := Zip(sets...); err == nil || !strings.HasPrefix(err.Error(), "data: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Zip(); err == nil {
		t.Error("no sets: no error")
	}
}
