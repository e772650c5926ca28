package tensorboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/glia-ml/glia"
)

// Callback returns a callback that writes the course of a training to a directory,
// "logs" if it is empty, with the names that Keras gives things:
//
//   - epoch_loss, epoch_accuracy and so on at the number of the epoch, counted from
//     0, in the runs train and validation; epoch_learning_rate in train;
//   - evaluation_loss_vs_iterations and so on at the count of the optimizer's steps;
//   - batch_loss and so on at the count of batches, see [UpdateFreq];
//   - histograms and images of weights, see [HistogramFreq] and [WriteImages];
//   - the graph of the layers, unless [NoGraph] is given.
//
// A directory that cannot be written to is an error of Fit before training. What
// Keras has besides, profiles and embeddings, is not there.
func Callback(dir string, opts ...Option) glia.Callback {
	if dir == "" {
		dir = "logs"
	}
	c := &callback{dir: dir}
	for _, o := range opts {
		o.tensorboard(c)
	}
	cb := glia.Callback{
		Name: fmt.Sprintf("TensorBoard(%q)", dir), Join: c.join,
		OnTrainBegin: c.trainBegin, OnTrainEnd: c.trainEnd, OnEpochBegin: c.epochBegin, OnEpochEnd: c.epochEnd,
		OnTestEnd: c.testEnd, State: c.state, Restore: c.restore,
	}
	if c.batches != 0 || c.perSecond {
		cb.OnBatchBegin, cb.OnBatchEnd = c.batchBegin, c.batchEnd
	}
	return cb
}

// Option is an option of [Callback].
type Option interface{ tensorboard(*callback) }

type (
	// HistogramFreq writes histograms of the weights every so many epochs, the first
	// included; not at all by default.
	HistogramFreq int
	// UpdateFreq writes loss and metrics of the epoch so far every so many batches,
	// 1 being Keras's "batch"; only after epochs by default.
	UpdateFreq int
)

type flag int

const (
	// NoGraph omits the graph.
	NoGraph flag = iota
	// WriteImages writes the weights as images where it writes histograms. As in Keras
	// 0 is black and 1 is white; values beyond are clipped.
	WriteImages
	// WriteStepsPerSecond writes the number of steps of training a second.
	WriteStepsPerSecond
)

func (f flag) tensorboard(c *callback) {
	switch f {
	case NoGraph:
		c.noGraph = true
	case WriteImages:
		c.images = true
	case WriteStepsPerSecond:
		c.perSecond = true
	}
}
func (n HistogramFreq) tensorboard(c *callback) { c.histograms, c.histogramsSet = int(n), true }
func (n UpdateFreq) tensorboard(c *callback)    { c.batches, c.batchesSet = int(n), true }

type callback struct {
	dir                        string
	noGraph, images, perSecond bool
	histograms, batches        int // 0: none
	histogramsSet, batchesSet  bool

	train, validation *Writer
	count             int64 // of batches
	steps             int64 // in the epoch
	epoch, batch      time.Time
}

// join checks the options.
func (c *callback) join(*glia.Training) error {
	switch {
	case c.histogramsSet && c.histograms < 1:
		return fmt.Errorf("tensorboard: HistogramFreq(%d): want 1 or more", c.histograms)
	case c.batchesSet && c.batches < 1:
		return fmt.Errorf("tensorboard: UpdateFreq(%d): want 1 or more", c.batches)
	}
	return nil
}

func (c *callback) trainBegin(m *glia.Model) (err error) {
	c.count = 0
	if c.train, err = Open(filepath.Join(c.dir, "train")); err != nil {
		return err
	}
	if c.noGraph {
		return nil
	}
	return c.train.Graph(m.Network())
}

func (c *callback) trainEnd(*glia.Model, *glia.History) error {
	var errs []error
	for _, w := range []*Writer{c.train, c.validation} {
		if w != nil {
			errs = append(errs, w.Close())
		}
	}
	c.train, c.validation = nil, nil
	return errors.Join(errs...)
}

func (c *callback) epochBegin(m *glia.Model, _ int) error {
	c.epoch, c.steps = time.Now(), iterations(m)
	return nil
}

// iterations returns the number of steps of the optimizer so far.
func iterations(m *glia.Model) int64 {
	for _, v := range m.Optimizer().Vars() {
		return v.Tensor().Int64s()[0] // the first of them, by contract
	}
	return 0
}

func (c *callback) batchBegin(*glia.Model, int, int) error {
	c.batch = time.Now()
	return nil
}

func (c *callback) batchEnd(m *glia.Model, _, _ int, _ float64) error {
	c.count++
	if c.batches == 0 || c.count%int64(c.batches) != 0 {
		return nil
	}
	if c.perSecond {
		if err := c.train.Scalar("batch_steps_per_second", c.count, 1/time.Since(c.batch).Seconds()); err != nil {
			return err
		}
	}
	return results(c.train, "batch_%s", c.count, m.Measured())
}

// results writes loss and metrics, those of several numbers as histograms.
func results(w *Writer, format string, step int64, r glia.Result) error {
	err := w.Scalar(fmt.Sprintf(format, "loss"), step, r.Loss)
	for _, m := range r.Metrics {
		tag := fmt.Sprintf(format, m.Name)
		switch {
		case err != nil:
		case m.Tensor != nil && m.Tensor.Shape().Rank() > 0:
			err = w.Histogram(tag, step, m.Tensor)
		default:
			err = w.Scalar(tag, step, m.Value)
		}
	}
	return err
}

// testEnd writes a validation. The writer is opened when there is one.
func (c *callback) testEnd(m *glia.Model, r glia.Result) (err error) {
	if c.train == nil || r.Loss != r.Loss && r.Metrics == nil { // Evaluate, or an error
		return nil
	}
	if c.validation == nil {
		if c.validation, err = Open(filepath.Join(c.dir, "validation")); err != nil {
			return err
		}
	}
	return results(c.validation, "evaluation_%s_vs_iterations", iterations(m), r)
}

func (c *callback) epochEnd(m *glia.Model, e glia.Epoch) error {
	step := int64(e.Epoch - 1)
	err := results(c.train, "epoch_%s", step, e.Result)
	if err == nil {
		err = c.train.Scalar("epoch_learning_rate", step, m.Optimizer().LearningRate())
	}
	if err == nil && c.perSecond {
		err = c.train.Scalar("epoch_steps_per_second", step, float64(iterations(m)-c.steps)/time.Since(c.epoch).Seconds())
	}
	if err == nil && e.Validation != nil && c.validation != nil {
		err = results(c.validation, "epoch_%s", step, *e.Validation)
	}
	if err == nil && c.histograms > 0 && step%int64(c.histograms) == 0 {
		err = c.weights(m, step)
	}
	return err
}

// weights writes the weights of all layers.
func (c *callback) weights(m *glia.Model, step int64) error {
	for _, v := range m.Network().Vars() {
		if err := c.train.Histogram(v.Path+"/histogram", step, v.Tensor()); err != nil {
			return err
		}
		if img := weightImages(v.Tensor()); c.images && img != nil {
			if err := c.train.Image(v.Path+"/image", step, img...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *callback) state() (json.RawMessage, error) { return json.Marshal(c.count) }

func (c *callback) restore(b json.RawMessage) error { return json.Unmarshal(b, &c.count) }
