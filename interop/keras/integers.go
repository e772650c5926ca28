package keras

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// follow notes a layer that takes no integers, where it is given some, which Keras makes
// floats of. Nil is a layer of which something is missing.
func (r *reader) follow(l nn.Layer, where string) {
	switch in := l.(type) {
	case nil, *nn.RescalingLayer: // the latter makes floats
		r.integers = tensor.Invalid
	case *nn.InputLayer:
		if r.integers = in.DType; in.DType.IsFloat() {
			r.integers = tensor.Invalid
		}
	default:
		if r.integers == tensor.Invalid || !nn.WantsFloats(l) {
			return
		}
		if !r.tangled {
			r.lacks("option", fmt.Sprintf("%s of %v", nn.ClassOf(l), r.integers), where)
		}
		r.integers = tensor.Invalid
	}
}

// apart begins the reading of layers that are not a chain. What it returns ends it; what
// comes out of them is not known.
func (r *reader) apart() func() {
	before := r.tangled
	r.tangled = true
	return func() { r.tangled, r.integers = before, tensor.Invalid }
}
