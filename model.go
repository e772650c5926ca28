package glia

import (
	"errors"
	"fmt"
	"sync"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Model is a network with what is needed to train it.
//
// Predict and Evaluate may be called from any goroutine, also while Fit runs and
// from its callbacks: they see the weights between two steps.
type Model struct {
	// Seed decides the initial weights, the order of the samples and what
	// dropout drops. Change it before Compile.
	Seed uint64

	net     *nn.Network
	opt     optim.Optimizer
	loss    nn.Loss
	metrics []metric.Metric

	// fitting is held by Fit and Compile, evaluating by whatever measures: the
	// meters of an evaluation have one state.
	fitting, evaluating sync.Mutex

	// tracing guards what is built and compiled from the network.
	tracing sync.Mutex
	built   bool
	dtype   tensor.DType // of parameters, float32 if it is not set
	inputs  tensor.Spec  // what the network was built for, a batch of 1
	random  *graph.Var   // the state of random layers
	steps   map[stepKey]*step
	meters  map[meterKey]*meters
	predict map[tensor.Spec]*plan.Plan

	// weights is held for writing while a step changes them.
	weights sync.RWMutex
}

// Sequential returns a model that applies layers one after the other. Mistakes in
// the layers come to light in [Model.Compile], or in [Model.Fit] if there is no
// nn.Input in front to tell the shape of a sample.
func Sequential(layers ...nn.Layer) *Model { return New(nn.Sequential(layers...)) }

// New returns a model around a network.
func New(net *nn.Network) *Model {
	return &Model{net: net, predict: map[tensor.Spec]*plan.Plan{}}
}

// Network returns the layers.
func (m *Model) Network() *nn.Network { return m.net }

// Optimizer returns what Compile was given. Its learning rate may be changed
// between calls of Fit and by callbacks.
func (m *Model) Optimizer() optim.Optimizer { return m.opt }

// Compile sets how the model is trained and builds its weights. Without an
// nn.Input in front, the weights wait for the first data. A model that was
// trained keeps its weights; the optimizer starts afresh.
func (m *Model) Compile(opt optim.Optimizer, loss nn.Loss, metrics ...metric.Metric) error {
	if opt == nil || loss == nil {
		return errors.New("glia: Compile: got nil: want an optimizer and a loss")
	}
	if len(m.net.Layers()) == 0 {
		return errors.New("glia: Compile: the model has no layers: want one or more")
	}
	seen := map[string]bool{"loss": true}
	for i, x := range metrics {
		if x == nil {
			return fmt.Errorf("glia: Compile: metric %d is nil", i)
		}
		if seen[x.Name()] {
			return fmt.Errorf("glia: Compile: two metrics are named %q: want different names", x.Name())
		}
		seen[x.Name()] = true
	}
	if !m.fitting.TryLock() {
		return errors.New("glia: Compile: the model is being fitted: want Compile before or after")
	}
	defer m.fitting.Unlock()
	m.evaluating.Lock()
	defer m.evaluating.Unlock()
	m.tracing.Lock()
	defer m.tracing.Unlock()
	m.opt, m.loss, m.metrics = opt, loss, metrics
	m.steps, m.meters = map[stepKey]*step{}, map[meterKey]*meters{}
	err := graph.Catch(func() {
		in, declared := m.net.Declared()
		switch {
		case m.built:
			opt.Build(m.net.Params())
		case declared:
			m.build(in, nil)
		}
	})
	if err != nil {
		m.opt = nil
		return fmt.Errorf("glia: Compile: %w", err)
	}
	return nil
}

// build makes the weights, if there are none yet, for samples like those of in,
// whose first axis is a batch. Those that a file has values for are zero, and not much
// more than it holds. Mistakes panic with *graph.Error.
func (m *Model) build(in tensor.Spec, from *keras.File) {
	if m.built {
		return
	}
	in.Shape = in.Shape.With(0, 1)
	b := nn.NewBuilder(m.Seed)
	if from != nil {
		const more = 1 << 20 // small models get an error that lists all that does not fit
		b.Blank, b.Limit = true, from.Elements()+more
	}
	if m.dtype != tensor.Invalid {
		b.DType = m.dtype
	}
	m.net.Build(b, in)
	if m.opt != nil {
		m.opt.Build(m.net.Params())
	}
	m.random = nn.NewSeed(m.Seed)
	m.inputs, m.built = in, true
}

// accept builds the model for samples like those of in, if it is not built, and
// checks that they are what it takes.
func (m *Model) accept(in tensor.Spec) error {
	if err := graph.Catch(func() { m.build(in, nil) }); err != nil {
		return err
	}
	if got, want := in.Shape.From(1), m.inputs.Shape.From(1); got != want {
		return fmt.Errorf("samples are %v: the model takes %v", got, want)
	}
	return nil
}

// Params returns how many numbers training changes, and how many it does not.
func (m *Model) Params() (trainable, fixed int) {
	m.tracing.Lock()
	defer m.tracing.Unlock()
	for _, v := range m.net.Params() {
		trainable += v.Spec().Shape.Size()
	}
	for _, v := range m.net.Vars() {
		fixed += v.Spec().Shape.Size()
	}
	return trainable, fixed - trainable
}
