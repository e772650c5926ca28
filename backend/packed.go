package backend

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Pack lays weights out as the kernel of [Packed] reads them. A plan computes it once for
// many runs, where weights do not change.
//
// Inputs: the weights. Results: a vector, as [Kernels.Packs] says, whose elements have an
// order of the device's own.
type Pack struct {
	Op      graph.Op // the operation of the weights
	Weights tensor.Spec
	Packed  tensor.Spec
}

// Name implements graph.Op.
func (Pack) Name() string { return "Pack" }

// String names the operation of the weights.
func (p Pack) String() string { return "Pack for " + p.Op.Name() }

// Infer implements graph.Op.
func (p Pack) Infer([]tensor.Spec) ([]tensor.Spec, error) { return []tensor.Spec{p.Packed}, nil }

// Ref implements ops.Referenced: the weights in their own order.
func (p Pack) Ref(out, in []ops.Array) { copy(out[0].V, in[0].V) }

// Packed is an operation whose input 1, its weights, is the result of a [Pack].
//
// Inputs and results: the operation's, with the packed weights.
type Packed struct {
	Op      graph.Op
	Weights tensor.Spec // of the weights before they are packed
}

// Name implements graph.Op: the operation's.
func (p Packed) Name() string { return p.Op.Name() }

// String prints the operation.
func (p Packed) String() string { return describe(p.Op) + " of packed weights" }

// Infer implements graph.Op.
func (p Packed) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return p.Op.Infer([]tensor.Spec{in[0], p.Weights})
}

// Ref implements ops.Referenced, for weights that the reference of [Pack] has laid out.
func (p Packed) Ref(out, in []ops.Array) {
	ops.Reference(p.Op, out, []ops.Array{in[0], {Spec: p.Weights, V: in[1].V[:p.Weights.Shape.Size()]}})
}
