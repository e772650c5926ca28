package glia

import (
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// step is one batch: forward, loss and metrics; in training also gradients and
// the optimizer's update. One is compiled for each shape of a batch, for training and
// for evaluation.
type step struct {
	plan backend.Executable
	in   []*tensor.Tensor
}

// totals adds up the losses and the metrics of an epoch. It is of one call at a time, with
// the steps that update it.
type totals struct {
	m *Model
	*compiled
	names    []string // see logged
	training bool
	of       []tensor.Spec // the targets
	steps    memo[*step]
	renewed  int           // the model's count when the steps were compiled
	specs    []tensor.Spec // scratch: the key of a look-up in steps

	pred    []tensor.Spec // of each output, for a batch of any length
	total   *graph.Var    // of the loss, float64
	count   *graph.Var    // of the samples, float64
	each    []*graph.Var  // totals of the losses of outputs, if several have one
	counted []ownCount    // of evaluation, for each output with a loss
	states  []metric.State
	doubts  []string // warnings
}

// ownCount is the total of a loss that is not the mean of all losses of a batch, and what it
// is over. Both stay 0 if it is.
type ownCount struct {
	total, count *graph.Var // float64
	weight       float64    // in the sum of the losses
}

// mean returns the mean of the loss.
func (o ownCount) mean() float64 { return ratio(o.total, o.count) }

// newTotals returns totals of training or of evaluation for targets y and predictions, with
// a spec for each output.
func (m *Model) newTotals(c *compiled, training bool, y, pred []tensor.Spec) (*totals, error) {
	total := func(name string) *graph.Var { return graph.NewVar("loss/"+name, tensor.New(tensor.Float64)) }
	ms := &totals{m: m, compiled: c, names: c.logged(), pred: pred, total: total("total"), count: total("count")}
	if err := c.checkTargets(len(y)); err != nil && m.TrainStep == nil {
		return nil, err
	}
	losses := withLoss(c.outputLosses)
	for _, a := range losses {
		if len(losses) > 1 {
			ms.each = append(ms.each, total(a.output))
		}
		if !training {
			ms.counted = append(ms.counted, ownCount{total(a.output + "/counted"), total(a.output + "/count"), a.weight})
		}
	}
	for _, x := range c.outputMetrics {
		target := c.targetOf(x.output, len(y))
		if target < 0 || target >= len(y) {
			return nil, fmt.Errorf("metric %s: samples have %d targets, none for output %q: want a target, or metrics of other outputs with metric.For", x.name, len(y), c.outputLosses[x.output].output)
		}
		s, err := x.metric.New(y[target], metricSpec(pred[x.output]))
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", x.name, err)
		}
		if of, ok := s.(metric.ClassLabels); ok {
			c.allowIgnored(of, x.output)
		}
		ms.states = append(ms.states, s)
	}
	return ms, nil
}

// allowIgnored has a metric of an output accept the class that the output's loss ignores.
func (c *compiled) allowIgnored(of metric.ClassLabels, output int) {
	if class, ok := c.ignoredClass(output); ok {
		of.AllowLabel(class)
	}
}

// ignoredClass returns the class that the loss of an output ignores, if it does.
func (c *compiled) ignoredClass(output int) (class int, ok bool) {
	if output >= len(c.outputLosses) { // for a custom step
		return 0, false
	}
	if l, ok := c.outputLosses[output].loss.(loss.Ignorer); ok {
		return l.IgnoredClass()
	}
	return 0, false
}

// losses returns the totals of the loss.
func (m *totals) losses() []*graph.Var { return append([]*graph.Var{m.total, m.count}, m.each...) }

// reset sets the totals to 0, for a new epoch.
func (m *totals) reset() error {
	return m.m.weightsMu.change(func() error { // Measured may read them from another goroutine
		return graph.Catch(func() {
			m.total.Clear()
			m.count.Clear()
			for _, v := range m.each {
				v.Clear()
			}
			for _, o := range m.counted {
				o.total.Clear()
				o.count.Clear()
			}
			for _, s := range m.states {
				s.Reset()
			}
		})
	})
}

// loss returns the mean loss so far.
func (m *totals) loss() float64 {
	sum := ratio(m.total, m.count)
	for _, o := range m.counted {
		sum += o.weight * o.mean()
	}
	return sum
}

// lossOf returns the mean so far of the loss of the i-th output of those that have one.
func (m *totals) lossOf(i int) float64 {
	v := ratio(m.each[i], m.count)
	if len(m.counted) > 0 {
		v += m.counted[i].mean()
	}
	return v
}

// ratio returns a/b for scalars, 0 where b is 0.
func ratio(a, b *graph.Var) float64 {
	sum, count := tensor.Data[float64](a.Tensor())[0], tensor.Data[float64](b.Tensor())[0]
	if count == 0 {
		return 0
	}
	return sum / count
}

