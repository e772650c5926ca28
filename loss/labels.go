package loss

import (
	"math"

	"github.com/glia-ml/glia/tensor"
)

// BadLabel returns the place in y of the first label that is neither a class
// number, 0 to classes-1, nor IgnoreClass; -1 if there is none. A model checks labels
// before it trains on them, since a step cannot fail half-way.
func (l *SparseCategoricalCrossentropyLoss) BadLabel(y *tensor.Tensor, classes int) int {
	ignored := math.NaN() // equal to no label
	if l.IgnoreClass != nil {
		ignored = float64(*l.IgnoreClass)
	}
	return firstBadLabel(y, classes, ignored)
}

// firstBadLabel returns the place of the first label that is neither a class number
// nor the one that is ignored.
func firstBadLabel(y *tensor.Tensor, classes int, ignored float64) int {
	switch y.DType() {
	case tensor.Int32:
		return badLabel(tensor.Data[int32](y), classes, ignored)
	case tensor.Int64:
		return badLabel(tensor.Data[int64](y), classes, ignored)
	case tensor.Uint8:
		return badLabel(tensor.Data[uint8](y), classes, ignored)
	case tensor.Float32:
		return badLabel(tensor.Data[float32](y), classes, ignored)
	}
	return badLabel(y.Float64s(), classes, ignored)
}

func badLabel[T int32 | int64 | uint8 | float32 | float64](y []T, classes int, ignored float64) int {
	for i, v := range y {
		f := float64(v)
		if !(f >= 0 && f < float64(classes) && f == math.Trunc(f)) && f != ignored {
			return i
		}
	}
	return -1
}
