package metric

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// R2Score returns the coefficient of determination of every output, the part of the
// variance of labels that predictions explain, and the mean of the outputs unless
// there is another [Aggregation]:
//
//	1 - Σ(label - prediction)² / Σ(label - mean label)²
//
// It is 0 where labels are constant and predictions are not they, and NaN where both
// sums are 0.
//
// Shapes: labels and predictions [B C].
//
// Options: an [Aggregation], [NumRegressors], [Name].
func R2Score(opts ...R2Option) *R2Metric {
	m := &R2Metric{MetricName: "r2_score", Aggregation: UniformAverage}
	for _, o := range opts {
		o.r2(m)
	}
	return m
}

// R2Metric is the metric that [R2Score] makes.
type R2Metric struct {
	// MetricName is the name in logs.
	MetricName string `json:"name"`
	// Aggregation says how the scores of outputs become one number.
	Aggregation Aggregation `json:"class_aggregation"`
	// NumRegressors, if it is not 0, makes the adjusted score.
	NumRegressors int `json:"num_regressors"`
}

// R2Option is an option of [R2Score].
type R2Option interface{ r2(*R2Metric) }

// Aggregation says how the scores of outputs become one number.
type Aggregation string

// UniformAverage is the mean of the outputs, VarianceWeightedAverage the mean by the
// variance of labels. NoAggregation keeps one score an output.
const (
	NoAggregation           Aggregation = ""
	UniformAverage          Aggregation = "uniform_average"
	VarianceWeightedAverage Aggregation = "variance_weighted_average"
)

// NumRegressors is the number p of independent variables, for which the adjusted score
// of n samples is 1 - (1-score)·(n-1)/(n-p-1). With n-1 or more of them the score is
// not adjusted.
type NumRegressors int

func (n Name) r2(m *R2Metric)          { m.MetricName = string(n) }
func (a Aggregation) r2(m *R2Metric)   { m.Aggregation = a }
func (n NumRegressors) r2(m *R2Metric) { m.NumRegressors = int(n) }

// Name implements [Metric].
func (m *R2Metric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *R2Metric) New(yTrue, yPred tensor.Spec) (State, error) {
	switch m.Aggregation {
	case NoAggregation, UniformAverage, VarianceWeightedAverage:
	default:
		return nil, graph.Errorf("metric.%s: aggregation %q: want %q, %q or none", m.MetricName, m.Aggregation, UniformAverage, VarianceWeightedAverage)
	}
	if m.NumRegressors < 0 {
		return nil, graph.Errorf("metric.%s: %d regressors: want 0 or more", m.MetricName, m.NumRegressors)
	}
	if yPred.Rank() != 2 || yTrue.Rank() != 2 && yTrue.Rank() != 1 {
		return nil, graph.Errorf("metric.%s: labels %v, predictions %v: want both [B outputs]", m.MetricName, yTrue, yPred)
	}
	t := newTotals(m.MetricName, yPred.Shape.From(1), "squared_sum", "sum", "residual", "count")
	t = append(t, newTotals(m.MetricName, tensor.Dims{}, "num_samples")...)
	return checked(&r2State{t, m}, yTrue, yPred)
}

type r2State struct {
	totals
	m *R2Metric
}

// Update implements [State].
func (s *r2State) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := matched(s.m.MetricName, yTrue, yPred)
	t, p = ops.Cast(t, tensor.Float64), ops.Cast(p, tensor.Float64)
	if weight == nil {
		weight = ops.ScalarLike(t, 1)
	} else {
		weight = overLast(ops.Cast(weight, tensor.Float64), t)
	}
	weight = ops.BroadcastTo(weight, t.Shape())
	wt := ops.Mul(t, weight)
	for i, n := range []*graph.Node{ops.Mul(t, wt), wt, ops.Mul(ops.Square(ops.Sub(t, p)), weight), weight} {
		g.Update(s.totals[i], ops.Add(g.Value(s.totals[i]), ops.ReduceSum(n, 0)))
	}
	g.Update(s.totals[4], ops.Offset(g.Value(s.totals[4]), float64(t.Shape().At(0))))
}

// Result implements [State].
func (s *r2State) Result() *tensor.Tensor {
	var v [5][]float64
	for i, t := range s.totals {
		v[i] = tensor.Data[float64](t.Tensor())
	}
	scores := make([]float64, len(v[0]))
	sum, byVariance, variance := 0.0, 0.0, 0.0
	for i := range scores {
		total := v[0][i] - v[1][i]*(v[1][i]/v[3][i])
		if scores[i] = 1 - v[2][i]/total; math.IsInf(scores[i], 0) {
			scores[i] = 0
		}
		sum += scores[i]
		byVariance += total * scores[i]
		variance += total
	}
	switch s.m.Aggregation {
	case UniformAverage:
		return tensor.Scalar(s.adjusted(sum/float64(len(scores)), v[4][0]))
	case VarianceWeightedAverage:
		return tensor.Scalar(s.adjusted(byVariance/variance, v[4][0]))
	}
	for i, r := range scores {
		scores[i] = s.adjusted(r, v[4][0])
	}
	return tensor.Of(scores...)
}

// adjusted returns the score adjusted to the number of regressors, for n samples.
func (s *r2State) adjusted(score, n float64) float64 {
	p := float64(s.m.NumRegressors)
	if p == 0 || p >= n-1 {
		return score
	}
	return 1 - (1-score)*(n-1)/(n-p-1)
}
