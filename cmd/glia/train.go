package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/optim"
	"github.com/spf13/cobra"
)

// training is one call of glia train: its flags, and where it writes.
type training struct {
	setup
	pictures
	optimizer    optimizer
	learningRate float64
	schedule     schedule
	save         saving
	jsonPath     string
	quiet        bool
	cpuprofile   string
	profile      *profile // nil if there is none

	stdout, stderr io.Writer
}

func newTrain() *cobra.Command {
	t := &training{setup: newSetup(), optimizer: optimizer{ruleOf("adam")}, schedule: constant}
	t.kinds = []string{mlp, cnn, resnet, mobilenet, fileKind}
	c := &cobra.Command{
		Use:   "train mnist|FOLDER",
		Short: "Train a network on handwritten digits, or on a folder of pictures",
		Long: `Train a network and test it: on the handwritten digits of MNIST, or on your own
pictures.

Of MNIST --model is mlp, a multilayer perceptron, or cnn, a convolutional network,
which goes over the data 15 times unless --epochs says otherwise, with a learning
rate that falls as a cosine from 0.003 unless one of --learning-rate, --schedule and
--optimizer is set.
The data are looked for in the directory that --data names, or else in mnist/ in
$GLIA_DATA, in the user's cache directory, and on the network. Where there is
none of them, generated digits take MNIST's place.

A FOLDER has a folder for each class, whose name is that of the class, with any mix
of PNG, JPEG, GIF, WebP, BMP and TIFF in it, turned as a camera's EXIF says; ./mnist
is a folder of that name. All are stretched to --size, or to what a network out of a
file takes. Pictures that cannot be read are an error that lists them, unless
--skip-unreadable leaves them out. A fifth of the pictures is set aside to test with,
unless --validation-split says otherwise. --model is

  cnn         a small convolutional network, which does for some hundred pictures
  resnet      20 layers with residual connections
  mobilenet   MobileNetV2
  FILE.keras  the network of a model in a file, of glia or Keras, with its weights: with
              a new last layer unless it tells the same classes apart. --freeze trains
              that layer alone

--augment flips, turns, shifts and zooms pictures and changes their contrast, at random
and otherwise in each epoch, by layers of the network that act in training alone: what
makes most of few pictures.

A network that does not begin with Rescaling is given pixels from 0 to 1, as glia
predict does. The saved model takes pixels from 0 to 255, and has the names of the
classes. As many decoded pictures as take 1 GB stay in memory.

--save writes the trained model to a file that Keras opens, too: its name ends in
.keras, or in .h5 for the older form. A training that is stopped writes none.

--checkpoint keeps a backup of the training in a directory of its own, written
after every epoch and when the training is stopped. If the process ends, however,
the same command with --resume goes on from there, and comes to the very numbers
that an uninterrupted training comes to. The backup goes when all is done.`,
		Example: `  glia train mnist
  glia train mnist --save mnist.keras
  glia train pets --save pets.keras                              folders pets/cat, pets/dog and so on
  glia train pets --augment --epochs 60 --save pets.keras
  glia train birds --model pets.keras --freeze --save birds.keras
  glia train mnist --checkpoint run --resume                    begin, or go on after a stop
  glia train mnist --dtype mixed_bfloat16                       numbers of 16 bits, weights of 32
  glia train mnist --optimizer sgd --batch-size 1 --epochs 1     stochastic gradient descent
  glia train mnist --optimizer sgd --batch-size full             gradient descent`,
		Args: wantArgs(datasetLike("mnist")),
		RunE: func(c *cobra.Command, args []string) error {
			t.stdout, t.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if t.quiet {
				t.stdout = io.Discard
			}
			folder, err := isFolder(c, args[0], "mnist")
			if err == nil {
				err = t.check(c, folder)
			}
			if err != nil {
				return err
			}
			return t.run(c.Context(), func() (*task, error) {
				if folder {
					return t.folder(args[0])
				}
				return t.digits(c.Context())
			})
		},
	}
	f := c.Flags()
	t.setup.flags(f)
	t.pictures.flags(f)
	f.Var(&t.optimizer, "optimizer", oneOf(ruleNames()))
	f.Float64Var(&t.learningRate, "learning-rate", 0, "learning rate (default that of Keras: 0.01 for sgd and momentum, mostly 0.001)")
	f.Var(&t.schedule, "schedule", "of the learning rate: constant, or cosine, which falls from epoch to epoch, almost to 0")
	t.save.flags(f)
	f.StringVar(&t.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&t.quiet, "quiet", false, "print nothing but errors")
	f.StringVar(&t.cpuprofile, "cpuprofile", "", "file to write a CPU profile of the training to")
	return c
}

