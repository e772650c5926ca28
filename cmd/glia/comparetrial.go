package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/tune"
)

// trial is an optimizer with a learning rate, and its trainings, one a seed.
type trial struct {
	*tune.Trial
	rule *rule
	lr   float64
}

// trials returns all optimizers with all their learning rates.
func (k *comparison) trials(set images) (all []*trial) {
	for _, opt := range k.optimizers {
		for _, lr := range k.rates.of(opt) {
			t := &tune.Trial{
				Name:  fmt.Sprintf("%s, learning rate %v", opt.name, lr),
				Model: func(seed uint64) (*glia.Model, error) { return k.model(set.train, opt.new(lr), seed) },
			}
			all = append(all, &trial{t, opt, lr})
		}
	}
	return all
}

// train runs all trials with all seeds, and tells of each.
func (k *comparison) train(ctx context.Context, trials []*trial, set images) error {
	s := &tune.Study{
		Train: set.train, Test: set.test,
		Options:     append(k.options(nil), warnTo(k.stderr)),
		TestOptions: []glia.Option{glia.BatchSize(testBatch), warnTo(k.stderr)},
	}
	for _, t := range trials {
		s.Trials = append(s.Trials, t.Trial)
	}
	for i := range k.seeds {
		s.Seeds = append(s.Seeds, k.seed+uint64(i))
	}
	n, of := 0, len(s.Trials)*len(s.Seeds)
	s.Begin = func(t *tune.Trial, seed uint64) {
		n++
		fmt.Fprintf(k.stdout, "%*d/%d %s, seed %d", len(fmt.Sprint(of)), n, of, t.Name, seed)
	}
	s.End = func(_ *tune.Trial, r *tune.Run) { fmt.Fprintln(k.stdout, told(r)) }
	err := s.Run(ctx)
	if e := (*tune.RunError)(nil); errors.As(err, &e) {
		fmt.Fprintln(k.stdout)
		return fmt.Errorf("%s, seed %d: %w", e.Trial.Name, e.Seed, e.Err)
	}
	return err
}

// told describes the result of a training.
func told(r *tune.Run) string {
	if r.Diverged {
		return fmt.Sprintf(" - diverged in epoch %d", len(r.Epochs)+1)
	}
	s := fmt.Sprintf(" - loss %v", tune.SpreadOf(r.Number("loss")))
	if v := r.Number("val_accuracy"); !math.IsNaN(v) {
		s += " - val_accuracy " + tune.SpreadOf(v).Format("%.4f")
	}
	return s + fmt.Sprintf(" - test accuracy %.4f - %.1fs", r.Test.Get("accuracy"), r.Seconds)
}

// begun returns the trials that have a training.
func begun(all []*trial) (some []*trial) {
	for _, t := range all {
		if len(t.Runs) > 0 {
			some = append(some, t)
		}
	}
	return some
}

func runsOf(trials []*trial) (n int) {
	for _, t := range trials {
		n += len(t.Runs)
	}
	return n
}

func (t *trial) seconds() tune.Spread {
	return t.Over(func(r *tune.Run) float64 { return r.Seconds })
}

// bestOf returns the best trial of every optimizer, by its accuracy in validation, then by
// its loss. The test data have no say.
func bestOf(trials []*trial) map[*rule]*trial {
	best := map[*rule]*trial{}
	for _, t := range trials {
		if b := best[t.rule]; b == nil || t.Better(b.Trial, tune.Maximize("val_accuracy"), tune.Minimize("loss")) {
			best[t.rule] = t
		}
	}
	return best
}
