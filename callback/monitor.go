package callback

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/metric"
)

// known returns the names of the numbers of a training: at the end of an epoch, or
// after a batch, when the validation has not run yet.
func known(t *glia.Training, afterBatch bool) []string {
	names := t.Names()
	if t.Validates() && !afterBatch {
		for _, n := range names[:len(names):len(names)] {
			names = append(names, "val_"+n)
		}
	}
	return names
}

// unknown returns the error that a training has no number of that name.
func unknown(t *glia.Training, name string, afterBatch bool) error {
	names := strings.Join(known(t, afterBatch), ", ")
	switch {
	case !strings.HasPrefix(name, "val_"):
	case afterBatch:
		return fmt.Errorf("%q is not known after a batch: want one of %s, or EveryEpochs", name, names)
	case !t.Validates():
		return fmt.Errorf("%q is not known without validation: want Validate or ValidationSplit, or one of %s", name, names)
	}
	return fmt.Errorf("%q is no name in this training: want one of %s", name, names)
}

// Monitor names the number that a callback watches: "loss", the name of a metric,
// or one of them with "val_" before for that of the validation. The default is
// "val_loss". A metric with one number per class counts with their mean.
type Monitor string

// Mode is the direction in which numbers are better. The default is [Auto].
type Mode int

const (
	// Auto takes the direction of the metric (metric.DirectionOf). Without one, less is
	// better for names of losses and errors; other names are an error.
	Auto Mode = iota
	// Minimize takes smaller numbers as better.
	Minimize
	// Maximize takes greater numbers as better.
	Maximize
)

// monitor watches a number for its best value. NaN is never better.
type monitor struct {
	name  string
	mode  Mode
	delta float64  // the least improvement that counts
	best  *float64 // nil before the first
}

// MinDelta is by how much, at least, a number must change to be better; a smaller change
// is no improvement. The default is 0, and 1e-4 for [ReduceLROnPlateau].
type MinDelta float64

// check returns an error if the options do not fit the training, and sets the mode if
// it follows from the name.
func (w *monitor) check(t *glia.Training, afterBatch bool) error {
	if math.IsNaN(w.delta) || math.IsInf(w.delta, 0) {
		return fmt.Errorf("MinDelta(%v): want a finite number", w.delta)
	}
	if w.mode < Auto || w.mode > Maximize {
		return fmt.Errorf("Mode(%d): want Auto, Minimize or Maximize", w.mode)
	}
	w.delta = math.Abs(w.delta)
	if !slices.Contains(known(t, afterBatch), w.name) {
		return fmt.Errorf("Monitor: %w", unknown(t, w.name, afterBatch))
	}
	if w.mode != Auto {
		return nil
	}
	switch t.Direction(w.name) {
	case metric.Up:
		w.mode = Maximize
	case metric.Down:
		w.mode = Minimize
	}
	if w.mode == Auto {
		return fmt.Errorf("Monitor: whether less or more of %q is better does not follow from its name: want Minimize or Maximize", w.name)
	}
	return nil
}

// better reports whether v is better than all before.
func (w *monitor) better(v float64) bool { return w.beats(v, w.best) }

// beats reports whether v is better than another number; nil is no number.
func (w *monitor) beats(v float64, than *float64) bool {
	switch {
	case v != v:
		return false
	case than == nil:
		return true
	case w.mode == Maximize:
		return v-w.delta > *than
	}
	return v+w.delta < *than
}

// exactly is a float64 that JSON stores as a string, so that all bits and numbers that are
// not finite survive.
type exactly float64

// MarshalJSON writes as many digits as it takes.
func (x exactly) MarshalJSON() ([]byte, error) {
	return json.Marshal(strconv.FormatFloat(float64(x), 'g', -1, 64))
}

// UnmarshalJSON reads the string that MarshalJSON writes.
func (x *exactly) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(s, 64)
	*x = exactly(v)
	return err
}
