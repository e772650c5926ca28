package nn_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// merged prints the output of a layer for several inputs.
func merged(l nn.MultiLayer, x ...*tensor.Tensor) {
	g := graph.New()
	var in []*graph.Node
	var specs []tensor.Spec
	for i, t := range x {
		in = append(in, g.Input(fmt.Sprint("x", i), t.Spec()))
		specs = append(specs, t.Spec())
	}
	l.BuildAll(nn.NewBuilder(1), specs)
	y := l.CallAll(nn.NewCtx(g, nn.NewSeed(1)), in)[0]
	fmt.Printf("%v %.3f\n", y.Spec(), nntest.Run(g, []*graph.Node{y}, x...)[0].V)
}

// Inputs are any number, of shapes that broadcast.
func ExampleAdd() {
	merged(nn.Add(), matrix(2, 1, 2), matrix(2, 10, 20), matrix(2, 100, 200))
	merged(nn.Add(), matrix(2, 1, 2), matrix(1, 10))
	// Output:
	// float32[1 2] [111.000 222.000]
	// float32[1 2] [11.000 12.000]
}

func ExampleSubtract() {
	merged(nn.Subtract(), matrix(2, 1, 2), matrix(2, 10, 30))
	// Output: float32[1 2] [-9.000 -28.000]
}

func ExampleMultiply() {
	merged(nn.Multiply(), matrix(2, 1, 2), matrix(2, 10, 20), matrix(2, 3, -1))
	// Output: float32[1 2] [30.000 -40.000]
}

func ExampleAverage() {
	merged(nn.Average(), matrix(2, 1, 2), matrix(2, 2, 4), matrix(2, 6, 9))
	// Output: float32[1 2] [3.000 5.000]
}

func ExampleMaximum() {
	merged(nn.Maximum(), matrix(3, 1, 5, 2), matrix(3, 4, 2, 2))
	// Output: float32[1 3] [4.000 5.000 2.000]
}

func ExampleMinimum() {
	merged(nn.Minimum(), matrix(3, 1, 5, 2), matrix(3, 4, 2, 2))
	// Output: float32[1 3] [1.000 2.000 2.000]
}

// sample returns one sample of rows of n.
func sample(n int, v ...float32) *tensor.Tensor {
	t, err := tensor.FromSlice(v, 1, len(v)/n, n)
	if err != nil {
		panic(err)
	}
	return t
}

// The last axis grows, unless an Axis says otherwise: axis 1 has the rows.
func ExampleConcatenate() {
	a, b := sample(2, 1, 2, 3, 4), sample(2, 5, 6, 7, 8)
	merged(nn.Concatenate(), a, b)
	merged(nn.Concatenate(nn.Axis(1)), a, b)
	// Output:
	// float32[1 2 4] [1.000 2.000 5.000 6.000 3.000 4.000 7.000 8.000]
	// float32[1 4 2] [1.000 2.000 3.000 4.000 5.000 6.000 7.000 8.000]
}

func ExampleDot() {
	a, b := matrix(2, 3, 4, 1, 0), matrix(2, 4, 3, 0, 5) // two samples of two numbers
	merged(nn.Dot(), a, b)
	cosine := nn.Dot()
	cosine.Normalize = true
	merged(cosine, a, b)
	// Output:
	// float32[2 1] [24.000 0.000]
	// float32[2 1] [0.960 0.000]
}

// By default every row meets every row, as in attention. Axes 1 and 1 add up rows, each
// times a weight.
func ExampleDotAxes() {
	rows, weights := sample(3, 1, 2, 3, 4, 5, 6), matrix(2, 1, 10)
	merged(nn.Dot(), rows, sample(3, 0, 1, 0))
	merged(nn.Dot(nn.DotAxes{1, 1}), rows, weights)
	// Output:
	// float32[1 2 1] [2.000 5.000]
	// float32[1 3] [41.000 52.000 63.000]
}
