package metric

import "encoding/json"

// WithWeights returns m with the weights of samples and classes taken into account, which
// other metrics ignore: Keras's weighted_metrics.
func WithWeights(m Metric) *WeightedMetric { return &WeightedMetric{m} }

// WeightedMetric is the metric that [WithWeights] returns.
type WeightedMetric struct{ Metric }

// MarshalJSON writes the metric.
func (w *WeightedMetric) MarshalJSON() ([]byte, error) { return json.Marshal(w.Metric) }
