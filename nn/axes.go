package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/internal/vocab"
)

// Axis is the axis along which [Concatenate] joins, or that [BatchNormalization] and its like
// normalize. It may count from the end. Axis 0 is the batch.
type Axis int

// AxisList holds some axes of a tensor, which may count from the end.
type AxisList []int

// Axes has [LayerNormalization], [RMSNormalization] or [UnitNormalization] normalize along
// several axes together. They may count from the end.
func Axes(axes ...int) AxisList { return append(AxisList{}, axes...) } // not nil, which is the last

// sorted returns the axes in ascending order, negative ones first.
func (a AxisList) sorted() []int { return slices.Sorted(slices.Values(a)) }

// UnmarshalJSON reads null, one number or a list, as Keras writes them.
func (a *AxisList) UnmarshalJSON(b []byte) error {
	if vocab.UnmarshalOneOrList(b, (*[]int)(a)) != nil {
		return fmt.Errorf("%s: want an axis or a list of axes", b)
	}
	return nil
}

// axisConfig returns axes as Keras's configs have them: one as a number.
func axisConfig(axes []int) any {
	if len(axes) == 1 {
		return axes[0]
	}
	return axes
}
