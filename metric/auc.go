package metric

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// AUC returns the area under a curve that a threshold draws: under [ROC], the rate of
// true positives over that of false ones, unless another [Curve] is given. Of 200
// thresholds from 0 to 1 the first lies below all predictions and the last above; there
// may be up to 1048576, and 2^23 for all labels together.
//
// Predictions are probabilities, or logits with [FromLogits]; NaN counts as 0. Labels
// are positive unless they are 0.
//
// Shapes: labels and predictions [B ...], which count one by one; [B] counts as
// [B 1]. With [MultiLabel] both are [B L], and the result is the mean of the L areas.
//
// Options: [NumThresholds], [Thresholds], a [Curve], a [Summation], [MultiLabel],
// [LabelWeights], [FromLogits], [Name].
func AUC(opts ...AUCOption) *AUCMetric {
	m := &AUCMetric{MetricName: "auc", NumThresholds: 200, Curve: ROC, Summation: Interpolation}
	for _, o := range opts {
		o.auc(m)
	}
	return m
}

// AUCMetric is the metric that [AUC] makes.
type AUCMetric struct {
	// MetricName is the name in logs.
	MetricName string `json:"name"`
	// NumThresholds is the number of thresholds, which lie evenly, 2 to 1048576.
	NumThresholds int `json:"num_thresholds"`
	// Curve is the curve over the area.
	Curve Curve `json:"curve"`
	// Summation says how the curve goes between thresholds.
	Summation Summation `json:"summation_method"`
	// MultiLabel makes an area for each label.
	MultiLabel bool `json:"multi_label"`
	// NumLabels is how many labels there must be, any number if it is 0.
	NumLabels int `json:"num_labels,omitempty"`
	// LabelWeights weigh labels: their areas, or else their predictions.
	LabelWeights labelWeights `json:"label_weights"`
	// FromLogits says that predictions are logits.
	FromLogits bool `json:"from_logits"`
	// Thresholds, if there are any, take the place of the even ones. One below all
	// predictions and one above come beside.
	Thresholds []float64 `json:"thresholds,omitempty"`
}

// AUCOption is an option of [AUC].
type AUCOption interface{ auc(*AUCMetric) }

// Curve is a curve of [AUC].
type Curve string

// ROC is the receiver operating characteristic, recall over the rate of false
// positives. PR is precision over recall, and PRGain the gain of precision over that
// of recall.
//
// Source: Flach, Kull 2015, "Precision-Recall-Gain Curves", NIPS.
const (
	ROC    Curve = "ROC"
	PR     Curve = "PR"
	PRGain Curve = "PRGAIN"
)

// Summation says how a curve goes from one threshold to the next.
type Summation string

// Interpolation takes a straight line, but for [PR], where true and false positives
// go straight; Minoring takes the lower of the two heights, Majoring the higher.
//
// Source: Davis, Goadrich 2006, "The Relationship Between Precision-Recall and ROC
// Curves", section 4.
const (
	Interpolation Summation = "interpolation"
	Minoring      Summation = "minoring"
	Majoring      Summation = "majoring"
)

// NumThresholds is the number of thresholds, which lie evenly from 0 to 1. There may be
// up to 1048576.
type NumThresholds int

// MultiLabel makes [AUC] find an area for each label, one a column.
const MultiLabel multiLabel = true

// FromLogits makes [AUC] take predictions for logits.
const FromLogits fromLogits = true

type (
	multiLabel   bool
	fromLogits   bool
	labelWeights []float64
)

// LabelWeights weigh the labels of [AUC], one a column: their areas with [MultiLabel],
// or else their predictions.
func LabelWeights(w ...float64) AUCOption { return labelWeights(w) }

func (n Name) auc(m *AUCMetric)          { m.MetricName = string(n) }
func (n NumThresholds) auc(m *AUCMetric) { m.NumThresholds = int(n) }
func (t ThresholdList) auc(m *AUCMetric) { m.Thresholds = t }
func (c Curve) auc(m *AUCMetric)         { m.Curve = c }
func (s Summation) auc(m *AUCMetric)     { m.Summation = s }
func (l multiLabel) auc(m *AUCMetric)    { m.MultiLabel = bool(l) }
func (l fromLogits) auc(m *AUCMetric)    { m.FromLogits = bool(l) }
func (w labelWeights) auc(m *AUCMetric)  { m.LabelWeights = w }

// Name implements [Metric].
func (m *AUCMetric) Name() string { return m.MetricName }

// New implements [Metric].
func (m *AUCMetric) New(yTrue, yPred tensor.Spec) (State, error) {
	if err := m.check(yPred); err != nil {
		return nil, err
	}
	inner := slices.Clone(m.Thresholds)
	if len(inner) == 0 {
		inner = evenLimits(m.NumThresholds)[1 : m.NumThresholds-1]
	}
	slices.Sort(inner)
	const epsilon = 1e-7
	columns := 1
	if m.MultiLabel {
		columns = yPred.Shape.At(1)
	}
	c, err := newCrossings(m.MetricName, slices.Concat([]float64{-epsilon}, inner, []float64{1 + epsilon}), columns)
	if err != nil {
		return nil, err
	}
	c.even, c.below = len(m.Thresholds) == 0 || evenly(slices.Concat([]float64{0}, inner, []float64{1})), true
	return checked(&aucState{c, m}, yTrue, yPred)
}