// check finds values that make no sense.
func (t *training) check(c *cobra.Command, folder bool) error {
	err := t.checkDigits(c)
	if folder {
		err = t.checkFolder(c)
	}
	if err == nil {
		err = t.setup.check(c)
	}
	if err != nil {
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

// What the convolutional network trains with on MNIST unless flags say otherwise. Keras's example
// has as many epochs, and a constant rate of 0.001, with which the last ones are noise: a rate
// that falls to nothing can begin higher, and 99.35 % come out in place of 99.2 %.
const (
	cnnEpochs = 15
	cnnRate   = 0.003
)

// checkDigits finds flags that do not go with MNIST.
func (t *training) checkDigits(c *cobra.Command) error {
	t.kinds = []string{mlp, cnn}
	if t.network == cnn && !c.Flags().Changed("epochs") {
		t.epochs = cnnEpochs
	}
	if f := c.Flags(); t.network == cnn && !f.Changed("schedule") && !f.Changed("learning-rate") && !f.Changed("optimizer") {
		t.learningRate, t.schedule = cnnRate, cosine
	}
	return wantNone(c, "a folder of pictures", "size", "augment", "freeze", "skip-unreadable", "memory")
}

// run trains, tests, saves and reports.
func (t *training) run(ctx context.Context, load func() (*task, error)) error {
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

	k, err := load()
	if err != nil {
		return err
	}
	m, err := k.model()
	if err != nil {
		return err
	}
	rec := trainRecord{
		Dataset: k.name, Samples: k.train.Len(), Classes: k.names, Model: layersOf(m), DType: t.dtype.String(), Optimizer: t.optimizer.name,
		LearningRate: number(m.Optimizer().LearningRate()), Schedule: t.schedule, BatchSize: t.batchSize.of(k.train.Len()), Seed: t.seed,
		ISA: impl.ISA(), GOMAXPROCS: runtime.GOMAXPROCS(0), Threads: par.Threads(), Epochs: []epochRecord{},
	}
	trainable, fixed := m.Params()
	rec.Parameters = trainable + fixed
	fmt.Fprintf(t.stdout, "Data: %s, %s\n\n%s\n", k.name, k.about, m.Summary())

	defer winds()()
	history, err := t.fit(ctx, m, k)
	profiled := t.profile.stop()
	for _, e := range history.Epochs {
		rec.Epochs = append(rec.Epochs, epochOf(e))
	}
	var diverged error
	if err == nil {
		diverged = t.save.model(m, history)
		rec.Test, err = t.finish(ctx, m, k.tested)
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

// finish tests the trained model, if there is something to test it with.
func (t *training) finish(ctx context.Context, m *glia.Model, with *tested) (*measured, error) {
	switch {
	case with == nil:
		return nil, nil
	case t.quiet:
		r, err := with.evaluate(ctx, t.stderr, m)
		if err != nil {
			return nil, err
		}
		got := measuredOf(r)
		return &got, nil
	}
	r, err := with.report(ctx, t.stderr, m, nil)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(t.stdout)
	r.print(t.stdout)
	got := measuredOf(r.Result)
	return &got, nil
}

// rate returns the learning rate at the beginning.
func (t *training) rate() float64 {
	if t.learningRate == 0 {
		return t.optimizer.rate
	}
	return t.learningRate
}

func (t *training) newOptimizer() optim.Optimizer { return t.optimizer.new(t.rate()) }

// fit trains the model. The history is not nil.
func (t *training) fit(ctx context.Context, m *glia.Model, k *task) (*glia.History, error) {
	if err := t.profile.start(); err != nil {
		return &glia.History{}, err
	}
	opts := append(t.options(k.validation), glia.Context(ctx), glia.Use(t.save.callbacks()...), glia.Use(t.schedule.callbacks(t.rate(), t.epochs)...), warnTo(t.stderr))
	if !t.quiet {
		opts = append(opts, glia.Progress(live(t.stdout)))
	}
	return m.Fit(k.train, opts...)
}
