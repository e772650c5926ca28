package main

import (
	"math"
	"slices"
)

// spread is the mean of numbers and how far they are apart.
type spread struct {
	n           int
	mean        float64
	std         float64 // standard deviation of the sample; NaN for one number
	least, most float64
}

func spreadOf(values []float64) spread {
	s := spread{n: len(values), least: slices.Min(values), most: slices.Max(values)}
	for _, v := range values {
		s.mean += v / float64(s.n)
	}
	var squares float64
	for _, v := range values {
		squares += (v - s.mean) * (v - s.mean)
	}
	s.std = math.Sqrt(squares / float64(s.n-1))
	return s
}

// String returns mean and standard deviation.
func (s spread) String() string { return s.text(decimal) }

func (s spread) text(format func(float64) string) string {
	if math.IsNaN(s.std) {
		return format(s.mean)
	}
	return format(s.mean) + " ± " + format(s.std)
}
