package glia

import (
	"fmt"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
)

// newDevice returns the device on which models and functions run by default: the
// processor. The memory of its runs is its own.
func newDevice() backend.Device { return plan.On(cpu.Kernels{}) }

// ReferenceDevice returns a device that computes every operation by its reference: slowly,
// in float64 inside, and without fusing any. It is for checking the numbers of other
// devices and of operations of your own.
func ReferenceDevice() backend.Device { return plan.On(backend.Reference{}) }

// deviceOr returns d, or the default if it is nil.
func deviceOr(d backend.Device) backend.Device {
	if d == nil {
		return newDevice()
	}
	return d
}

// compile compiles the graph that trace builds, with the outputs that it returns. Mistakes
// in it, which panic with *graph.Error, are returned.
func compile(d backend.Device, trace func(g *graph.Graph) (outputs []*graph.Node)) (e backend.Executable, err error) {
	caught := graph.Catch(func() {
		g := graph.New()
		e, err = d.Compile(g, trace(g))
	})
	if caught != nil {
		return nil, caught
	}
	if e == nil && err == nil {
		return nil, fmt.Errorf("device %s: Compile returns nil: want an executable or an error", d.Name())
	}
	return e, err
}

// On makes the model train, evaluate and predict on a device, from the next batch on,
// and returns the model. Nil is the processor, where models run by default. Weights and
// the optimizer's state move with it. It may be called at any time, for models that
// [Load] returned too.
func (m *Model) On(d backend.Device) *Model {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	m.device = deviceOr(d)
	m.steps, m.predict = memo[*step]{}, memo[backend.Executable]{}
	return m
}
