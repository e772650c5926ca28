package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// AtLeastFloat32 returns x, converted to float32 if it has floats of 16 bits, whose long
// sums would lose small addends. Other dtypes stay.
//
// Shapes: x [...] -> [...]. DTypes: any. Gradient: x. Never panics.
func AtLeastFloat32(x *graph.Node) *graph.Node {
	if dt := x.DType(); dt.IsFloat() && dt.Size() < tensor.Float32.Size() {
		return Cast(x, tensor.Float32)
	}
	return x
}
