package glia

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
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
	// TrainStep and TestStep, if they are set, are what a step does instead of
	// [Step.Default]. Set them before Compile.
	TrainStep, TestStep StepFunc

	net           *nn.Network
	opt           optim.Optimizer
	loss          loss.Loss
	metrics       []metric.Metric
	outputLosses  []outputLoss
	outputMetrics []outputMetric

	// fitMu is held by Fit and Compile, evalMu by every evaluation: the
	// totals of an evaluation have one state.
	fitMu, evalMu sync.Mutex

	// training has the totals of a Fit going on.
	training *totals

	// traceMu guards what is built and compiled from the network.
	traceMu sync.Mutex
	device  backend.Device
	built   bool
	trained []*graph.Var  // what the optimizer was built for
	inputs  []tensor.Spec // what the network was built for, batches of 1
	random  *graph.Var    // the state of random layers
	steps   memo[*step]
	totals  memo[*totals]
	predict memo[backend.Executable]
	padding memo[*padding]
	specs   []tensor.Spec // of what is looked up in these

	// weightsMu is held for writing while a step changes them.
	weightsMu sync.RWMutex
}

// Sequential returns a model that applies layers one after the other. Mistakes in
// the layers come to light in [Model.Compile], or in [Model.Fit] if there is no
// nn.Input in front to tell the shape of a sample.
func Sequential(layers ...nn.Layer) *Model { return New(nn.Sequential(layers...)) }

// Functional returns a model of the functional form: a graph of layers, with any number
// of inputs and outputs. Mistakes in the graph come to light in [Model.Compile], as errors.
// See [nn.Functional].
func Functional(inputs, outputs []*nn.Symbol) *Model { return New(nn.Functional(inputs, outputs)) }

// New returns a model around a network.
func New(net *nn.Network) *Model {
	return &Model{net: net, device: newDevice()}
}

// Network returns the layers.
func (m *Model) Network() *nn.Network { return m.net }

// Optimizer returns what Compile was given, or around it the optimizer that scales the
// loss. Its learning rate may be changed between calls of Fit and by callbacks.
func (m *Model) Optimizer() optim.Optimizer { return m.opt }

// Compile sets how the model is trained and builds its weights. Without an
// nn.Input in front, the weights wait for the first data. A model that was
// trained keeps its weights; the optimizer starts afresh. An optimizer that another model
// was compiled with is refused, until that is compiled with another one.
//
// Metrics see all samples alike, those in metric.WithWeights with their weights. One
// that is there in both ways has "weighted_" before its name in the second. Of a
// network with several outputs, [loss.PerOutput] and metric.For say which output a loss or a
// metric is for: without, it is for each.
//
// With nn.MixedFloat16 as the network's dtype policy, an optimizer that is not one of
// optim.LossScale becomes the inner one of that.
//
// Layers may be frozen and thawed later (the field Frozen), between calls of Fit
// and by callbacks' OnEpochBegin: if that changes what is trained, the optimizer
// starts afresh, with the learning rate that it has.
func (m *Model) Compile(opt optim.Optimizer, loss loss.Loss, metrics ...metric.Metric) error {
	if opt == nil || loss == nil {
		return errors.New("glia: Compile: got nil: want an optimizer and a loss")
	}
	if err := graph.Catch(func() { m.net.Names() }); err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	if len(m.net.Layers()) == 0 {
		return errors.New("glia: Compile: the model has no layers: want one or more")
	}
	outputLosses, outputMetrics, err := m.resolve(loss, metrics)
	if err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	if !m.fitMu.TryLock() {
		return errors.New("glia: Compile: called during Fit: call Compile before or after it")
	}
	defer m.fitMu.Unlock()
	m.evalMu.Lock()
	defer m.evalMu.Unlock()
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	opt = scaled(opt, m.net)
	if err := optim.Claim(m, opt, m.opt); err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	m.opt, m.loss, m.metrics, m.outputLosses, m.outputMetrics = opt, loss, metrics, outputLosses, outputMetrics
	m.steps, m.totals, m.predict = memo[*step]{}, memo[*totals]{}, memo[backend.Executable]{}
	m.padding = memo[*padding]{}
	err = graph.Catch(func() {
		in, declared := m.net.Declared()
		switch {
		case m.built:
			m.startAfresh()
		case declared:
			m.build(in, nil)
		}
	})
	if err != nil {
		_ = optim.Claim(m, nil, opt) // releasing a claim cannot fail
		m.opt = nil
		return fmt.Errorf("glia: Compile: %w", err)
	}
	return nil
}