// trace adds the update of the totals by a batch to the graph. As in Keras, a batch is
// weighted with its length, whatever its sample weights, and the losses of single outputs
// are without their weights in the sum. Unlike in Keras, evaluation weights a loss with
// what it is a mean over, where that is not all of the batch.
func (m *totals) trace(s *Step, loss *graph.Node, pred []*graph.Node) {
	g := s.Graph()
	defer g.SetScope(g.SetScope(metricScope))
	n := float64(s.X[0].Shape().At(0))
	add := func(total *graph.Var, x *graph.Node) {
		g.Update(total, ops.Add(g.Value(total), ops.Cast(x, tensor.Float64)))
	}
	batch := func(total *graph.Var, loss *graph.Node) {
		g.Update(total, ops.Add(g.Value(total), ops.Scale(ops.Cast(loss, tensor.Float64), n)))
	}
	own := m.ownCounts(s)
	if own {
		loss = s.rest
		for _, p := range s.parts {
			if p.meansAll() {
				loss = plus(loss, p.weighted())
			}
		}
	}
	if loss != nil {
		batch(m.total, loss)
	}
	g.Update(m.count, ops.Offset(g.Value(m.count), n))
	for i, p := range s.parts {
		switch {
		case own && p.IsSum:
			add(m.counted[i].total, p.Loss)
			g.Update(m.counted[i].count, g.Const(tensor.Scalar(1.0)))
		case own && p.Count != nil:
			add(m.counted[i].total, ops.Mul(ops.Cast(p.Loss, tensor.Float64), p.Count))
			add(m.counted[i].count, p.Count)
		case len(m.each) == len(s.parts): // a custom step need not take them
			batch(m.each[i], p.Loss)
		}
	}
	for i, x := range m.outputMetrics {
		var w *graph.Node
		if x.weighted {
			w = s.weightOf(x.output)
		}
		p := pred[x.output]
		y, full := s.Y[x.output], ops.Cast(p, metricSpec(p.Spec()).DType)
		if mask := s.Mask(p); mask != nil {
			if of, ok := m.states[i].(metric.Masked); ok {
				of.UpdateMasked(g, y, full, w, mask)
				continue
			}
		}
		m.states[i].Update(g, y, full, w)
	}
}

// ownCounts reports whether a loss is not the mean of all losses of a batch, and the loss of
// the step is made of such alone.
func (m *totals) ownCounts(s *Step) bool {
	return !s.Training && s.m.TestStep == nil && slices.ContainsFunc(s.parts, func(p part) bool { return !p.meansAll() })
}

// specsOf returns the key of the step for batches like b, valid till the next call.
func (m *totals) specsOf(b *data.Batch) []tensor.Spec {
	m.specs = appendSpecs(appendSpecs(appendSpecs(m.specs[:0], b.X), b.Y), b.Weight)
	return m.specs
}

// stepFor returns the step for batches like b, compiled when it is new.
func (m *totals) stepFor(b *data.Batch) (*step, error) {
	specs := m.specsOf(b)
	if s := m.known(specs); s != nil {
		return s, nil
	}
	if err := m.m.hold(); err != nil {
		return nil, err
	}
	defer m.m.traceMu.unlock()
	m.known(specs) // throws the steps away that became old since
	s, err := m.compileStep(formOf(b))
	if err != nil {
		return nil, err
	}
	m.steps.set(stepsKept, m.training, specs, s)
	return s, nil
}

