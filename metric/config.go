package metric

import (
	"encoding/json"
	"fmt"
)

// config is what Keras's configs of metrics hold.
type config struct {
	Name       string          `json:"name"`
	Threshold  *float64        `json:"threshold"`
	Thresholds json.RawMessage `json:"thresholds"`
	K          *int            `json:"k"`
	Sorted     bool            `json:"from_sorted_ids"`
	TopK       *int            `json:"top_k"`
	ClassID    *int            `json:"class_id"`
	Average    *string         `json:"average"`
	Beta       *float64        `json:"beta"`
}

// FromConfig returns the metric of a Keras class, "Precision" for instance, with
// the config that Keras writes. What package metric cannot do is an error.
func FromConfig(class string, text []byte) (Metric, error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("metric: config of %s: %w", class, err)
	}
	switch class {
	case "BinaryAccuracy":
		return renamed(BinaryAccuracy(or(c.Threshold, 0.5)), c.Name), nil
	case "CategoricalAccuracy":
		return renamed(CategoricalAccuracy(), c.Name), nil
	case "SparseCategoricalAccuracy":
		return renamed(SparseCategoricalAccuracy(), c.Name), nil
	case "TopKCategoricalAccuracy":
		return renamed(TopKCategoricalAccuracy(or(c.K, 5)), c.Name), nil
	case "SparseTopKCategoricalAccuracy":
		if c.Sorted {
			return nil, fmt.Errorf("metric: config of %s: from_sorted_ids is set: want false", class)
		}
		return renamed(SparseTopKCategoricalAccuracy(or(c.K, 5)), c.Name), nil
	case "F1Score", "FBetaScore":
		return c.fscore(class), nil
	}
	if f := map[string]func(...ThresholdOption) *ThresholdMetric{
		"Precision": Precision, "Recall": Recall, "TruePositives": TruePositives, "TrueNegatives": TrueNegatives,
		"FalsePositives": FalsePositives, "FalseNegatives": FalseNegatives,
	}[class]; f != nil {
		return c.threshold(class, f())
	}
	return nil, fmt.Errorf("metric: class %q: want one of Keras's that package metric has", class)
}

func or[T any](v *T, def T) T {
	if v != nil {
		return *v
	}
	return def
}

func renamed(m *MeanMetric, name string) Metric {
	if name != "" {
		m.name = name
	}
	return m
}

func (c config) fscore(class string) Metric {
	m := F1Score(Average(or(c.Average, "")), Threshold(or(c.Threshold, 0)))
	if class == "FBetaScore" {
		m = FBetaScore(or(c.Beta, 1), m.Average, m.Threshold)
	}
	if c.Name != "" {
		m.MetricName = c.Name
	}
	return m
}

func (c config) threshold(class string, m *ThresholdMetric) (Metric, error) {
	if c.Name != "" {
		m.MetricName = c.Name
	}
	m.TopK, m.ClassID = or(c.TopK, 0), c.ClassID
	var one float64
	switch {
	case len(c.Thresholds) == 0 || string(c.Thresholds) == "null":
	case json.Unmarshal(c.Thresholds, &one) == nil:
		m.Thresholds = []float64{one}
	default:
		if err := json.Unmarshal(c.Thresholds, &m.Thresholds); err != nil {
			return nil, fmt.Errorf("metric: config of %s: thresholds: %w", class, err)
		}
	}
	return m, nil
}
