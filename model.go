package glia

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Model is a network with its optimizer, losses and metrics.
//
// Predict and Evaluate may be called from any goroutine, also while Fit runs and
// from its callbacks: they see the weights between two steps.
type Model struct {
	// Seed determines the initial weights, the order of the samples and the elements
	// that dropout drops. Change it before Compile.
	Seed uint64
	// TrainStep and TestStep, if they are set, trace a step instead of [Step.Default].
	// Set them before Compile.
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

	// traceMu guards the variables and plans made from the network.
	traceMu sync.Mutex
	device  backend.Device
	built   bool
	trained []*graph.Var  // that the optimizer was built for
	inputs  []tensor.Spec // that the network was built for, batches of 1
	random  *graph.Var    // the state of random layers
	steps   memo[*step]
	totals  memo[*totals]
	predict memo[backend.Executable]
	padding memo[*padding]
	specs   []tensor.Spec // scratch: the key of a look-up in these

	// weightsMu is held for writing while a step changes them.
	weightsMu sync.RWMutex
}

// Sequential returns a model that applies layers one after the other. Mistakes in
// the layers are errors of [Model.Compile], or of [Model.Fit] if there is no nn.Input in
// front with the shape of a sample.
func Sequential(layers ...nn.Layer) *Model { return New(nn.Sequential(layers...)) }

// Functional returns a model of the functional form: a graph of layers, with any number
// of inputs and outputs. Mistakes in the graph are errors of [Model.Compile]. See
// [nn.Functional].
func Functional(inputs, outputs []*nn.Symbol) *Model { return New(nn.Functional(inputs, outputs)) }

// errNoNetwork is that of the zero Model and of New(nil).
var errNoNetwork = errors.New("the model has no network: want one that New, Sequential, Functional or Load returns")

// New returns a model around a network. Without one, nil, all that needs it is an error.
func New(net *nn.Network) *Model {
	return &Model{net: net, device: newDevice()}
}

// Network returns the layers.
func (m *Model) Network() *nn.Network { return m.net }

// Optimizer returns the optimizer given to Compile, or the one around it that scales the
// loss. Its learning rate may be changed between calls of Fit and by callbacks.
func (m *Model) Optimizer() optim.Optimizer { return m.opt }

// Compile sets the optimizer, losses and metrics of the model and builds its weights.
// Without an nn.Input in front, the weights are built for the first data. A model that was
// trained keeps its weights; the optimizer's state is reset. An optimizer that another
// model was compiled with is refused until that model is compiled with another one.
//
// Metrics ignore the weights of samples, except those in metric.WithWeights. If a metric
// is given in both ways, the name of the weighted one has the prefix "weighted_". In a
// network with several outputs, [loss.PerOutput] and metric.For name the output of a loss
// or metric; any other is for each output.
//
// With nn.MixedFloat16 as the network's dtype policy, the optimizer is wrapped in
// optim.LossScale, unless it is one.
//
// Layers may be frozen and thawed later (the field Frozen), between calls of Fit
// and by callbacks' OnEpochBegin: if that changes the trained variables, the optimizer's
// state is reset, except its learning rate.
func (m *Model) Compile(opt optim.Optimizer, loss loss.Loss, metrics ...metric.Metric) error {
	if opt == nil || loss == nil {
		return errors.New("glia: Compile: got nil: want an optimizer and a loss")
	}
	if m.net == nil {
		return fmt.Errorf("glia: Compile: %w", errNoNetwork)
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
			m.resetOptimizer()
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
// whose first axis is a batch. If their values come from a file they are zero, and not much
// larger than the file's. Mistakes panic with *graph.Error.
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
		const more = 1 << 20 // so that small models get an error that lists every mismatch
		b.Blank, b.Limit = true, from.Elements()+more
	}
	if declared, ok := m.net.Declared(); ok && len(declared) == len(in) {
		open(in, declared)
	}
	m.net.BuildOpen(b, in)
	if m.opt != nil {
		m.resetOptimizer()
	}
	m.random = nn.NewSeed(m.Seed)
	m.inputs, m.built = in, true
}

// open makes the axes of in open that the network declares open. Its layers compare the
// other axes.
func open(in, declared []tensor.Spec) {
	for i, s := range declared {
		for axis, d := range s.Shape.Slice() {
			if d == nn.Any && s.Rank() == in[i].Rank() {
				in[i].Shape = in[i].Shape.With(axis, nn.Any)
			}
		}
	}
}

// refreeze follows layers that were frozen or thawed: it resets the optimizer for the
// variables that are trained now, as Compile does. The caller holds traceMu.
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
	return graph.Catch(m.resetOptimizer)
}

// resetOptimizer makes the state of the optimizer for the variables that are trained now.
// Mistakes panic with *graph.Error.
func (m *Model) resetOptimizer() {
	if err := optim.Claim(m, m.opt, m.opt); err != nil { // another may have been put into it
		panic(err)
	}
	m.trained = m.net.Params()
	m.opt.Build(m.trained)
}

// takeFrozen is refreeze for callers that do not hold traceMu.
func (m *Model) takeFrozen() error {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	return m.refreeze()
}

// accept builds the model for samples like those of in, if it is not built, and
// returns an error unless they fit it.
func (m *Model) accept(in []tensor.Spec) error {
	if m.net == nil {
		return errNoNetwork
	}
	if err := graph.Catch(func() { m.build(in, nil) }); err != nil {
		return err
	}
	if len(in) != len(m.inputs) {
		return fmt.Errorf("samples have %d inputs: the model takes %d", len(in), len(m.inputs))
	}
	for i, s := range in {
		if got, want := s.Shape.From(1), m.inputs[i].Shape.From(1); !nn.Fits(got, want) {
			of := ""
			if len(in) > 1 {
				of = fmt.Sprintf(" for input %d", i)
			}
			return fmt.Errorf("samples are %v%s: the model takes %v", got, of, want)
		}
	}
	return nil
}

// batched adds to the error of a batch x how to make one, if x is one sample.
func (m *Model) batched(x []*tensor.Tensor, err error) error {
	m.traceMu.Lock()
	defer m.traceMu.Unlock()
	if err == nil || m.net == nil {
		return err
	}
	inputs := m.inputs
	if !m.built {
		_ = graph.Catch(func() { inputs, _ = m.net.Declared() })
	}
	if len(x) != len(inputs) {
		return err
	}
	for i, t := range x {
		if !nn.Fits(t.Shape(), inputs[i].Shape.From(1)) {
			return err
		}
	}
	dims := tensor.D(1).Append(x[0].Shape().Slice()...).String()
	return fmt.Errorf("%w; %v is one sample without the axis of the batch: Reshape(%s) makes a batch of it", err, x[0].Spec(), strings.ReplaceAll(dims[1:len(dims)-1], " ", ", "))
}

// Params returns the numbers of elements of the variables that training changes, and of
// the others.
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
