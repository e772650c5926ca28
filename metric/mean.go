package metric

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Mean returns the mean of any value that f traces from labels and predictions:
// numbers or truths, one a sample [B] or more [B ...]. It is Keras's
// MeanMetricWrapper, and with [Predictions] its Mean. To be saved it needs
// [MeanMetric.Register]. The name may have a package in front, "my_package>gap", which is not
// part of the name in logs.
//
// F is given labels and predictions with as many axes: [B] and [B 1] are both [B 1]. Shapes
// that would still broadcast into a larger one are refused, see [loss.Together]. Labels that f
// cannot combine with the predictions are converted to their dtype, see [loss.Converted].
//
// With a weight for every sample it is Σ weight·value / Σ weight.
//
// Options: a [Direction], [Name].
func Mean(name string, f func(yTrue, yPred *graph.Node) *graph.Node, opts ...MeanOption) *MeanMetric {
	m := &MeanMetric{name: vocab.ShortName(name), full: name, each: f}
	for _, o := range opts {
		o.mean(m)
	}
	return m
}

// Sum returns the sum of any value that f traces from labels and predictions, as
// [Mean] does the mean. With weights it is Σ weight·value.
func Sum(name string, f func(yTrue, yPred *graph.Node) *graph.Node, opts ...MeanOption) *MeanMetric {
	m := Mean(name, f, opts...)
	m.sum = true
	return m
}

// Predictions is a function for [Mean] and [Sum] of the predictions themselves.
func Predictions(_, yPred *graph.Node) *graph.Node { return yPred }

// FromLoss returns the mean of a loss as a metric. A loss that is of a batch as a whole,
// as [loss.Dice] is by default, counts once a batch, as in Keras, however many samples
// that has. It panics if l is nil. Of a type that [loss.Register] made known the metric
// cannot be saved: for that, register a [Mean] of the loss's Each.
func FromLoss(l loss.Loss) *MeanMetric {
	if l == nil {
		panic("metric: FromLoss: got nil: want a loss")
	}
	m := Mean(l.Name(), func(yTrue, yPred *graph.Node) *graph.Node { return loss.Each(l, yTrue, yPred) }, Down)
	m.loss = l
	if _, ok := l.(loss.LabelChecker); ok {
		m.numbers = lastAxis
	}
	if c, ok := l.(loss.Masker); ok {
		m.counted = func(yTrue, yPred *graph.Node) *graph.Node { return c.Mask(loss.Pair(l, yTrue, yPred)) }
	}
	return m
}

// MeanMetric is the metric that [Mean], [Sum], [FromLoss], the accuracies and errors
// make.
type MeanMetric struct {
	name      string
	full      string // the name of a function with the package
	own       bool   // a function of the user's that is registered
	class     string // Keras's, empty for a function of the user's
	settings  settings
	direction Direction
	loss      loss.Loss
	each      func(yTrue, yPred *graph.Node) *graph.Node
	// counted, if there is one, says which values weights are for. As in Keras it
	// matters only if there are weights.
	counted func(yTrue, yPred *graph.Node) *graph.Node
	// numbers, if there is one, returns how many classes labels number, 0 if they do not.
	numbers func(yTrue, yPred tensor.Spec) int
	// truths, if there is one, reports whether labels are 0 or 1 and predictions compared with
	// a threshold between.
	truths func(yTrue, yPred tensor.Spec) bool
	sum    bool                    // instead of the mean
	after  func(v float64) float64 // done to the result, if it is not nil
}

// MeanOption is an option of [Mean] and of the means that other functions return.
type MeanOption interface{ mean(*MeanMetric) }

func (n Name) mean(m *MeanMetric)      { m.name = string(n) }
func (d Direction) mean(m *MeanMetric) { m.direction = d }

// meanOf returns a mean that is one of Keras's classes.
func meanOf(class string, d Direction, opts []MeanOption, each func(yTrue, yPred *graph.Node) *graph.Node) *MeanMetric {
	m := Mean(vocab.SnakeCase(class), each, d)
	m.class = class
	for _, o := range opts {
		o.mean(m)
	}
	return m
}

