package data

import (
	"math"
	"slices"
	"testing"
)

func TestPermutation(t *testing.T) {
	var into []int
	for _, n := range []int{0, 1, 2, 3, 1000, 60000, 7} {
		into = Permutation(n, 42, 3, into)
		s := slices.Clone(into)
		slices.Sort(s)
		for i, v := range s {
			if v != i {
				t.Fatalf("n = %d: not every number once", n)
			}
		}
		if len(into) != n || !slices.Equal(into, Permutation(n, 42, 3, nil)) {
			t.Errorf("n = %d: another order the second time", n)
		}
	}
}

// These orders may never change: whoever resumes or repeats a training run relies
// on them. They were computed from the formula by another program.
func TestPermutationNeverChanges(t *testing.T) {
	for _, c := range []struct {
		seed, epoch uint64
		want        []int
	}{
		{0, 0, []int{5, 8, 4, 3, 0, 7, 1, 6, 2, 9}},
		{0, 1, []int{9, 0, 4, 5, 7, 6, 3, 1, 2, 8}},
		{1, 0, []int{6, 4, 8, 9, 5, 7, 1, 3, 0, 2}},
		{42, 7, []int{5, 1, 9, 7, 0, 8, 2, 4, 3, 6}},
		{math.MaxUint64, math.MaxUint64, []int{5, 0, 6, 7, 9, 8, 4, 2, 3, 1}},
	} {
		if got := Permutation(10, c.seed, c.epoch, nil); !slices.Equal(got, c.want) {
			t.Errorf("seed %d, epoch %d: got %v, want %v", c.seed, c.epoch, got, c.want)
		}
	}
}

// Each of the 24 orders of four things comes equally often.
func TestPermutationIsFair(t *testing.T) {
	const runs = 24 * 2000
	count := map[[4]int]int{}
	for i := range uint64(runs) {
		count[[4]int(Permutation(4, i/100, i%100, nil))]++
	}
	chi2 := 0.0
	for _, n := range count {
		chi2 += math.Pow(float64(n)-2000, 2) / 2000
	}
	if len(count) != 24 || chi2 > 49.7 { // 23 degrees of freedom, p = 0.001
		t.Errorf("%d orders, chi² %.1f: want 24 and at most 49.7", len(count), chi2)
	}
}

func BenchmarkPermutation(b *testing.B) {
	var into []int
	epoch := uint64(0)
	for b.Loop() {
		into = Permutation(60000, 1, epoch, into)
		epoch++
	}
}
