package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
)

// extent is the interval that an axis shows.
type extent struct {
	min, max float64
	whole    bool // all numbers are integers
}

func newExtent() extent { return extent{math.Inf(1), math.Inf(-1), true} }

func (e *extent) add(v float64) {
	e.min, e.max = min(e.min, v), max(e.max, v)
	e.whole = e.whole && v == math.Trunc(v)
}

// widened makes room if the least number is the greatest.
func (e extent) widened(log bool) extent {
	if e.min > e.max { // nothing to show
		e.min, e.max, e.whole = 0, 1, false
		if log {
			e.min = 0.1
		}
	}
	if e.max-e.min > 1e-9*max(math.Abs(e.min), math.Abs(e.max)) {
		return e
	}
	switch by := math.Abs(e.max) / 10; {
	case log:
		e.min, e.max = e.min/2, e.max*2
	case e.whole && by < 10:
		e.min, e.max = e.min-1, e.max+1
	default:
		e.min, e.max = e.min-by, e.max+by
	}
	return e
}

// set makes a gonum axis show the extent.
func (e extent) set(a *gonum.Axis, log bool) {
	a.Min, a.Max = e.min, e.max
	a.Tick.Marker = gonum.ConstantTicks(e.ticks())
	if log {
		a.Scale = gonum.LogScale{}
		a.Tick.Marker = gonum.ConstantTicks(e.logTicks())
	}
}

// ticks returns marks at multiples of a round number, about five.
func (e extent) ticks() (ticks []gonum.Tick) {
	step := roundStep((e.max - e.min) / 5)
	if e.whole {
		step = max(step, 1)
	}
	for i := math.Ceil(e.min / step); i*step <= e.max; i++ {
		v := i*step + 0 // no minus zero
		ticks = append(ticks, gonum.Tick{Value: v, Label: tickLabel(v, step)})
	}
	return ticks
}

// roundStep returns the least of 1, 2, 5, 10, 20, ... and their tenths that is not
// below v.
func roundStep(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= v*(1-1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

func tickLabel(v, step float64) string {
	if a := math.Abs(v); step < 1e-4 || a >= 1e6 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, -int(math.Floor(math.Log10(step)+1e-9))), 64)
}

// logTicks returns marks at powers of ten, and between them.
func (e extent) logTicks() (ticks []gonum.Tick) {
	decades := math.Log10(e.max / e.min)
	if decades < 1 {
		return extent{min: e.min, max: e.max}.ticks()
	}
	every := max(1, int(math.Ceil(decades/8)))
	for k := int(math.Floor(math.Log10(e.min))); math.Pow10(k) <= e.max; k++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow10(k)
			if v < e.min || v > e.max {
				continue
			}
			t := gonum.Tick{Value: v}
			if m == 1 && k%every == 0 || decades < 2.5 && (m == 2 || m == 5) {
				t.Label = strconv.FormatFloat(v, 'g', -1, 64)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