// Register makes a function of your own known to files under its name, as a function with
// Keras's decorator keras.saving.register_keras_serializable is: see the function [Register].
// It returns the metric. It panics if the name is registered for another function.
func (m *MeanMetric) Register() *MeanMetric {
	m.own = true
	metrics.RegisterValue(m.full, m, m.each)
	return m
}

// object returns the config with which Keras writes a function as a metric.
func (m *MeanMetric) object() (*vocab.Object, error) {
	switch {
	case m.sum:
		return nil, fmt.Errorf("%q is the sum of a function of your own: Keras's files have means", m.full)
	case !m.own:
		return nil, fmt.Errorf("%q is a function of your own: want it registered by its method Register", m.full)
	}
	return metrics.Function(m.full)
}

// Loss returns the loss that [FromLoss] was given, nil for other metrics.
func (m *MeanMetric) Loss() loss.Loss { return m.loss }

// Name implements [Metric].
func (m *MeanMetric) Name() string { return m.name }

// New implements [Metric].
func (m *MeanMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if m.each == nil {
		return nil, fmt.Errorf("metric: %s: the function is nil", m.name)
	}
	names := []string{"total", "count"}
	if m.sum {
		names = names[:1]
	}
	s := &meanState{totals: newTotals(m.name, tensor.Dims{}, names...), m: m}
	s.truths = m.truths != nil && yPred.Rank() > 0 && m.truths(yTrue, yPred)
	if m.numbers != nil && yPred.Rank() > 0 {
		s.classes = m.numbers(yTrue, yPred)
	}
	if l, ok := m.loss.(loss.Ignorer); ok {
		if class, ok := l.IgnoredClass(); ok {
			s.AllowLabel(class)
		}
	}
	if m.ofUser() {
		return checkedLength(s, yTrue, yPred)
	}
	return checked(s, yTrue, yPred)
}

