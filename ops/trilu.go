package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Tril returns the lower triangle of the matrices in the last two axes of x, with
// zeros elsewhere: row i keeps the columns up to i+k.
//
// Shapes: x [... M N] -> [... M N]. DTypes: any. Gradient: x. Panics with
// *graph.Error if x has less than two axes.
//
// Source: numpy.tril.
func Tril(x *graph.Node, k int) *graph.Node { return graph.Apply(TriluOp{false, k}, x) }

// Triu returns the upper triangle of the matrices in the last two axes of x, with
// zeros elsewhere: row i keeps the columns from i+k on.
//
// Shapes: x [... M N] -> [... M N]. DTypes: any. Gradient: x. Panics with
// *graph.Error if x has less than two axes.
//
// Source: numpy.triu.
func Triu(x *graph.Node, k int) *graph.Node { return graph.Apply(TriluOp{true, k}, x) }

// TriluOp is the operation behind [Tril] and [Triu].
type TriluOp struct {
	Upper bool
	K     int
}

// Name implements graph.Op.
func (TriluOp) Name() string { return "Trilu" }

// Compose implements [Composed].
func (o TriluOp) Compose(in []*graph.Node) []*graph.Node {
	x, shape := in[0], in[0].Shape().From(in[0].Rank()-2)
	s := tensor.Spec{DType: tensor.Int64, Shape: shape}
	diagonal := Sub(Iota(x.Graph(), s, 1), Iota(x.Graph(), s, 0))
	kept := LessEqual(diagonal, ScalarLike(diagonal, float64(o.K)))
	if o.Upper {
		kept = GreaterEqual(diagonal, ScalarLike(diagonal, float64(o.K)))
	}
	return []*graph.Node{Where(kept, x, ScalarLike(x, 0))}
}

// Infer implements graph.Op.
func (o TriluOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if in[0].Rank() < 2 {
		return nil, fmt.Errorf("x %v: want two axes or more", in[0].Shape)
	}
	return in, nil
}

// Ref implements [Referenced].
func (o TriluOp) Ref(out, in []Array) {
	m, n := in[0].Shape.At(-2), in[0].Shape.At(-1)
	for p, v := range in[0].V {
		i, j := p/n%m, p%n
		if o.Upper && j-i >= o.K || !o.Upper && j-i <= o.K {
			out[0].V[p] = v
		}
	}
}

// VJP: the same triangle of the gradient.
func (o TriluOp) VJP(_, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(o, dy)}
}
