package glia

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/optim"
)

// Fit trains the model on a dataset. It returns the results epoch by epoch. When the
// context is done, a callback fails, or the loss is not finite and [StopOnNaN] is given,
// it returns the history so far together with the error.
// A second Fit of the same model meanwhile is an error.
func (m *Model) Fit(train data.Dataset, opts ...Option) (h *History, err error) {
	h = &History{}
	defer catch("Fit", &err)
	c, err := configOf("Fit", opts)
	if err != nil {
		return h, err
	}
	end, err := m.training.begin("Fit")
	if err != nil {
		return h, err
	}
	defer end()
	f := &fitRun{m: m, config: c, train: train, history: h}
	defer f.end()
	if err := caught(f.prepare); errors.Is(err, ErrStop) {
		return h, nil
	} else if err != nil {
		return h, fmt.Errorf("glia: Fit: %w", err)
	}
	m.fitting.Store(f.totals)
	err = f.runEpochs()
	f.bar.stop()
	if errors.Is(err, ErrStop) {
		err = nil
	}
	for i := range c.callbacks {
		leave := c.callbacks[i].Leave
		if leave == nil {
			continue
		}
		if e := caught(func() error { return leave(m) }); e != nil && !errors.Is(e, ErrStop) {
			err = errors.Join(err, inFit("", c.callbacks[i].failed(i, e)))
		}
	}
	if o, ok := f.totals.opt.(optim.Averager); ok && err == nil {
		e := m.weightsMu.change(func() error { return graph.Catch(o.Finalize) }) // as in Keras, before the callbacks
		if e != nil {
			err = fmt.Errorf("glia: Fit: %w", e)
		}
	}
	for i, cb := range c.callbacks {
		if cb.OnTrainEnd == nil {
			continue
		}
		if e := caught(func() error { return cb.OnTrainEnd(m, h) }); e != nil && !errors.Is(e, ErrStop) {
			err = errors.Join(err, inFit("", cb.failed(i, e)))
		}
	}
	if err == nil {
		err = f.backup.finish()
	}
	return h, err
}

// end gives back what the training has of the model, however it ended.
func (f *fitRun) end() {
	f.m.fitting.Store(nil)
	if f.totals != nil {
		f.m.release(f.totals)
	}
	f.validating.end()
	f.ahead.Stop()
	f.backup.end()
}

// fitRun is one call of Fit.
type fitRun struct {
	*config
	m          *Model
	train      data.Dataset
	told       specs // by train
	history    *History
	totals     *totals
	validating *evaluation
	bar        *progress
	order      *order
	pass       uint64 // through the data, of which order has the samples
	begun      bool   // the order has those of a pass
	batches    batches
	ahead      data.Reader // of a dataset that is slow
	waited     time.Duration
	classes    *classWeigher
	weighed    data.Batch
	last       *data.Batch // of the step before
	warnedNaN  bool
	at         position
	backup     *backup   // nil if there is none
	nan        *nanWatch // nil without StopOnNaN
}

// position is the progress of a training.
type position struct {
	Epoch int  `json:"epoch"` // from 0
	Begun bool `json:"begun"` // OnEpochBegin was called for the epoch
	Batch int  `json:"batch"` // the next one in the epoch
}

// prepare checks the data, and builds the model and its steps if they are not built.
func (f *fitRun) prepare() error {
	if f.m.compiled.Load() == nil {
		return errNotCompiled
	}
	if err := f.divide(); err != nil {
		return err
	}
	n, err := checkData(f.train)
	if err != nil {
		return err
	}
	if f.order, err = newOrder(f.train, n, f.batchOf(n)); err != nil {
		return err
	}
	if f.train, err = f.m.inNetworkOrder(f.train); err != nil {
		return err
	}
	x, y := f.train.Specs()
	if f.totals, err = f.m.totalsFor(true, x, y); err != nil {
		return err
	}
	if err := f.totals.checkSpecs(f.batchOf(n), x, y); err != nil {
		return err
	}
	f.told = specs{x, y}
	f.totals.warnOnce(f.warn, f.totals.doubts...)
	if err := f.m.takeFrozen(); err != nil {
		return err
	}
	if f.validation != nil {
		if f.validating, err = f.m.newEvaluation(f.validation, f.ofValidation()); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	}
	if f.classes, err = f.totals.newClassWeigher(f.classWeights, y); err != nil {
		return err
	}
	if f.stopOnNaN {
		f.nan = &nanWatch{f: f, batch: -1}
		f.nan.epoch()
	}
	f.bar = newProgress(f.progress, f.epochs)
	f.at = position{Epoch: f.first}
	return f.join()
}