// check returns an error if the options do not fit predictions of this spec.
func (m *AUCMetric) check(yPred tensor.Spec) error {
	wrong := func(format string, args ...any) error {
		return graph.Errorf("metric.%s: "+format, append([]any{m.MetricName}, args...)...)
	}
	switch m.Curve {
	case ROC, PR, PRGain:
	default:
		return wrong("curve %q: want %q, %q or %q", m.Curve, ROC, PR, PRGain)
	}
	switch m.Summation {
	case Interpolation, Minoring, Majoring:
	default:
		return wrong("summation %q: want %q, %q or %q", m.Summation, Interpolation, Minoring, Majoring)
	}
	labels := 1
	if r := yPred.Rank(); r > 1 {
		labels = yPred.Shape.At(-1)
	}
	if err := made(m.MetricName, m); err != nil {
		return err
	}
	switch w := m.LabelWeights; {
	case m.MultiLabel && yPred.Rank() != 2:
		return wrong("predictions %v: want [B labels] for an area for each label", yPred)
	case !m.MultiLabel && m.NumLabels != 0:
		return wrong("%d labels: want MultiLabel with them", m.NumLabels)
	case m.NumLabels != 0 && m.NumLabels != labels, len(w) > 0 && len(w) != labels:
		return wrong("predictions %v of %d labels with %d weights: want one column and one weight a label", yPred, m.NumLabels, len(w))
	}
	for _, v := range m.LabelWeights {
		if !(v >= 0) || math.IsInf(v, 0) {
			return wrong("label weight %g: want 0 or more", v)
		}
	}
	return checkLimits(m.MetricName, m.Thresholds)
}

// checkSize implements sized.
func (m *AUCMetric) checkSize() error {
	if len(m.Thresholds) > 0 {
		return nil
	}
	return wantSize(m.Class(), "num_thresholds", m.NumThresholds, 2, maxThresholds)
}

type aucState struct {
	*crossings
	m *AUCMetric
}

// Update implements [State].
func (s *aucState) Update(g *graph.Graph, yTrue, yPred, weight *graph.Node) {
	t, p := matched(s.m.MetricName, yTrue, yPred)
	if s.m.FromLogits {
		p = ops.Sigmoid(ops.Cast(p, tensor.Float32))
	}
	weight = spreadOver(weight, p)
	if w := s.m.LabelWeights; len(w) > 0 && !s.m.MultiLabel {
		each := ops.BroadcastTo(g.Const(tensor.Of(w...)), p.Shape())
		if weight != nil {
			each = ops.Mul(each, ops.Cast(weight, tensor.Float64))
		}
		weight = each
	}
	s.count(g, t, p, nil, weight)
}

// Result implements [State].
func (s *aucState) Result() *tensor.Tensor {
	var sum, weights float64
	for i := range s.columns {
		w := 1.0
		if s.m.MultiLabel && len(s.m.LabelWeights) > 0 {
			w = s.m.LabelWeights[i]
		}
		sum += w * s.m.area(s.at(i))
		weights += w
	}
	return tensor.Scalar(ratio(sum, weights))
}

// area returns the area under the curve.
func (m *AUCMetric) area(c confusion) float64 {
	var x, y []float64
	switch m.Curve {
	case ROC:
		x, y = rates(c.fp, c.tn), recalls(c)
	case PR:
		if m.Summation == Interpolation {
			return interpolatedPR(c)
		}
		x, y = recalls(c), precisions(c)
	default:
		x, y = gains(c)
	}
	area := 0.0
	for i := range len(x) - 1 {
		height := (y[i] + y[i+1]) / 2
		switch m.Summation {
		case Minoring:
			height = min(y[i], y[i+1])
		case Majoring:
			height = max(y[i], y[i+1])
		}
		area += (x[i] - x[i+1]) * height
	}
	return area
}

// gains returns the gains of recall and precision: 1 - P/N · (false/true positives),
// where recall is at least 0; without true positives they are 0 and 1.
func gains(c confusion) (recall, precision []float64) {
	recall, precision = make([]float64, len(c.tp)), make([]float64, len(c.tp))
	for i, tp := range c.tp {
		if tp == 0 {
			precision[i] = 1
			continue
		}
		scale := ratio(tp+c.fn[i], c.tn[i]+c.fp[i])
		recall[i] = max(0, 1-scale*c.fn[i]/tp)
		precision[i] = 1 - scale*c.fp[i]/tp
	}
	return recall, precision
}

// interpolatedPR is the area under precision over recall if true positives T and all
// positives P go straight between thresholds. With slope = dT/dP and
// intercept = T - slope·P, an interval has the area
//
//	slope · (dT + intercept·log(P_left / P_right)) / labeled positives
func interpolatedPR(c confusion) float64 {
	area := 0.0
	for i := range len(c.tp) - 1 {
		right := c.tp[i+1] + c.fp[i+1]
		left := c.tp[i] + c.fp[i]
		dt, dp := c.tp[i]-c.tp[i+1], max(left-right, 0)
		slope := ratio(dt, dp)
		inc := dt
		if left > 0 && right > 0 {
			inc += (c.tp[i+1] - slope*right) * math.Log(left/right)
		}
		area += ratio(slope*inc, max(c.tp[i+1]+c.fn[i+1], 0))
	}
	return area
}
