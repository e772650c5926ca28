package loss

import (
	"math"

	"github.com/glia-ml/glia/tensor"
)

// BadLabel returns the place in y of the first label that is neither a class number, 0 or
// more and less than classes, nor one of those to be ignored; -1 if there is none. It is
// the one rule of losses and metrics; a model tells of such a label before the step, which
// cannot fail half-way.
func BadLabel(y *tensor.Tensor, classes int, ignored ...int) int {
	switch y.DType() {
	case tensor.Int8:
		return badLabel(tensor.Data[int8](y), classes, ignored)
	case tensor.Int16:
		return badLabel(tensor.Data[int16](y), classes, ignored)
	case tensor.Int32:
		return badLabel(tensor.Data[int32](y), classes, ignored)
	case tensor.Int64:
		return badLabel(tensor.Data[int64](y), classes, ignored)
	case tensor.Uint8:
		return badLabel(tensor.Data[uint8](y), classes, ignored)
	case tensor.Uint16:
		return badLabel(tensor.Data[uint16](y), classes, ignored)
	case tensor.Uint32:
		return badLabel(tensor.Data[uint32](y), classes, ignored)
	case tensor.Float32:
		return badLabel(tensor.Data[float32](y), classes, ignored)
	}
	return badLabel(y.Float64s(), classes, ignored)
}

func badLabel[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | float32 | float64](y []T, classes int, ignored []int) int {
	for i, v := range y {
		f := float64(v)
		if !(f >= 0 && f < float64(classes) && f == math.Trunc(f)) && !isIgnored(f, ignored) {
			return i
		}
	}
	return -1
}

func isIgnored(label float64, ignored []int) bool {
	for _, class := range ignored {
		if label == float64(class) {
			return true
		}
	}
	return false
}

// OutOfRange returns the place in y of the first number below low or above high, or NaN; -1
// if there is none.
func OutOfRange(y *tensor.Tensor, low, high float64) int {
	switch y.DType() {
	case tensor.Bool:
		return -1 // 0 and 1 are in every range of labels
	case tensor.Int32:
		return outOfRange(tensor.Data[int32](y), low, high)
	case tensor.Int64:
		return outOfRange(tensor.Data[int64](y), low, high)
	case tensor.Uint8:
		return outOfRange(tensor.Data[uint8](y), low, high)
	case tensor.Float32:
		return outOfRange(tensor.Data[float32](y), low, high)
	case tensor.Float64:
		return outOfRange(tensor.Data[float64](y), low, high)
	}
	return outOfRange(y.Float64s(), low, high)
}

func outOfRange[T int32 | int64 | uint8 | float32 | float64](y []T, low, high float64) int {
	for i, v := range y {
		if f := float64(v); !(f >= low && f <= high) {
			return i
		}
	}
	return -1
}

// TargetRange implements [Ranged]: labels are 0 and 1, or probabilities between.
func (*BinaryCrossentropyLoss) TargetRange() (low, high float64) { return 0, 1 }

// TargetRange implements [Ranged]: labels are 0 and 1, or probabilities between.
func (*BinaryFocalCrossentropyLoss) TargetRange() (low, high float64) { return 0, 1 }

// TargetRange implements [Ranged]: labels are -1 and 1, or 0 and 1.
func (*HingeLoss) TargetRange() (low, high float64) { return -1, 1 }

// TargetRange implements [Ranged]: labels are -1 and 1, or 0 and 1.
func (*SquaredHingeLoss) TargetRange() (low, high float64) { return -1, 1 }

// BadLabel returns the place in y of the first label that is neither a class number, 0 to
// classes-1, nor IgnoreClass; -1 if there is none.
func (l *SparseCategoricalCrossentropyLoss) BadLabel(y *tensor.Tensor, classes int) int {
	if class := l.IgnoreClass; class != nil {
		return BadLabel(y, classes, *class)
	}
	return BadLabel(y, classes)
}

// IgnoredClass implements [Ignorer].
func (l *SparseCategoricalCrossentropyLoss) IgnoredClass() (class int, ok bool) {
	if l.IgnoreClass == nil {
		return 0, false
	}
	return *l.IgnoreClass, true
}
