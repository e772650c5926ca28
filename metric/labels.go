package metric

import (
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

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
