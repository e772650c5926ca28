package glia

import (
	"slices"
	"strconv"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
)

// StepFunc traces a step on a batch, and returns the loss, a float scalar, and the
// predictions of each output, for the metrics. It is called once for every shape of a
// batch; mistakes in it panic with *graph.Error, which Fit returns.
//
//	m.TrainStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
//		pred = s.Call(s.X...)
//		loss = ops.Scale(s.Loss(pred), 0.5)
//		s.Minimize(loss)
//		return loss, pred
//	}
type StepFunc func(s *Step) (loss *graph.Node, pred []*graph.Node)

// Step is the trace of one step. Its Ctx has the graph, reads and updates variables
// and reports whether the step trains.
type Step struct {
	*nn.Ctx
	// X, Y and Weight are the batch, as in [data.Batch]: samples for each input, targets
	// for each output, and weights of the samples, float32 [B ...], if there are any. Where
	// only the outputs with a loss have targets, those of others are nil.
	X, Y, Weight []*graph.Node

	m *Model
	*compiled
	parts   []part      // the losses of outputs that have one
	rest    *graph.Node // what Loss adds to them, nil if that is nothing
	counted int         // of the layers' losses
	applied bool
}

// Default traces the step of a model without a custom one: it predicts, takes the loss,
// and in training minimizes it.
func (s *Step) Default() (loss *graph.Node, pred []*graph.Node) {
	return s.predictAndMinimize(func(*graph.Node, []*graph.Node) {})
}

// predictAndMinimize is Default with the metrics, which measure traces, before the
// gradients.
func (s *Step) predictAndMinimize(measure func(loss *graph.Node, pred []*graph.Node)) (loss *graph.Node, pred []*graph.Node) {
	pred = s.Call(s.X...)
	loss = s.Loss(pred)
	measure(loss, pred)
	if s.Training {
		s.Minimize(loss)
	}
	return loss, pred
}

// Call applies the network to its inputs, and returns its outputs. It panics with
// *graph.Error if x does not fit the network.
func (s *Step) Call(x ...*graph.Node) []*graph.Node { return s.m.net.CallAll(s.Ctx, x) }

// Loss returns the loss given to Compile, of predictions for X: the weighted sum if
// outputs have several. It adds the penalties of the layers, each once in a step. It
// panics with *graph.Error unless there is a prediction, and a target in Y, for each
// output, and they fit the loss.
func (s *Step) Loss(pred []*graph.Node) *graph.Node {
	defer s.Graph().SetScope(s.Graph().SetScope(lossScope))
	if len(pred) != len(s.outputLosses) || len(s.Y) < len(pred) {
		panic(graph.Errorf("glia: Step.Loss: %d predictions and %d targets: want one for each of the outputs %q", len(pred), len(s.Y), outputsOf(s.outputLosses)))
	}
	s.parts, s.rest = nil, nil
	var loss *graph.Node
	for i, a := range s.outputLosses {
		if a.loss == nil {
			continue
		}
		p := part{s.lossOf(i, pred[i]), a.weight}
		s.parts = append(s.parts, p)
		loss = plus(loss, p.weighted())
	}
	for _, penalty := range s.Losses()[s.counted:] {
		loss = plus(loss, penalty)
		s.rest = plus(s.rest, penalty)
	}
	s.counted = len(s.Losses())
	return loss
}

// part is the loss of one output, and its weight in the sum.
type part struct {
	loss.Reduced
	weight float64
}

// meansAll reports whether the loss is the mean of all losses of the batch, or at least no
// mean of fewer.
func (p part) meansAll() bool { return !p.IsSum && p.Count == nil }

// weighted returns the loss times its weight.
func (p part) weighted() *graph.Node {
	if p.weight == 1 {
		return p.Loss
	}
	return ops.Scale(p.Loss, p.weight)
}

// plus returns a + b in the dtype of a, which may be nil.
func plus(a, b *graph.Node) *graph.Node {
	if a == nil {
		return b
	}
	return ops.Add(a, ops.Cast(b, a.DType()))
}

// lossOf returns the loss of one output by itself.
func (s *Step) lossOf(output int, pred *graph.Node) loss.Reduced {
	a := s.outputLosses[output]
	if len(s.outputLosses) > 1 {
		defer s.Graph().SetScope(s.Graph().SetScope(outputScope + strconv.Quote(a.output)))
	}
	return a.reduce(s.Y[output], pred, s.weightOf(output), s.Mask(pred))
}

