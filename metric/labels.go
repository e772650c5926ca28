package metric

import (
	"cmp"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// misfit returns an error about labels that do not go with predictions: what is wanted, or
// what helps if they are class numbers or rows of all classes instead. twin names the metric
// for such labels, "" if there is none.
func misfit(metric string, yTrue, yPred tensor.Spec, want, twin string) error {
	want = cmp.Or(loss.LabelHint(yTrue, yPred, twin), want)
	return graph.Errorf("metric.%s: labels %v, predictions %v: %s", metric, yTrue, yPred, want)
}

// classLabels checks labels that are class numbers, for a state that embeds it.
type classLabels struct {
	classes int // that labels number, 0 if they do not
	allowed []int
}

// BadLabel implements [LabelChecker].
func (c *classLabels) BadLabel(y *tensor.Tensor) int {
	if c.classes == 0 {
		return -1
	}
	return loss.BadLabel(y, c.classes, c.allowed...)
}

// LabelClasses implements [ClassLabels].
func (c *classLabels) LabelClasses() int { return c.classes }

// AllowLabel implements [ClassLabels].
func (c *classLabels) AllowLabel(class int) { c.allowed = append(c.allowed, class) }
