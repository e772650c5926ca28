package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/optim"
	"github.com/spf13/cobra"
)

// training is one call of glia train mnist: its flags, and where it writes.
type training struct {
	setup
	optimizer    optimizer
	learningRate float64
	save         saving
	jsonPath     string
	quiet        bool
	cpuprofile   string
	profile      *profile // nil if there is none

	stdout, stderr io.Writer
}

func newTrain() *cobra.Command {
	t := &training{setup: newSetup(), optimizer: optimizer{ruleOf("adam")}}
	c := &cobra.Command{
		Use:   "train mnist",
		Short: "Train a multilayer perceptron on handwritten digits",
		Long: `Train a multilayer perceptron on MNIST and test it.

The data are looked for in the directory that --data names, or else in mnist/ in
$GLIA_DATA, in the user's cache directory, and on the network. Where there is
none of them, generated digits take MNIST's place.

--save writes the trained model to a file that Keras opens, too: its name ends in
.keras, or in .h5 for the older form. A training that is stopped writes none.

--checkpoint keeps a backup of the training in a directory of its own, written
after every epoch and when the training is stopped. If the process ends, however,
the same command with --resume goes on from there, and comes to the very numbers
that an uninterrupted training comes to. The backup goes when all is done.`,
		Example: `  glia train mnist
  glia train mnist --save mnist.keras
  glia train mnist --checkpoint run --resume                    begin, or go on after a stop
  glia train mnist --dtype mixed_bfloat16                       numbers of 16 bits, weights of 32
  glia train mnist --optimizer sgd --batch-size 1 --epochs 1     stochastic gradient descent
  glia train mnist --optimizer sgd --batch-size full             gradient descent`,
		Args:      wantArgs(datasetOf("mnist")),
		ValidArgs: []string{"mnist"},
		RunE: func(c *cobra.Command, _ []string) error {
			t.stdout, t.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if t.quiet {
				t.stdout = io.Discard
			}
			if err := t.check(c); err != nil {
				return err
			}
			return t.run(c.Context())
		},
	}
	f := c.Flags()
	t.setup.flags(f)
	f.Var(&t.optimizer, "optimizer", oneOf(ruleNames()))
	f.Float64Var(&t.learningRate, "learning-rate", 0, "learning rate (default that of Keras: 0.01 for sgd and momentum, mostly 0.001)")
	t.save.flags(f)
	f.StringVar(&t.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&t.quiet, "quiet", false, "print nothing but errors")
	f.StringVar(&t.cpuprofile, "cpuprofile", "", "file to write a CPU profile of the training to")
	return c
}

// check finds values that make no sense.
func (t *training) check(c *cobra.Command) error {
	if err := t.setup.check(c); err != nil {
		return err
	}
	if c.Flags().Changed("learning-rate") && !validRate(t.learningRate) {
		return misused(c, "--learning-rate: got %v, want a number above 0", t.learningRate)
	}
	if err := wantNames(c, "json", "cpuprofile"); err != nil {
		return err
	}
	return t.save.check(c)
}

// run trains, tests, saves and reports.
func (t *training) run(ctx context.Context) error {
	start := time.Now()
	out, err := newOut(t.jsonPath)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	if err := t.save.begin(t.stdout, t.stderr); err != nil {
		return err
	}
	if t.profile, err = newProfile(t.cpuprofile); err != nil {
		return err
	}
	defer t.profile.stop()
	par.SetThreads(t.threads)
	defer par.SetThreads(0)

	set, err := t.source.load(ctx, t.stderr, t.quiet)
	if err != nil {
		return err
	}
	labels := set.test.Y().Int64s()
	set = set.scaled()
	m, err := t.model(set.train, t.newOptimizer(), t.seed)
	if err != nil {
		return err
	}
	rec := trainRecord{
		Dataset: set.name, Samples: set.train.Len(), Model: layersOf(m), DType: t.dtype.String(), Optimizer: t.optimizer.name,
		LearningRate: number(m.Optimizer().LearningRate()), BatchSize: t.batchSize.of(set.train.Len()), Seed: t.seed,
		ISA: impl.ISA(), GOMAXPROCS: runtime.GOMAXPROCS(0), Threads: par.Threads(), Epochs: []epochRecord{},
	}
	trainable, fixed := m.Params()
	rec.Parameters = trainable + fixed
	fmt.Fprintf(t.stdout, "Data: %s, %d images for training, %d for testing\n\n%s\n", set.name, set.train.Len(), set.test.Len(), m.Summary())

	defer winds()()
	history, err := t.fit(ctx, m, set.train)
	profiled := t.profile.stop()
	for _, e := range history.Epochs {
		rec.Epochs = append(rec.Epochs, epochOf(e))
	}
	var diverged error
	if err == nil {
		diverged = t.save.model(m, history)
		rec.Test, err = t.finish(ctx, m, set.test, labels)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err != nil {
		rec.Stopped = true
		fmt.Fprintf(t.stdout, "\nStopped: %d of %d epochs are done\n", len(history.Epochs), t.epochs)
		t.save.stopped()
	}
	rec.SecondsTotal = number(time.Since(start).Seconds())
	if e := out.write(rec); e != nil {
		return errors.Join(err, fmt.Errorf("--json: %w", e))
	}
	if err == nil && diverged == nil {
		err = t.save.end()
	}
	return errors.Join(diverged, err, profiled)
}

// finish tests the trained model.
func (t *training) finish(ctx context.Context, m *glia.Model, test *data.Memory, labels []int64) (*measured, error) {
	if t.quiet {
		r, err := m.Evaluate(test, glia.Context(ctx), glia.BatchSize(testBatch), warnTo(t.stderr))
		if err != nil {
			return nil, err
		}
		got := measuredOf(r)
		return &got, nil
	}
	r, err := reportOf(ctx, t.stderr, m, test, labels)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(t.stdout)
	r.print(t.stdout)
	got := measuredOf(r.Result)
	return &got, nil
}

func (t *training) newOptimizer() optim.Optimizer {
	if t.learningRate == 0 {
		return t.optimizer.new(t.optimizer.rate)
	}
	return t.optimizer.new(t.learningRate)
}

// fit trains the model. The history is not nil.
func (t *training) fit(ctx context.Context, m *glia.Model, train *data.Memory) (*glia.History, error) {
	if err := t.profile.start(); err != nil {
		return &glia.History{}, err
	}
	opts := append(t.options(), glia.Context(ctx), glia.Use(t.save.callbacks()...), warnTo(t.stderr))
	if !t.quiet {
		opts = append(opts, glia.Progress(live(t.stdout)))
	}
	return m.Fit(train, opts...)
}
