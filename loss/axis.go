package loss

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
)

// AxisList holds some axes of a tensor, which may count from the end. [Axes] makes it.
type AxisList []int

// Axes names axes, as an option of [Dice] and [Tversky].
func Axes(axes ...int) AxisList { return axes }

// UnmarshalJSON reads null, a number or a list, as Keras writes them.
func (a *AxisList) UnmarshalJSON(b []byte) error {
	if vocab.UnmarshalOneOrList(b, (*[]int)(a)) != nil {
		return fmt.Errorf("%s: want an axis or a list of axes", b)
	}
	return nil
}

// Axis is the axis of the predictions that a loss reduces, the last one by default.
// It may count from the end. Axis 0 is the batch.
type Axis int

// of returns the axis as a number from 0; nil is the last one.
func (a *Axis) of(loss string, x *graph.Node) int {
	if a == nil {
		return x.Rank() - 1
	}
	axis, rank := int(*a), x.Rank()
	if axis < -rank || axis >= rank {
		panic(graph.Errorf("loss.%s: axis %d of x %v: want %d to %d", loss, axis, x.Shape(), -rank, rank-1))
	}
	if axis < 0 {
		axis += rank
	}
	return axis
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
