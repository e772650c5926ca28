package main

import (
	"fmt"
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

// String returns mean and standard deviation, in the same style.
func (s spread) String() string { return s.text(styleOf(s.mean)) }

func (s spread) text(style string) string {
	mean := decimal(s.mean, style)
	if math.IsNaN(s.std) || math.IsInf(s.mean, 0) {
		return mean
	}
	return mean + " ± " + decimal(s.std, style)
}

// decimal formats a number for a table; a dash stands for one that is not finite.
func decimal(v float64, style string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf(style, v)
}

// styleOf returns how to write a number.
func styleOf(v float64) string {
	if a := math.Abs(v); a != 0 && a < 1e-4 || a >= 1e5 {
		return "%.2e"
	}
	return "%.4f"
}
