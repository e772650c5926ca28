package nn

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Any, in [Input], opens the length of an axis, such as the steps of a sequence or the sides
// of a picture: it is that of the batch, the same for all samples in it.
const Any = -1

// Lengths that stand for open axes while a network is built. Windows fit into them. Their
// difference shows the axes whose length follows from an open one, also after six strides of 2.
const (
	openLength  = 120
	otherLength = 1144
)

// Fits reports whether a shape is want, where axes that are [Any] have any length.
func Fits(got, want tensor.Dims) bool {
	if got.Rank() != want.Rank() {
		return false
	}
	for axis, d := range want.Slice() {
		if d != Any && d != got.At(axis) {
			return false
		}
	}
	return true
}

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
// network's layers have Any where a length follows from such an axis. It panics with
// *graph.Error if a layer needs the length.
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
	carry(n, in, func(c Call, x []tensor.Spec) (out []tensor.Spec) {
		r := n.parts[c.Layer]
		r.guard(func() { out = outputsOf(calling(r.Layer, c.Arguments), x, n.policy) })
		if !seen[c.Layer] { // the record is that of the first call
			if sub, ok := r.Layer.(*Network); ok {
				sub.reopen(x)
			}
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
