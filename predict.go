package glia

import (
	"errors"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Predict returns the model's output for the samples along the first axis of x,
// which is split into batches of 256. An output does not depend on the samples
// beside it. Any number of goroutines may predict at once.
func (m *Model) Predict(x *tensor.Tensor) (*tensor.Tensor, error) {
	x, err := samplesOf(x)
	if err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	n := x.Shape().At(0)
	if n <= predictBatch {
		return m.predictOne(x)
	}
	var out *tensor.Tensor
	for at := 0; at < n; at += predictBatch {
		part, err := x.Slice(0, at, min(at+predictBatch, n), 1)
		if err != nil {
			return nil, err
		}
		p, err := m.planFor(part.Spec())
		if err != nil {
			return nil, err
		}
		spec := p.Outputs()[0]
		if out == nil {
			out = tensor.NewSpec(tensor.Spec{DType: spec.DType, Shape: spec.Shape.With(0, n)})
		}
		dst, err := out.Slice(0, at, min(at+predictBatch, n), 1)
		if err != nil {
			return nil, err
		}
		if err := m.runPredict(p, dst, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const predictBatch = 256

// samplesOf returns x, without gaps, if it is one sample or more.
func samplesOf(x *tensor.Tensor) (*tensor.Tensor, error) {
	switch {
	case x == nil:
		return nil, errors.New("x is nil")
	case x.Shape().Rank() == 0:
		return nil, fmt.Errorf("x is %v: want samples along the first axis", x.Spec())
	case x.Shape().At(0) == 0:
		return nil, fmt.Errorf("x is %v: want one sample or more", x.Spec())
	case !x.Contiguous():
		return x.Clone(), nil
	}
	return x, nil
}

// predictOne predicts in one batch.
func (m *Model) predictOne(x *tensor.Tensor) (*tensor.Tensor, error) {
	p, err := m.planFor(x.Spec())
	if err != nil {
		return nil, err
	}
	out := tensor.NewSpec(p.Outputs()[0])
	return out, m.runPredict(p, out, x)
}

// planFor returns the plan that predicts for inputs of a spec. The model is built
// for them if it is not.
func (m *Model) planFor(in tensor.Spec) (*plan.Plan, error) {
	m.tracing.Lock()
	defer m.tracing.Unlock()
	if p := m.predict[in]; p != nil {
		return p, nil
	}
	if err := m.accept(in); err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	var p *plan.Plan
	err := graph.Catch(func() {
		g := graph.New()
		out := m.net.Call(nn.NewCtx(g, m.random), g.Input("x", in))
		if out.Rank() == 0 || out.Shape().At(0) != in.Shape.At(0) {
			panic(graph.Errorf("output is %v for %d samples: want first axes of the same length", out.Spec(), in.Shape.At(0)))
		}
		p = plan.Compile(g, []*graph.Node{out}, cpu.Backend{})
	})
	if err != nil {
		return nil, fmt.Errorf("glia: Predict: %w", err)
	}
	m.predict[in] = p
	return p, nil
}

func (m *Model) runPredict(p *plan.Plan, out, x *tensor.Tensor) error {
	m.weights.RLock()
	defer m.weights.RUnlock()
	return p.Run([]*tensor.Tensor{out}, []*tensor.Tensor{x})
}
