package callback

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
)

// ModelCheckpoint returns a callback that saves the model during training, at the end of
// every epoch unless options say otherwise.
//
// The path may name numbers, which are filled in as by Python's str.format, and
// directories, which are made when needed:
//
//	callback.ModelCheckpoint("out/{epoch:02d}-{val_loss:.2f}.keras")
//
// {epoch} and {batch} count from 1, {batch} goes with [EveryBatches]; the others
// are loss, the names of the metrics, and those with "val_" before. {{ stands for {.
// An epoch without validation, see [glia.ValidationFreq], saves nothing if its numbers
// are asked for.
//
// The ending decides the kind of file: .keras and .h5 hold the whole model, as
// [glia.Model.Save] does; .weights.h5, .weights.json, .safetensors and .npz the weights, as
// [glia.Model.SaveWeights] does. A file is there whole or not at all.
//
// Options: [SaveBestOnly] with [Monitor], [Mode] and [InitialValueThreshold];
// [SaveWeightsOnly], [SaveWith], [EveryEpochs], [EveryBatches], [KeepLast]. A wrong path or option, and
// a model that cannot be saved, are errors of Fit before training.
func ModelCheckpoint(path string, opts ...CheckpointOption) glia.Callback {
	c := &checkpoint{path: path, every: frequency{n: 1}, watch: monitor{name: "val_loss"}}
	for _, o := range opts {
		o.checkpoint(c)
	}
	cb := glia.Callback{Name: fmt.Sprintf("ModelCheckpoint(%q)", path), Join: c.join, State: c.state, Restore: c.restore}
	if c.every.batches {
		cb.OnBatchEnd = c.batchEnd
	} else {
		cb.OnEpochEnd = c.epochEnd
	}
	return cb
}

// CheckpointOption is an option of [ModelCheckpoint].
type CheckpointOption interface{ checkpoint(*checkpoint) }

const (
	// SaveBestOnly makes [ModelCheckpoint] save only if the number that it watches,
	// see [Monitor], is better than ever before.
	SaveBestOnly saveBestOnly = true
	// SaveWeightsOnly makes [ModelCheckpoint] take only endings of weight files.
	SaveWeightsOnly saveWeightsOnly = true
)

type (
	saveBestOnly    bool
	saveWeightsOnly bool
)

// InitialValueThreshold is the number that the first must be better than for
// [SaveBestOnly]; without it the first is saved in any case.
type InitialValueThreshold float64

// KeepLast makes [ModelCheckpoint] remove, after each file that it writes, those
// that it wrote before but for the newest n. With [SaveBestOnly] the newest is the
// best.
type KeepLast int

// SaveWith makes [ModelCheckpoint] save with options, such as [glia.WithoutOptimizer].
func SaveWith(opts ...glia.SaveOption) SavingOption { return opts }

// SavingOption is the option that [SaveWith] returns.
type SavingOption []glia.SaveOption

func (o SavingOption) checkpoint(c *checkpoint)    { c.how = append(c.how, o...) }
func (n Monitor) checkpoint(c *checkpoint)         { c.watch.name = string(n) }
func (m Mode) checkpoint(c *checkpoint)            { c.watch.mode = m }
func (b saveBestOnly) checkpoint(c *checkpoint)    { c.bestOnly = bool(b) }
func (w saveWeightsOnly) checkpoint(c *checkpoint) { c.weightsOnly = bool(w) }
func (n EveryEpochs) checkpoint(c *checkpoint)     { c.every = n.frequency() }
func (n EveryBatches) checkpoint(c *checkpoint)    { c.every = n.frequency() }
func (n KeepLast) checkpoint(c *checkpoint)        { c.keep = (*int)(&n) }

func (t InitialValueThreshold) checkpoint(c *checkpoint) { c.watch.best = (*float64)(&t) }

// checkpoint is the state of a ModelCheckpoint.
type checkpoint struct {
	path                  string
	pattern               filePattern
	every                 frequency
	watch                 monitor
	bestOnly, weightsOnly bool
	keep                  *int     // nil for all
	written               []string // that are still there, the newest last
	how                   []glia.SaveOption
	write                 func(m *glia.Model, path string, how ...glia.SaveOption) error
}

// join checks path and options against the training.
func (c *checkpoint) join(t *glia.Training) error {
	if err := c.check(t); err != nil {
		return fmt.Errorf("ModelCheckpoint(%q): %w", c.path, err)
	}
	return nil
}

