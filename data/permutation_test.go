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

// These orders may never change either; they were computed from the formula by a program in
// Python.
func TestPermutationAtNeverChanges(t *testing.T) {
	for _, c := range []struct {
		n           int
		seed, epoch uint64
		want        []int
	}{
		{10, 0, 0, []int{2, 0, 8, 1, 9, 7, 4, 5, 6, 3}},
		{10, 42, 7, []int{1, 7, 5, 0, 9, 3, 2, 6, 4, 8}},
		{1 << 40, 1, 2, []int{344705186381, 73790225783, 396009480046, 701534559422, 256885598646}},
		{math.MaxInt, math.MaxUint64, math.MaxUint64, []int{5999138947680830938, 3613087236066093157, 2829529651289380011}},
	} {
		for i, want := range c.want {
			if got := PermutationAt(i, c.n, c.seed, c.epoch); got != want {
				t.Errorf("number %d of %d, seed %d, epoch %d: got %d, want %d", i, c.n, c.seed, c.epoch, got, want)
			}
		}
	}
}

func TestPermutationAt(t *testing.T) {
	for n := 1; n < 5000; n += 1 + n/40 {
		seen := make([]bool, n)
		for i := range n {
			seen[PermutationAt(i, n, 42, 3)] = true
		}
		if slices.Contains(seen, false) {
			t.Fatalf("n = %d: not every number once", n)
		}
	}
	for _, i := range []int{-1, 7, math.MaxInt} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("number %d of 7: no panic", i)
				}
			}()
			PermutationAt(i, 7, 1, 1)
		}()
	}
}

// Over many seeds each number comes to each place equally often, and so does each distance
// of neighbours; within a large order the parts from which numbers come are evenly mixed.
func TestPermutationAtIsFair(t *testing.T) {
	const n, runs = 16, 20000
	places, steps := make([]int, n*n), make([]int, n)
	for seed := range uint64(runs) {
		last := PermutationAt(n-1, n, seed, 5)
		for i := range n {
			at := PermutationAt(i, n, seed, 5)
			places[i*n+at]++
			steps[(at-last+n)%n]++
			last = at
		}
	}
	even(t, "places", places, (n-1)*(n-1))
	if steps[0] != 0 {
		t.Errorf("%d numbers follow themselves", steps[0])
	}
	even(t, "steps", steps[1:], n-2)

	const many, parts = 3 << 40, 50
	pairs := make([]int, parts*parts)
	part := func(i int) int { return PermutationAt(i, many, 7, 0) / ((many + parts - 1) / parts) }
	for i := range 200000 {
		pairs[part(2*i)*parts+part(2*i+1)]++
	}
	even(t, "neighbours of a large order", pairs, parts*parts-1)
}

// even fails unless counts differ as little as chance has it: chi² within five standard
// deviations of its mean, the degrees of freedom.
func even(t *testing.T, what string, counts []int, freedom float64) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	want := float64(total) / float64(len(counts))
	chi2 := 0.0
	for _, c := range counts {
		d := float64(c) - want
		chi2 += d * d / want
	}
	if sd := math.Sqrt(2 * freedom); math.Abs(chi2-freedom) > 5*sd {
		t.Errorf("%s: chi² %.0f, want %.0f ± %.0f", what, chi2, freedom, 5*sd)
	}
}
