package metric

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
)

// iouSettings are the settings of the classes of IoU; each has some of them.
type iouSettings struct {
	Name        *string         `json:"name"`
	Classes     *int            `json:"num_classes"`
	Targets     []int           `json:"target_class_ids"`
	Ignore      *int            `json:"ignore_class"`
	SparseTrue  *bool           `json:"sparse_y_true"`
	SparsePred  *bool           `json:"sparse_y_pred"`
	Axis        *int            `json:"axis"`
	ThresholdAt *float64        `json:"threshold"`
	DType       json.RawMessage `json:"dtype"`
}

// iouOf returns a maker of a class of IoU.
func iouOf(class string) func(c *vocab.Config) (Metric, error) {
	return func(c *vocab.Config) (Metric, error) {
		var s iouSettings
		if err := c.Into(&s); err != nil {
			return nil, err
		}
		oneHot, mean := strings.HasPrefix(class, "OneHot"), strings.HasSuffix(class, "MeanIoU")
		m := newIoU(class, vocab.Or(s.Classes, 0), s.Targets, !oneHot, !oneHot, nil)
		if class == "BinaryIoU" {
			m = BinaryIoU(vocab.Or(s.ThresholdAt, 0.5), s.Targets)
		} else if s.Classes == nil || len(s.Targets) == 0 && !mean {
			return nil, fmt.Errorf("num_classes and target_class_ids: want both")
		}
		m.MetricName, m.IgnoreClass, m.Axis = vocab.Or(s.Name, m.MetricName), s.Ignore, vocab.Or(s.Axis, -1)
		m.SparseLabels, m.SparsePredictions = vocab.Or(s.SparseTrue, m.SparseLabels), vocab.Or(s.SparsePred, m.SparsePredictions)
		m.FloatWeights = strings.Contains(string(s.DType), "float")
		return m, nil
	}
}

// Class returns Keras's name of the metric.
func (m *IoUMetric) Class() string { return m.class }

// MarshalJSON writes the metric's config as Keras does.
func (m *IoUMetric) MarshalJSON() ([]byte, error) {
	c := map[string]any{"name": m.MetricName}
	if m.FloatWeights {
		c["dtype"] = "float32"
	}
	if m.Targets != nil {
		c["target_class_ids"] = m.Targets
	}
	if m.Threshold != nil {
		c["threshold"] = *m.Threshold
		return vocab.Marshal(c)
	}
	c["num_classes"], c["ignore_class"], c["axis"], c["sparse_y_pred"] = m.Classes, m.IgnoreClass, m.Axis, m.SparsePredictions
	if !strings.HasPrefix(m.class, "OneHot") {
		c["sparse_y_true"] = m.SparseLabels
	} else if m.SparseLabels {
		return nil, fmt.Errorf("metric: %s: labels that are class numbers: Keras's %s has none", m.MetricName, m.class)
	}
	return vocab.Marshal(c)
}
