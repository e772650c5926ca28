package glia

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/glia-ml/glia/data"
)

// Option changes how Fit and Evaluate go about it. An option that means nothing
// to Evaluate is an error there.
type Option struct {
	name     string
	evaluate bool // it means something to Evaluate too
	set      func(*config)
}

// FullBatch as a batch size means all samples in one batch: gradient descent as
// textbooks first print it.
const FullBatch = -1

// config is what the options of one call come to.
type config struct {
	call         string // "Fit" or "Evaluate"
	epochs       int
	first        int
	batchSize    int
	validation   data.Dataset
	split        float64
	valFreq      int   // epochs from one validation to the next
	valBatchSize int   // 0 for batchSize
	valSteps     int   // 0 for all
	steps        int   // of an epoch, 0 for all the data
	err          error // the first option out of range
	inOrder      bool
	classWeights map[int]float64
	callbacks    []Callback
	ctx          context.Context
	progress     io.Writer
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
			return nil, fmt.Errorf("glia: Evaluate: option %s: want BatchSize, Context, Progress or Use", o.name)
		}
		o.set(c)
	}
	return c, c.check()
}

// check finds options whose values make no sense.
func (c *config) check() error {
	switch {
	case c.ctx == nil:
		return fmt.Errorf("glia: %s: Context: got nil: want a context", c.call)
	case c.epochs < 1:
		return fmt.Errorf("glia: %s: %d epochs: want 1 or more", c.call, c.epochs)
	case c.first < 0:
		return fmt.Errorf("glia: %s: initial epoch %d: want 0 or more", c.call, c.first)
	case c.batchSize != FullBatch && c.batchSize < 1:
		return fmt.Errorf("glia: %s: batch size %d: want 1 or more, or FullBatch", c.call, c.batchSize)
	case c.validation != nil && c.split != 0:
		return errors.New("glia: Fit: Validate and ValidationSplit: want one of them")
	case c.err != nil:
		return c.err
	}
	return checkClassWeights(c.classWeights)
}

// positive notes that an option is not 1 or more, and returns its number.
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

// ofValidation returns what the validation goes by.
func (c *config) ofValidation() *config {
	v := *c
	if v.valBatchSize != 0 {
		v.batchSize = v.valBatchSize
	}
	v.steps = v.valSteps
	return &v
}

// Epochs sets how often Fit goes over the data; 1 by default.
func Epochs(n int) Option { return fitOption("Epochs", func(c *config) { c.epochs = n }) }

// InitialEpoch sets the number of the epoch that Fit begins with, counted from 0:
// with Epochs(10), InitialEpoch(4) trains six more.
func InitialEpoch(n int) Option { return fitOption("InitialEpoch", func(c *config) { c.first = n }) }

// BatchSize sets how many samples make a step; 32 by default. See [FullBatch].
func BatchSize(n int) Option { return anyOption("BatchSize", func(c *config) { c.batchSize = n }) }

// StepsPerEpoch makes an epoch so many batches, instead of all the data once. An
// epoch goes on with the data where the one before ended; when they are through,
// they begin again in another order.
func StepsPerEpoch(n int) Option {
	return fitOption("StepsPerEpoch", func(c *config) { c.steps = c.positive("StepsPerEpoch", n) })
}

// Validate evaluates the model on other data after every epoch.
func Validate(ds data.Dataset) Option {
	return fitOption("Validate", func(c *config) { c.validation = ds })
}

// ValidationSplit sets the last part of the training data aside for validation,
// before any shuffling; it needs a dataset with Split, such as data.Memory.
func ValidationSplit(fraction float64) Option {
	return fitOption("ValidationSplit", func(c *config) { c.split = fraction })
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

// ClassWeights multiplies the loss of samples by the weight of their class, 1 for
// classes that are not named. Labels are class numbers [n] or [n 1], or one-hot
// rows [n classes].
func ClassWeights(w map[int]float64) Option {
	return fitOption("ClassWeights", func(c *config) { c.classWeights = w })
}

// Use adds callbacks, called in this order. Evaluate calls those of a test alone:
// OnTestBegin and so on.
func Use(callbacks ...Callback) Option {
	return anyOption("Use", func(c *config) { c.callbacks = append(c.callbacks, callbacks...) })
}

// Context makes Fit or Evaluate stop at the end of a batch when ctx is done.
func Context(ctx context.Context) Option {
	return anyOption("Context", func(c *config) { c.ctx = ctx })
}

// Progress writes the course of things to w: a bar like Keras's if w is a
// terminal, a line an epoch otherwise.
func Progress(w io.Writer) Option { return anyOption("Progress", func(c *config) { c.progress = w }) }

// StopOnNaN makes Fit return an error, which names epoch and batch, when the loss
// is no longer a finite number. It also names the operation and the layer that made
// the first number that is not finite, if the steps done again give the same numbers:
// a callback that changes the weights may prevent that. The weights are those from
// before the step that went wrong then.
var StopOnNaN Option = fitOption("StopOnNaN", func(c *config) { c.stopOnNaN = true })

func fitOption(name string, set func(*config)) Option { return Option{name, false, set} }

func anyOption(name string, set func(*config)) Option { return Option{name, true, set} }