// checked returns s if a batch of these specs fits it.
func checked(s State, yTrue, yPred tensor.Spec) (State, error) {
	if yTrue.Rank() == 0 || yPred.Rank() == 0 || yTrue.Shape.At(0) != yPred.Shape.At(0) {
		return nil, fmt.Errorf("metric: labels %v, predictions %v: want the same batch on axis 0", yTrue, yPred)
	}
	err := graph.Catch(func() {
		g := graph.New()
		s.Update(g, g.Input("y", yTrue), g.Input("pred", yPred), nil)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// checkedLength is checked also for a batch of a length that no other axis has, which shows
// whether values are those of the samples.
func checkedLength(s State, yTrue, yPred tensor.Spec) (State, error) {
	if _, err := checked(s, yTrue, yPred); err != nil {
		return nil, err
	}
	n := 7
	for yTrue.Shape.Contains(n) || yPred.Shape.Contains(n) {
		n++
	}
	yTrue.Shape, yPred.Shape = yTrue.Shape.With(0, n), yPred.Shape.With(0, n)
	return checked(s, yTrue, yPred)
}

// ofUser reports whether the metric is the mean or sum of a function of the user's.
func (m *MeanMetric) ofUser() bool { return m.class == "" && m.loss == nil }

// valuesOf returns what a mean is of.
func (m *MeanMetric) valuesOf(yTrue, yPred *graph.Node) *graph.Node {
	if !m.ofUser() {
		return m.each(yTrue, yPred)
	}
	yTrue, yPred = loss.Together("metric "+m.name, yTrue, yPred)
	return loss.Converted(m.each, yTrue, yPred)
}

type meanState struct {
	totals
	classLabels
	m      *MeanMetric
	truths bool // labels are 0 or 1
}

// LabelRange implements [Ranged].
func (s *meanState) LabelRange() (low, high float64, ok bool) {
	if l, ok := s.m.loss.(loss.Ranged); ok {
		low, high = l.TargetRange()
		return low, high, true
	}
	return 0, 1, s.truths
}

// Update implements [State].
func (s *meanState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	s.UpdateMasked(g, yTrue, yPred, weight, nil)
}

// UpdateMasked implements [Masked]. In Keras the root of a mean takes no mask.
func (s *meanState) UpdateMasked(g *graph.Graph, yTrue, yPred, weight, mask *graph.Node) {
	if mask != nil && s.m.after == nil {
		mask = ops.Cast(mask, tensor.Float32)
		if weight != nil {
			weight = ops.Cast(weight, tensor.Float32)
			mask, weight = ops.SameRank(mask, weight)
			for weight.Rank() < mask.Rank() {
				weight = ops.ExpandDims(weight, -1)
			}
			mask = ops.Mul(mask, weight)
		}
		weight = mask
	}
	values := s.m.valuesOf(yTrue, yPred)
	switch n := yPred.Shape().At(0); {
	case values.Rank() == 0 && s.m.loss != nil:
		values = whole(values, weight)
	case values.Rank() == 0 || values.Shape().At(0) != n && s.m.ofUser():
		panic(graph.Errorf("metric.%s: value is %v for %d samples: want one for every sample, [%d] or [%d ...]", s.m.name, values.Spec(), n, n, n))
	}
	if s.m.counted != nil && weight != nil {
		if keep := s.m.counted(yTrue, yPred); keep != nil {
			mask, w := ops.SameRank(ops.Cast(keep, weight.DType()), weight)
			weight = ops.Mul(mask, w)
		}
	}
	values = ops.Cast(values, tensor.Float64)
	if s.m.sum && weight != nil { // a sum weighs what samples have, not their mean
		values, weight = ops.SameRank(values, weight)
		weight = spreadOver(weight, values)
	}
	count := ops.ScalarLike(values, float64(values.Shape().At(0)))
	if weight != nil {
		values, weight = weighted(values, ops.Cast(weight, tensor.Float64))
		count = ops.ReduceSum(weight)
	}
	total := ops.ReduceSum(values)
	if s.m.sum {
		g.Update(s.totals[0], ops.Add(g.Value(s.totals[0]), total))
		return
	}
	if rest := values.Shape().From(1).Size(); rest > 1 { // the mean over what a sample has
		total = ops.Scale(total, 1/float64(rest))
	}
	g.Update(s.totals[0], ops.Add(g.Value(s.totals[0]), total))
	g.Update(s.totals[1], ops.Add(g.Value(s.totals[1]), count))
}

// whole returns a loss of the batch as a whole as values to be added up: as in Keras it
// counts once, or as much as the weights of its samples together.
func whole(loss, weight *graph.Node) *graph.Node {
	if weight == nil {
		return ops.ExpandDims(loss, 0)
	}
	return ops.BroadcastTo(loss, weight.Shape())
}

// weighted returns values times weights and the weight of every sample. Weights
// may be coarser than values, whose mean they weigh then, and may broadcast.
func weighted(values, weight *graph.Node) (product, perSample *graph.Node) {
	values, weight = ops.SameRank(values, weight)
	if v, w := values.Rank(), weight.Rank(); v > w {
		values = ops.ReduceMean(values, axes(w, v)...)
	}
	if s, err := ops.Broadcast(values.Shape(), weight.Shape()); err != nil || s != values.Shape() {
		panic(graph.Errorf("metric: weights %v of values %v: want one a sample or one a value", weight.Shape(), values.Shape()))
	}
	perSample = ops.BroadcastTo(weight, values.Shape())
	product = ops.Mul(values, perSample)
	if r := perSample.Rank(); r > 1 {
		perSample = ops.ReduceMean(perSample, axes(1, r)...)
	}
	return product, perSample
}

// axes lists the axes from i to before j.
func axes(i, j int) []int {
	var a []int
	for ; i < j; i++ {
		a = append(a, i)
	}
	return a
}

// Result implements [State].
func (s *meanState) Result() *tensor.Tensor {
	v := s.totals[0].Tensor().Item()
	if !s.m.sum {
		v = ratio(v, s.totals[1].Tensor().Item())
	}
	if s.m.after != nil {
		v = s.m.after(v)
	}
	return tensor.Scalar(v)
}

// ratio is a/b, and 0 where b is 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// matched returns labels and predictions of one shape.
func matched(metric string, yTrue, yPred *graph.Node) (*graph.Node, *graph.Node) {
	t, p := ops.SameRank(yTrue, yPred)
	if t.Shape() != p.Shape() {
		const want = "want one shape"
		if yTrue.DType().IsInt() { // others may be values to come near to
			panic(misfit(metric, yTrue.Spec(), yPred.Spec(), want, ""))
		}
		panic(graph.Errorf("metric.%s: labels %v, predictions %v: %s", metric, yTrue.Spec(), yPred.Spec(), want))
	}
	return t, p
}
