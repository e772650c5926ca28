package glia

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Evaluate measures loss and metrics on a dataset, in batches of 32 unless
// [BatchSize] says otherwise.
//
// The loss is that of all samples as one batch, but for rounding: the mean over all
// samples; over the losses that count alone where a loss ignores a class or the model masks
// steps; over the weights with loss.MeanByWeight; and the sum of all with loss.Sum. The
// penalties of layers are added once. Keras takes the mean over batches by their lengths,
// which in those cases changes with the batch size; so, as in Keras, do the figures of
// epochs of Fit, of whose validation this says the same as of Evaluate. Metrics are taken
// over all samples, and without their masked steps: as in Keras, a sequence counts with the
// part of its length in the batch that is not masked. Those of class numbers count a label
// that the loss ignores as a wrong one, as in Keras.
//
// What belongs to a batch as a whole depends on its size: losses such as Dice without axes
// and Circle, metrics made of them, correlations along axis 0, the loss of a TestStep of
// your own, and what a dataset pads to the longest of a batch: samples without a mask, and
// the share of each in metrics.
func (m *Model) Evaluate(ds data.Dataset, opts ...Option) (_ Result, err error) {
	defer catch("Evaluate", &err)
	c, err := configOf("Evaluate", opts)
	if err != nil {
		return Result{}, err
	}
	e, err := m.newEvaluation(ds, c)
	if err != nil {
		return Result{}, fmt.Errorf("glia: Evaluate: %w", err)
	}
	defer e.end()
	bar := newProgress(c.progress, 0)
	defer bar.stop()
	r, err := e.measure(c.ctx, bar)
	if err != nil {
		return Result{}, fmt.Errorf("glia: Evaluate: %w", err)
	}
	return r, nil
}

var errNotCompiled = errors.New("the model is not compiled: want Compile first")

// totalsFor returns the totals for samples of these specs, which are the caller's until
// [Model.release]. The model is built for them if it is not.
func (m *Model) totalsFor(training bool, x, y []tensor.Spec) (*totals, error) {
	if err := m.hold(); err != nil {
		return nil, err
	}
	defer m.traceMu.unlock()
	c := m.compiled.Load()
	if c == nil {
		return nil, errNotCompiled
	}
	x, y = batchSpecs(1, x), batchSpecs(1, y)
	if err := m.accept(x); err != nil {
		return nil, err
	}
	if ms := m.take(c, training, y); ms != nil {
		return ms, nil
	}
	pred, err := m.predSpecs(x)
	if err != nil {
		return nil, err
	}
	var ms *totals
	err = caught(func() (err error) {
		ms, err = m.newTotals(c, training, c.likePred(y, pred), pred)
		return err
	})
	if err != nil {
		return nil, err
	}
	if m.customStep(training) == nil {
		if ms.doubts, err = m.doubts(c, x, y); err != nil {
			return nil, err
		}
	}
	ms.training, ms.of = training, y
	return ms, nil
}

// take returns totals for targets y that no call has, nil if there are none.
func (m *Model) take(c *compiled, training bool, y []tensor.Spec) *totals {
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	idle, _ := m.idle.get(training, y)
	if len(idle) == 0 || idle[len(idle)-1].compiled != c {
		return nil
	}
	ms := idle[len(idle)-1]
	m.idle.set(memoSize, training, y, idle[:len(idle)-1])
	return ms
}

// mostIdle bounds the totals, each with plans of its own, that are kept for evaluations
// which go on at the same time.
const mostIdle = 4

// release gives back what totalsFor returned.
func (m *Model) release(ms *totals) {
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	idle, _ := m.idle.get(ms.training, ms.of)
	if len(idle) < mostIdle && ms.compiled == m.compiled.Load() {
		m.idle.set(memoSize, ms.training, ms.of, append(idle, ms))
	}
}

