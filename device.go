package glia

import (
	"fmt"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/tensor"
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
	var access *graph.Access
	err = caught(func() (err error) {
		g := graph.New()
		outputs := trace(g)
		access = accessOf(g)
		e, err = d.Compile(g, outputs)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, fmt.Errorf("device %s: Compile returns nil: want an executable or an error", d.Name())
	}
	return &guarded{e, access}, nil
}

// guarded is an executable whose runs wait for others that update its variables, and for
// those who set them.
type guarded struct {
	backend.Executable
	access *graph.Access
}

// Run implements [backend.Executable].
func (e *guarded) Run(out, in []*tensor.Tensor) error {
	e.access.Lock()
	defer e.access.Unlock()
	return e.Executable.Run(out, in)
}

// Arena implements [backend.Sized]; it is 0 if the device does not tell.
func (e *guarded) Arena() int {
	if s, ok := e.Executable.(backend.Sized); ok {
		return s.Arena()
	}
	return 0
}

// accessOf returns the access to the variables of a graph.
func accessOf(g *graph.Graph) *graph.Access {
	var updated []*graph.Var
	for _, u := range g.Updates() {
		updated = append(updated, u.Var)
	}
	return graph.NewAccess(g.Vars(), updated)
}

// On makes the model train, evaluate and predict on a device, from the next batch on,
// and returns the model. Nil is the processor, where models run by default. Weights and
// the optimizer's state move with it. It may be called at any time, for models that
// [Load] returned too.
func (m *Model) On(d backend.Device) *Model {
	m.mustHold("On")
	defer m.traceMu.unlock()
	m.device = deviceOr(d)
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	m.renewed++
	m.predict = memo[backend.Executable]{}
	return m
}
