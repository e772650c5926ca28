package metric

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// FromConfig returns the metric of a Keras class or function, "Precision" or
// "binary_accuracy" for instance, with the config that Keras writes. What package
// metric cannot do is an error. For those that are the mean of a loss, see [FromLoss].
func FromConfig(class string, config []byte) (Metric, error) {
	m, err := metrics.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	return m, nil
}

// ToConfig returns what Keras calls the class of a metric of this package, the module
// that the class is in, and the metric's config. [Accuracy] has a name of Keras's, but
// neither module nor config. ToConfig fails for what Keras does not have; a metric
// that [FromLoss] made is written as the loss is: see [MeanMetric.Loss].
func ToConfig(m Metric) (module, class string, config []byte, err error) {
	name := fmt.Sprintf("%T", m)
	if c, ok := m.(interface{ Class() string }); ok {
		name = c.Class()
	}
	o, err := metrics.Serialize(m, name)
	switch {
	case err != nil:
		return "", "", nil, fmt.Errorf("metric: %s: %w", m.Name(), err)
	case o.Class == accuracy:
		return "", m.Name(), nil, nil
	}
	return o.Module, o.Class, o.Config, nil
}

// Module is where Keras has its metrics, those that are the mean of a loss, too.
const Module = "keras.metrics"

// accuracy is what Keras calls the metric whose rule follows from shapes.
const accuracy = "accuracy"

// metrics are Keras's classes, which files also name in snake case.
var metrics = vocab.Table[Metric]{
	Kind: "metric", Module: Module, Fold: vocab.SnakeCase,
	Fixed: map[string]string{"dtype": ""}, // totals are float64
	Classes: []vocab.Class[Metric]{
		{Name: accuracy, Aliases: []string{"acc"}, New: meanOf(func(settings) *MeanMetric { return Accuracy() })},
		{Name: "BinaryAccuracy", New: meanOf(func(s settings) *MeanMetric { return BinaryAccuracy(or(s.Threshold, 0.5)) })},
		{Name: "CategoricalAccuracy", New: meanOf(func(settings) *MeanMetric { return CategoricalAccuracy() })},
		{Name: "F1Score", New: fscoreOf(func(settings) *FScoreMetric { return F1Score() })},
		{Name: "FBetaScore", New: fscoreOf(func(s settings) *FScoreMetric { return FBetaScore(or(s.Beta, 1)) })},
		{Name: "FalseNegatives", New: thresholdOf(FalseNegatives), Own: countsLack},
		{Name: "FalsePositives", New: thresholdOf(FalsePositives), Own: countsLack},
		{Name: "Precision", New: thresholdOf(Precision)},
		{Name: "Recall", New: thresholdOf(Recall)},
		{Name: "SparseCategoricalAccuracy", New: meanOf(func(settings) *MeanMetric { return SparseCategoricalAccuracy() })},
		{Name: "SparseTopKCategoricalAccuracy", New: meanOf(func(s settings) *MeanMetric {
			return SparseTopKCategoricalAccuracy(or(s.K, 5))
		})},
		{Name: "TopKCategoricalAccuracy", New: meanOf(func(s settings) *MeanMetric { return TopKCategoricalAccuracy(or(s.K, 5)) })},
		{Name: "TrueNegatives", New: thresholdOf(TrueNegatives), Own: countsLack},
		{Name: "TruePositives", New: thresholdOf(TruePositives), Own: countsLack},
	},
}

// countsLack are settings that Keras's counts do not have.
var countsLack = []string{"top_k", "class_id"}

// settings are what Keras's configs of metrics hold. Absent ones are not written.
type settings struct {
	Name       string     `json:"name"`
	Threshold  *float64   `json:"threshold,omitempty"`
	Thresholds thresholds `json:"thresholds,omitempty"`
	K          *int       `json:"k,omitempty"`
	TopK       *int       `json:"top_k,omitempty"`
	ClassID    *int       `json:"class_id,omitempty"`
	Average    *string    `json:"average,omitempty"`
	Beta       *float64   `json:"beta,omitempty"`
}

// MarshalJSON writes one threshold as a number, as Keras does.
func (t thresholds) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return vocab.Marshal(t[0])
	}
	return vocab.Marshal([]float64(t))
}

// UnmarshalJSON reads null, a number or a list.
func (t *thresholds) UnmarshalJSON(b []byte) error {
	var one *float64
	if json.Unmarshal(b, &one) == nil {
		if *t = nil; one != nil {
			*t = thresholds{*one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]float64)(t))
}

func or[T any](v *T, def T) T {
	if v != nil {
		return *v
	}
	return def
}

// optional returns nil for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// meanOf returns a maker of the metrics that are means.
func meanOf(f func(s settings) *MeanMetric) func(c *vocab.Config) (Metric, error) {
	return func(c *vocab.Config) (Metric, error) {
		var s settings
		err := c.Into(&s)
		m := f(s)
		if s.Name != "" {
			m.name = s.Name
		}
		return m, err
	}
}

// fscoreOf returns a maker of the metrics that are scores of precision and recall.
func fscoreOf(f func(s settings) *FScoreMetric) func(c *vocab.Config) (Metric, error) {
	return func(c *vocab.Config) (Metric, error) {
		var s settings
		err := c.Into(&s)
		m := f(s)
		m.Average, m.Threshold = Average(or(s.Average, "")), Threshold(or(s.Threshold, 0))
		if s.Name != "" {
			m.MetricName = s.Name
		}
		return m, err
	}
}

// thresholdOf returns a maker of the metrics that count predictions over a threshold.
func thresholdOf(f func(...ThresholdOption) *ThresholdMetric) func(c *vocab.Config) (Metric, error) {
	return func(c *vocab.Config) (Metric, error) {
		var s settings
		err := c.Into(&s)
		m := f(s.Thresholds)
		m.TopK, m.ClassID = or(s.TopK, 0), s.ClassID
		if s.Name != "" {
			m.MetricName = s.Name
		}
		return m, err
	}
}

// Class returns Keras's name of the metric.
func (m *MeanMetric) Class() string { return m.class }

// MarshalJSON writes the metric's config as Keras does.
func (m *MeanMetric) MarshalJSON() ([]byte, error) {
	if m.class == "" {
		return nil, fmt.Errorf("metric: %s is a function of your own: only Keras's can be saved", m.name)
	}
	s := m.settings
	s.Name = m.name
	return vocab.Marshal(s)
}

// Class returns Keras's name of the metric.
func (m *FScoreMetric) Class() string {
	if m.f1 && m.Beta == 1 {
		return "F1Score"
	}
	return "FBetaScore"
}

// MarshalJSON writes the metric's config as Keras does.
func (m *FScoreMetric) MarshalJSON() ([]byte, error) {
	s := settings{Name: m.MetricName, Average: optional(string(m.Average)), Threshold: optional(float64(m.Threshold))}
	if m.Class() == "FBetaScore" {
		s.Beta = &m.Beta
	}
	return vocab.Marshal(s)
}

// Class returns Keras's name of the metric.
func (m *ThresholdMetric) Class() string { return m.class }

// MarshalJSON writes the metric's config as Keras does.
func (m *ThresholdMetric) MarshalJSON() ([]byte, error) {
	return vocab.Marshal(settings{Name: m.MetricName, Thresholds: m.Thresholds, TopK: optional(m.TopK), ClassID: m.ClassID})
}
