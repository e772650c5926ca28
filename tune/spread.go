package tune

import (
	"fmt"
	"math"
)

// Spread holds the mean of numbers and their spread. If one of them is NaN, so is
// everything but N.
type Spread struct {
	// N is the number of numbers.
	N int
	// Mean is their mean, NaN without numbers.
	Mean float64
	// Std is the standard deviation of the sample, NaN for one number or none.
	Std float64
	// Min and Max are the least and the greatest.
	Min, Max float64
}

// SpreadOf returns the spread of numbers.
func SpreadOf(values ...float64) Spread {
	s := Spread{N: len(values), Min: math.Inf(1), Max: math.Inf(-1)}
	for _, v := range values {
		s.Mean += v / float64(s.N)
		s.Min, s.Max = min(s.Min, v), max(s.Max, v) // NaN stays
	}
	if s.N == 0 {
		s.Mean, s.Min, s.Max = math.NaN(), math.NaN(), math.NaN()
	}
	var squares float64
	for _, v := range values {
		squares += (v - s.Mean) * (v - s.Mean)
	}
	s.Std = math.Sqrt(squares / float64(s.N-1))
	if s.N < 2 {
		s.Std = math.NaN()
	}
	return s
}

// String returns mean and standard deviation for a table, as in "0.9512 ± 0.0031": with
// four digits behind the point, or an exponent if the mean is very small or large. See
// [Spread.Format].
func (s Spread) String() string {
	if a := math.Abs(s.Mean); a != 0 && a < 1e-4 || a >= 1e5 {
		return s.Format("%.2e")
	}
	return s.Format("%.4f")
}

// Format returns mean and standard deviation, each in a format of package fmt such as
// "%.1f". Without a standard deviation it is the mean alone; a dash stands for a number
// that is not finite.
func (s Spread) Format(format string) string {
	if math.IsNaN(s.Mean) || math.IsInf(s.Mean, 0) {
		return "–"
	}
	mean := fmt.Sprintf(format, s.Mean)
	switch {
	case math.IsNaN(s.Std):
		return mean
	case math.IsInf(s.Std, 0):
		return mean + " ± –"
	}
	return mean + " ± " + fmt.Sprintf(format, s.Std)
}
