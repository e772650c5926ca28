package glia

import (
	"errors"
	"fmt"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Predict returns the model's output for the samples along the first axis of x,
// which is split into batches of 256. An output does not depend on the samples
// beside it. Any number of goroutines may predict at once.
//
// It is for models of one input and output; [Model.PredictAll] is for others.
func (m *Model) Predict(x *tensor.Tensor) (*tensor.Tensor, error) {
	return one(m.predictBatches([]*tensor.Tensor{x}, predictBatch))
}

// PredictAll is [Model.Predict] with a tensor for each input of the model, in the order
// that [nn.Functional] was given, all with first axes of one length. It returns one for
// each output. Tensors that are not what the model takes are an error.
func (m *Model) PredictAll(x ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	return m.predictBatches(x, predictBatch)
}

// one returns the output of a model that has one.
func one(out []*tensor.Tensor, err error) (*tensor.Tensor, error) {
	if err != nil {
		return nil, err
	}
	if len(out) != 1 {
		return nil, fmt.Errorf("glia: Predict: the model has %d outputs: want one; PredictAll returns all", len(out))
	}
	return out[0], nil
}

// predictBatches predicts in batches of some size.
func (m *Model) predictBatches(x []*tensor.Tensor, size int) ([]*tensor.Tensor, error) {
	x, err := samplesOf(x)
	if err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	n := x[0].Shape().At(0)
	if n <= size {
		return m.predictOne(x)
	}
	var out []*tensor.Tensor
	for at := 0; at < n; at += size {
		part, err := rows(x, at, min(at+size, n))
		if err != nil {
			return nil, err
		}
		p, err := m.planFor(part)
		if err != nil {
			return nil, err
		}
		if out == nil {
			for _, s := range p.Outputs() {
				out = append(out, tensor.NewSpec(tensor.Spec{DType: s.DType, Shape: s.Shape.With(0, n)}))
			}
		}
		dst, err := rows(out, at, min(at+size, n))
		if err != nil {
			return nil, err
		}
		if err := m.runPredict(p, dst, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows returns views of the samples from to to-1.
func rows(of []*tensor.Tensor, from, to int) ([]*tensor.Tensor, error) {
	parts := make([]*tensor.Tensor, len(of))
	for i, t := range of {
		part, err := t.Slice(0, from, to, 1)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}

const predictBatch = 256

// samplesOf returns x, without gaps, if it is one sample or more.
func samplesOf(x []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(x) == 0 {
		return nil, errors.New("no x: want a tensor for each input")
	}
	for _, t := range x {
		switch {
		case t == nil:
			return nil, errors.New("x is nil")
		case t.Shape().Rank() == 0:
			return nil, fmt.Errorf("x is %v: want samples along the first axis", t.Spec())
		case t.Shape().At(0) == 0:
			return nil, fmt.Errorf("x is %v: want one sample or more", t.Spec())
		case t.Shape().At(0) != x[0].Shape().At(0):
			return nil, fmt.Errorf("x are %v and %v: want first axes of the same length", x[0].Spec(), t.Spec())
		}
	}
	return contiguous(x), nil
}

// predictOne predicts in one batch.
func (m *Model) predictOne(x []*tensor.Tensor) ([]*tensor.Tensor, error) {
	p, err := m.planFor(x)
	if err != nil {
		return nil, err
	}
	out := blank(p.Outputs())
	return out, m.runPredict(p, out, x)
}

// planFor returns the plan that predicts for inputs like these. The model is built for
// them if it is not.
func (m *Model) planFor(x []*tensor.Tensor) (backend.Executable, error) {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	m.specs = appendSpecs(m.specs[:0], x)
	if p, ok := m.predict.get(false, m.specs); ok {
		return p, nil
	}
	in := specsOf(x)
	if err := m.accept(in); err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	p, err := compile(m.device, func(g *graph.Graph) []*graph.Node {
		out := m.call(g, in)
		for _, n := range out {
			if n.Rank() == 0 || n.Shape().At(0) != in[0].Shape.At(0) {
				panic(graph.Errorf("output is %v for %d samples: want first axes of the same length", n.Spec(), in[0].Shape.At(0)))
			}
		}
		return out
	})
	if err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	m.predict.set(false, m.specs, p)
	return p, nil
}

func (m *Model) runPredict(p backend.Executable, out, x []*tensor.Tensor) error {
	m.weightsMu.RLock()
	defer m.weightsMu.RUnlock()
	return p.Run(out, x)
}
