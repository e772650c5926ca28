package metric

import (
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
	return newThreshold("Precision", []quadrant{truePositives, falsePositives}, opts)
}

// Recall returns the part of positive labels that are predicted positive. Shapes
// and options are those of [Precision].
func Recall(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("Recall", []quadrant{truePositives, falseNegatives}, opts)
}

// TruePositives counts the positive predictions labeled positive; weights count
// for samples. Shapes and options are those of [Precision], here and below.
func TruePositives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("TruePositives", []quadrant{truePositives}, opts)
}

// TrueNegatives counts the negative predictions labeled negative.
func TrueNegatives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("TrueNegatives", []quadrant{trueNegatives}, opts)
}

// FalsePositives counts the positive predictions labeled negative.
func FalsePositives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("FalsePositives", []quadrant{falsePositives}, opts)
}

// FalseNegatives counts the negative predictions labeled positive.
func FalseNegatives(opts ...ThresholdOption) *ThresholdMetric {
	return newThreshold("FalseNegatives", []quadrant{falseNegatives}, opts)
}

// ThresholdMetric is a metric of predictions that are positive or not.
type ThresholdMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Thresholds is 0.5 if there are none.
	Thresholds []float64
	// TopK makes only the greatest predictions of a sample positive, 0 all.
	TopK int
	// ClassID is the only class that counts, nil if all do.
	ClassID *int

	class  string // Keras's
	counts []quadrant
}

// quadrant is a part of the confusion matrix.
type quadrant struct {
	name        string
	label, pred bool
}

var (
	truePositives  = quadrant{"true_positives", true, true}
	trueNegatives  = quadrant{"true_negatives", false, false}
	falsePositives = quadrant{"false_positives", false, true}
	falseNegatives = quadrant{"false_negatives", true, false}
)

// ThresholdOption is an option of [Precision], [Recall] and the counts.
type ThresholdOption interface{ threshold(*ThresholdMetric) }

// Name names a metric in logs.
type Name string

// TopK makes only the k greatest predictions of every sample positive, whatever
// their size unless there are [Thresholds], too.
type TopK int

// ClassID makes a metric look at one class, an index of the last axis.
type ClassID int

// Thresholds are what predictions must exceed to be positive.
func Thresholds(t ...float64) ThresholdOption { return thresholds(t) }

type thresholds []float64

func (n Name) threshold(m *ThresholdMetric)       { m.MetricName = string(n) }
func (k TopK) threshold(m *ThresholdMetric)       { m.TopK = int(k) }
func (c ClassID) threshold(m *ThresholdMetric)    { i := int(c); m.ClassID = &i }
func (t thresholds) threshold(m *ThresholdMetric) { m.Thresholds = t }

func newThreshold(class string, counts []quadrant, opts []ThresholdOption) *ThresholdMetric {
	m := &ThresholdMetric{MetricName: vocab.SnakeCase(class), class: class, counts: counts}
	for _, o := range opts {
		o.threshold(m)
	}
	return m
}

// Name implements [Metric].
func (m *ThresholdMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *ThresholdMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	var shape tensor.Dims
	if n := len(m.Thresholds); n > 1 {
		shape = tensor.D(n)
	}
	var names []string
	for _, q := range m.counts {
		names = append(names, q.name)
	}
	return checked(&thresholdState{newTotals(m.MetricName, shape, names...), m}, yTrue, yPred)
}

type thresholdState struct {
	totals
	m *ThresholdMetric
}

// Update implements [State].
func (s *thresholdState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := matched(s.m.MetricName, yTrue, yPred)
	top := s.m.top(p)
	if id := s.m.ClassID; id != nil {
		if p.Rank() < 2 || *id < 0 || *id >= p.Shape().At(-1) {
			panic(graph.Errorf("metric.%s: class %d of predictions %v: want [B ... classes]", s.m.MetricName, *id, p.Shape()))
		}
		t, p = class(t, *id), class(p, *id)
		if top != nil {
			top = class(top, *id)
		}
	}
	if weight != nil {
		weight = ops.Cast(ops.BroadcastTo(overLast(weight, p), p.Shape()), tensor.Float64)
		weight = ops.Reshape(weight, -1)
	}
	label := ops.Reshape(ops.Cast(t, tensor.Bool), -1)
	pred := s.m.positive(g, p, top) // [N], or [T N] for several thresholds
	for i, q := range s.m.counts {
		l, r := label, pred
		if !q.label {
			l = ops.Not(l)
		}
		if !q.pred {
			r = ops.Not(r)
		}
		hit := ops.Cast(ops.And(l, r), tensor.Float64)
		if weight != nil {
			hit = ops.Mul(hit, weight)
		}
		g.Update(s.totals[i], ops.Add(g.Value(s.totals[i]), ops.ReduceSum(hit, -1)))
	}
}

