package metric

import (
	"math"

	"github.com/glia-ml/glia/tensor"
)

// badLabel returns the index of the first label that is not a class number, or -1.
func badLabel(y *tensor.Tensor, classes int) int {
	switch y.DType() {
	case tensor.Int32:
		return firstBad(tensor.Data[int32](y), classes)
	case tensor.Int64:
		return firstBad(tensor.Data[int64](y), classes)
	case tensor.Uint8:
		return firstBad(tensor.Data[uint8](y), classes)
	case tensor.Float32:
		return firstBad(tensor.Data[float32](y), classes)
	}
	return firstBad(y.Float64s(), classes)
}

func firstBad[T int32 | int64 | uint8 | float32 | float64](y []T, classes int) int {
	for i, v := range y {
		if f := float64(v); !(f >= 0 && f < float64(classes) && f == math.Trunc(f)) {
			return i
		}
	}
	return -1
}
