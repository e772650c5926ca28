package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Full returns a tensor of the given spec with v everywhere.
//
// Shapes: -> that of s. DTypes: any; v is converted as by [Cast]. No gradient. Panics
// with *graph.Error if a tensor of spec s cannot exist.
func Full(g *graph.Graph, s tensor.Spec, v float64) *graph.Node {
	return g.Apply(FullOp{s, math.Float64bits(v)})
}

// Zeros returns a tensor of x's spec with 0 everywhere.
//
// Shapes: x [...] -> [...]. DTypes: any. No gradient. Never panics.
func Zeros(x *graph.Node) *graph.Node { return Full(x.Graph(), x.Spec(), 0) }

// Ones returns a tensor of x's spec with 1 everywhere.
//
// Shapes: x [...] -> [...]. DTypes: any. No gradient. Never panics.
func Ones(x *graph.Node) *graph.Node { return Full(x.Graph(), x.Spec(), 1) }

// FullOp is the operation behind [Full]. Bits are those of the float64 value.
type FullOp struct {
	Spec tensor.Spec
	Bits uint64
}

// Value returns the number.
func (o FullOp) Value() float64 { return math.Float64frombits(o.Bits) }

// Name implements graph.Op.
func (FullOp) Name() string { return "ConstantOfShape" }

// Primitive implements [Primitive].
func (FullOp) Primitive() {}

// Infer implements graph.Op.
func (o FullOp) Infer([]tensor.Spec) ([]tensor.Spec, error) { return []tensor.Spec{o.Spec}, nil }

// String prints the number.
func (o FullOp) String() string { return fmt.Sprintf("Full %g", o.Value()) }

// Ref implements [Referenced].
func (o FullOp) Ref(out, _ []Array) {
	for i := range out[0].V {
		out[0].V[i] = o.Value()
	}
}