// compileStep compiles the step for batches of a form. The caller holds traceMu.
func (m *totals) compileStep(of form) (*step, error) {
	p, err := m.m.compile(func(g *graph.Graph) []*graph.Node {
		m.traceStep(g, of)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &step{plan: p}, nil
}

// form holds the specs of a batch; the zero Spec stands for weights that are nil.
type form struct{ x, y, weight []tensor.Spec }

func formOf(b *data.Batch) form {
	weight := make([]tensor.Spec, len(b.Weight))
	for i, w := range b.Weight {
		if w != nil {
			weight[i] = w.Spec()
		}
	}
	return form{specsOf(b.X), specsOf(b.Y), weight}
}

// known returns the step for specs, nil if there is none or it is old.
func (m *totals) known(specs []tensor.Spec) *step {
	m.m.plansMu.Lock()
	defer m.m.plansMu.Unlock()
	if m.renewed != m.m.renewed {
		m.renewed, m.steps = m.m.renewed, memo[*step]{}
	}
	s, _ := m.steps.get(m.training, specs)
	return s
}

// checkLabels returns an error if a label of the samples idx is not valid for the losses
// or a metric.
func (m *totals) checkLabels(b *data.Batch, idx []int) error {
	for i, y := range b.Y {
		output := m.outputOf(i, len(b.Y))
		if output >= len(m.outputLosses) { // for a custom step
			continue
		}
		at, want := m.badLabel(y, output)
		if at < 0 {
			continue
		}
		of := ""
		if len(m.outputLosses) > 1 {
			of = fmt.Sprintf(" of output %s", m.outputLosses[output].output)
		}
		return fmt.Errorf("sample %d: label %v%s: want %s", idx[at*len(idx)/y.Len()], y.Float64s()[at], of, want)
	}
	return nil
}

// badLabel returns the place of the first label y of an output that its loss or a metric
// refuses, -1 if there is none, and the labels that it takes, in words.
func (m *totals) badLabel(y *tensor.Tensor, output int) (at int, want string) {
	classes := 0
	if p := m.pred[output]; p.Rank() > 0 {
		classes = p.Shape.At(-1)
	}
	switch l := m.outputLosses[output].loss.(type) {
	case loss.LabelChecker:
		if at := l.BadLabel(y, classes); at >= 0 {
			return at, classNumbers(classes)
		}
	case loss.Ranged:
		low, high := l.TargetRange()
		if at := loss.OutOfRange(y, low, high); at >= 0 {
			return at, fmt.Sprintf("%v to %v for loss %s", low, high, l.Name())
		}
	}
	for i, x := range m.outputMetrics {
		if x.output != output {
			continue
		}
		if c, ok := m.states[i].(metric.LabelChecker); ok {
			if at := c.BadLabel(y); at >= 0 {
				if of, ok := c.(metric.ClassLabels); ok {
					classes = of.LabelClasses()
				}
				return at, classNumbers(classes)
			}
		}
		if r, ok := m.states[i].(metric.Ranged); ok {
			low, high, ok := r.LabelRange()
			if !ok {
				continue
			}
			if at := loss.OutOfRange(y, low, high); at >= 0 {
				return at, fmt.Sprintf("%v to %v for metric %s", low, high, x.name)
			}
		}
	}
	return -1, ""
}

// classNumbers returns the labels of so many classes in words.
func classNumbers(classes int) string {
	if classes == math.MaxInt {
		return "a class number, 0 or more"
	}
	return fmt.Sprintf("a class number, 0 or more and less than %d", classes)
}

// traceStep traces a step on batches of a form into an empty graph.
func (m *totals) traceStep(g *graph.Graph, batch form) {
	s := &Step{Ctx: nn.NewCtx(g, m.m.random), m: m.m, compiled: m.compiled}
	for _, part := range []struct {
		name string
		of   []tensor.Spec
		to   *[]*graph.Node
	}{{"x", batch.x, &s.X}, {"y", batch.y, &s.Y}, {"sample_weight", batch.weight, &s.Weight}} {
		for i, spec := range part.of {
			name := part.name
			if len(part.of) > 1 {
				name = fmt.Sprintf("%s[%d]", name, i)
			}
			var n *graph.Node
			if spec != (tensor.Spec{}) {
				n = g.Input(name, spec)
			}
			*part.to = append(*part.to, n)
		}
	}
	s.Training = m.training
	s.Y = m.perOutput(s.Y)
	if len(s.Weight) > 1 { // one is for all
		s.Weight = m.perOutput(s.Weight)
	}
	s.trace(func(loss *graph.Node, pred []*graph.Node) { m.trace(s, loss, pred) })
}

// perOutput gives each output its node, nil if it has none, where only those with a loss
// have one.
func (m *compiled) perOutput(n []*graph.Node) []*graph.Node {
	if len(n) == len(m.outputLosses) || len(n) != len(withLoss(m.outputLosses)) {
		return n
	}
	all := make([]*graph.Node, len(m.outputLosses))
	for i := range all {
		if target := m.targetOf(i, len(n)); target >= 0 {
			all[i] = n[target]
		}
	}
	return all
}

// inputsOf appends the tensors of a batch to in, as a step takes them.
func inputsOf(in []*tensor.Tensor, b *data.Batch) []*tensor.Tensor {
	in = append(append(in, b.X...), b.Y...)
	for _, w := range b.Weight {
		if w != nil {
			in = append(in, w)
		}
	}
	return in
}

// run does the step for a batch.
func (m *Model) run(s *step, b *data.Batch, training bool) error {
	s.in = inputsOf(s.in[:0], b)
	return m.runOn(s.plan, nil, s.in, training)
}

// runOn runs a plan that changes the weights if it trains.
func (m *Model) runOn(p backend.Executable, out, in []*tensor.Tensor, training bool) error {
	if training {
		if err := m.weightsMu.step(); err != nil {
			return err
		}
		defer m.weightsMu.Unlock()
	} else {
		if err := m.weightsMu.read(); err != nil {
			return err
		}
		defer m.weightsMu.RUnlock()
	}
	return p.Run(out, in)
}
