package metric

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// FromConfig returns the metric of a Keras class or function, "Precision" or
// "binary_accuracy" for instance, with the config that Keras writes. It returns an error
// for a class or setting that package metric does not support. For those that are the
// mean of a loss, see [FromLoss]. Keras's Mean and Sum, which take values, become those
// of [Predictions].
func FromConfig(class string, config []byte) (Metric, error) {
	class, config, err := unwrap(class, config)
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	m, err := metrics.Make(class, config)
	if s, ok := m.(sized); ok && err == nil {
		err = s.checkSize()
	}
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	return m, nil
}

// unwrap returns the function that a MeanMetricWrapper holds, and the config without.
func unwrap(class string, config []byte) (string, []byte, error) {
	if class != "MeanMetricWrapper" {
		return class, config, nil
	}
	if !json.Valid(config) {
		return "", nil, fmt.Errorf("config of %s: want JSON with the function, fn", class)
	}
	settings, err := vocab.Members(config)
	if err != nil {
		return "", nil, fmt.Errorf("config of %s: %w", class, err)
	}
	name, _, err := vocab.Decode(settings["fn"])
	if err != nil {
		return "", nil, fmt.Errorf("config of %s: fn: %w", class, err)
	}
	delete(settings, "fn")
	config, err = json.Marshal(settings)
	return name, config, err
}

// ToConfig returns Keras's class of a metric of this package, the module of the class,
// and the metric's config. [Accuracy] has a name of Keras's, but neither module nor
// config. ToConfig returns an error for metrics and settings that Keras does not have; a
// metric that [FromLoss] made is written as the loss is: see [MeanMetric.Loss]. For a
// metric whose type is registered it returns the name under which it is, and no module;
// for a function the class "function", and as config the name.
func ToConfig(m Metric) (module, class string, config []byte, err error) {
	if f, ok := m.(*MeanMetric); ok && f.ofUser() {
		o, err := f.object()
		if err != nil {
			return "", "", nil, fmt.Errorf("metric: %w", err)
		}
		module, class, config = o.Parts()
		return module, class, config, nil
	}
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
	module, class, config = o.Parts()
	return module, class, config, nil
}

// Register makes metrics of a type of your own known to files, under the name under which
// Keras has the class: "my_package>Gap" for one with the decorator
// keras.saving.register_keras_serializable("my_package"), "Gap" for one of the package
// "Custom", Keras's default.
//
// The exported fields with json tags are the config. Fresh returns a metric with the
// defaults of settings that a config may omit.
//
// Register panics if the name or the type is registered for another. It may be called at
// any time, from any goroutine.
func Register(name string, fresh func() Metric) { metrics.Register(name, fresh) }

// Module is where Keras has its metrics, those that are the mean of a loss, too.
const Module = "keras.metrics"

// accuracy is Keras's name of the metric whose rule follows from shapes.
const accuracy = "accuracy"

