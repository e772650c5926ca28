package glia

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
// Its methods may be called from any goroutine and from callbacks, also while others go on:
// they see the weights between two steps. Fit, Compile and TrainOnBatch change the
// training: while one of them goes on, a call of another is an error, and so is one from
// its callbacks, through other goroutines too.
//
// Code that runs while the model is held, which is the function of [Model.BetweenSteps],
// and what builds and traces a network (layers, initializers, losses, metrics, optimizers,
// [StepFunc]), must not call methods of the model. That is an error, or in methods that
// return none a panic with *graph.Error, which the running call returns. Nor may it wait
// for another goroutine that calls them: both would wait for ever.
//
// What a call changes is whole, or as it was, when the code of a user's that it runs
// panics or calls runtime.Goexit; the model can be used afterwards.
type Model struct {
	// Seed determines the initial weights, the order of the samples and the elements
	// that dropout drops. Change it before Compile.
	Seed uint64
	// TrainStep and TestStep, if they are set, trace a step instead of [Step.Default].
	// Set them before Compile.
	TrainStep, TestStep StepFunc

	net      *nn.Network
	compiled atomic.Pointer[compiled] // nil before Compile

	training training
	fitting  atomic.Pointer[totals] // of a Fit going on

	traceMu ownedMu // guards the variables made from the network, see lock.go
	device  backend.Device
	built   bool
	trained []*graph.Var        // that the optimizer was built for
	frozen  int                 // the network's count of changes in what is frozen, which its steps follow
	inputs  []tensor.Spec       // that the network was built for, batches of 1
	tokens  [][]nn.TokenLimit   // of the inputs
	random  *graph.Var          // the state of random layers
	preds   memo[[]tensor.Spec] // of the outputs, by the specs of inputs

	weightsMu weightsMu

	mostMemory atomic.Int64 // that a batch may take, 0 for any
	classNames atomic.Pointer[[]string]

	plansMu sync.Mutex      // guards what follows; no code of a user's runs under it
	renewed int             // how often the plans of steps became old: by Compile, another device, or layers frozen
	idle    memo[[]*totals] // that no call has, with their plans
	predict memo[backend.Executable]
	padding memo[*padding]
	specs   []tensor.Spec // scratch: the key of a look-up in these
}

// compiled holds what Compile was given. It never changes.
type compiled struct {
	opt           optim.Optimizer
	loss          loss.Loss
	metrics       []metric.Metric
	outputLosses  []outputLoss
	outputMetrics []outputMetric

	warned sync.Map // the warnings that were given, by text
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
func (m *Model) Optimizer() optim.Optimizer {
	if c := m.compiled.Load(); c != nil {
		return c.opt
	}
	return nil
}

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
func (m *Model) Compile(opt optim.Optimizer, loss loss.Loss, metrics ...metric.Metric) (err error) {
	defer catch("Compile", &err)
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
	end, err := m.training.begin("Compile")
	if err != nil {
		return err
	}
	defer end()
	if err := m.hold(); err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	defer m.traceMu.unlock()
	c := &compiled{opt: scaled(opt, m.net), loss: loss, metrics: metrics}
	if err := caught(func() error { return c.resolve(m.net) }); err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	if err := m.use(c); err != nil {
		return fmt.Errorf("glia: Compile: %w", err)
	}
	return nil
}

// use makes c what the model was compiled with. After an error, or a panic of a user's
// optimizer, the model is not compiled.
func (m *Model) use(c *compiled) error {
	if err := optim.Claim(m, c.opt, m.Optimizer()); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			m.compiled.Store(nil)
			_ = optim.Claim(m, nil, c.opt) // releasing a claim cannot fail
		}
	}()
	err := graph.Catch(func() {
		in, declared := m.net.Declared()
		if !m.built && declared {
			m.build(in, nil)
		}
		if m.built {
			m.resetOptimizer(c.opt)
		}
	})
	if err != nil {
		return err
	}
	done = true
	m.preds = memo[[]tensor.Spec]{}
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	m.compiled.Store(c)
	m.renewed++
	m.idle, m.predict, m.padding = memo[[]*totals]{}, memo[backend.Executable]{}, memo[*padding]{}
	return nil
}

// resolve gives every output of a network its loss and its metrics.
func (c *compiled) resolve(net *nn.Network) (err error) {
	if c.outputLosses, err = outputLossesOf(c.loss, net.OutputNames()); err != nil {
		return err
	}
	c.outputMetrics, err = outputMetricsOf(c.metrics, c.outputLosses)
	return err
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
	if c := m.compiled.Load(); c != nil {
		m.resetOptimizer(c.opt)
	}
	m.random = nn.NewSeed(m.Seed)
	m.inputs, m.built, m.tokens = in, true, m.net.TokenLimits(in)
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

// refreeze follows layers that were frozen or thawed: it resets the optimizer, if other
// variables are trained now, as Compile does, and has the steps traced anew. The caller holds
// traceMu.
func (m *Model) refreeze() error {
	c := m.compiled.Load()
	if c == nil || !m.built {
		return nil
	}
	trains := m.net.Trains(m.trained)
	if trains && m.net.Refrozen() == m.frozen {
		return nil
	}
	return m.weightsMu.change(func() (err error) {
		if !trains {
			err = graph.Catch(func() { m.resetOptimizer(c.opt) })
		}
		m.frozen = m.net.Refrozen()
		m.plansMu.Lock()
		defer m.plansMu.Unlock()
		m.renewed++
		return err
	})
}

// resetOptimizer makes the state of the optimizer for the variables that are trained now.
// Mistakes panic with *graph.Error.
func (m *Model) resetOptimizer(opt optim.Optimizer) {
	if err := optim.Claim(m, opt, opt); err != nil { // another may have been put into it
		panic(err)
	}
	trained := m.net.Params()
	opt.Build(trained)
	m.trained, m.frozen = trained, m.net.Refrozen()
}

// takeFrozen is refreeze for callers that do not hold traceMu.
func (m *Model) takeFrozen() error {
	if err := m.hold(); err != nil {
		return err
	}
	defer m.traceMu.unlock()
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
	if err == nil || m.net == nil || m.hold() != nil {
		return err
	}
	defer m.traceMu.unlock()
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
	m.mustHold("Params")
	defer m.traceMu.unlock()
	for _, v := range m.net.Params() {
		trainable += v.Spec().Shape.Size()
	}
	for _, v := range m.net.Vars() {
		fixed += v.Spec().Shape.Size()
	}
	return trainable, fixed - trainable
}
