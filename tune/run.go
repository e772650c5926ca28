package tune

import (
	"math"
	"strings"

	"github.com/glia-ml/glia"
)

// Run is one training of a [Trial], and its test.
type Run struct {
	Seed uint64
	// Epochs is the history of the training.
	Epochs []glia.Epoch
	// Test is the result of Evaluate on the study's Test, nil if it has none.
	Test *glia.Result
	// Seconds is the time of Fit.
	Seconds float64
	// Diverged reports that the loss became NaN or infinite: no epoch follows.
	Diverged bool
}

// Number returns a number of the last epoch, by its name as glia.Epoch's Number has it:
// "loss", the name of a metric, or with "val_" before that of the validation; with
// "test_" before it is one of Test. It is NaN if there is no such number; of a training
// that diverged only the numbers of Test are known.
func (r *Run) Number(name string) float64 {
	if name, ok := strings.CutPrefix(name, "test_"); ok {
		if r.Test == nil {
			return math.NaN()
		}
		return r.Test.Get(name)
	}
	if r.Diverged || len(r.Epochs) == 0 {
		return math.NaN()
	}
	v, ok := r.Epochs[len(r.Epochs)-1].Number(name)
	if !ok {
		return math.NaN()
	}
	return v
}

// Number returns the spread over the runs of a number that [Run.Number] finds.
func (t *Trial) Number(name string) Spread {
	return t.Over(func(r *Run) float64 { return r.Number(name) })
}

// Over returns the spread of f over the runs.
func (t *Trial) Over(f func(r *Run) float64) Spread {
	values := make([]float64, len(t.Runs))
	for i := range t.Runs {
		values[i] = f(&t.Runs[i])
	}
	return SpreadOf(values...)
}

// Diverged returns the number of runs that diverged.
func (t *Trial) Diverged() (n int) {
	for i := range t.Runs {
		if t.Runs[i].Diverged {
			n++
		}
	}
	return n
}
