package graph_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// A graph reads variables and gives them new values after the run.
func ExampleVar() {
	v := graph.NewVar("count", tensor.Scalar[int64](3))
	g := graph.New()
	g.Update(v, ops.Offset(g.Value(v), 1))
	for _, u := range g.Updates() {
		fmt.Println(u.Var.Path, graph.Describe(u.Node.Op))
	}
	err := v.Set(tensor.Scalar[int64](7))
	fmt.Println(v.Tensor(), err)
	fmt.Println(v.Set(tensor.Scalar(7.0)))
	// Output:
	// count Add
	// 7 <nil>
	// graph: variable count: set to float64[]: want int64[]
}

// Half is an operation: a comparable type whose fields are its attributes.
type Half struct{ Axis int }

func (Half) Name() string { return "Half" }

func (o Half) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	s := in[0]
	n := s.Shape.At(o.Axis)
	if n%2 != 0 {
		return nil, fmt.Errorf("x is %v: want an even length of axis %d", s, o.Axis)
	}
	s.Shape = s.Shape.With(o.Axis, n/2)
	return []tensor.Spec{s, s}, nil
}

// An operation may have several results; equal ones on equal inputs are one node.
func ExampleOp() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 32, 10))
	n := graph.Apply(Half{1}, x)
	fmt.Println(graph.Describe(n.Op), n.Specs(), graph.Pick(n, 1).Shape())
	fmt.Println(n == graph.Apply(Half{1}, x), len(g.Nodes()))
	fmt.Println(graph.Catch(func() { graph.Apply(Half{1}, graph.Pick(n, 0)) }))
	// Output:
	// Half{Axis:1} [float32[32 5] float32[32 5]] [32 5]
	// true 3
	// example_test.go:50: ops.Half: x is float32[32 5]: want an even length of axis 1
}

func ExampleErrorf() {
	err := graph.Catch(func() { panic(graph.Errorf("got %d: want 1 or more", 0)) })
	fmt.Println(err)
	// Output: example_test.go:58: got 0: want 1 or more
}
