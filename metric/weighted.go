package metric

import "encoding/json"

// WithWeights returns m with the weights of samples and classes taken into account,
// which metrics leave aside otherwise: what Keras calls weighted_metrics.
func WithWeights(m Metric) *WeightedMetric { return &WeightedMetric{Metric: m} }

// WeightedMetric is what [WithWeights] returns.
type WeightedMetric struct {
	Metric
	name string // if it is another than the metric's own
}

// Name implements [Metric].
func (w *WeightedMetric) Name() string {
	if w.name != "" {
		return w.name
	}
	return w.Metric.Name()
}

// Rename returns w with another name in logs.
func (w *WeightedMetric) Rename(name string) *WeightedMetric { return &WeightedMetric{w.Metric, name} }

// MarshalJSON writes the metric.
func (w *WeightedMetric) MarshalJSON() ([]byte, error) { return json.Marshal(w.Metric) }
