package tune

import (
	"math"
	"slices"
)

// Objective names a number to compare trials by, see [Run.Number], and the better
// direction.
type Objective struct {
	Name     string
	Maximize bool
}

// Minimize returns the objective that a number is small.
func Minimize(name string) Objective { return Objective{Name: name} }

// Maximize returns the objective that a number is great.
func Maximize(name string) Objective { return Objective{name, true} }

// Best returns the trial that has the best mean of the first objective; among equal ones,
// or if no trial has the number, that of the second, and so on. Of equal trials it is the
// first. NaN is worse than any number. Trials without runs are left aside: Best returns
// nil if none has a run, or if no run has a number of any of the objectives.
func Best(trials []*Trial, by ...Objective) (best *Trial) {
	known := func(o Objective) bool {
		return slices.ContainsFunc(trials, func(t *Trial) bool { return t.has(o.Name) })
	}
	if len(by) > 0 && !slices.ContainsFunc(by, known) {
		return nil
	}
	for _, t := range trials {
		if len(t.Runs) > 0 && (best == nil || t.Better(best, by...)) {
			best = t
		}
	}
	return best
}

// has reports whether a run of the trial has a number of that name, or may have had it
// before it diverged.
func (t *Trial) has(name string) bool {
	return slices.ContainsFunc(t.Runs, func(r Run) bool { return r.Diverged || !math.IsNaN(r.Number(name)) })
}

// Better reports whether the trial has the better mean of the first objective in which it
// differs from another.
func (t *Trial) Better(than *Trial, by ...Objective) bool {
	for _, o := range by {
		a, b := t.Number(o.Name).Mean, than.Number(o.Name).Mean
		if math.IsNaN(a) && math.IsNaN(b) || a == b {
			continue
		}
		if !o.Maximize {
			a, b = -a, -b
		}
		return a > b || math.IsNaN(b)
	}
	return false
}
