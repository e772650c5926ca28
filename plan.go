package glia

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/nn"
)

// Plan returns the plan of a training step on batches of a dataset as text for a person:
// the kernel calls in their order, and the memory of their results.
func (m *Model) Plan(train data.Dataset, batch int) (_ string, err error) {
	defer catch("Plan", &err)
	if m.compiled.Load() == nil {
		return "", fmt.Errorf("glia: Plan: %w", errNotCompiled)
	}
	n, err := checkData(train)
	if err != nil {
		return "", fmt.Errorf("glia: Plan: %w", err)
	}
	if batch < 1 || batch > n {
		return "", fmt.Errorf("glia: Plan: a batch of %d samples of %d: want 1 or more, and no more than there are", batch, n)
	}
	x, y := train.Specs()
	ms, err := m.totalsFor(true, x, y)
	if err != nil {
		return "", fmt.Errorf("glia: Plan: %w", err)
	}
	defer m.release(ms)
	if err := m.hold(); err != nil {
		return "", fmt.Errorf("glia: Plan: %w", err)
	}
	defer m.traceMu.unlock()
	s, err := ms.compileStep(form{x: nn.Concrete(batchSpecs(batch, x)), y: nn.Concrete(batchSpecs(batch, y))})
	if err != nil {
		return "", fmt.Errorf("glia: Plan: %w", err)
	}
	return s.plan.String(), nil
}
