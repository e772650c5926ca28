package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
)

// trial is an optimizer with a learning rate, and its trainings, one a seed.
type trial struct {
	*rule
	lr   float64
	runs []trialRun
}

// trialRun is a training and its test.
type trialRun struct {
	seed     uint64
	epochs   []glia.Epoch
	test     glia.Result
	seconds  float64
	diverged bool // the loss became NaN or infinite; no epoch after that
}

// trials returns all optimizers with all their learning rates.
func (k *comparison) trials() (all []*trial) {
	for _, opt := range k.optimizers {
		for _, lr := range k.rates.of(opt) {
			all = append(all, &trial{rule: opt, lr: lr})
		}
	}
	return all
}

// train runs all trials with all seeds: seed by seed, so that a stop leaves as much
// of one optimizer as of another.
func (k *comparison) train(ctx context.Context, trials []*trial, set images) error {
	n, of := 0, len(trials)*k.seeds
	for i := range k.seeds {
		for _, t := range trials {
			n++
			seed := k.seed + uint64(i)
			fmt.Fprintf(k.stdout, "%*d/%d %s, learning rate %v, seed %d", len(fmt.Sprint(of)), n, of, t.name, t.lr, seed)
			r, err := k.one(ctx, t, seed, set)
			if err != nil {
				fmt.Fprintln(k.stdout)
				return fmt.Errorf("%s, learning rate %v, seed %d: %w", t.name, t.lr, seed, err)
			}
			t.runs = append(t.runs, r)
			fmt.Fprintln(k.stdout, r.told())
		}
	}
	return nil
}

// one trains and tests a network.
func (k *comparison) one(ctx context.Context, t *trial, seed uint64, set images) (r trialRun, err error) {
	m, err := k.model(set.train, t.new(t.lr), seed)
	if err != nil {
		return r, err
	}
	start := time.Now()
	h, err := m.Fit(set.train, append(k.options(ctx), glia.Use(callback.TerminateOnNaN()))...)
	if err != nil {
		return r, err
	}
	r = trialRun{seed: seed, epochs: h.Epochs, seconds: time.Since(start).Seconds(), diverged: len(h.Epochs) < k.epochs}
	r.test, err = m.Evaluate(set.test, glia.Context(ctx), glia.BatchSize(testBatch))
	return r, err
}

// told says what came of the training.
func (r *trialRun) told() string {
	if r.diverged {
		return fmt.Sprintf(" - diverged in epoch %d", len(r.epochs)+1)
	}
	s := " - loss " + decimal(r.loss(), styleOf(r.loss()))
	if v := r.validated(); !math.IsNaN(v) {
		s += " - val_accuracy " + decimal(v, "%.4f")
	}
	return s + fmt.Sprintf(" - test accuracy %.4f - %.1fs", r.test.Get("accuracy"), r.seconds)
}

// loss returns the training loss of the last epoch, NaN if the training diverged.
func (r *trialRun) loss() float64 {
	if r.diverged {
		return math.NaN()
	}
	return r.epochs[len(r.epochs)-1].Loss
}

// validated returns the accuracy of the last validation, NaN if there was none or
// the training diverged.
func (r *trialRun) validated() float64 {
	if r.diverged || r.epochs[len(r.epochs)-1].Validation == nil {
		return math.NaN()
	}
	return r.epochs[len(r.epochs)-1].Validation.Get("accuracy")
}

// begun returns the trials that have a training.
func begun(all []*trial) (some []*trial) {
	for _, t := range all {
		if len(t.runs) > 0 {
			some = append(some, t)
		}
	}
	return some
}

func runsOf(trials []*trial) (n int) {
	for _, t := range trials {
		n += len(t.runs)
	}
	return n
}

// over returns what a number is over the trainings.
func (t *trial) over(of func(*trialRun) float64) spread {
	values := make([]float64, len(t.runs))
	for i := range t.runs {
		values[i] = of(&t.runs[i])
	}
	return spreadOf(values)
}

func (t *trial) loss() spread      { return t.over((*trialRun).loss) }
func (t *trial) validated() spread { return t.over((*trialRun).validated) }
func (t *trial) seconds() spread   { return t.over(func(r *trialRun) float64 { return r.seconds }) }
func (t *trial) testLoss() spread  { return t.over(func(r *trialRun) float64 { return r.test.Loss }) }
func (t *trial) testAccuracy() spread {
	return t.over(func(r *trialRun) float64 { return r.test.Get("accuracy") })
}

// bestOf returns the best trial of every optimizer. The test data have no say.
func bestOf(trials []*trial) map[*rule]*trial {
	best := map[*rule]*trial{}
	for _, t := range trials {
		if b := best[t.rule]; b == nil || t.before(b) {
			best[t.rule] = t
		}
	}
	return best
}

// before reports whether a trial went better than another: by its accuracy in
// validation, then by its loss.
func (t *trial) before(u *trial) bool {
	a, b := t.validated().mean, u.validated().mean
	if math.IsNaN(a) && math.IsNaN(b) || a == b {
		a, b = -t.loss().mean, -u.loss().mean
	}
	return a > b || math.IsNaN(b) && !math.IsNaN(a)
}
