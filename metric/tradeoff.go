package metric

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// PrecisionAtRecall returns the best precision at a threshold where recall is at
// least the given one; 0 if no threshold gives that.
//
// There are 200 thresholds from 0 to 1, of up to 1048576. Predictions are probabilities; labels are
// positive unless they are 0.
//
// Shapes: labels and predictions [B ...], which count one by one; [B] counts as [B 1].
//
// Options: [NumThresholds], [ClassID], [Name].
func PrecisionAtRecall(recall float64, opts ...TradeoffOption) *TradeoffMetric {
	return newTradeoff("PrecisionAtRecall", recall, recalls, precisions, opts)
}

// RecallAtPrecision returns the best recall where precision is at least the given
// one. See [PrecisionAtRecall].
func RecallAtPrecision(precision float64, opts ...TradeoffOption) *TradeoffMetric {
	return newTradeoff("RecallAtPrecision", precision, precisions, recalls, opts)
}

// SensitivityAtSpecificity returns the best sensitivity, tp/(tp+fn), where
// specificity, tn/(tn+fp), is at least the given one. See [PrecisionAtRecall].
func SensitivityAtSpecificity(specificity float64, opts ...TradeoffOption) *TradeoffMetric {
	return newTradeoff("SensitivityAtSpecificity", specificity, specificities, recalls, opts)
}

// SpecificityAtSensitivity returns the best specificity, tn/(tn+fp), where
// sensitivity, tp/(tp+fn), is at least the given one. See [PrecisionAtRecall].
func SpecificityAtSensitivity(sensitivity float64, opts ...TradeoffOption) *TradeoffMetric {
	return newTradeoff("SpecificityAtSensitivity", sensitivity, recalls, specificities, opts)
}

// TradeoffMetric is the best of one measure where another is good enough.
type TradeoffMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Least is the least allowed value of the other measure, 0 to 1.
	Least float64
	// NumThresholds is the number of thresholds, 1 to 1048576, which lie evenly from 0
	// to 1. If it is 1, it is 0.5.
	NumThresholds int
	// ClassID is the only class that counts, nil if all do.
	ClassID *int

	class       string // Keras's
	given, best func(confusion) []float64
}

// TradeoffOption is an option of [PrecisionAtRecall] and the like.
type TradeoffOption interface{ tradeoff(*TradeoffMetric) }

func (n Name) tradeoff(m *TradeoffMetric)          { m.MetricName = string(n) }
func (n NumThresholds) tradeoff(m *TradeoffMetric) { m.NumThresholds = int(n) }
func (c ClassID) tradeoff(m *TradeoffMetric)       { i := int(c); m.ClassID = &i }

func newTradeoff(class string, least float64, given, best func(confusion) []float64, opts []TradeoffOption) *TradeoffMetric {
	m := &TradeoffMetric{MetricName: vocab.SnakeCase(class), Least: least, NumThresholds: 200, class: class, given: given, best: best}
	for _, o := range opts {
		o.tradeoff(m)
	}
	return m
}

// Name implements [Metric].
func (m *TradeoffMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *TradeoffMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if !(m.Least >= 0 && m.Least <= 1) {
		return nil, graph.Errorf("metric.%s: at %g: want 0 to 1", m.MetricName, m.Least)
	}
	if err := made(m.MetricName, m); err != nil {
		return nil, err
	}
	limits := []float64{0.5}
	if m.NumThresholds > 1 {
		limits = evenLimits(m.NumThresholds)
	}
	c, err := newCrossings(m.MetricName, limits, 1)
	if err != nil {
		return nil, err
	}
	c.even = m.NumThresholds > 1
	return checked(&tradeoffState{c, m}, yTrue, yPred)
}

// checkSize implements sized.
func (m *TradeoffMetric) checkSize() error {
	return wantSize(m.class, "num_thresholds", m.NumThresholds, 1, maxThresholds)
}

type tradeoffState struct {
	*crossings
	m *TradeoffMetric
}

// Update implements [State].
func (s *tradeoffState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := matched(s.m.MetricName, yTrue, yPred)
	if id := s.m.ClassID; id != nil {
		n := ofClass(s.m.MetricName, *id, t, p)
		t, p = n[0], n[1]
	}
	s.count(g, t, p, nil, spreadOver(weight, p))
}

// Result implements [State].
func (s *tradeoffState) Result() *tensor.Tensor {
	m := s.at(0)
	best, given := 0.0, s.m.given(m)
	for i, v := range s.m.best(m) {
		if given[i] >= s.m.Least {
			best = max(best, v)
		}
	}
	return tensor.Scalar(best)
}
