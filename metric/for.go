package metric

import "encoding/json"

// For returns m for one output of a network that has several. In logs the output's name
// stands before its own: "digit_accuracy". A metric without For measures every output. A
// model's Compile refuses names that no output has. Source: Keras, Model.compile, metrics.
func For(output string, m Metric) *OutputMetric { return &OutputMetric{m, output} }

// OutputMetric is the metric that [For] returns.
type OutputMetric struct {
	Metric
	// Output is the name of the output, which is that of the layer that makes it.
	Output string
}

// MarshalJSON writes the metric.
func (o *OutputMetric) MarshalJSON() ([]byte, error) { return json.Marshal(o.Metric) }

// Unwrap returns the metric that [For] and [WithWeights] were given, the name of the
// output, empty if it is for all, and whether weights are taken into account. Of For of
// For the inner output counts.
func Unwrap(m Metric) (of Metric, output string, weighted bool) {
	for {
		switch w := m.(type) {
		case *WeightedMetric:
			m, weighted = w.Metric, true
		case *OutputMetric:
			m, output = w.Metric, w.Output
		default:
			return m, output, weighted
		}
	}
}
