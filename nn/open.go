package nn

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Any, in [Input], is the length of an axis that samples may have in any length, the
// samples of one batch in the same: the steps of a sequence, the sides of a picture.
const Any = -1

// Lengths that stand for open axes while a network is built. They are so long that
// windows fit, and tell the axes that follow an open one from those that do not.
const (
	openLength  = 120
	otherLength = 136
)

// Concrete returns specs with a length for axes that are [Any]: one with which a network
// can be built, since variables must not depend on it.
func Concrete(in []tensor.Spec) []tensor.Spec { return closed(in, openLength) }

func closed(in []tensor.Spec, length int) []tensor.Spec {
	in = slices.Clone(in)
	for i, s := range in {
		for axis, d := range s.Shape.Slice() {
			if d == Any {
				in[i].Shape = in[i].Shape.With(axis, length)
			}
		}
	}
	return in
}

// BuildOpen is [Network.BuildAll] for inputs with axes that are [Any]. The records of the
// network's layers have Any where a length follows from such an axis. It panics with *graph.Error if a
// layer needs the length.
func (n *Network) BuildOpen(b *Builder, in []tensor.Spec) {
	first, before := Concrete(in), len(b.fresh)
	n.BuildAll(b, first)
	if slices.Equal(first, in) {
		return
	}
	err := graph.Catch(func() { n.reopen(closed(in, otherLength)) })
	if err != nil {
		b.forget(before)
		n.built = false
		panic(graph.Errorf("nn.Input: a layer needs the length of an axis that is nn.Any: %v", err))
	}
}

// reopen traces a built network for other lengths of open axes.
func (n *Network) reopen(in []tensor.Spec) {
	seen := make([]bool, len(n.layers))
	flow(n, in, func(c Call, x []tensor.Spec) (out []tensor.Spec) {
		r := n.parts[c.Layer]
		r.guard(func() { out = outputsOf(r.Layer, x, n.policy) })
		if !seen[c.Layer] { // which a record tells of
			openSpecs(r.In, x)
			openSpecs(r.Out, out)
			seen[c.Layer] = true
		}
		return out
	})
}

// openSpecs makes lengths Any that differ between two builds of a layer.
func openSpecs(to, other []tensor.Spec) {
	for i, s := range other {
		for axis, d := range s.Shape.Slice() {
			if to[i].Shape.At(axis) != d {
				to[i].Shape = to[i].Shape.With(axis, Any)
			}
		}
	}
}
