package glia

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/glia-ml/glia/data"
)

// Option is an option of Fit and Evaluate. Options of Fit alone are errors in Evaluate.
type Option struct {
	name     string
	evaluate bool // it is an option of Evaluate too
	set      func(*config)
}

// FullBatch as a batch size means all samples in one batch: plain gradient descent.
const FullBatch = -1

// config holds the settings of one call, after its options.
type config struct {
	call         string // "Fit" or "Evaluate"
	epochs       int
	first        int
	batchSize    int
	validation   data.Dataset
	split        float64
	splitOptions []data.SplitOption
	valFreq      int   // epochs from one validation to the next
	valBatchSize int   // 0 for batchSize
	valSteps     int   // 0 for all
	steps        int   // of an epoch, 0 for all the data
	err          error // the first option out of range
	inOrder      bool
	classWeights []classWeights
	callbacks    []Callback
	ctx          context.Context
	progress     io.Writer
	warn         func(warning string)
	stopOnNaN    bool
}

// configOf applies options to Keras's defaults: one epoch of batches of 32.
func configOf(call string, opts []Option) (*config, error) {
	c := &config{call: call, epochs: 1, batchSize: 32, valFreq: 1, ctx: context.Background()}
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("glia: %s: option %d is empty: want one that glia made", call, i)
		}
		if call == "Evaluate" && !o.evaluate {
			return nil, fmt.Errorf("glia: Evaluate: option %s: want BatchSize, Context, Progress, Use or Warn", o.name)
		}
		o.set(c)
	}
	if c.warn == nil {
		c.warn = warnTo(c.progress)
	}
	return c, c.check()
}

// check returns an error if the value of an option is out of range.
func (c *config) check() error {
	switch {
	case c.ctx == nil:
		return fmt.Errorf("glia: %s: Context: got nil: want a context", c.call)
	case c.epochs < 1:
		return fmt.Errorf("glia: %s: %d epochs: want 1 or more", c.call, c.epochs)
	case c.first < 0:
		return fmt.Errorf("glia: %s: initial epoch %d: want 0 or more", c.call, c.first)
	case c.first > c.epochs:
		return fmt.Errorf("glia: %s: InitialEpoch(%d) of Epochs(%d): want %d or less; Epochs is the number of the last epoch, not of those to train", c.call, c.first, c.epochs, c.epochs)
	case c.batchSize != FullBatch && c.batchSize < 1:
		return fmt.Errorf("glia: %s: batch size %d: want 1 or more, or FullBatch", c.call, c.batchSize)
	case c.validation != nil && c.split != 0:
		return errors.New("glia: Fit: Validate and ValidationSplit: want one of them")
	case c.err != nil:
		return c.err
	}
	return checkClassWeights(c.classWeights)
}

// positive returns the number of an option, and records an error unless it is 1 or more.
func (c *config) positive(option string, n int) int {
	if n < 1 && c.err == nil {
		c.err = fmt.Errorf("glia: %s: %s(%d): want 1 or more", c.call, option, n)
	}
	return n
}

// batchOf returns the batch size for n samples.
func (c *config) batchOf(n int) int { return batchOf(c.batchSize, n) }

func batchOf(size, n int) int {
	if size == FullBatch {
		return n
	}
	return min(size, n)
}

// ofValidation returns the settings of the validation.
func (c *config) ofValidation() *config {
	v := *c
	if v.valBatchSize != 0 {
		v.batchSize = v.valBatchSize
	}
	v.steps = v.valSteps
	v.call = "validation"
	return &v
}

// Epochs sets the number of passes of Fit over the data; 1 by default.
func Epochs(n int) Option { return fitOption("Epochs", func(c *config) { c.epochs = n }) }

// InitialEpoch sets the number of the epoch that Fit begins with, counted from 0:
// with Epochs(10), InitialEpoch(4) trains six more, InitialEpoch(10) none, as a training that
// resumes after its last epoch does. A larger one is an error.
func InitialEpoch(n int) Option { return fitOption("InitialEpoch", func(c *config) { c.first = n }) }

// BatchSize sets how many samples make a step; 32 by default. See [FullBatch].
func BatchSize(n int) Option { return anyOption("BatchSize", func(c *config) { c.batchSize = n }) }

// StepsPerEpoch makes an epoch n batches, instead of all the data once. An epoch
// continues with the data where the one before ended; after the last sample the data
// begin again in another order.
func StepsPerEpoch(n int) Option {
	return fitOption("StepsPerEpoch", func(c *config) { c.steps = c.positive("StepsPerEpoch", n) })
}

// Validate evaluates the model on other data after every epoch.
func Validate(ds data.Dataset) Option {
	return fitOption("Validate", func(c *config) {
		if c.validation = ds; ds == nil && c.err == nil {
			c.err = errors.New("glia: Fit: Validate: got nil: want a dataset")
		}
	})
}

// ValidationSplit sets the last part of the training data aside for validation,
// before any shuffling; it needs a *data.Memory: split what another dataset is made of
// first, and give [Validate] the second part. The options
// data.Shuffle and data.Stratified set samples from everywhere aside; without them data that
// is ordered by class gives a warning, see [data.Memory.Split].
func ValidationSplit(fraction float64, opts ...data.SplitOption) Option {
	return fitOption("ValidationSplit", func(c *config) { c.split, c.splitOptions = fraction, opts })
}

// ValidationFreq validates after every n-th epoch only: with 3 after those that
// are numbered 3, 6, 9 counted from 1.
func ValidationFreq(n int) Option {
	return fitOption("ValidationFreq", func(c *config) { c.valFreq = c.positive("ValidationFreq", n) })
}

// ValidationBatchSize sets how many samples make a batch of the validation; that
// of [BatchSize] by default. See [FullBatch].
func ValidationBatchSize(n int) Option {
	return fitOption("ValidationBatchSize", func(c *config) {
		if c.valBatchSize = n; n != FullBatch {
			c.positive("ValidationBatchSize", n)
		}
	})
}

// ValidationSteps validates on the first n batches only, always the same.
func ValidationSteps(n int) Option {
	return fitOption("ValidationSteps", func(c *config) { c.valSteps = c.positive("ValidationSteps", n) })
}

// InOrder turns the shuffling of the training data off.
var InOrder Option = fitOption("InOrder", func(c *config) { c.inOrder = true })

// Use adds callbacks, called in this order. Evaluate calls those of a test alone:
// OnTestBegin and so on.
func Use(callbacks ...Callback) Option {
	return anyOption("Use", func(c *config) { c.callbacks = append(c.callbacks, callbacks...) })
}

// Context makes Fit or Evaluate stop at the end of a batch when ctx is done.
func Context(ctx context.Context) Option {
	return anyOption("Context", func(c *config) { c.ctx = ctx })
}

// Progress writes the progress to w: a bar like Keras's if w is a terminal, a line an
// epoch otherwise.
func Progress(w io.Writer) Option { return anyOption("Progress", func(c *config) { c.progress = w }) }

// StopOnNaN makes Fit return an error, which names epoch and batch, when the loss
// is no longer a finite number. It also names the operation and the layer that made
// the first number that is not finite, and sets the weights to those from before that
// step, if repeating the steps gives the same numbers: a callback that changes the
// weights may prevent that.
var StopOnNaN Option = fitOption("StopOnNaN", func(c *config) { c.stopOnNaN = true })

func fitOption(name string, set func(*config)) Option { return Option{name, false, set} }

func anyOption(name string, set func(*config)) Option { return Option{name, true, set} }