// metrics are Keras's classes, which files also name in snake case.
var metrics = vocab.Table[Metric]{
	Kind: "metric", Module: Module, Fold: vocab.SnakeCase,
	Fixed:  map[string]string{"dtype": ""}, // totals are float64
	Common: map[string]string{"name": ""},
	Classes: []vocab.Class[Metric]{
		{Name: "AUC", New: vocab.Into[Metric](func() *AUCMetric { return AUC() })},
		{Name: "Accuracy", New: newMean(func(settings) *MeanMetric { return ExactAccuracy() })},
		{Name: accuracy, Aliases: []string{"acc"}, New: newMean(func(settings) *MeanMetric { return Accuracy() })},
		{Name: "BinaryAccuracy", New: newMean(func(s settings) *MeanMetric { return BinaryAccuracy(vocab.Or(s.Threshold, 0.5)) })},
		{Name: "BinaryIoU", New: iouOf("BinaryIoU")},
		{Name: "CategoricalAccuracy", New: newMean(func(settings) *MeanMetric { return CategoricalAccuracy() })},
		{Name: "ConcordanceCorrelation", New: newMean(func(s settings) *MeanMetric { return ConcordanceCorrelation(s.axes()) })},
		{Name: "CosineSimilarity", Own: []string{"axis"}, New: newMean(func(s settings) *MeanMetric { return CosineSimilarity(s.axes()) })},
		{Name: "F1Score", New: fscoreOf(func(settings) *FScoreMetric { return F1Score() })},
		{Name: "FBetaScore", New: fscoreOf(func(s settings) *FScoreMetric { return FBetaScore(vocab.Or(s.Beta, 1)) })},
		{Name: "FalseNegatives", New: thresholdOf(FalseNegatives), Own: countsUnsupported},
		{Name: "FalsePositives", New: thresholdOf(FalsePositives), Own: countsUnsupported},
		{Name: "IoU", New: iouOf("IoU")},
		{Name: "LogCoshError", New: newMean(func(settings) *MeanMetric { return LogCoshError() })},
		{Name: "Mean", New: newMean(func(settings) *MeanMetric { return meanOf("Mean", Unknown, nil, Predictions) })},
		{Name: "MeanIoU", Own: []string{"target_class_ids"}, New: iouOf("MeanIoU")},
		{Name: "OneHotIoU", New: iouOf("OneHotIoU")},
		{Name: "OneHotMeanIoU", Own: []string{"target_class_ids"}, New: iouOf("OneHotMeanIoU")},
		{Name: "PearsonCorrelation", New: newMean(func(s settings) *MeanMetric { return PearsonCorrelation(s.axes()) })},
		{Name: "Precision", New: thresholdOf(Precision)},
		{Name: "PrecisionAtRecall", New: tradeoffOf("recall", PrecisionAtRecall)},
		{Name: "R2Score", New: vocab.Into[Metric](func() *R2Metric { return R2Score() })},
		{Name: "Recall", New: thresholdOf(Recall)},
		{Name: "RecallAtPrecision", New: tradeoffOf("precision", RecallAtPrecision)},
		{Name: "RootMeanSquaredError", New: newMean(func(settings) *MeanMetric { return RootMeanSquaredError() })},
		{Name: "SensitivityAtSpecificity", New: tradeoffOf("specificity", SensitivityAtSpecificity)},
		{Name: "SparseCategoricalAccuracy", New: newMean(func(settings) *MeanMetric { return SparseCategoricalAccuracy() })},
		{Name: "SparseTopKCategoricalAccuracy", New: newMean(func(s settings) *MeanMetric {
			return SparseTopKCategoricalAccuracy(vocab.Or(s.K, 5), fromSortedIDs(s.FromSortedIDs))
		})},
		{Name: "SpecificityAtSensitivity", New: tradeoffOf("sensitivity", SpecificityAtSensitivity)},
		{Name: "Sum", New: newMean(func(settings) *MeanMetric {
			m := meanOf("Sum", Unknown, nil, Predictions)
			m.sum = true
			return m
		})},
		{Name: "TopKCategoricalAccuracy", New: newMean(func(s settings) *MeanMetric { return TopKCategoricalAccuracy(vocab.Or(s.K, 5)) })},
		{Name: "TrueNegatives", New: thresholdOf(TrueNegatives), Own: countsUnsupported},
		{Name: "TruePositives", New: thresholdOf(TruePositives), Own: countsUnsupported},
	},
}

// countsUnsupported lists settings that Keras's counts do not have.
var countsUnsupported = []string{"top_k", "class_id"}

// settings holds the settings of Keras's configs of metrics. Absent ones are not written.
type settings struct {
	Name          string    `json:"name"`
	Threshold     *float64  `json:"threshold,omitempty"`
	Thresholds    oneOrMore `json:"thresholds,omitempty"`
	K             *int      `json:"k,omitempty"`
	FromSortedIDs bool      `json:"from_sorted_ids,omitempty"`
	TopK          *int      `json:"top_k,omitempty"`
	ClassID       *int      `json:"class_id,omitempty"`
	Average       *string   `json:"average,omitempty"`
	Beta          *float64  `json:"beta,omitempty"`
	Axis          axisList  `json:"axis,omitempty"`
}

// axes returns the axes as an option; the last is the default.
func (s settings) axes() AlongOption {
	if len(s.Axis) == 0 {
		return Axis(-1)
	}
	return s.Axis
}

// oneOrMore is thresholds in a config.
type oneOrMore []float64

// MarshalJSON writes one threshold as a number, as Keras does.
func (t oneOrMore) MarshalJSON() ([]byte, error) { return vocab.MarshalOneOrList(t) }

// UnmarshalJSON reads null, a number or a list.
func (t *oneOrMore) UnmarshalJSON(b []byte) error {
	return vocab.UnmarshalOneOrList(b, (*[]float64)(t))
}

// MarshalJSON writes one axis as a number, as Keras does.
func (a axisList) MarshalJSON() ([]byte, error) { return vocab.MarshalOneOrList(a) }

// UnmarshalJSON reads null, a number or a list.
func (a *axisList) UnmarshalJSON(b []byte) error { return vocab.UnmarshalOneOrList(b, (*[]int)(a)) }

// optional returns nil for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// newMean returns a maker of the metrics that are means.
func newMean(f func(s settings) *MeanMetric) func(c *vocab.Config) (Metric, error) {
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
		m.Average, m.Threshold = Average(vocab.Or(s.Average, "")), Threshold(vocab.Or(s.Threshold, 0))
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
		m := f(ThresholdList(s.Thresholds))
		m.TopK, m.ClassID = vocab.Or(s.TopK, 0), s.ClassID
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
	if m.class == "CosineSimilarity" && len(s.Axis) == 1 && s.Axis[0] == -1 {
		s.Axis = nil // Keras writes none
	}
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
