package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// AxisList is some axes of a tensor, which may count from the end. It is made by
// [Axes].
type AxisList []int

// Axes names axes, as an option of [Dice] and [Tversky].
func Axes(axes ...int) AxisList { return axes }

// UnmarshalJSON reads what Keras writes: null, one number or a list.
func (a *AxisList) UnmarshalJSON(b []byte) error {
	var one *int
	if json.Unmarshal(b, &one) == nil {
		if *a = nil; one != nil {
			*a = AxisList{*one}
		}
		return nil
	}
	var list []int
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("%s: want an axis or a list of axes", b)
	}
	*a = list
	return nil
}

// axisConfig returns axes as Keras's configs have them: one as a number.
func axisConfig(axes []int) any {
	if len(axes) == 1 {
		return axes[0]
	}
	return axes
}

// Axis is the axis of the predictions that a loss reduces, the last one by default.
// It may count from the end. Axis 0 is the batch.
type Axis int

// of returns the axis as a number from 0; nil is the last one.
func (a *Axis) of(loss string, x *graph.Node) int {
	if a == nil {
		return x.Rank() - 1
	}
	wantAxis(loss, x, int(*a))
	if *a < 0 {
		return int(*a) + x.Rank()
	}
	return int(*a)
}

// toLast moves an axis of x, counted from 0, to the end.
func toLast(x *graph.Node, axis int) *graph.Node {
	var perm []int
	for i := range x.Rank() {
		if i != axis {
			perm = append(perm, i)
		}
	}
	if axis == x.Rank()-1 {
		return x
	}
	return ops.Transpose(x, append(perm, axis)...)
}
