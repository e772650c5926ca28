package nn

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// Axis is the axis along which [Concatenate] joins. It may count from the end. Axis 0
// is the batch.
type Axis int

// AxisList holds some axes of a tensor, which may count from the end.
type AxisList []int

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
