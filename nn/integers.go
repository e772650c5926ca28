package nn

import "github.com/glia-ml/glia/tensor"

// IntegerLayer is a layer that says what it makes of integers, where files are read before
// anything is built: interop/keras then tells of all layers of a file that refuse them.
type IntegerLayer interface {
	Layer
	// OfIntegers returns the dtype of the output for inputs of the integer dtype in: that
	// of the input if its elements stay, tensor.Float32 if they become floats of the dtype
	// that the layer computes in, tensor.Invalid if Build refuses them.
	OfIntegers(in tensor.DType) tensor.DType
}
