package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Iota returns a tensor whose elements are their own index along an axis. Axis -1
// is the last.
//
// Shapes: -> that of s. DTypes: numbers; an index is rounded or wraps around as
// [Cast] says. No gradient. Panics with *graph.Error if s is Bool or does not have
// the axis.
func Iota(g *graph.Graph, s tensor.Spec, axis int) *graph.Node {
	if axis < 0 {
		axis += s.Rank()
	}
	return g.Apply(IotaOp{s, axis})
}

// IotaOp is the operation behind [Iota].
type IotaOp struct {
	Spec tensor.Spec
	Axis int
}

// Name implements graph.Op.
func (IotaOp) Name() string { return "Iota" }

// Primitive implements [Primitive].
func (IotaOp) Primitive() {}

// Infer implements graph.Op.
func (o IotaOp) Infer([]tensor.Spec) ([]tensor.Spec, error) {
	if err := wantNumber("result", o.Spec); err != nil {
		return nil, err
	}
	return []tensor.Spec{o.Spec}, wantAxis(o.Axis, o.Spec)
}

// Ref implements [Referenced].
func (o IotaOp) Ref(out, _ []Array) {
	lanes(o.Spec.Shape, o.Axis, func(_, start, step, n int) {
		for i := range n {
			out[0].V[start+i*step] = float64(i)
		}
	})
}