func (c *checkpoint) check(t *glia.Training) (err error) {
	if err := c.every.check(); err != nil {
		return err
	}
	if c.keep != nil && *c.keep < 1 {
		return fmt.Errorf("KeepLast(%d): want 1 or more", *c.keep)
	}
	if c.pattern, err = parsePattern(c.path); err != nil {
		return err
	}
	for _, name := range c.pattern.names() {
		switch {
		case name == "epoch":
		case name == "batch" && c.every.batches:
		case name == "batch":
			return errors.New("{batch} is known after a batch only: want EveryBatches with it")
		case !slices.Contains(known(t, c.every.batches), name):
			return unknown(t, name, c.every.batches)
		}
	}
	if c.write, err = c.writer(t.Model()); err != nil {
		return err
	}
	if c.bestOnly {
		if err := c.watch.check(t, c.every.batches); err != nil {
			return err
		}
	}
	return c.checkDirectory()
}

// writer returns the method that writes the kind of file that the path's ending names.
func (c *checkpoint) writer(m *glia.Model) (func(*glia.Model, string, ...glia.SaveOption) error, error) {
	f, err := keras.FormatOf(c.path)
	if err == nil {
		if err := glia.CheckSave(f, c.how...); err != nil {
			return nil, fmt.Errorf("SaveWith: %w", err)
		}
	}
	switch {
	case err == nil && !f.Whole():
		return (*glia.Model).SaveWeights, nil
	case c.weightsOnly:
		return nil, errors.New("SaveWeightsOnly: want a path that ends in .weights.h5, .weights.json, .safetensors or .npz")
	case err == nil:
		return (*glia.Model).Save, m.CanSave()
	}
	return nil, errors.New("want a path that ends in .keras or .h5, or for weights in .weights.h5, .weights.json, .safetensors or .npz")
}

// checkDirectory returns an error if the directory cannot be written to, unless its name
// depends on numbers of the training.
func (c *checkpoint) checkDirectory() error {
	if strings.ContainsAny(filepath.Dir(c.path), "{}") {
		return nil
	}
	return atomicfile.Prepare(c.pattern.format(1, 1, glia.Epoch{}))
}

func (c *checkpoint) epochEnd(m *glia.Model, e glia.Epoch) error {
	if !c.every.due() {
		return nil
	}
	return c.save(m, e.Epoch, 0, e)
}

func (c *checkpoint) batchEnd(m *glia.Model, epoch, batch int, _ float64) error {
	if !c.every.due() {
		return nil
	}
	return c.save(m, epoch+1, batch+1, glia.Epoch{Result: m.Measured()})
}

func (c *checkpoint) save(m *glia.Model, epoch, batch int, e glia.Epoch) error {
	v, known := e.Number(c.watch.name)
	if c.bestOnly && (!known || !c.watch.better(v)) || !c.fillable(e) {
		return nil
	}
	path := c.pattern.format(epoch, batch, e)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = c.write(m, path, c.how...)
	}
	if err == nil {
		err = c.removeOld(path)
	}
	if err != nil {
		return fmt.Errorf("glia: Fit: ModelCheckpoint: epoch %d: %w", epoch, err)
	}
	if c.bestOnly {
		c.watch.best = &v
	}
	return nil
}

// fillable reports whether the epoch has the numbers that the path names.
func (c *checkpoint) fillable(e glia.Epoch) bool {
	return !slices.ContainsFunc(c.pattern.names(), func(name string) bool {
		_, known := e.Number(name)
		return !known && name != "epoch" && name != "batch"
	})
}

// removeOld notes that path was written, and removes the oldest files beyond KeepLast.
func (c *checkpoint) removeOld(path string) error {
	if c.keep == nil {
		return nil
	}
	c.written = slices.DeleteFunc(c.written, func(p string) bool { return p == path })
	c.written = append(c.written, path)
	for len(c.written) > *c.keep {
		if err := keras.RemoveFile(c.written[0]); err != nil {
			return err
		}
		c.written = c.written[1:]
	}
	return nil
}

// checkpointState is the state of a checkpoint.
type checkpointState struct {
	Best    *exactly `json:"best"`
	Since   int      `json:"since"`
	Written []string `json:"written,omitempty"`
}

func (c *checkpoint) state() (json.RawMessage, error) {
	return json.Marshal(checkpointState{(*exactly)(c.watch.best), c.every.since, c.written})
}

func (c *checkpoint) restore(b json.RawMessage) error {
	var s checkpointState
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	c.watch.best, c.every.since, c.written = (*float64)(s.Best), s.Since, s.Written
	return nil
}
