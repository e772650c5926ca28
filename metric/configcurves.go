package metric

import (
	"encoding/json"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
)

// Class returns Keras's name of the metric.
func (m *AUCMetric) Class() string { return "AUC" }

// UnmarshalJSON reads a name in small or large letters, as Keras does.
func (c *Curve) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	*c = Curve(strings.ToUpper(s))
	return err
}

// UnmarshalJSON reads a name in small or large letters, as Keras does.
func (s *Summation) UnmarshalJSON(b []byte) error {
	var name string
	err := json.Unmarshal(b, &name)
	*s = Summation(strings.ToLower(name))
	return err
}

// UnmarshalJSON reads a list, or the tensor that Keras writes.
func (w *labelWeights) UnmarshalJSON(b []byte) error {
	if class, config, err := vocab.Decode(b); err == nil && class == "__tensor__" {
		m, err := vocab.Members(config)
		if err != nil {
			return err
		}
		b = m["value"]
	}
	return json.Unmarshal(b, (*[]float64)(w))
}

// Class returns Keras's name of the metric.
func (m *R2Metric) Class() string { return "R2Score" }

// MarshalJSON writes no aggregation as null.
func (a Aggregation) MarshalJSON() ([]byte, error) { return json.Marshal(optional(string(a))) }

// UnmarshalJSON reads null as no aggregation.
func (a *Aggregation) UnmarshalJSON(b []byte) error {
	var s *string
	err := json.Unmarshal(b, &s)
	*a = Aggregation(vocab.Or(s, ""))
	return err
}

// tradeoffOf returns a maker of metrics that hold one measure at the value of a setting.
func tradeoffOf(key string, f func(float64, ...TradeoffOption) *TradeoffMetric) func(c *vocab.Config) (Metric, error) {
	return func(c *vocab.Config) (Metric, error) {
		m := f(-1) // no value, which New tells
		for k, dst := range map[string]any{key: &m.Least, "name": &m.MetricName, "num_thresholds": &m.NumThresholds, "class_id": &m.ClassID} {
			if err := c.Get(k, dst); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
}

// Class returns Keras's name of the metric.
func (m *TradeoffMetric) Class() string { return m.class }

// MarshalJSON writes the metric's config as Keras does.
func (m *TradeoffMetric) MarshalJSON() ([]byte, error) {
	_, given, _ := strings.Cut(m.class, "At")
	return vocab.Marshal(map[string]any{
		"name": m.MetricName, "num_thresholds": m.NumThresholds, "class_id": m.ClassID, strings.ToLower(given): m.Least,
	})
}
