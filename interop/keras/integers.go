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

// followIntegers does so for a part with inputs of a dtype, invalid if these may be floats,
// and returns the dtype of its outputs. It does not follow integers into functional models
// inside others, nor into unsupported parts.
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
			p.after.noteIntegers(p.layer, in, p.where)
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
		in := merged(c.In, out)
		if _, network := l.(*nn.Network); network {
			continue
		}
		var bad bool
		if out[i], bad = passed(l, in); bad && !noted[l] {
			noted[l] = true
			p.after.noteIntegers(l, in, where[l])
		}
	}
}

// merged returns the dtype of integers that a layer gets from several calls with outputs of
// these dtypes, invalid if one may be floats: integers beside them become floats.
func merged(in []nn.Port, out []tensor.DType) tensor.DType {
	dt := tensor.Bool
	for _, p := range in {
		if p.Call < 0 || out[p.Call] == tensor.Invalid {
			return tensor.Invalid
		}
		dt = tensor.Promote(dt, out[p.Call])
	}
	if dt.IsFloat() {
		return tensor.Invalid
	}
	return dt
}

// passed returns the dtype of a layer's outputs for integer inputs of a dtype, invalid if
// either are floats or not known. Bad reports that the layer takes no integers, which Keras
// converts to floats. A nil layer is one with unsupported parts.
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

func (l *missingList) noteIntegers(layer nn.Layer, in tensor.DType, where string) {
	l.add("option", fmt.Sprintf("%s of %v", nn.ClassOf(layer), in), where)
}
