package keras

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// followIntegers notes layers that take no integers, where the one before gives some.
func followIntegers(t *tree) error {
	t.model.followIntegers(tensor.Invalid)
	return nil
}

// followIntegers does so for a part that is given elements of a dtype, invalid if these
// may be floats, and returns that of what it gives. What layers inside a functional model
// in others are given is not followed, nor inside what is missing.
func (p *part) followIntegers(in tensor.DType) tensor.DType {
	switch p.kind {
	case chain:
		for _, x := range p.parts {
			in = x.followIntegers(in)
		}
		return in
	case functional:
		p.followGraph()
	case operation:
		return in
	case plain:
		out, bad := passed(p.layer, in)
		if bad {
			p.after.lacksIntegers(p.layer, in, p.where)
		}
		return out
	}
	return tensor.Invalid
}

// followGraph does so for the layers of a functional model.
func (p *part) followGraph() {
	n := p.network()
	if n == nil {
		return
	}
	where := map[nn.Layer]string{}
	for _, x := range p.parts {
		where[x.layer] = x.where
	}
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
		if out[i], bad = passed(l, in); bad && !noted[l] {
			noted[l] = true
			p.after.lacksIntegers(l, in, where[l])
		}
	}
}

// passed returns the dtype of the integers that a layer gives if it is given those of a
// dtype, invalid if it gives, or is given, floats or what is not known. Bad says that the
// layer takes no integers, which Keras makes floats of. Nil is a layer of which something
// is missing.
func passed(l nn.Layer, in tensor.DType) (out tensor.DType, bad bool) {
	switch l := l.(type) {
	case *nn.InputLayer:
		out = l.DType
	case nn.IntegerLayer:
		if in == tensor.Invalid {
			return in, false
		}
		out = l.OfIntegers(in)
		bad = out == tensor.Invalid
	}
	if out.IsFloat() {
		return tensor.Invalid, false
	}
	return out, bad
}

func (l *lacking) lacksIntegers(layer nn.Layer, in tensor.DType, where string) {
	l.lacks("option", fmt.Sprintf("%s of %v", nn.ClassOf(layer), in), where)
}
