package metric

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// Doubt returns, in words, why a measurement of predictions is likely a mistake although it
// can be computed, and the cure; "" if it is not. It knows the metrics of this package, and
// goes by the operation that makes the predictions. Logits says that these are certain to be
// logits, since the loss takes them for such.
func Doubt(m Metric, yTrue tensor.Spec, yPred *graph.Node, logits bool) string {
	m, _, _ = Unwrap(m)
	if l, ok := m.(interface{ Loss() loss.Loss }); ok && l.Loss() != nil {
		return loss.Doubt(l.Loss(), yPred)
	}
	t, ok := m.(thresholded)
	if !ok || !t.halves(yTrue, yPred.Spec()) || loss.IsProbabilities(yPred) || !logits && !loss.IsScores(yPred) {
		return ""
	}
	cure := "nn.Sigmoid in the last layer, or for numbers of a regression a metric such as metric.MeanAbsoluteError"
	if logits {
		cure = "nn.Sigmoid in the last layer, and a loss without FromLogits, which is as exact"
	}
	return fmt.Sprintf("metric %s compares predictions with thresholds from 0 to 1, but the output is raw scores: want %s", m.Name(), cure)
}

// thresholded is a metric that compares predictions with thresholds from 0 to 1.
type thresholded interface {
	Metric
	// halves reports whether it does so for labels and predictions of these specs.
	halves(yTrue, yPred tensor.Spec) bool
}

func (m *MeanMetric) halves(yTrue, yPred tensor.Spec) bool {
	return m.truths != nil && m.truths(yTrue, yPred)
}
func (m *ThresholdMetric) halves(_, _ tensor.Spec) bool { return m.TopK == 0 || len(m.Thresholds) > 0 }
func (m *AUCMetric) halves(_, _ tensor.Spec) bool       { return !m.FromLogits }
func (*TradeoffMetric) halves(_, _ tensor.Spec) bool    { return true }
func (m *FScoreMetric) halves(_, _ tensor.Spec) bool    { return m.Threshold > 0 }
func (m *IoUMetric) halves(_, _ tensor.Spec) bool       { return m.Threshold != nil }
func (m *ConfusionMetric) halves(_, p tensor.Spec) bool { return m.binary(p) }

// wantSeveral panics unless predictions are of several classes.
func wantSeveral(metric string, yPred *graph.Node) {
	if yPred.Rank() > 0 && yPred.Shape().At(-1) == 1 {
		panic(graph.Errorf("metric.%s: predictions %v are of one class, which is always the greatest: want an output for each class, or metric.BinaryAccuracy", metric, yPred.Spec()))
	}
}
