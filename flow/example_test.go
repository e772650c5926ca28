package flow_test

import (
	"fmt"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func show(nodes ...*graph.Node) {
	for _, a := range optest.Eval(nodes) {
		fmt.Printf("%v %v\n", a.Shape, a.V)
	}
}

// Running products, and the gradient of the last one.
func ExampleScan() {
	g := graph.New()
	x := g.Const(tensor.Of(2.0, 3, 4))
	one := g.Const(tensor.Scalar(1.0))
	last, ys := flow.Scan([]*graph.Node{one}, []*graph.Node{x}, func(state, x []*graph.Node) (next, y []*graph.Node) {
		p := ops.Mul(state[0], x[0])
		return []*graph.Node{p}, []*graph.Node{p}
	})
	show(last[0], ys[0], autodiff.Grad(last[0], x)[0])
	// Output:
	// [] [24]
	// [3] [2 6 24]
	// [3] [12 8 6]
}

// The body reads w, which is the same in every step.
func ExampleReverse() {
	g := graph.New()
	x, w := g.Const(tensor.Of(1.0, 2, 3)), g.Const(tensor.Scalar(10.0))
	zero := ops.ScalarLike(x, 0)
	_, ys := flow.Scan([]*graph.Node{zero}, []*graph.Node{x}, func(state, x []*graph.Node) (next, y []*graph.Node) {
		s := ops.Add(ops.Mul(state[0], w), x[0])
		return []*graph.Node{s}, []*graph.Node{s}
	}, flow.Reverse)
	show(ys[0])
	// Output: [3] [321 32 3]
}

func ExampleSteps() {
	g := graph.New()
	a, b := ops.Full(g, tensor.S(tensor.Int32), 0), ops.Full(g, tensor.S(tensor.Int32), 1)
	last, ys := flow.Scan([]*graph.Node{a, b}, nil, func(state, _ []*graph.Node) (next, y []*graph.Node) {
		return []*graph.Node{state[1], ops.Add(state[0], state[1])}, state[1:]
	}, flow.Steps(8))
	show(last[0], ys[0])
	// Output:
	// [] [21]
	// [8] [1 1 2 3 5 8 13 21]
}

func ExampleCond() {
	g := graph.New()
	for _, v := range []float64{4, -4} {
		x := g.Const(tensor.Scalar(v))
		y := flow.Cond(ops.Greater(x, ops.ScalarLike(x, 0)),
			func() []*graph.Node { return []*graph.Node{ops.Sqrt(x)} },
			func() []*graph.Node { return []*graph.Node{ops.Scale(x, 10)} })
		show(y[0], autodiff.Grad(y[0], x)[0])
	}
	// Output:
	// [] [2]
	// [] [0.25]
	// [] [-40]
	// [] [10]
}

// Collatz's sequence from 6: how many steps it takes to 1.
func ExampleWhile() {
	g := graph.New()
	i32 := func(v float64) *graph.Node { return ops.Full(g, tensor.S(tensor.Int32), v) }
	last := flow.While([]*graph.Node{i32(6), i32(0)},
		func(s []*graph.Node) *graph.Node { return ops.NotEqual(s[0], i32(1)) },
		func(s []*graph.Node) []*graph.Node {
			n := s[0]
			odd := ops.Equal(ops.Mod(n, i32(2)), i32(1))
			n = ops.Where(odd, ops.Add(ops.Mul(n, i32(3)), i32(1)), ops.Div(n, i32(2)))
			return []*graph.Node{n, ops.Add(s[1], i32(1))}
		})
	show(last[1])
	// Output: [] [8]
}

func ExampleMaxSteps() {
	g := graph.New()
	x := g.Const(tensor.Scalar(1.5))
	y := flow.While([]*graph.Node{x},
		func(s []*graph.Node) *graph.Node { return ops.Less(s[0], ops.ScalarLike(x, 10)) },
		func(s []*graph.Node) []*graph.Node { return []*graph.Node{ops.Square(s[0])} },
		flow.MaxSteps(5))
	show(y[0], autodiff.Grad(y[0], x)[0])
	// Output:
	// [] [25.62890625]
	// [] [136.6875]
}
