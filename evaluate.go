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
// [BatchSize] says otherwise. What it finds does not depend on the batches but
// for rounding of the loss.
func (m *Model) Evaluate(ds data.Dataset, opts ...Option) (Result, error) {
	c, err := configOf("Evaluate", opts)
	if err != nil {
		return Result{}, err
	}
	e, err := m.newEvaluation(ds, c)
	if err != nil {
		return Result{}, fmt.Errorf("glia: Evaluate: %w", err)
	}
	bar := newProgress(c.progress, 0)
	defer bar.stop()
	r, err := e.measure(c.ctx, bar)
	if err != nil {
		return Result{}, fmt.Errorf("glia: Evaluate: %w", err)
	}
	return r, nil
}

var errNotCompiled = errors.New("the model is not compiled: want Compile first")

// checkData checks that a dataset has samples and labels.
func checkData(ds data.Dataset) error {
	if ds == nil {
		return errors.New("the dataset is nil")
	}
	if n := ds.Len(); n < 0 {
		return fmt.Errorf("the dataset has %d samples: want one or more", n)
	} else if n == 0 {
		return errors.New("the dataset is empty: want one sample or more")
	}
	x, y := ds.Specs()
	if len(x) == 0 {
		return errors.New("the dataset has no inputs")
	}
	if len(y) == 0 {
		return errors.New("the dataset has no labels")
	}
	for _, s := range append(slices.Clone(x), y...) {
		if s.DType == tensor.Invalid {
			return errors.New("a sample or its labels have no dtype")
		}
		if s.Rank() >= tensor.MaxRank {
			return fmt.Errorf("a sample is %v, its labels %v: want less than %d axes", listed(x), listed(y), tensor.MaxRank)
		}
	}
	return nil
}

// listed returns the one spec of a list, or the list.
func listed(s []tensor.Spec) any {
	if len(s) == 1 {
		return s[0]
	}
	return s
}

// readBatch fills b with the samples idx and checks that it holds so many.
func readBatch(ds data.Dataset, idx []int, b *data.Batch) error {
	if err := ds.Read(idx, b); err != nil {
		return err
	}
	if err := checkBatch(b, len(idx)); err != nil {
		return fmt.Errorf("the dataset gave %w", err)
	}
	return nil
}

// checkBatch checks that a batch holds n samples.
func checkBatch(b *data.Batch, n int) error {
	if len(b.X) == 0 || len(b.Y) == 0 || slices.Contains(b.X, nil) || slices.Contains(b.Y, nil) {
		return errors.New("a batch without x or y")
	}
	for _, list := range [...][]*tensor.Tensor{b.X, b.Y} {
		for _, t := range list {
			if t.Shape().Rank() == 0 || t.Shape().At(0) != n {
				return fmt.Errorf("x %v with y %v for %d samples: want first axes of that length", listed(specsOf(b.X)), listed(specsOf(b.Y)), n)
			}
			if !t.Contiguous() {
				return fmt.Errorf("%v as a view with gaps: want a contiguous tensor; Clone makes one", t.Spec())
			}
		}
	}
	if w := len(b.Weight); w > 1 && w != len(b.Y) {
		return fmt.Errorf("%d tensors of weights for %d targets: want none, one, or one for each", w, len(b.Y))
	}
	for _, w := range b.Weight {
		if w != nil && (w.Spec() != tensor.S(tensor.Float32, n) || !w.Contiguous()) {
			return fmt.Errorf("weights %v for %d samples: want a contiguous float32[%d]", w.Spec(), n, n)
		}
	}
	return nil
}

func specsOf(tensors []*tensor.Tensor) []tensor.Spec {
	specs := make([]tensor.Spec, len(tensors))
	for i, t := range tensors {
		specs[i] = t.Spec()
	}
	return specs
}

