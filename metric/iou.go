package metric

import (
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// IoU returns the intersection of labels and predictions over their union, the mean
// of the target classes that occur:
//
//	true positives / (true positives + false positives + false negatives)
//
// A prediction that is no class number, 0 to classes-1, is a wrong one; Keras drops its
// place. A model refuses such labels, but for the class to ignore, see [LabelChecker].
// Weights of samples count with their whole part, as they do in Keras
// unless the metric's dtype is a float; here with [FloatWeights].
//
// There may be up to 4096 classes, which are counted in pairs.
//
// Shapes: labels and predictions, class numbers, of one shape [B ...]. With
// [DenseLabels] or [DensePredictions] they have the classes on one more axis, the last
// unless there is an [Axis], and the greatest counts.
//
// Options: [IgnoreClass], [DenseLabels], [DensePredictions], [Axis], [FloatWeights],
// [Name].
func IoU(classes int, targets []int, opts ...IoUOption) *IoUMetric {
	return newIoU("IoU", classes, targets, true, true, opts)
}

// MeanIoU returns the [IoU] of all classes.
func MeanIoU(classes int, opts ...IoUOption) *IoUMetric {
	return newIoU("MeanIoU", classes, nil, true, true, opts)
}

// OneHotIoU is [IoU] with [DenseLabels] and [DensePredictions]; predictions are class
// numbers with [SparsePredictions].
func OneHotIoU(classes int, targets []int, opts ...IoUOption) *IoUMetric {
	return newIoU("OneHotIoU", classes, targets, false, false, opts)
}

// OneHotMeanIoU returns the [OneHotIoU] of all classes.
func OneHotMeanIoU(classes int, opts ...IoUOption) *IoUMetric {
	return newIoU("OneHotMeanIoU", classes, nil, false, false, opts)
}

// BinaryIoU returns the [IoU] of the classes 0 and 1. Predictions are of class 1 if
// they are not less than the threshold, Keras's default is 0.5. Targets are 0, 1, or
// both; none means both.
//
// Shapes: labels and predictions of one shape [B ...].
//
// Options: [FloatWeights], [Name].
func BinaryIoU(threshold float64, targets []int, opts ...BinaryIoUOption) *IoUMetric {
	if len(targets) == 0 {
		targets = []int{0, 1}
	}
	m := newIoU("BinaryIoU", 2, targets, true, true, nil)
	m.Threshold = &threshold
	for _, o := range opts {
		o.binaryIoU(m)
	}
	return m
}

// IoUMetric is the metric that [IoU] and its kin make.
type IoUMetric struct {
	// MetricName is the name in logs.
	MetricName string
	// Classes is the number of classes, 1 to 4096: they are counted in pairs.
	Classes int
	// Targets are the classes that count; nil means all.
	Targets []int
	// IgnoreClass is the label of places that do not count, if there is one.
	IgnoreClass *int
	// SparseLabels and SparsePredictions say that these are class numbers.
	SparseLabels, SparsePredictions bool
	// Axis is that of the classes where they are not.
	Axis int
	// FloatWeights says that fractions of weights count.
	FloatWeights bool
	// Threshold, unless it is nil, is the least prediction of class 1.
	Threshold *float64

	class string // Keras's
}

// IoUOption is an option of [IoU] and its kin.
type IoUOption interface{ iou(*IoUMetric) }

// BinaryIoUOption is an option of [BinaryIoU].
type BinaryIoUOption interface{ binaryIoU(*IoUMetric) }

// IgnoreClass skips places with this label.
type IgnoreClass int

// Axis is the axis of the classes, or the one along which a metric compares. -1 is the
// last.
type Axis int

// DenseLabels are rows of which the greatest counts. DensePredictions and
// SparsePredictions are such rows, and class numbers.
const (
	DenseLabels       labelForm      = false
	DensePredictions  predictionForm = false
	SparsePredictions predictionForm = true
)

// FloatWeights makes the fractions of weights count.
const FloatWeights floatWeights = true

type (
	floatWeights   bool
	labelForm      bool // sparse
	predictionForm bool // sparse
)

func (n Name) iou(m *IoUMetric)               { m.MetricName = string(n) }
func (f floatWeights) iou(m *IoUMetric)       { m.FloatWeights = bool(f) }
func (f floatWeights) binaryIoU(m *IoUMetric) { m.FloatWeights = bool(f) }
func (n Name) binaryIoU(m *IoUMetric)         { m.MetricName = string(n) }
func (c IgnoreClass) iou(m *IoUMetric)        { i := int(c); m.IgnoreClass = &i }
func (a Axis) iou(m *IoUMetric)               { m.Axis = int(a) }
func (s labelForm) iou(m *IoUMetric)          { m.SparseLabels = bool(s) }
func (s predictionForm) iou(m *IoUMetric)     { m.SparsePredictions = bool(s) }

func newIoU(class string, classes int, targets []int, sparseLabels, sparsePredictions bool, opts []IoUOption) *IoUMetric {
	m := &IoUMetric{MetricName: vocab.SnakeCase(class), Classes: classes, Targets: targets,
		SparseLabels: sparseLabels, SparsePredictions: sparsePredictions, Axis: -1, class: class}
	for _, o := range opts {
		o.iou(m)
	}
	return m
}

// Name implements [Metric].
func (m *IoUMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *IoUMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if err := made(m.MetricName, m); err != nil {
		return nil, err
	}
	if m.Targets != nil && len(m.Targets) == 0 {
		return nil, graph.Errorf("metric.%s: no target classes: want one or more", m.MetricName)
	}
	for _, t := range m.Targets {
		if t < 0 || t >= m.Classes {
			return nil, graph.Errorf("metric.%s: target class %d: want 0 to %d", m.MetricName, t, m.Classes-1)
		}
	}
	s := &iouState{totals: newTotals(m.MetricName, tensor.D(m.Classes, m.Classes+1), "total_confusion_matrix"), m: m}
	if m.SparseLabels {
		s.classes = m.Classes
	}
	if m.IgnoreClass != nil {
		s.AllowLabel(*m.IgnoreClass)
	}
	return checked(s, yTrue, yPred)
}

// checkSize implements sized.
func (m *IoUMetric) checkSize() error {
	return wantSize(m.class, "num_classes", m.Classes, 1, maxClasses)
}

// iouState counts predictions of no class in one more column.
type iouState struct {
	totals
	classLabels
	m *IoUMetric
}

// Update implements [State].
func (s *iouState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	if s.m.Threshold != nil {
		yPred = ops.Cast(yPred, tensor.Float32)
		yPred = ops.Cast(ops.GreaterEqual(yPred, ops.ScalarLike(yPred, *s.m.Threshold)), tensor.Int32)
	}
	s.m.checkForms(yTrue.Spec(), yPred.Spec())
	t, p := s.m.numbers("labels", yTrue, s.m.SparseLabels), s.m.numbers("predictions", yPred, s.m.SparsePredictions)
	t, p = matched(s.m.MetricName, t, p)
	if weight != nil {
		if !s.m.FloatWeights && weight.DType().IsFloat() {
			weight = ops.Trunc(weight)
		}
		weight = spreadOver(weight, p)
	}
	countPairs(g, s.totals[0], t, p, s.m.IgnoreClass, weight)
}

// checkForms panics with *graph.Error, which says what helps, if labels or predictions are
// class numbers where rows of all classes are wanted, or such rows where class numbers are.
func (m *IoUMetric) checkForms(yTrue, yPred tensor.Spec) {
	if m.Threshold != nil || yTrue.Rank()+1 != yPred.Rank() {
		return
	}
	const help = "want metric.%s with metric.DensePredictions, or %s makes them"
	of := strings.TrimPrefix(m.class, "OneHot")
	if m.SparseLabels && m.SparsePredictions {
		panic(graph.Errorf("metric.%s: labels %v, predictions %v: the predictions look like rows of probabilities: "+help, m.MetricName, yTrue, yPred, of, "class numbers as ops.ArgMax"))
	}
	if !m.SparseLabels && !m.SparsePredictions {
		panic(graph.Errorf("metric.%s: labels %v, predictions %v: the labels look like class numbers: "+help, m.MetricName, yTrue, yPred, of, "rows as ops.OneHot"))
	}
}

// numbers returns class numbers in float32, which holds them exactly.
func (m *IoUMetric) numbers(what string, x *graph.Node, sparse bool) *graph.Node {
	if sparse {
		return ops.Trunc(ops.Cast(x, tensor.Float32))
	}
	axis := m.Axis
	if axis < 0 {
		axis += x.Rank()
	}
	if axis < 1 || axis >= x.Rank() {
		panic(graph.Errorf("metric.%s: %s %v: want classes on axis %d", m.MetricName, what, x.Spec(), m.Axis))
	}
	if n := x.Shape().At(axis); n != m.Classes {
		panic(graph.Errorf("metric.%s: %s %v: %d classes on axis %d: want %d", m.MetricName, what, x.Spec(), n, m.Axis, m.Classes))
	}
	return ops.Cast(ops.ArgMax(x, axis), tensor.Float32)
}

// countPairs traces the addition of weights, 1 if nil, to a matrix: rows by labels t,
// columns by predictions p. These are whole numbers in float32. Labels of no class, and the
// ignored one, do not count; predictions of no class count in the last column.
func countPairs(g *graph.Graph, matrix *graph.Var, t, p *graph.Node, ignore *int, weight *graph.Node) {
	classes, columns := matrix.Spec().Shape.At(0), matrix.Spec().Shape.At(1)
	in := func(x *graph.Node, n int) *graph.Node {
		return ops.And(ops.GreaterEqual(x, ops.ScalarLike(x, 0)), ops.Less(x, ops.ScalarLike(x, float64(n))))
	}
	counts := in(t, classes)
	if ignore != nil {
		counts = ops.And(counts, ops.NotEqual(t, ops.ScalarLike(t, float64(*ignore))))
	}
	// In int32: float32 does not hold the number of every cell.
	t = ops.Cast(ops.Where(counts, t, ops.ScalarLike(t, float64(classes))), tensor.Int32)
	p = ops.Cast(ops.Where(in(p, columns), p, ops.ScalarLike(p, float64(columns-1))), tensor.Int32)
	at := ops.Reshape(ops.Add(ops.Mul(t, ops.ScalarLike(t, float64(columns))), p), -1) // row number classes is none
	if weight == nil {
		weight = ops.Full(g, tensor.Spec{DType: tensor.Float64, Shape: at.Shape()}, 1)
	} else {
		weight = ops.Reshape(ops.Cast(weight, tensor.Float64), -1)
	}
	all := ops.ScatterAdd(ops.Reshape(g.Value(matrix), -1), at, weight, 0)
	g.Update(matrix, ops.Reshape(all, classes, columns))
}

// Result implements [State].
func (s *iouState) Result() *tensor.Tensor {
	const epsilon = 1e-7
	n, v := s.m.Classes, tensor.Data[float64](s.totals[0].Tensor())
	union := make([]float64, n)
	hit := func(i int) float64 { return v[i*(n+1)+i] }
	for i := range n {
		for _, w := range v[i*(n+1):][:n+1] {
			union[i] += w
		}
		for j := range n {
			union[i] += v[j*(n+1)+i]
		}
		union[i] -= hit(i)
	}
	sum, found := 0.0, 0.0
	for i, times := range s.m.times() {
		if union[i] <= 1e-9 {
			continue
		}
		sum += times * hit(i) / (union[i] + epsilon)
		found += times
	}
	return tensor.Scalar(sum / (found + epsilon))
}

// times returns how often every class is a target.
func (m *IoUMetric) times() []float64 {
	if m.Targets == nil {
		return slices.Repeat([]float64{1}, m.Classes)
	}
	times := make([]float64, m.Classes)
	for _, t := range m.Targets {
		times[t]++
	}
	return times
}
