package metric

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ConfusionMatrix counts how often samples of class i were predicted to be of class
// j: the result is [classes classes], labels down, predictions across. There may be up
// to 4096 classes.
//
// Shapes: labels are class numbers [B ...] or [B ... 1], or rows [B ... C] of which
// the greatest counts; predictions are rows [B ... C], or with two classes one
// probability [B] or [B 1].
func ConfusionMatrix(classes int) *ConfusionMetric {
	return &ConfusionMetric{MetricName: "confusion_matrix", Classes: classes}
}

// ConfusionMetric is the metric that [ConfusionMatrix] makes.
type ConfusionMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Classes is the number of classes, 1 to 4096.
	Classes int
}

// Name implements [Metric].
func (m *ConfusionMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *ConfusionMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if m.Classes < 1 || m.Classes > maxClasses {
		return nil, graph.Errorf("metric.ConfusionMatrix: %d classes: want 1 to %d", m.Classes, maxClasses)
	}
	s := &confusionState{totals: newTotals(m.MetricName, tensor.D(m.Classes, m.Classes), "counts"), m: m}
	if yPred.Rank() > 0 && (yTrue.Shape != yPred.Shape || m.binary(yPred)) {
		s.classLabels.classes = m.Classes
	}
	return checked(s, yTrue, yPred)
}

// binary reports whether predictions are probabilities of class 1.
func (m *ConfusionMetric) binary(yPred tensor.Spec) bool {
	return m.Classes == 2 && (yPred.Rank() == 1 || yPred.Shape.At(-1) == 1)
}

type confusionState struct {
	totals
	classLabels
	m *ConfusionMetric
}

// Update implements [State].
func (s *confusionState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := s.pairs(yTrue, yPred)
	if weight != nil {
		weight = spreadOver(weight, t)
	}
	countPairs(g, s.totals[0], ops.Cast(t, tensor.Float32), ops.Cast(p, tensor.Float32), nil, weight)
}

// pairs returns the class numbers of labels and predictions, of one shape.
func (s *confusionState) pairs(yTrue, yPred *graph.Node) (t, p *graph.Node) {
	if s.m.binary(yPred.Spec()) {
		t, p = matched("ConfusionMatrix", yTrue, yPred)
		return ops.Cast(t, tensor.Int64), ops.Cast(ops.Greater(p, ops.ScalarLike(p, 0.5)), tensor.Int64)
	}
	if yPred.Rank() < 2 || yPred.Shape().At(-1) != s.m.Classes {
		panic(graph.Errorf("metric.ConfusionMatrix: predictions %v: want [B ... %d]", yPred.Spec(), s.m.Classes))
	}
	if yTrue.Shape() == yPred.Shape() {
		t = ops.ArgMax(yTrue, -1)
	} else {
		t = ops.Cast(classNumbers("ConfusionMatrix", yTrue, yPred), tensor.Int64)
	}
	return t, ops.ArgMax(yPred, -1)
}

// Result implements [State].
func (s *confusionState) Result() *tensor.Tensor { return s.totals[0].Tensor().Clone() }

// overLast returns weights of samples or places in a shape that broadcasts over p, whose
// last axis they may not have.
func overLast(weight, p *graph.Node) *graph.Node {
	for weight.Rank() < p.Rank() {
		weight = ops.ExpandDims(weight, -1)
	}
	if s, err := ops.Broadcast(weight.Shape(), p.Shape()); err != nil || s != p.Shape() {
		panic(graph.Errorf("metric: weights %v of predictions %v: want one a sample or one a prediction", weight.Shape(), p.Shape()))
	}
	return weight
}