// totalsFor returns the totals for samples of these specs. The
// model is built for them if it is not.
func (m *Model) totalsFor(training bool, x, y []tensor.Spec) (*totals, error) {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	x, y = batchSpecs(1, x), batchSpecs(1, y)
	if err := m.accept(x); err != nil {
		return nil, err
	}
	if ms, ok := m.totals.get(training, y); ok {
		return ms, nil
	}
	var pred []tensor.Spec
	err := graph.Catch(func() {
		for _, n := range m.call(graph.New(), x) {
			pred = append(pred, n.Spec())
		}
	})
	if err != nil {
		return nil, err
	}
	ms, err := m.newTotals(y, pred)
	if err != nil {
		return nil, err
	}
	m.totals.set(training, y, ms)
	return ms, nil
}

// call traces the network into g for inputs of these specs.
func (m *Model) call(g *graph.Graph, in []tensor.Spec) []*graph.Node {
	x := make([]*graph.Node, len(in))
	for i, s := range in {
		x[i] = g.Input("x", s)
	}
	return m.net.CallAll(nn.NewCtx(g, m.random), x)
}

// batchSpecs returns the specs of a batch of n samples.
func batchSpecs(n int, of []tensor.Spec) []tensor.Spec {
	batch := make([]tensor.Spec, len(of))
	for i, s := range of {
		s.Shape = tensor.D(n).Append(s.Shape.Slice()...)
		batch[i] = s
	}
	return batch
}

// blank returns tensors of zeros.
func blank(specs []tensor.Spec) []*tensor.Tensor {
	t := make([]*tensor.Tensor, len(specs))
	for i, s := range specs {
		t[i] = tensor.NewSpec(s)
	}
	return t
}

// evaluation measures a dataset, any number of times.
type evaluation struct {
	m         *Model
	ds        data.Dataset
	totals    *totals
	callbacks []Callback
	size      int // of a batch
	order     []int
	batches   batches
}

func (m *Model) newEvaluation(ds data.Dataset, c *config) (*evaluation, error) {
	if m.opt == nil {
		return nil, errNotCompiled
	}
	if err := checkData(ds); err != nil {
		return nil, err
	}
	x, y := ds.Specs()
	ms, err := m.totalsFor(false, x, y)
	if err != nil {
		return nil, err
	}
	e := &evaluation{m: m, ds: ds, totals: ms, callbacks: c.callbacks, size: c.batchOf(ds.Len()), order: inOrder(ds.Len())}
	if c.steps > 0 && c.steps <= len(e.order)/e.size {
		e.order = e.order[:c.steps*e.size]
	}
	return e, nil
}

// inOrder returns the numbers 0 to n-1.
func inOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// measure measures, between the callbacks of a test. The bar may be nil.
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
	r, err := e.run(ctx, bar)
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
	e.m.evalMu.Lock()
	defer e.m.evalMu.Unlock()
	e.totals.reset()
	n := len(e.order)
	if bar != nil {
		bar.begin(0, (n+e.size-1)/e.size)
	}
	start := time.Now()
	for b, at := 0, 0; at < n; b, at = b+1, at+e.size {
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("stopped before batch %d: %w", b+1, err)
		}
		if err := e.batch(b, e.order[at:min(at+e.size, n)]); err != nil {
			return Result{}, fmt.Errorf("batch %d: %w", b+1, err)
		}
		if bar != nil && bar.due() {
			bar.show(b+1, e.m.result(e.totals))
		}
	}
	r := e.m.result(e.totals)
	if bar != nil {
		bar.end(Epoch{Seconds: time.Since(start).Seconds(), Result: r})
	}
	return r, nil
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
	b := e.batches.of(len(idx))
	if err := readBatch(e.ds, idx, b); err != nil {
		return err
	}
	s, err := e.m.stepFor(b, false, e.totals)
	if err != nil {
		return err
	}
	if err := e.m.checkLabels(b, idx, e.totals); err != nil {
		return err
	}
	return e.m.run(s, b, false)
}
