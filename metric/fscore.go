package metric

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// F1Score returns the harmonic mean of precision and recall for every class: a
// vector, or one number with an [Average]. A sample is predicted to be of the class
// with the greatest value, or of all classes whose values exceed a [Threshold].
//
// Shapes: labels, 0 or 1, and predictions [B C].
//
// Options: an [Average], [Threshold], [Name].
func F1Score(opts ...FScoreOption) *FScoreMetric {
	m := FBetaScore(1, opts...)
	if m.MetricName == "fbeta_score" {
		m.MetricName = "f1_score"
	}
	m.f1 = true
	return m
}

// FBetaScore returns [F1Score] in which recall weighs beta times as much as precision:
//
//	(1+beta²)·precision·recall / (beta²·precision + recall)
func FBetaScore(beta float64, opts ...FScoreOption) *FScoreMetric {
	m := &FScoreMetric{MetricName: "fbeta_score", Beta: beta}
	for _, o := range opts {
		o.fscore(m)
	}
	return m
}

// FScoreMetric is the metric that [F1Score] and [FBetaScore] make.
type FScoreMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Beta is the weight of recall.
	Beta float64
	// Average says how the classes become one number, none if they do not.
	Average Average
	// Threshold is the value that predictions must exceed; 0 means that the greatest counts.
	Threshold Threshold

	f1     bool
	atZero bool // Threshold(0) was asked for, which the field has no place for
}

// FScoreOption is an option of [F1Score] and [FBetaScore].
type FScoreOption interface{ fscore(*FScoreMetric) }

// Average says how the scores of classes become one number.
type Average string

// Micro counts over all classes, Macro is the mean of the classes, Weighted the
// mean by how often they are labeled.
const (
	Micro    Average = "micro"
	Macro    Average = "macro"
	Weighted Average = "weighted"
)

// Threshold is the value that predictions must exceed to be positive.
type Threshold float64

func (n Name) fscore(m *FScoreMetric)      { m.MetricName = string(n) }
func (a Average) fscore(m *FScoreMetric)   { m.Average = a }
func (t Threshold) fscore(m *FScoreMetric) { m.Threshold, m.atZero = t, t == 0 }

// Name implements [Metric].
func (m *FScoreMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *FScoreMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if yPred.Rank() != 2 || yTrue.Shape != yPred.Shape {
		const want = "want both [B classes]"
		if yPred.Rank() == 2 {
			return nil, misfit(m.MetricName, yTrue, yPred, want, "")
		}
		return nil, graph.Errorf("metric.%s: labels %v, predictions %v: %s", m.MetricName, yTrue, yPred, want)
	}
	switch m.Average {
	case "", Micro, Macro, Weighted:
	default:
		return nil, graph.Errorf("metric.%s: average %q: want %q, %q, %q or none", m.MetricName, m.Average, Micro, Macro, Weighted)
	}
	if !(m.Beta > 0) || m.atZero || !(m.Threshold >= 0 && m.Threshold <= 1) {
		return nil, graph.Errorf("metric.%s: beta %g, threshold %g: want beta over 0 and a threshold over 0, up to 1", m.MetricName, m.Beta, float64(m.Threshold))
	}
	var shape tensor.Dims
	if m.Average != Micro {
		shape = yPred.Shape.From(1)
	}
	t := newTotals(m.MetricName, shape, "true_positives", "predicted", "labeled")
	return checked(&fscoreState{t, m}, yTrue, yPred)
}

type fscoreState struct {
	totals
	m *FScoreMetric
}

// Update implements [State].
func (s *fscoreState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	var pos *graph.Node
	if s.m.Threshold > 0 {
		pos = ops.Greater(yPred, ops.ScalarLike(yPred, float64(s.m.Threshold)))
	} else { // the greatest, but none in a row of zeros
		wantSeveral(s.m.MetricName, yPred)
		best := ops.GreaterEqual(yPred, ops.ReduceMaxKeep(yPred, -1))
		pos = ops.And(best, ops.Greater(ops.Abs(yPred), ops.ScalarLike(yPred, 1e-9)))
	}
	p := ops.Cast(pos, tensor.Float32)
	t := yTrue
	if t.DType() != tensor.Float64 {
		t = ops.Cast(t, tensor.Float32)
	}
	hit := ops.Mul(ops.Cast(p, t.DType()), t)
	over := []int{0}
	if s.m.Average == Micro {
		over = nil
	}
	for i, n := range []*graph.Node{hit, p, t} {
		if weight != nil {
			n = ops.Cast(n, tensor.Float64)
			n = ops.Mul(n, overLast(ops.Cast(weight, tensor.Float64), n))
		}
		sum := ops.Cast(ops.ReduceSum(n, over...), tensor.Float64) // of a batch of truths it is exact in float32
		g.Update(s.totals[i], ops.Add(g.Value(s.totals[i]), sum))
	}
}

// Result implements [State].
func (s *fscoreState) Result() *tensor.Tensor {
	const epsilon = 1e-7
	var v [3][]float64
	for i, t := range s.totals {
		v[i] = tensor.Data[float64](t.Tensor())
	}
	beta2 := s.m.Beta * s.m.Beta
	out := s.totals[0].Tensor().Clone()
	scores := tensor.Data[float64](out)
	all, labeled, mean := 0.0, 0.0, 0.0
	for i, tp := range v[0] {
		precision, recall := tp/(v[1][i]+epsilon), tp/(v[2][i]+epsilon)
		scores[i] = (1 + beta2) * precision * recall / (beta2*precision + recall + epsilon)
		all += scores[i]
		labeled += v[2][i]
		mean += scores[i] * v[2][i]
	}
	switch s.m.Average {
	case Micro, Macro:
		return tensor.Scalar(all / float64(len(scores)))
	case Weighted:
		return tensor.Scalar(mean / (labeled + epsilon))
	}
	return out
}
