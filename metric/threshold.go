package metric

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Precision returns the part of positive predictions that are labeled positive.
//
// A prediction is positive if it is greater than the threshold. With several
// [Thresholds] the result is a vector. Labels are positive unless they are 0.
//
// Shapes: labels and predictions [B ...], which count one by one; [B] counts as [B 1].
//
// Options: [Thresholds], [TopK], [ClassID], [Name].
func Precision(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("Precision", precisions, opts)
}

// Recall returns the part of positive labels that are predicted positive. Shapes
// and options are those of [Precision].
func Recall(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("Recall", recalls, opts)
}

// TruePositives counts the positive predictions labeled positive; weights count
// for samples. Shapes and options are those of [Precision], here and below.
func TruePositives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("TruePositives", func(m confusion) []float64 { return m.tp }, opts)
}

// TrueNegatives counts the negative predictions labeled negative.
func TrueNegatives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("TrueNegatives", func(m confusion) []float64 { return m.tn }, opts)
}

// FalsePositives counts the positive predictions labeled negative.
func FalsePositives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("FalsePositives", func(m confusion) []float64 { return m.fp }, opts)
}

// FalseNegatives counts the negative predictions labeled positive.
func FalseNegatives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("FalseNegatives", func(m confusion) []float64 { return m.fn }, opts)
}

// ThresholdMetric is a metric of predictions that are positive or not.
type ThresholdMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Thresholds holds 0.5 if it is empty.
	Thresholds []float64
	// TopK makes only the greatest predictions of a sample positive, 0 all.
	TopK int
	// ClassID is the only class that counts, nil if all do.
	ClassID *int

	class  string // Keras's
	result func(m confusion) []float64
}

// ThresholdOption is an option of [Precision], [Recall] and the counts.
type ThresholdOption interface{ threshold(*ThresholdMetric) }

// Name names a metric in logs.
type Name string

// TopK makes only the k greatest predictions of every sample positive, whatever
// their size unless there are [Thresholds], too.
type TopK int

// ClassID makes a metric look at one class, an index of the last axis.
type ClassID int

// Thresholds are the values that predictions must exceed to be positive, each 0 to 1. If there
// are three or more that lie evenly from 0 to 1, predictions fall into buckets, as
// in Keras: those beyond 0 and 1 count as 0 and 1.
func Thresholds(t ...float64) ThresholdList { return t }

// ThresholdList is the option that [Thresholds] returns.
type ThresholdList []float64

func (n Name) threshold(m *ThresholdMetric)          { m.MetricName = string(n) }
func (k TopK) threshold(m *ThresholdMetric)          { m.TopK = int(k) }
func (c ClassID) threshold(m *ThresholdMetric)       { i := int(c); m.ClassID = &i }
func (t ThresholdList) threshold(m *ThresholdMetric) { m.Thresholds = t }

func newThreshold(class string, result func(confusion) []float64, opts []ThresholdOption) *ThresholdMetric {
	m := &ThresholdMetric{MetricName: vocab.SnakeCase(class), class: class, result: result}
	for _, o := range opts {
		o.threshold(m)
	}
	return m
}

// Name implements [Metric].
func (m *ThresholdMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *ThresholdMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if err := checkLimits(m.MetricName, m.Thresholds); err != nil {
		return nil, err
	}
	limits := m.Thresholds
	if len(limits) == 0 {
		limits = []float64{0.5}
	}
	c, err := newCrossings(m.MetricName, limits, 1)
	if err != nil {
		return nil, err
	}
	c.even = evenly(m.Thresholds)
	return checked(&thresholdState{c, m}, yTrue, yPred)
}

type thresholdState struct {
	*crossings
	m *ThresholdMetric
}

// Update implements [State].
func (s *thresholdState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := matched(s.m.MetricName, yTrue, yPred)
	top := s.m.top(p)
	if id := s.m.ClassID; id != nil {
		n := ofClass(s.m.MetricName, *id, t, p, top)
		t, p, top = n[0], n[1], n[2]
	}
	weight = spreadOver(weight, p)
	if top != nil && len(s.m.Thresholds) == 0 { // any size will do
		p, top = ops.Cast(top, tensor.Float32), nil
	}
	s.count(g, t, p, top, weight)
}

// top returns which predictions are among the k greatest of their row, nil if that
// does not matter.
func (m *ThresholdMetric) top(p *graph.Node) *graph.Node {
	if m.TopK == 0 {
		return nil
	}
	c := p.Shape().At(-1)
	if m.TopK < 1 || m.TopK > c {
		panic(graph.Errorf("metric.%s: top %d of predictions %v: want 1 to %d", m.MetricName, m.TopK, p.Shape(), c))
	}
	_, i := ops.TopK(p, m.TopK) // [... K]
	g, rows := p.Graph(), p.Shape().Size()/c
	first := ops.Scale(ops.Iota(g, tensor.S(tensor.Int64, rows, 1), 0), float64(c)) // of a row, among all
	at := ops.Reshape(ops.Add(ops.Reshape(i, rows, m.TopK), first), -1)
	found := ops.ScatterAdd(ops.Full(g, tensor.S(tensor.Float32, rows*c), 0), at, ops.Full(g, tensor.Spec{DType: tensor.Float32, Shape: at.Shape()}, 1), 0)
	return ops.Cast(ops.Reshape(found, p.Shape().Slice()...), tensor.Bool)
}

// Result implements [State].
func (s *thresholdState) Result() *tensor.Tensor {
	v := s.m.result(s.at(0))
	if len(v) == 1 {
		return tensor.Scalar(v[0])
	}
	out := make([]float64, len(v)) // in the order of the thresholds
	for i, t := range s.m.Thresholds {
		at, _ := slices.BinarySearch(s.limits, t)
		out[i] = v[at]
	}
	return tensor.Of(out...)
}
