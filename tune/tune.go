// Package tune trains models in several ways and compares the results, with their
// variation by chance: every way is a [Trial], every trial is trained once for each seed,
// and a [Spread] has the mean and the variation of a number over the seeds.
//
// A [Study] runs trials. [Best] compares them by a number of the validation: the test
// data are for the report.
package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
)

// Trial is one way to train a model, and the runs of it that are done.
type Trial struct {
	// Name identifies the trial in the study.
	Name string
	// Model returns a new model, compiled. Its Seed, which is usually the one given,
	// decides the initial weights and the order of the samples.
	Model func(seed uint64) (*glia.Model, error)
	// Options follow those of the study in every call of Fit.
	Options []glia.Option
	// Runs has a run for each seed that is done, in the order of the seeds.
	Runs []Run
}

// Study trains every trial with every seed.
type Study struct {
	Trials []*Trial
	Seeds  []uint64
	// Train is the data that Fit trains on.
	Train data.Dataset
	// Test is the data that Evaluate tests on after each training, unless it is nil.
	Test data.Dataset
	// Options are given to every call of Fit, TestOptions to every call of Evaluate. The
	// context is that of Run.
	Options, TestOptions []glia.Option
	// Begin and End, if they are not nil, are called before and after each run. An error
	// of a run skips End.
	Begin func(t *Trial, seed uint64)
	End   func(t *Trial, r *Run)
}

// RunError is the error of one run of a study.
type RunError struct {
	Trial *Trial
	Seed  uint64
	Err   error
}

// Error implements error.
func (e *RunError) Error() string {
	return fmt.Sprintf("tune: trial %q, seed %d: %v", e.Trial.Name, e.Seed, e.Err)
}

// Unwrap returns the error of the model, of Fit or of Evaluate.
func (e *RunError) Unwrap() error { return e.Err }

// Run trains all trials with all seeds: seed by seed, so that a stop leaves as much of
// one trial as of another. Finished runs are not repeated, so that Run called again after
// an error continues.
//
// A training whose loss is no longer finite ends there: its run has Diverged, which is not
// an error. If the context is done, Run stops at the end of a batch. A failed run, also one
// that the context ended, is a *[RunError] and not among the trial's runs.
func (s *Study) Run(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return fmt.Errorf("tune: Study.Run: %w", err)
	}
	for _, seed := range s.Seeds {
		for _, t := range s.Trials {
			if slices.ContainsFunc(t.Runs, func(r Run) bool { return r.Seed == seed }) {
				continue
			}
			if s.Begin != nil {
				s.Begin(t, seed)
			}
			r, err := s.run(ctx, t, seed)
			if err != nil {
				return &RunError{t, seed, err}
			}
			t.Runs = append(t.Runs, r)
			if s.End != nil {
				s.End(t, &t.Runs[len(t.Runs)-1])
			}
		}
	}
	return nil
}

// check returns an error if something is missing or stands there twice.
func (s *Study) check(ctx context.Context) error {
	switch {
	case ctx == nil:
		return errors.New("the context is nil")
	case len(s.Trials) == 0:
		return errors.New("no trials: want one or more")
	case len(s.Seeds) == 0:
		return errors.New("no seeds: want one or more")
	case s.Train == nil:
		return errors.New("no Train: want a dataset")
	}
	names := map[string]bool{}
	for i, t := range s.Trials {
		switch {
		case t == nil:
			return fmt.Errorf("trial %d is nil", i)
		case t.Model == nil:
			return fmt.Errorf("trial %d, %q: Model is nil: want a function that makes a compiled model", i, t.Name)
		case names[t.Name]:
			return fmt.Errorf("two trials are named %q: want different names", t.Name)
		}
		names[t.Name] = true
	}
	for i, seed := range s.Seeds {
		if slices.Contains(s.Seeds[:i], seed) {
			return fmt.Errorf("seed %d stands there twice: want different seeds", seed)
		}
	}
	return nil
}

// run trains and tests one model.
func (s *Study) run(ctx context.Context, t *Trial, seed uint64) (r Run, err error) {
	var m *glia.Model
	if caught := graph.Catch(func() { m, err = t.Model(seed) }); caught != nil {
		err = caught
	}
	if err == nil && m == nil {
		err = errors.New("the function Model returned nil: want a compiled model")
	}
	if err != nil {
		return r, err
	}
	r.Seed = seed
	watch := glia.Callback{OnBatchEnd: func(_ *glia.Model, _, _ int, loss float64) error {
		if r.Diverged = math.IsNaN(loss) || math.IsInf(loss, 0); r.Diverged {
			return glia.ErrStop
		}
		return nil
	}}
	start := time.Now()
	h, err := m.Fit(s.Train, slices.Concat(s.Options, t.Options, []glia.Option{glia.Context(ctx), glia.Use(watch)})...)
	if err != nil {
		return r, err
	}
	r.Epochs, r.Seconds = h.Epochs, time.Since(start).Seconds()
	if s.Test != nil {
		var test glia.Result
		if test, err = m.Evaluate(s.Test, append(slices.Clone(s.TestOptions), glia.Context(ctx))...); err == nil {
			r.Test = &test
		}
	}
	return r, err
}