// overLast returns weights of samples or places as they broadcast over p, whose
// last axis they may lack.
func overLast(weight, p *graph.Node) *graph.Node {
	for weight.Rank() < p.Rank() {
		weight = ops.ExpandDims(weight, -1)
	}
	if s, err := ops.Broadcast(weight.Shape(), p.Shape()); err != nil || s != p.Shape() {
		panic(graph.Errorf("metric: weights %v of predictions %v: want one a sample or one a prediction", weight.Shape(), p.Shape()))
	}
	return weight
}

// class takes one index of the last axis, which stays with length 1.
func class(x *graph.Node, id int) *graph.Node {
	return ops.SliceAxis(x, -1, id, id+1)
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
	_, i := ops.TopK(p, m.TopK)
	return ops.Cast(ops.ReduceSum(ops.OneHot(i, c, tensor.Float32), -2), tensor.Bool)
}

// positive returns which predictions are positive.
func (m *ThresholdMetric) positive(g *graph.Graph, p, top *graph.Node) *graph.Node {
	p = ops.Reshape(p, -1)
	if top != nil {
		top = ops.Reshape(top, -1)
		if len(m.Thresholds) == 0 {
			return top
		}
	}
	limit := ops.ScalarLike(p, 0.5)
	switch len(m.Thresholds) {
	case 0:
	case 1:
		limit = ops.ScalarLike(p, m.Thresholds[0])
	default:
		limit = ops.ExpandDims(ops.Cast(g.Const(tensor.Of(m.Thresholds...)), p.DType()), -1)
	}
	pos := ops.Greater(p, limit)
	if top != nil {
		pos = ops.And(pos, top)
	}
	return pos
}

// Result implements [State].
func (s *thresholdState) Result() *tensor.Tensor {
	out := s.totals[0].Tensor().Clone()
	if len(s.totals) == 2 {
		v := tensor.Data[float64](out)
		for i, other := range tensor.Data[float64](s.totals[1].Tensor()) {
			v[i] = ratio(v[i], v[i]+other)
		}
	}
	return out
}

// ConfusionMatrix counts how often samples of class i were predicted to be of class
// j: the result is [classes classes], labels down, predictions across.
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
	// Classes is the number of classes.
	Classes int
}

// Name implements [Metric].
func (m *ConfusionMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *ConfusionMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if m.Classes < 1 {
		return nil, graph.Errorf("metric.ConfusionMatrix: %d classes: want 1 or more", m.Classes)
	}
	return checked(&confusionState{newTotals(m.MetricName, tensor.D(m.Classes, m.Classes), "counts"), m}, yTrue, yPred)
}

type confusionState struct {
	totals
	m *ConfusionMetric
}

// Update implements [State].
func (s *confusionState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := s.classes(yTrue, yPred)
	n := t.Shape().Size()
	rows := ops.OneHot(ops.Reshape(t, n), s.m.Classes, tensor.Float32) // [N classes]
	if weight != nil {
		w := ops.BroadcastTo(overLast(weight, t), t.Shape())
		rows = ops.Mul(rows, ops.Reshape(ops.Cast(w, tensor.Float32), n, 1))
	}
	columns := ops.OneHot(ops.Reshape(p, n), s.m.Classes, tensor.Float32)
	counts := ops.Cast(ops.MatMulT(rows, columns, true, false), tensor.Float64)
	g.Update(s.totals[0], ops.Add(g.Value(s.totals[0]), counts))
}

// classes returns the class numbers of labels and predictions, of one shape.
func (s *confusionState) classes(yTrue, yPred *graph.Node) (t, p *graph.Node) {
	if c := yPred.Shape().At(-1); s.m.Classes == 2 && (yPred.Rank() == 1 || c == 1) {
		t, p = matched("ConfusionMatrix", yTrue, yPred)
		return ops.Cast(t, tensor.Int64), ops.Cast(ops.Greater(p, ops.ScalarLike(p, 0.5)), tensor.Int64)
	} else if c != s.m.Classes || yPred.Rank() < 2 {
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
