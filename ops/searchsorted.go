package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// SearchSorted returns how many of the edges are less than each element of x, that
// is where x would go among them. The edges must ascend; two may be equal. For NaN
// it is 0.
//
// Shapes: edges [E], x [...] -> [...]. DTypes: numbers, one for both -> Int64. No
// gradient. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: numpy.searchsorted, side left.
func SearchSorted(edges, x *graph.Node) *graph.Node {
	return graph.Apply(SearchSortedOp{}, edges, x)
}

// SearchSortedOp is the operation behind [SearchSorted].
type SearchSortedOp struct{}

// Name implements graph.Op.
func (SearchSortedOp) Name() string { return "SearchSorted" }

// Primitive implements [Primitive].
func (SearchSortedOp) Primitive() {}

// Infer implements graph.Op.
func (SearchSortedOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	edges, x := in[0], in[1]
	if err := wantNumber("x", x); err != nil {
		return nil, err
	}
	if edges.DType != x.DType || edges.Rank() != 1 {
		return nil, fmt.Errorf("edges %v, x %v: want a row of edges of x's dtype", edges, x)
	}
	return one(tensor.Int64, x.Shape)
}

// Ref implements [Referenced].
func (SearchSortedOp) Ref(out, in []Array) {
	for i, x := range in[1].V {
		for _, e := range in[0].V {
			out[0].V[i] += truth(e < x)
		}
	}
}
