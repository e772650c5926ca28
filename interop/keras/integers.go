package keras

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// follow notes a layer that takes no integers, where the one before it gives some.
func (r *reader) follow(l nn.Layer, where string) {
	out, bad := passed(l, r.integers)
	if bad && !r.tangled {
		r.lacksIntegers(l, r.integers, where)
	}
	r.integers = out
}

// passed returns the dtype of the integers that a layer gives if it is given those of a
// dtype, invalid if it gives, or is given, floats or what is not known. Bad says that the
// layer takes no integers, which Keras makes floats of. Nil is a layer of which something
// is missing.
func passed(l nn.Layer, in tensor.DType) (out tensor.DType, bad bool) {
	switch l := l.(type) {
	case nil, *nn.RescalingLayer: // the latter makes floats
		return tensor.Invalid, false
	case *nn.InputLayer:
		if l.DType.IsFloat() {
			return tensor.Invalid, false
		}
		return l.DType, false
	}
	if !fromGlia(l) {
		return tensor.Invalid, false
	}
	if in != tensor.Invalid && nn.WantsFloats(l) {
		return tensor.Invalid, true
	}
	return in, false
}

func (r *reader) lacksIntegers(l nn.Layer, in tensor.DType, where string) {
	r.lacks("option", fmt.Sprintf("%s of %v", nn.ClassOf(l), in), where)
}

// followAll is follow of all layers of a functional model, which stand at these places.
func (r *reader) followAll(n *nn.Network, where map[nn.Layer]string) {
	out := make([]tensor.DType, len(n.Calls()))
	noted := map[nn.Layer]bool{}
	for i, c := range n.Calls() {
		l := n.Layers()[c.Layer]
		var in tensor.DType
		if p := c.In[0]; p.Call >= 0 {
			in = out[p.Call]
		}
		if _, network := l.(*nn.Network); network {
			continue
		}
		var bad bool
		if out[i], bad = passed(l, in); bad && !r.tangled && !noted[l] {
			noted[l] = true
			r.lacksIntegers(l, in, where[l])
		}
	}
}

// apart begins the reading of layers that are not a chain. What it returns ends it; what
// comes out of them is not known.
func (r *reader) apart() func() {
	before := r.tangled
	r.tangled = true
	return func() { r.tangled, r.integers = before, tensor.Invalid }
}
