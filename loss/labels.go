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
