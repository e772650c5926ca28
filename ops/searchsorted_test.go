package ops_test

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func ExampleSearchSorted() {
	g := graph.New()
	edges := g.Const(tensor.Of[float32](0, 1, 2))
	show(ops.SearchSorted(edges, g.Const(tensor.Of[float32](-1, 0, 0.5, 2, 3))))
	// Output:
	// [5] [0 0 1 2 3]
}
