package data_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// TestSkipgrams has Keras 3.15.1's pairs of neighbors, and draws others.
func TestSkipgrams(t *testing.T) {
	pairs, labels, err := data.Skipgrams([]int{1, 2, 0, 3, 4}, 5, data.WindowSize(2), data.NegativeSamples(0), data.PairsInOrder)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int64{1, 2, 2, 1, 2, 3, 3, 2, 3, 4, 4, 3}; !slices.Equal(pairs.Int64s(), want) || !slices.Equal(labels.Int64s(), []int64{1, 1, 1, 1, 1, 1}) {
		t.Errorf("got %v with labels %v, want %v with ones", pairs, labels, want)
	}
	words := make([]int, 400)
	for i := range words {
		words[i] = 1 + i%7
	}
	pairs, labels, err = data.Skipgrams(words, 9, data.NegativeSamples(0.5), data.SkipgramSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	p, y, negative, drawn := tensor.Data[int32](pairs), tensor.Data[int32](labels), 0, map[int32]bool{}
	for i, label := range y {
		if label == 0 {
			negative++
			drawn[p[2*i+1]] = true
		} else if d := (p[2*i] - p[2*i+1] + 7) % 7; d == 0 {
			t.Errorf("pair %d of neighbors: %v", i, p[2*i:2*i+2])
		}
	}
	if positive := 8*400 - 20; negative != positive/2 || len(y) != positive+negative || len(drawn) != 8 || drawn[0] {
		t.Errorf("%d pairs, %d of them drawn, among %v: want %d with half as many drawn from 1 to 8", len(y), negative, drawn, positive)
	}
	if slices.IsSorted(y) || y[0] == y[1] && y[1] == y[2] && y[2] == y[3] && y[3] == y[4] && y[4] == y[5] && y[5] == y[6] {
		t.Errorf("labels %v...: want random order", y[:7])
	}
	again, _, err := data.Skipgrams(words, 9, data.NegativeSamples(0.5), data.SkipgramSeed(3))
	if err != nil || !tensor.Equal(pairs, again) {
		t.Errorf("the same seed draws other pairs, error %v", err)
	}
	none, _, err := data.Skipgrams(words, 9, data.SamplingTable(make([]float64, 9)))
	if err != nil || none.Shape() != tensor.D(0, 2) {
		t.Errorf("a table of zeros: got %v, error %v, want no pairs", none, err)
	}
}

// TestMakeSamplingTable has Keras 3.15.1's probabilities.
func TestMakeSamplingTable(t *testing.T) {
	for _, c := range []struct {
		factor float64
		want   []float64
	}{
		{0, []float64{0.00315225, 0.00315225, 0.00547597, 0.00741556, 0.00912817, 0.01068435, 0.01212381, 0.01347162, 0.01474487, 0.0159558}},
		{0.3, []float64{0.54598535, 0.54598535, 0.94846629, 1}},
	} {
		got, err := data.MakeSamplingTable(len(c.want), c.factor)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			if math.Abs(v-c.want[i]) > 5e-9 {
				t.Errorf("factor %v: got %v, want %v", c.factor, got, c.want)
				break
			}
		}
	}
}

// TestSkipgramsRefused tells what is wrong.
func TestSkipgramsRefused(t *testing.T) {
	for want, o := range map[string]data.SkipgramOption{
		"WindowSize(0)":                           data.WindowSize(0),
		"NegativeSamples(-1)":                     data.NegativeSamples(-1),
		"NegativeSamples(NaN)":                    data.NegativeSamples(math.NaN()),
		"word 1 is number 2, SamplingTable has 2": data.SamplingTable([]float64{1, 1}),
		"option 0 is empty":                       {},
		"times as many random ones":               data.NegativeSamples(1e18),
	} {
		if _, _, err := data.Skipgrams([]int{1, 2}, 3, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, _, err := data.Skipgrams([]int{1, 3}, 3); err == nil || !strings.Contains(err.Error(), "word 1 is number 3: want 0 or more and less than 3") {
		t.Errorf("a word outside: error %v", err)
	}
	if _, err := data.MakeSamplingTable(0, 0); err == nil {
		t.Error("a table of 0 words: no error")
	}
	if _, err := data.MakeSamplingTable(3, -1); err == nil {
		t.Error("a negative factor: no error")
	}
}