// join lets the callbacks join the training.
func (f *fitRun) join() error {
	err := each(f.callbacks, func(cb *Callback) error {
		if cb.Join == nil {
			return nil
		}
		return cb.Join(&Training{f})
	})
	if err != nil {
		return err
	}
	for i, cb := range f.callbacks {
		if cb.Vars == nil {
			continue
		}
		if slices.ContainsFunc(cb.Vars(), func(v *graph.Var) bool { return v == nil || v.Tensor() == nil }) {
			return fmt.Errorf("callback %d, %q: Vars has a variable that is nil: want those that graph.NewVar makes", i, cb.Name)
		}
	}
	return f.backup.check()
}

// divide sets a part of the data aside for validation if asked to.
func (f *fitRun) divide() error {
	if f.split == 0 {
		return nil
	}
	// A type that embeds a Memory has its Split, which knows nothing of the type's own Read.
	s, ok := f.train.(*data.Memory)
	if !ok {
		return fmt.Errorf("ValidationSplit of a %T: want a *data.Memory; split the data first, and give Validate the second part", f.train)
	}
	warn := data.Warn(func(warning string) { f.m.compiled.Load().warnOnce(f.warn, "ValidationSplit: "+warning) })
	train, validation, err := s.Split(f.split, append([]data.SplitOption{warn}, f.splitOptions...)...)
	if err != nil {
		return fmt.Errorf("ValidationSplit: %w", err)
	}
	f.train, f.validation = train, validation
	return nil
}

// runEpochs runs the epochs.
func (f *fitRun) runEpochs() error {
	err := each(f.callbacks, func(cb *Callback) error {
		if cb.OnTrainBegin == nil {
			return nil
		}
		return cb.OnTrainBegin(f.m)
	})
	if err != nil {
		return inFit("", err)
	}
	err = f.backup.restore()
	for e := f.at.Epoch; err == nil && e < f.epochs; e = f.at.Epoch {
		err = f.epoch(e)
	}
	return err
}

// epoch runs an epoch between its callbacks.
func (f *fitRun) epoch(e int) error {
	if !f.at.Begun {
		err := each(f.callbacks, func(cb *Callback) error {
			if cb.OnEpochBegin == nil {
				return nil
			}
			return cb.OnEpochBegin(f.m, e)
		})
		if err != nil {
			return inFit(fmt.Sprintf("epoch %d: ", e+1), err)
		}
	}
	f.at.Begun = true
	if err := f.m.takeFrozen(); err != nil {
		return fmt.Errorf("glia: Fit: %w", err)
	}
	done, err := f.trainEpoch(e)
	if err != nil {
		return err
	}
	f.history.Epochs = append(f.history.Epochs, done)
	f.bar.end(done)
	err = each(f.callbacks, func(cb *Callback) error {
		if cb.OnEpochEnd == nil {
			return nil
		}
		return cb.OnEpochEnd(f.m, done)
	})
	if err != nil {
		return inFit(fmt.Sprintf("epoch %d: ", e+1), err)
	}
	f.at = position{Epoch: e + 1}
	return f.backup.afterEpoch()
}

// trainEpoch trains for an epoch and validates.
func (f *fitRun) trainEpoch(e int) (Epoch, error) {
	steps := f.stepsOf()
	f.bar.begin(e, steps)
	if f.at.Batch == 0 {
		if err := f.totals.reset(); err != nil {
			return Epoch{}, fmt.Errorf("glia: Fit: epoch %d: %w", e+1, err)
		}
	}
	f.nan.epoch()
	start := time.Now()
	f.waited = 0
	for b := f.at.Batch; b < steps; b++ {
		if err := f.ctx.Err(); err != nil {
			err = fmt.Errorf("glia: Fit: stopped in epoch %d before batch %d: %w", e+1, b+1, err)
			return Epoch{}, f.backup.stopped(err)
		}
		f.readAhead(e, b, steps)
		if err := f.batch(e, b, f.samples(e, b)); err != nil {
			return Epoch{}, err
		}
	}
	done := Epoch{Epoch: e + 1, Waited: f.waited.Seconds(), Result: f.totals.result()}
	if f.validating != nil && (e+1)%f.valFreq == 0 {
		r, err := f.validating.measure(f.ctx, nil)
		if err != nil {
			err = fmt.Errorf("glia: Fit: epoch %d, validation: %w", e+1, err)
			return Epoch{}, f.backup.stopped(err)
		}
		done.Validation = &r
	}
	done.Seconds = time.Since(start).Seconds()
	return done, nil
}

// stepsOf returns the number of batches of an epoch.
func (f *fitRun) stepsOf() int {
	if f.steps > 0 {
		return f.steps
	}
	return f.order.batches
}

// place returns the pass through the data that batch b of epoch e belongs to, and its
// number in it.
func (f *fitRun) place(e, b int) (pass uint64, k int) {
	if f.steps == 0 {
		return uint64(e), b
	}
	hi, lo := bits.Mul64(uint64(e), uint64(f.steps)) // which may be more than an int holds
	lo, carry := bits.Add64(lo, uint64(b), 0)
	all := uint64(f.order.batches)
	pass, rest := bits.Div64((hi+carry)%all, lo, all)
	return pass, int(rest)
}