// checkSpecs returns an error unless batches of n samples of these specs fit the network and
// the losses, before steps change weights. Steps of one's own are not traced.
func (ms *totals) checkSpecs(n int, x, y []tensor.Spec) error {
	m := ms.m
	if err := m.hold(); err != nil {
		return err
	}
	defer m.traceMu.unlock()
	if m.customStep(ms.training) != nil {
		return nil
	}
	if err := ms.checkTargets(len(y)); err != nil {
		return err
	}
	pred, err := m.predSpecs(batchSpecs(1, x))
	if err != nil {
		return err
	}
	const most = 1 << 16 // a batch of more is not told from this
	n = min(n, most)
	pred = slices.Clone(pred)
	for i, s := range pred {
		if s.Rank() > 0 && s.Shape.At(0) == 1 {
			pred[i].Shape = s.Shape.With(0, n)
		}
	}
	y = ms.likePred(batchSpecs(n, y), pred)
	for i, a := range ms.outputLosses {
		if a.loss == nil {
			continue
		}
		err := graph.Catch(func() {
			g := graph.New()
			a.reduce(g.Input("y", y[ms.targetOf(i, len(y))]), g.Input("pred", pred[i]), nil, nil)
		})
		if err != nil && len(ms.outputLosses) > 1 {
			err = fmt.Errorf("output %q: %w", a.output, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// predSpecs returns the specs of the outputs for inputs of these specs, which accept took.
// The caller holds traceMu.
func (m *Model) predSpecs(x []tensor.Spec) ([]tensor.Spec, error) {
	if pred, ok := m.preds.get(false, x); ok {
		return pred, nil
	}
	var pred []tensor.Spec
	err := graph.Catch(func() {
		for _, n := range m.call(graph.New(), m.concrete(x)) {
			spec := n.Spec()
			if batch := m.net.BatchSize(); batch > 0 && spec.Rank() > 0 && spec.Shape.At(0) == batch {
				spec.Shape = spec.Shape.With(0, x[0].Shape.At(0))
			}
			pred = append(pred, spec)
		}
	})
	if err == nil {
		m.preds.set(memoSize, false, x, pred)
	}
	return pred, err
}

// likePred returns targets whose open axes are as long as those of the predictions for
// them, where these have such axes.
func (c *compiled) likePred(y, pred []tensor.Spec) []tensor.Spec {
	y = slices.Clone(y)
	for target, s := range y {
		i := c.outputOf(target, len(y))
		for axis, d := range s.Shape.Slice() {
			if d == nn.Any && i < len(pred) && axis < pred[i].Rank() {
				y[target].Shape = y[target].Shape.With(axis, pred[i].Shape.At(axis))
			}
		}
	}
	return nn.Concrete(y)
}

// call traces the network into g for inputs of these specs.
func (m *Model) call(g *graph.Graph, in []tensor.Spec) []*graph.Node {
	x := make([]*graph.Node, len(in))
	for i, s := range in {
		x[i] = g.Input("x", s)
	}
	return m.net.CallAll(nn.NewCtx(g, m.random), x)
}

// concrete returns specs of samples with lengths for open axes, and that of the batch if the
// network declares it.
func (m *Model) concrete(x []tensor.Spec) []tensor.Spec {
	x = nn.Concrete(x)
	if n := m.net.BatchSize(); n > 0 {
		x = withBatch(x, n)
	}
	return x
}

// evaluation measures a dataset, any number of times.
type evaluation struct {
	m         *Model
	ds        data.Dataset
	specs     specs // that ds tells
	totals    *totals
	callbacks []Callback
	order     *order
	batches   batches
	ahead     data.Reader // of a dataset that is slow
	call      string      // "Evaluate" or "validation"
	warn      func(warning string)
	warnedNaN bool
	bar       *progress // of the run
}

// newEvaluation returns one that ends with its method end.
func (m *Model) newEvaluation(ds data.Dataset, c *config) (*evaluation, error) {
	if m.compiled.Load() == nil {
		return nil, errNotCompiled
	}
	n, err := checkData(ds)
	if err != nil {
		return nil, err
	}
	order, err := newOrder(ds, n, c.batchOf(n))
	if err != nil {
		return nil, err
	}
	if c.steps > 0 {
		order.batches = min(c.steps, order.batches)
	}
	ds, err = m.inNetworkOrder(ds)
	if err != nil {
		return nil, err
	}
	x, y := ds.Specs()
	ms, err := m.totalsFor(false, x, y)
	if err != nil {
		return nil, err
	}
	if err := ms.checkSpecs(c.batchOf(n), x, y); err != nil {
		m.release(ms)
		return nil, err
	}
	ms.warnOnce(c.warn, ms.doubts...)
	return &evaluation{m: m, ds: ds, specs: specs{x, y}, totals: ms, callbacks: c.callbacks, order: order, call: c.call, warn: c.warn}, nil
}

// end gives back what the evaluation has of the model.
func (e *evaluation) end() {
	if e != nil {
		e.m.release(e.totals)
	}
}

// measure measures the dataset between the callbacks of a test. The bar may be nil.
func (e *evaluation) measure(ctx context.Context, bar *progress) (Result, error) {
	err := each(e.callbacks, func(cb *Callback) error {
		if cb.OnTestBegin == nil {
			return nil
		}
		return cb.OnTestBegin(e.m)
	})
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = caught(func() (err error) {
		r, err = e.run(ctx, bar)
		return err
	})
	if err != nil {
		r = Result{Loss: math.NaN()}
	}
	ended := each(e.callbacks, func(cb *Callback) error {
		if cb.OnTestEnd == nil {
			return nil
		}
		return cb.OnTestEnd(e.m, r)
	})
	if err == nil {
		err = ended
	}
	return r, err
}

// run measures.
func (e *evaluation) run(ctx context.Context, bar *progress) (Result, error) {
	if err := e.totals.reset(); err != nil {
		return Result{}, err
	}
	e.bar = bar
	if bar != nil {
		bar.begin(0, e.order.batches)
	}
	defer e.ahead.Stop()
	start := time.Now()
	for b := range e.order.batches {
		e.readAhead(b)
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("stopped before batch %d: %w", b+1, err)
		}
		if err := caught(func() error { return e.batch(b, e.order.batch(b)) }); err != nil {
			return Result{}, fmt.Errorf("batch %d: %w", b+1, err)
		}
		if bar != nil && bar.due() {
			bar.show(b+1, e.totals.result())
		}
	}
	r := e.totals.result()
	if bar != nil {
		bar.end(Epoch{Seconds: time.Since(start).Seconds(), Result: r})
	}
	return r, nil
}

// readAhead begins to read batch b and those behind it, if the dataset asks for it.
func (e *evaluation) readAhead(b int) {
	ahead := data.AheadOf(e.ds)
	for k := b + e.ahead.Started(); ahead > 0 && k < e.order.batches && k-b <= ahead; k++ {
		e.ahead.Start(e.order.batch(k), func(idx []int, batch *data.Batch) error { return readBatch(e.ds, e.specs, idx, batch) })
	}
}

// batch measures the samples idx, between its callbacks.
func (e *evaluation) batch(b int, idx []int) error {
	err := each(e.callbacks, func(cb *Callback) error {
		if cb.OnTestBatchBegin == nil {
			return nil
		}
		return cb.OnTestBatchBegin(e.m, b)
	})
	if err == nil {
		err = e.step(idx)
	}
	if err != nil {
		return err
	}
	return each(e.callbacks, func(cb *Callback) error {
		if cb.OnTestBatchEnd == nil {
			return nil
		}
		return cb.OnTestBatchEnd(e.m, b, e.totals.loss())
	})
}

// step reads the samples idx and measures them.
func (e *evaluation) step(idx []int) error {
	b, ok, err := e.ahead.Next(idx)
	if !ok {
		b = e.batches.of(len(idx), e.order.group(idx))
		err = readBatch(e.ds, e.specs, idx, b)
	}
	if err != nil {
		return err
	}
	s, err := e.totals.stepFor(b)
	if err != nil {
		return err
	}
	if err := e.totals.checkLabels(b, idx); err != nil {
		return err
	}
	if err := e.m.checkTokens(b.X, func(i int) int { return idx[i] }); err != nil {
		return err
	}
	if err := e.m.run(s, b, false); err != nil || e.warnedNaN {
		return err
	}
	if text := e.totals.notFinite(b, idx); text != "" {
		e.warnedNaN = true
		e.bar.stop()
		e.warn(fmt.Sprintf("%s: %s", e.call, text))
	}
	return nil
}