// resolve gives every output its loss and its metrics.
func (m *Model) resolve(loss loss.Loss, metrics []metric.Metric) ([]outputLoss, []outputMetric, error) {
	var outputs []string
	if err := graph.Catch(func() { outputs = m.net.OutputNames() }); err != nil {
		return nil, nil, err
	}
	losses, err := outputLossesOf(loss, outputs)
	if err != nil {
		return nil, nil, err
	}
	measures, err := outputMetricsOf(metrics, losses)
	return losses, measures, err
}

// build makes the weights, if there are none yet, for samples like those of in,
// whose first axis is a batch. Those that a file has values for are zero, and not much
// more than it holds. Mistakes panic with *graph.Error.
func (m *Model) build(in []tensor.Spec, from *keras.File) {
	if m.built {
		return
	}
	in = slices.Clone(in)
	for i := range in {
		in[i].Shape = in[i].Shape.With(0, 1)
	}
	b := nn.NewBuilder(m.Seed)
	if from != nil {
		const more = 1 << 20 // small models get an error that lists all that does not fit
		b.Blank, b.Limit = true, from.Elements()+more
	}
	if declared, ok := m.net.Declared(); ok && len(declared) == len(in) {
		open(in, declared)
	}
	m.net.BuildOpen(b, in)
	if m.opt != nil {
		m.startAfresh()
	}
	m.random = nn.NewSeed(m.Seed)
	m.inputs, m.built = in, true
}

// open makes axes of in open that are so in what the network declares. Others are for
// its layers to compare.
func open(in, declared []tensor.Spec) {
	for i, s := range declared {
		for axis, d := range s.Shape.Slice() {
			if d == nn.Any && s.Rank() == in[i].Rank() {
				in[i].Shape = in[i].Shape.With(axis, nn.Any)
			}
		}
	}
}

// refreeze takes note of layers that were frozen or thawed: the optimizer starts
// afresh for what is trained now, as after Compile. The caller holds traceMu.
func (m *Model) refreeze() error {
	if m.opt == nil || !m.built {
		return nil
	}
	if slices.Equal(m.net.Params(), m.trained) {
		return nil
	}
	m.weightsMu.Lock()
	defer m.weightsMu.Unlock()
	m.steps = memo[*step]{}
	return graph.Catch(m.startAfresh)
}

// startAfresh makes the state of the optimizer for what is trained now. Mistakes panic
// with *graph.Error.
func (m *Model) startAfresh() {
	if err := optim.Claim(m, m.opt, m.opt); err != nil { // another may have been put into it
		panic(err)
	}
	m.trained = m.net.Params()
	m.opt.Build(m.trained)
}

// takeFrozen is refreeze for those who do not hold traceMu.
func (m *Model) takeFrozen() error {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	return m.refreeze()
}

// accept builds the model for samples like those of in, if it is not built, and
// checks that they are what it takes.
func (m *Model) accept(in []tensor.Spec) error {
	if err := graph.Catch(func() { m.build(in, nil) }); err != nil {
		return err
	}
	if len(in) != len(m.inputs) {
		return fmt.Errorf("samples have %d inputs: the model takes %d", len(in), len(m.inputs))
	}
	for i, s := range in {
		if got, want := s.Shape.From(1), m.inputs[i].Shape.From(1); !fits(got, want) {
			of := ""
			if len(in) > 1 {
				of = fmt.Sprintf(" for input %d", i)
			}
			return fmt.Errorf("samples are %v%s: the model takes %v", got, of, want)
		}
	}
	return nil
}

// fits reports whether a shape is one with open axes, but for their lengths.
func fits(got, want tensor.Dims) bool {
	if got.Rank() != want.Rank() {
		return false
	}
	for axis, d := range want.Slice() {
		if d != nn.Any && d != got.At(axis) {
			return false
		}
	}
	return true
}

// Params returns how many numbers training changes, and how many it does not.
func (m *Model) Params() (trainable, fixed int) {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	for _, v := range m.net.Params() {
		trainable += v.Spec().Shape.Size()
	}
	for _, v := range m.net.Vars() {
		fixed += v.Spec().Shape.Size()
	}
	return trainable, fixed - trainable
}