// samples returns the numbers of the samples in batch b of epoch e, till the next call. They
// depend on these alone, so that training may resume anywhere.
func (f *fitRun) samples(e, b int) []int {
	pass, k := f.place(e, b)
	if pass != f.pass || !f.begun {
		f.pass, f.begun = pass, true
		if !f.inOrder {
			f.order.shuffle(f.m.Seed, pass)
		}
	}
	return f.order.batch(k)
}

// batch trains on the samples idx.
func (f *fitRun) batch(e, b int, idx []int) error {
	for i := range f.callbacks {
		if begin := f.callbacks[i].OnBatchBegin; begin != nil {
			if err := caught(func() error { return begin(f.m, e, b) }); errors.Is(err, ErrStop) {
				return err
			} else if err != nil {
				return inFit(fmt.Sprintf("epoch %d, batch %d: ", e+1, b+1), f.callbacks[i].failed(i, err))
			}
		}
	}
	f.nan.before(b)
	if err := caught(func() error { return f.step(idx) }); err != nil {
		return fmt.Errorf("glia: Fit: epoch %d, batch %d: %w", e+1, b+1, err)
	}
	if !f.stopOnNaN && !f.warnedNaN {
		f.warnNaN(e, b, idx)
	}
	if f.stopOnNaN {
		if l := f.totals.loss(); math.IsNaN(l) || math.IsInf(l, 0) {
			return fmt.Errorf("glia: Fit: epoch %d, batch %d: loss is %v: want a finite number%s", e+1, b+1, l, f.nan.explain(e, b))
		}
	}
	if f.bar.due() {
		f.bar.show(b+1, f.totals.result())
	}
	err := each(f.callbacks, func(cb *Callback) error {
		if cb.OnBatchEnd == nil {
			return nil
		}
		return cb.OnBatchEnd(f.m, e, b, f.totals.loss())
	})
	if err != nil {
		return inFit(fmt.Sprintf("epoch %d, batch %d: ", e+1, b+1), err)
	}
	f.at.Batch = b + 1
	return f.backup.afterBatch()
}

// warnNaN warns when the loss is not finite for the first time.
func (f *fitRun) warnNaN(e, b int, idx []int) {
	if text := f.totals.notFinite(f.last, idx); text != "" {
		f.warnedNaN = true
		f.bar.stop()
		f.warn(fmt.Sprintf("epoch %d, batch %d: %s", e+1, b+1, text))
	}
}

// step reads the samples idx and changes the weights by them.
func (f *fitRun) step(idx []int) error {
	batch, err := f.load(idx)
	if err != nil {
		return err
	}
	f.last = batch
	s, err := f.totals.stepFor(batch)
	if err != nil {
		return err
	}
	if err := f.totals.checkLabels(batch, idx); err != nil {
		return err
	}
	if err := f.m.checkTokens(batch.X, func(i int) int { return idx[i] }); err != nil {
		return err
	}
	return f.m.run(s, batch, true)
}

// readAhead begins to read batch b of epoch e and those behind it in the same pass, if the
// dataset asks for it.
func (f *fitRun) readAhead(e, b, steps int) {
	ahead := data.AheadOf(f.train)
	if ahead == 0 {
		return
	}
	pass, _ := f.place(e, b)
	for k := b + f.ahead.Started(); k < steps && k-b <= ahead; k++ {
		if p, _ := f.place(e, k); p != pass {
			return
		}
		f.ahead.Start(f.samples(e, k), func(idx []int, batch *data.Batch) error { return f.read(pass, idx, batch) })
	}
}

// read reads the samples idx, as they are in a pass through the data.
func (f *fitRun) read(pass uint64, idx []int, b *data.Batch) error {
	if ds, ok := f.train.(data.Augmented); ok {
		return checkRead(ds.ReadEpoch(f.m.Seed, pass, idx, b), f.told, idx, b)
	}
	return readBatch(f.train, f.told, idx, b)
}

// load reads the samples idx, or takes them if they were read ahead, and weighs them.
func (f *fitRun) load(idx []int) (*data.Batch, error) {
	begun := time.Now()
	batch, ok, err := f.ahead.Next(idx)
	if !ok {
		batch = f.batches.of(len(idx), f.order.group(idx))
		err = f.read(f.pass, idx, batch)
	}
	f.waited += time.Since(begun)
	if err != nil {
		return nil, err
	}
	if f.classes == nil {
		return batch, nil
	}
	w, err := f.classes.weigh(batch, idx)
	if err != nil {
		return nil, err
	}
	f.weighed = *batch // the dataset's own weights stay as they are
	f.weighed.Weight = w
	return &f.weighed, nil
}
