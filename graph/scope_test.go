package graph_test

import (
	"fmt"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func ExampleGraph_SetScope() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 2))
	before := g.SetScope("layer")
	y := ops.Exp(x)
	g.SetScope(before)
	fmt.Printf("%q %q %q\n", x.Scope(), y.Scope(), ops.Neg(y).Scope())
	// Output: "" "layer" ""
}

// TestScopeOfEqualNodes keeps the first scope.
func TestScopeOfEqualNodes(t *testing.T) {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 2))
	g.SetScope("a")
	first := ops.Exp(x)
	g.SetScope("b")
	if again := ops.Exp(x); again != first || again.Scope() != "a" {
		t.Errorf("the equal node is of scope %q, want a", again.Scope())
	}
}
