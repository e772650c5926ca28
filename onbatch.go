package glia

import (
	"errors"
	"fmt"
	"math"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// TrainOnBatch does one step of training on a batch and returns its loss and
// metrics, of that batch alone. The model is built for the batch if it is not.
func (m *Model) TrainOnBatch(b *data.Batch) (_ Result, err error) {
	defer catch("TrainOnBatch", &err)
	end, err := m.training.begin("TrainOnBatch")
	if err != nil {
		return Result{}, err
	}
	defer end()
	r, err := m.onBatch(b, true)
	if err != nil {
		return Result{}, fmt.Errorf("glia: TrainOnBatch: %w", err)
	}
	return r, nil
}

// TestOnBatch returns loss and metrics of a batch.
func (m *Model) TestOnBatch(b *data.Batch) (_ Result, err error) {
	defer catch("TestOnBatch", &err)
	r, err := m.onBatch(b, false)
	if err != nil {
		return Result{}, fmt.Errorf("glia: TestOnBatch: %w", err)
	}
	return r, nil
}

// TrainOnBatchNamed is [Model.TrainOnBatch] with inputs and targets by name, as Fit takes those
// of [data.FromMaps]: x by the names of the nn.Input layers, y by those of the layers that make
// the outputs, see nn's Network.OutputNames. Outputs without a loss need no targets.
func (m *Model) TrainOnBatchNamed(x, y map[string]*tensor.Tensor) (Result, error) {
	b, err := m.namedBatch(x, y)
	if err != nil {
		return Result{}, fmt.Errorf("glia: TrainOnBatchNamed: %w", err)
	}
	return m.TrainOnBatch(b)
}

// TestOnBatchNamed is [Model.TestOnBatch] with inputs and targets by name, see
// [Model.TrainOnBatchNamed].
func (m *Model) TestOnBatchNamed(x, y map[string]*tensor.Tensor) (Result, error) {
	b, err := m.namedBatch(x, y)
	if err != nil {
		return Result{}, fmt.Errorf("glia: TestOnBatchNamed: %w", err)
	}
	return m.TestOnBatch(b)
}

// namedBatch returns a batch in the order of the network's inputs and outputs.
func (m *Model) namedBatch(x, y map[string]*tensor.Tensor) (*data.Batch, error) {
	if m.compiled.Load() == nil {
		return nil, errNotCompiled
	}
	if m.net == nil {
		return nil, errNoNetwork
	}
	ds, err := data.FromMaps(x, y)
	if err != nil {
		return nil, err
	}
	inputs, targets := ds.Names()
	b := &data.Batch{}
	for _, name := range inputs {
		b.X = append(b.X, x[name])
	}
	for _, name := range targets {
		b.Y = append(b.Y, y[name])
	}
	ordered, err := m.inNetworkOrder(ds)
	if r, ok := ordered.(*reordered); ok {
		forward(b.X, r.x)
		forward(b.Y, r.y)
	}
	return b, err
}

// PredictOnBatch is [Model.Predict] with all samples in one batch.
func (m *Model) PredictOnBatch(x *tensor.Tensor) (*tensor.Tensor, error) {
	return m.predictOne("PredictOnBatch", x, math.MaxInt)
}

// onBatch does a step by itself.
func (m *Model) onBatch(b *data.Batch, training bool) (Result, error) {
	if m.compiled.Load() == nil {
		return Result{}, errNotCompiled
	}
	if b == nil || len(b.X) == 0 || b.X[0] == nil || b.X[0].Shape().Rank() == 0 || b.X[0].Shape().At(0) == 0 {
		return Result{}, errors.New("the batch is empty: want X and Y with one sample or more along the first axis")
	}
	n := b.X[0].Shape().At(0)
	if err := checkBatch(b, n); err != nil {
		return Result{}, err
	}
	ms, err := m.totalsFor(training, sampleOf(b.X), sampleOf(b.Y))
	if err != nil {
		return Result{}, m.batched(b.X, err)
	}
	defer m.release(ms)
	ms.warnOnce(warnTo(nil), ms.doubts...)
	if training {
		if err := m.takeFrozen(); err != nil {
			return Result{}, err
		}
	}
	if err := ms.reset(); err != nil {
		return Result{}, err
	}
	s, err := ms.stepFor(b)
	if err != nil {
		return Result{}, err
	}
	if err := ms.checkLabels(b, inOrder(n)); err != nil {
		return Result{}, err
	}
	if err := m.checkTokens(b.X, func(i int) int { return i }); err != nil {
		return Result{}, err
	}
	if err := m.run(s, b, training); err != nil {
		return Result{}, err
	}
	return ms.result(), nil
}
