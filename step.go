package glia

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// stepKey tells the steps of a model apart: one is compiled for each shape of a
// batch, for training and for evaluation.
type stepKey struct {
	training bool
	x, y     tensor.Spec
	weighted bool
}

// step is one batch: forward, loss and metrics; in training also gradients and
// the optimizer's update.
type step struct {
	plan *plan.Plan
	in   []*tensor.Tensor
}

// meterKey tells the meters of a model apart.
type meterKey struct {
	training bool
	y        tensor.Spec
}

// meters is the state that adds up the loss and the metrics of an epoch.
type meters struct {
	classes      int        // the length of the predictions' last axis
	total, count *graph.Var // of the loss, float64
	states       []metric.State
	weighted     []bool // which of them take weights
	checkers     []metric.LabelChecker
}

func newMeters(metrics []metric.Metric, y, pred tensor.Spec) (*meters, error) {
	m := &meters{
		total: graph.NewVar("loss/total", tensor.New(tensor.Float64)),
		count: graph.NewVar("loss/count", tensor.New(tensor.Float64)),
	}
	if pred.Rank() > 0 {
		m.classes = pred.Shape.At(-1)
	}
	for _, x := range metrics {
		s, err := x.New(y, measured(pred))
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", x.Name(), err)
		}
		if c, ok := s.(metric.LabelChecker); ok {
			m.checkers = append(m.checkers, c)
		}
		_, weighted := x.(*metric.WeightedMetric)
		m.states, m.weighted = append(m.states, s), append(m.weighted, weighted)
	}
	return m, nil
}

// reset starts a new epoch.
func (m *meters) reset() {
	clear(m.total.Tensor().Bytes())
	clear(m.count.Tensor().Bytes())
	for _, s := range m.states {
		s.Reset()
	}
}

// loss returns the mean loss so far.
func (m *meters) loss() float64 {
	total, count := tensor.Data[float64](m.total.Tensor())[0], tensor.Data[float64](m.count.Tensor())[0]
	if count == 0 {
		return 0
	}
	return total / count
}

// trace adds the update of the totals by a batch to the graph. As in Keras, a
// batch counts with its length, whatever its sample weights.
func (m *meters) trace(g *graph.Graph, loss, y, pred, weight *graph.Node) {
	defer g.SetScope(g.SetScope(metricScope))
	pred = ops.Cast(pred, measured(pred.Spec()).DType)
	n := float64(y.Shape().At(0))
	g.Update(m.total, ops.Add(g.Value(m.total), ops.Scale(ops.Cast(loss, tensor.Float64), n)))
	g.Update(m.count, ops.Offset(g.Value(m.count), n))
	for i, s := range m.states {
		w := weight
		if !m.weighted[i] {
			w = nil
		}
		s.Update(g, y, pred, w)
	}
}

func keyOf(b *data.Batch, training bool) stepKey {
	return stepKey{training: training, x: b.X.Spec(), y: b.Y.Spec(), weighted: b.Weight != nil}
}

// stepFor returns the step for batches like b, compiled when it is new.
func (m *Model) stepFor(b *data.Batch, training bool, ms *meters) (*step, error) {
	m.tracing.Lock()
	defer m.tracing.Unlock()
	k := keyOf(b, training)
	if s := m.steps[k]; s != nil {
		return s, nil
	}
	var p *plan.Plan
	if err := graph.Catch(func() { p = m.trace(k, ms) }); err != nil {
		return nil, err
	}
	s := &step{plan: p}
	m.steps[k] = s
	return s, nil
}

// checkLabels finds labels, of the samples idx, that the loss or a metric does not
// take.
func (m *Model) checkLabels(b *data.Batch, idx []int, ms *meters) error {
	at := -1
	if l, ok := m.loss.(interface {
		BadLabel(y *tensor.Tensor, classes int) int
	}); ok { // whose IgnoreClass is a label, too: metrics take it for a wrong one, as in Keras
		at = l.BadLabel(b.Y, ms.classes)
	} else {
		for _, c := range ms.checkers {
			if at < 0 {
				at = c.BadLabel(b.Y)
			}
		}
	}
	if at < 0 {
		return nil
	}
	return fmt.Errorf("sample %d: label %v: want a class number, 0 or more and less than %d",
		idx[at*len(idx)/b.Y.Len()], b.Y.Float64s()[at], ms.classes)
}

// trace builds the graph of a step and compiles it.
func (m *Model) trace(k stepKey, ms *meters) *plan.Plan {
	return plan.Compile(m.graphOf(k, ms), nil, cpu.Backend{})
}

// graphOf builds the graph of a step.
func (m *Model) graphOf(k stepKey, ms *meters) *graph.Graph {
	g := graph.New()
	s := &Step{Ctx: nn.NewCtx(g, m.random), X: g.Input("x", k.x), Y: g.Input("y", k.y), m: m}
	if k.weighted {
		s.Weight = g.Input("sample_weight", tensor.S(tensor.Float32, k.x.Shape.At(0)))
	}
	s.Training = k.training
	s.trace(func(loss, pred *graph.Node) { ms.trace(g, loss, s.Y, pred, s.Weight) })
	return g
}

// run does the step for a batch.
func (m *Model) run(s *step, b *data.Batch, training bool) error {
	s.in = append(s.in[:0], b.X, b.Y)
	if b.Weight != nil {
		s.in = append(s.in, b.Weight)
	}
	return m.runOn(s.plan, nil, s.in, training)
}

// runOn runs a plan that changes the weights if it trains.
func (m *Model) runOn(p *plan.Plan, out, in []*tensor.Tensor, training bool) error {
	if training {
		m.weights.Lock()
		defer m.weights.Unlock()
	} else {
		m.weights.RLock()
		defer m.weights.RUnlock()
	}
	return p.Run(out, in)
}
