package tensor

import (
	"math"
	"strconv"
	"strings"
)

// decimalDigits is how many digits a float type keeps whatever their value,
// numpy.finfo(dtype).precision. NumPy changes to powers of ten beyond them.
var decimalDigits = map[DType]int{Float16: 3, BFloat16: 2, Float32: 6, Float64: 15}

// scalarText is NumPy's text of a scalar: as many digits as tell it from its neighbours.
func scalarText(v float64, dt DType) string {
	if s, ok := notFinite(v); ok {
		return s
	}
	limit := 1e16
	if dt != Float64 {
		limit = math.Pow10(decimalDigits[dt])
	}
	a := math.Abs(v)
	short := shortest(v, dt)
	if a != 0 && (a < 1e-4 || a >= limit) {
		return short
	}
	s := plain(short)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// floatTexts sets out to NumPy's texts of values of type dt: aligned at the point,
// plain or with powers of ten if the values range too widely. The digits are those
// that tell a value from its neighbours, at most printPrecision behind the point;
// with powers of ten, all values have as many as the one that needs most.
func floatTexts(out []string, values []float64, dt DType) {
	power := wantsPower(values, dt)
	right, expDigits := 0, 0
	for i, v := range values {
		if s, ok := notFinite(v); ok {
			out[i] = s
			continue
		}
		if power {
			out[i] = powerText(v, dt)
		} else {
			out[i] = plainText(v, dt)
		}
		mantissa, exp, _ := strings.Cut(out[i], "e")
		right, expDigits = max(right, fraction(mantissa)), max(expDigits, len(exp)-1)
	}
	for i, v := range values {
		if _, ok := notFinite(v); ok {
			continue
		}
		if power { // the shortest digits will not do: those behind them are shown as they are
			mantissa, exp, _ := strings.Cut(strconv.FormatFloat(v, 'e', right, 64), "e")
			if right == 0 {
				mantissa += "."
			}
			out[i] = mantissa + "e" + exp[:1] + strings.Repeat("0", expDigits-len(exp)+1) + exp[1:]
		} else {
			out[i] += strings.Repeat(" ", right-fraction(out[i]))
		}
	}
}

// fraction returns how many characters stand behind the point in s.
func fraction(s string) int { return len(s) - strings.IndexByte(s, '.') - 1 }

// wantsPower reports whether NumPy prints values with powers of ten: because of
// their size, or because the greatest is over 1000 times the least but zero. It
// compares in the type of the values.
func wantsPower(values []float64, dt DType) bool {
	least, most := math.Inf(1), 0.0
	for _, v := range values {
		if a := math.Abs(v); a != 0 && a <= math.MaxFloat64 {
			least, most = min(least, a), max(most, a)
		}
	}
	if most == 0 {
		return false
	}
	ratio := roundTo(roundTo(most, dt)/least, dt)
	return most >= math.Pow10(min(8, decimalDigits[dt])) || least < roundTo(1e-4, dt) || ratio > 1000
}

// plainText returns v with a point and at most printPrecision digits behind it.
func plainText(v float64, dt DType) string {
	s := plain(shortest(v, dt))
	if _, frac, _ := strings.Cut(s, "."); len(frac) > printPrecision {
		s = strings.TrimRight(strconv.FormatFloat(v, 'f', printPrecision, 64), "0")
	}
	if !strings.Contains(s, ".") {
		s += "."
	}
	return s
}

// powerText returns v as a power of ten whose mantissa is as plainText's.
func powerText(v float64, dt DType) string {
	mantissa, exp, _ := strings.Cut(shortest(v, dt), "e")
	if _, frac, _ := strings.Cut(mantissa, "."); len(frac) > printPrecision {
		mantissa, exp, _ = strings.Cut(strconv.FormatFloat(v, 'e', printPrecision, 64), "e")
		mantissa = strings.TrimRight(mantissa, "0")
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += "."
	}
	return mantissa + "e" + exp
}

// shortest returns the fewest digits that tell v from other values of type dt,
// as a mantissa and a power of ten.
func shortest(v float64, dt DType) string {
	switch dt {
	case Float64:
		return strconv.FormatFloat(v, 'e', -1, 64)
	case Float32:
		return strconv.FormatFloat(v, 'e', -1, 32)
	}
	for digits := 0; ; digits++ {
		// Half way between two decimals, either may read back as v.
		for _, near := range []float64{v, math.Nextafter(v, 2*v)} {
			s := strconv.FormatFloat(near, 'e', digits, 64)
			if back, _ := strconv.ParseFloat(s, 64); roundTo(back, dt) == v {
				return s
			}
		}
	}
}

// plain writes the number s without a power of ten.
func plain(s string) string {
	v, _ := strconv.ParseFloat(s, 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// roundTo rounds v to the float type dt.
func roundTo(v float64, dt DType) float64 {
	switch dt {
	case Float16:
		return F16FromFloat64(v).Float64()
	case BFloat16:
		return BF16FromFloat64(v).Float64()
	case Float32:
		return float64(float32(v))
	}
	return v
}

func notFinite(v float64) (string, bool) {
	switch {
	case v != v:
		return "nan", true
	case math.IsInf(v, 1):
		return "inf", true
	case math.IsInf(v, -1):
		return "-inf", true
	}
	return "", false
}
