package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// training is one call of glia train mnist: its flags, and where it writes.
type training struct {
	epochs       int
	batchSize    batchSize
	optimizer    string
	learningRate float64
	hidden       units
	activation   activation
	dropout, l2  float64
	validation   float64
	seed         uint64
	threads      int
	source       source
	jsonPath     string
	quiet        bool
	cpuprofile   string

	stdout, stderr io.Writer
}

func newTrain() *cobra.Command {
	t := &training{batchSize: 128, hidden: units{128, 128}, activation: activation{nn.ReLU}}
	c := &cobra.Command{
		Use:   "train mnist",
		Short: "Train a multilayer perceptron on handwritten digits",
		Long: `Train a multilayer perceptron on MNIST and test it.

The data are looked for in the directory that --data names, or else in mnist/ in
$GLIA_DATA, in the user's cache directory, and on the network. Where there is
none of them, generated digits take MNIST's place.`,
		Example: `  glia train mnist
  glia train mnist --optimizer sgd --batch-size 1 --epochs 1     stochastic gradient descent
  glia train mnist --optimizer sgd --batch-size full             gradient descent`,
		Args:      wantArgs("mnist"),
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
	f.IntVar(&t.epochs, "epochs", 10, "how often to go over the data")
	f.Var(&t.batchSize, "batch-size", `samples in a step, or "full" for all`)
	f.StringVar(&t.optimizer, "optimizer", "adam", "sgd, adam, adamw or rmsprop")
	f.Float64Var(&t.learningRate, "learning-rate", 0, "learning rate (default that of the optimizer: 0.01 for sgd, else 0.001)")
	f.Var(&t.hidden, "hidden", `units of the hidden layers, or "none"`)
	f.Var(&t.activation, "activation", "activation of the hidden layers")
	f.Float64Var(&t.dropout, "dropout", 0, "share of units dropped behind each hidden layer")
	f.Float64Var(&t.l2, "l2", 0, "penalty on the squares of the kernels")
	f.Float64Var(&t.validation, "validation-split", 0, "share of the training data set aside for validation")
	f.Uint64Var(&t.seed, "seed", 1, "seed of weights, order and dropout")
	f.IntVar(&t.threads, "threads", 0, "threads to compute with (default as many as there are processors)")
	t.source.flags(f)
	f.StringVar(&t.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&t.quiet, "quiet", false, "print nothing but errors")
	f.StringVar(&t.cpuprofile, "cpuprofile", "", "file to write a CPU profile of the training to")
	return c
}

// check finds values that make no sense.
func (t *training) check(c *cobra.Command) error {
	rate := c.Flags().Changed("learning-rate")
	switch {
	case t.epochs < 1:
		return misused(c, "--epochs: got %d, want 1 or more", t.epochs)
	case !slices.Contains([]string{"sgd", "adam", "adamw", "rmsprop"}, t.optimizer):
		return misused(c, "--optimizer: got %q, want sgd, adam, adamw or rmsprop", t.optimizer)
	case rate && !(t.learningRate > 0 && t.learningRate <= math.MaxFloat64):
		return misused(c, "--learning-rate: got %v, want a number above 0", t.learningRate)
	case !(t.dropout >= 0 && t.dropout < 1):
		return misused(c, "--dropout: got %v, want 0 or more and less than 1", t.dropout)
	case !(t.l2 >= 0 && t.l2 <= math.MaxFloat64):
		return misused(c, "--l2: got %v, want a number of 0 or more", t.l2)
	case !(t.validation >= 0 && t.validation < 1):
		return misused(c, "--validation-split: got %v, want 0 or more and less than 1", t.validation)
	case t.threads < 0:
		return misused(c, "--threads: got %d, want 1 or more, or 0 for as many as there are processors", t.threads)
	}
	return wantNames(c, "data", "json", "cpuprofile")
}

// run trains, tests and reports.
func (t *training) run(ctx context.Context) error {
	start := time.Now()
	out, err := newOut(t.jsonPath)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	par.SetThreads(t.threads)
	defer par.SetThreads(0)

	name, train, test, err := t.source.load(ctx, t.stderr, t.quiet)
	if err != nil {
		return err
	}
	m, err := t.model(train)
	if err != nil {
		return err
	}
	rec := trainRecord{
		Dataset: name, Samples: train.Len(), Model: layersOf(m), Optimizer: t.optimizer,
		LearningRate: number(m.Optimizer().LearningRate()), BatchSize: t.batchSize.of(train.Len()), Seed: t.seed,
		ISA: impl.ISA(), GOMAXPROCS: runtime.GOMAXPROCS(0), Threads: par.Threads(), Epochs: []epochRecord{},
	}
	trainable, fixed := m.Params()
	rec.Parameters = trainable + fixed
	fmt.Fprintf(t.stdout, "Data: %s, %d images for training, %d for testing\n\n%s\n", name, train.Len(), test.Len(), m.Summary())

	history, err := t.fit(ctx, m, train)
	for _, e := range history.Epochs {
		rec.Epochs = append(rec.Epochs, epochOf(e))
	}
	if err == nil {
		var r glia.Result
		if r, err = t.test(ctx, m, test); err == nil {
			got := measuredOf(r)
			rec.Test = &got
		}
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err != nil {
		rec.Stopped = true
		fmt.Fprintf(t.stdout, "\nStopped: %d of %d epochs are done\n", len(history.Epochs), t.epochs)
	}
	rec.SecondsTotal = number(time.Since(start).Seconds())
	if e := out.write(rec); e != nil {
		err = errors.Join(err, fmt.Errorf("--json: %w", e))
	}
	return err
}

// model returns the compiled network.
func (t *training) model(train *data.Memory) (*glia.Model, error) {
	image, _ := train.Specs()
	layers := []nn.Layer{nn.Input(image.Shape.Slice()...), nn.Flatten()}
	for _, n := range t.hidden {
		layers = append(layers, nn.Dense(n, t.activation.Activation, nn.KernelRegularizer(nn.L2(t.l2))))
		if t.dropout > 0 {
			layers = append(layers, nn.Dropout(t.dropout))
		}
	}
	layers = append(layers, nn.Dense(classes, nn.Softmax, nn.KernelRegularizer(nn.L2(t.l2))))
	m := glia.Sequential(layers...)
	m.Seed = t.seed
	return m, m.Compile(t.newOptimizer(), nn.CategoricalCrossentropy(), metric.Accuracy())
}

func (t *training) newOptimizer() optim.Optimizer {
	rate := t.learningRate
	if rate == 0 {
		rate = 0.001
		if t.optimizer == "sgd" {
			rate = 0.01
		}
	}
	switch t.optimizer {
	case "sgd":
		return optim.SGD(rate)
	case "adamw":
		return optim.AdamW(rate)
	case "rmsprop":
		return optim.RMSprop(rate)
	}
	return optim.Adam(rate)
}

// fit trains the model. The history is not nil.
func (t *training) fit(ctx context.Context, m *glia.Model, train *data.Memory) (*glia.History, error) {
	if t.cpuprofile != "" {
		f, err := os.Create(t.cpuprofile)
		if err != nil {
			return &glia.History{}, fmt.Errorf("--cpuprofile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return &glia.History{}, fmt.Errorf("--cpuprofile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	opts := []glia.Option{glia.Context(ctx), glia.Epochs(t.epochs), glia.BatchSize(int(t.batchSize))}
	if t.validation > 0 {
		opts = append(opts, glia.ValidationSplit(t.validation))
	}
	if !t.quiet {
		opts = append(opts, glia.Progress(t.stdout))
	}
	return m.Fit(train, opts...)
}

// test evaluates the model and prints what it takes for what.
func (t *training) test(ctx context.Context, m *glia.Model, test *data.Memory) (glia.Result, error) {
	r, err := m.Evaluate(test, glia.Context(ctx), glia.BatchSize(1000))
	if err != nil || t.quiet {
		return r, err
	}
	fmt.Fprintf(t.stdout, "\nTest: accuracy %.4f, loss %.4f\n\n", r.Get("accuracy"), r.Loss)
	c, err := confusionOf(m, test, classes)
	if err != nil {
		return r, err
	}
	c.print(t.stdout)
	return r, nil
}

// batchSize is a number of samples, or glia.FullBatch.
type batchSize int

// String implements pflag.Value.
func (b *batchSize) String() string {
	if *b == glia.FullBatch {
		return "full"
	}
	return strconv.Itoa(int(*b))
}

// Type implements pflag.Value.
func (*batchSize) Type() string { return "size" }

// Set implements pflag.Value.
func (b *batchSize) Set(s string) error {
	if s == "full" {
		*b = glia.FullBatch
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New(`want 1 or more, or "full"`)
	}
	*b = batchSize(n)
	return nil
}

// of returns the size for n samples.
func (b batchSize) of(n int) int {
	if b == glia.FullBatch {
		return n
	}
	return min(int(b), n)
}

// units is the sizes of the hidden layers.
type units []int

// mostUnits keeps a slip of the finger from asking for more memory than there is.
const mostUnits = 1 << 16

// String implements pflag.Value.
func (u *units) String() string {
	if len(*u) == 0 {
		return "none"
	}
	s := make([]string, len(*u))
	for i, n := range *u {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, ",")
}

// Type implements pflag.Value.
func (*units) Type() string { return "units" }

// Set implements pflag.Value.
func (u *units) Set(s string) error {
	*u = nil
	if s == "" || s == "none" {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > mostUnits {
			return fmt.Errorf(`want numbers of 1 or more, up to %d, with commas between, or "none"`, mostUnits)
		}
		*u = append(*u, n)
	}
	return nil
}

// activation is an activation by its name in Keras.
type activation struct{ nn.Activation }

// Type implements pflag.Value.
func (*activation) Type() string { return "name" }

// Set implements pflag.Value.
func (a *activation) Set(s string) error {
	name, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if s == "" || json.Unmarshal(name, &a.Activation) != nil {
		return errors.New("want one of Keras's activations, such as relu, tanh or gelu")
	}
	return nil
}
