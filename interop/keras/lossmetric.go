package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
)

// lossMetrics lists the losses whose mean is a class of Keras's metrics under the same
// name, with the settings that this class takes. The others have a function, whose mean
// Keras's MeanMetricWrapper is: CosineSimilarity, too, since the metric of that name has
// the opposite sign.
var lossMetrics = map[string][]string{
	"BinaryCrossentropy":            {"name", "from_logits", "label_smoothing"},
	"CategoricalCrossentropy":       {"name", "from_logits", "label_smoothing", "axis"},
	"CategoricalHinge":              {"name"},
	"Hinge":                         {"name"},
	"KLDivergence":                  {"name"},
	"MeanAbsoluteError":             {"name"},
	"MeanAbsolutePercentageError":   {"name"},
	"MeanSquaredError":              {"name"},
	"MeanSquaredLogarithmicError":   {"name"},
	"Poisson":                       {"name"},
	"SparseCategoricalCrossentropy": {"name", "from_logits", "ignore_class", "axis"},
	"SquaredHinge":                  {"name"},
}

// lossMetric writes the mean of a loss as a metric: as the class of the metric if it
// takes all settings of the loss, else as the function of the loss with its settings.
// How the loss reduces is none of them.
func lossMetric(l loss.Loss) (*Object, error) {
	module, class, config, err := loss.ToConfig(l)
	switch {
	case err != nil:
		return nil, err
	case class == "function":
		return object(module, class, config, nil)
	case module == "":
		return nil, fmt.Errorf("the mean of loss %s: Keras has that of a function: want a loss.Func", class)
	}
	m, err := vocab.Members(config)
	if err != nil {
		return nil, err
	}
	delete(m, "reduction")
	takes, ok := lossMetrics[class]
	for key := range m {
		ok = ok && slices.Contains(takes, key)
	}
	if !ok {
		if m["fn"], err = json.Marshal(function(nn.SnakeCase(class))); err != nil {
			return nil, err
		}
		class = "MeanMetricWrapper"
	}
	config, err = json.Marshal(m)
	return &Object{Module: metric.Module, Class: class, Config: config}, err
}

// function returns the object that Keras writes for a function of its own.
func function(name string) map[string]string {
	return map[string]string{"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
}

// functionIn reports whether a metric is given as a function, bare or in a wrapper. Keras
// looks for a function among the losses first, for a name or a class among the metrics.
func functionIn(raw json.RawMessage) bool {
	m, err := vocab.Members(raw)
	if err != nil {
		return false
	}
	if string(m["class_name"]) == `"function"` {
		return true
	}
	config, err := vocab.Members(m["config"])
	return err == nil && config["fn"] != nil
}

// metricOf makes a metric, or the mean of a loss.
func metricOf(name string, config json.RawMessage, lossFirst bool) (metric.Metric, error) {
	l, lossErr := loss.FromConfig(name, modernLoss(name, config))
	if lossFirst && lossErr == nil && !strings.Contains(name, ">") {
		return metric.FromLoss(l), nil
	}
	m, err := metric.FromConfig(name, config)
	switch {
	case !isClassMissing(err, name) || isClassMissing(lossErr, name):
		return m, err
	case lossErr != nil:
		return nil, lossErr
	}
	return metric.FromLoss(l), nil
}

// classOfMean returns the class of a metric, or that of the loss whose mean it is.
func classOfMean(m metric.Metric) string {
	if mean, ok := m.(*metric.MeanMetric); ok && mean.Loss() != nil {
		return loss.ClassOf(mean.Loss())
	}
	return nn.ClassOf(m)
}

// usersFunction reports whether a function of that name, which was taken for that of a
// class, is not Keras's: its functions are named as the class is, and go by other names,
// such as mse, only as text.
func usersFunction(class, name string) bool {
	return !strings.Contains(name, ">") && (class == accuracyName || class != name && nn.SnakeCase(class) != name)
}

// accuracyName is how texts call the metric that follows from the shapes of labels and
// predictions. As such, Accuracy is another name of it, and not that of the class.
const accuracyName = "accuracy"

// namesAccuracy reports whether a text names that metric.
func namesAccuracy(name string) bool {
	return slices.Contains([]string{accuracyName, "acc"}, strings.ToLower(name))
}
