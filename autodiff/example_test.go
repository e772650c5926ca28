package autodiff_test

import (
	"fmt"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// A gradient has gradients: the product of a Hessian with a vector is the gradient
// of the gradient's product with it. Here y = x₀²·x₁.
func ExampleGrad_second() {
	g := graph.New()
	x := g.Const(tensor.Of(3.0, 5.0))
	y := ops.Mul(ops.Square(ops.Index(x, 0, 0)), ops.Index(x, 0, 1))
	dx := autodiff.Grad(y, x)[0]
	v := g.Const(tensor.Of(1.0, 0.0))
	hv := autodiff.Grad(ops.Dot(dx, v), x)[0] // the first column: 2·x₁, 2·x₀
	for _, a := range optest.Eval([]*graph.Node{dx, hv}) {
		fmt.Println(a.V)
	}
	// Output:
	// [30 9]
	// [10 6]
}