// reduce returns the loss of a batch, a scalar.
func (a outputLoss) reduce(y, pred, weight, mask *graph.Node) loss.Reduced {
	l := loss.ReduceCounted(a.loss, y, pred, weight, mask)
	if l.Loss.Rank() != 0 || !l.Loss.DType().IsFloat() {
		panic(graph.Errorf("loss %s is %v: want one float; with loss.NoReduction there is nothing to train on", a.loss.Name(), l.Loss.Spec()))
	}
	return l
}

// weightOf returns the weights of the samples in the loss of an output, nil if all are 1.
func (s *Step) weightOf(output int) *graph.Node {
	switch len(s.Weight) {
	case 0:
		return nil
	case 1:
		return s.Weight[0]
	}
	return s.Weight[output]
}

// Params returns the variables that are trained.
func (s *Step) Params() []*graph.Var { return slices.Clone(s.m.trained) }

// Gradients returns the gradients of a scalar, one for each of Params. If the optimizer
// scales the loss they are those of the scaled scalar, and Apply divides them again. It
// panics with *graph.Error unless the scalar depends on one of Params.
func (s *Step) Gradients(loss *graph.Node) []*graph.Node {
	if s.applied {
		panic(graph.Errorf("glia: Step.Gradients: the optimizer was applied: want one step of it, with the sums of gradients"))
	}
	params := s.m.trained
	nodes := make([]*graph.Node, len(params))
	for i, v := range params {
		nodes[i] = s.Value(v)
	}
	if o, ok := s.opt.(optim.LossScaler); ok {
		loss = o.ScaleLoss(loss)
	}
	grads := autodiff.Grad(loss, nodes...)
	if len(grads) > 0 && !slices.ContainsFunc(grads, isReached) {
		panic(graph.Errorf("loss %s depends on no weight: want one computed from the predictions", s.loss.Name()))
	}
	return grads
}

// isReached reports whether a gradient is not the constant 0.
func isReached(grad *graph.Node) bool {
	f, full := grad.Op.(ops.FullOp)
	return !full || f.Value() != 0
}

// Apply gives the optimizer the gradients of Params, once in a step: it updates
// them and its own state. The constraints of the variables follow.
func (s *Step) Apply(grads []*graph.Node) {
	switch {
	case !s.Training:
		panic(graph.Errorf("glia: Step.Apply: the step does not train: want it in TrainStep only"))
	case s.applied:
		panic(graph.Errorf("glia: Step.Apply: called twice: want one step of the optimizer, with the sums of gradients"))
	}
	s.applied = true
	defer s.Graph().SetScope(s.Graph().SetScope(optimizerScope))
	s.opt.Apply(s.Graph(), grads)
	nn.Constrain(s.Graph(), s.m.trained)
}

// Minimize gives the optimizer the gradients of a scalar.
func (s *Step) Minimize(loss *graph.Node) { s.Apply(s.Gradients(loss)) }

// trace traces the step and, by calling measure, its metrics.
func (s *Step) trace(measure func(loss *graph.Node, pred []*graph.Node)) {
	if f := s.m.customStep(s.Training); f != nil {
		measure(s.custom(f))
		return
	}
	s.predictAndMinimize(measure)
}

// customStep returns the model's TrainStep or TestStep, nil if it is not set.
func (m *Model) customStep(training bool) StepFunc {
	if training {
		return m.TrainStep
	}
	return m.TestStep
}

// custom runs the step's function and checks what it returns.
func (s *Step) custom(f StepFunc) (loss *graph.Node, pred []*graph.Node) {
	name := "TestStep"
	if s.Training {
		name = "TrainStep"
	}
	loss, pred = f(s)
	foreign := func(n *graph.Node) bool { return n == nil || n.Graph() != s.Graph() }
	switch {
	case len(pred) != len(s.outputLosses):
		panic(graph.Errorf("glia: %s: %d predictions: want one for each of the outputs %q", name, len(pred), outputsOf(s.outputLosses)))
	case foreign(loss) || slices.ContainsFunc(pred, foreign):
		panic(graph.Errorf("glia: %s: loss or predictions are nil or of another graph: want nodes computed from the batch", name))
	case loss.Rank() != 0 || !loss.DType().IsFloat():
		panic(graph.Errorf("glia: %s: loss is %v: want a float scalar", name, loss.Spec()))
	}
	return loss, pred
}
