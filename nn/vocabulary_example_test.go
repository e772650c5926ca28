package nn_test

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The activations with parameters, and those that clip, shrink or gate.
func ExampleReLUWith() {
	x := matrix(6, -2, -1, -0.25, 0.25, 1, 2)
	for _, a := range []nn.Activation{
		nn.ReLUWith(0, math.Inf(1), 0), nn.ReLUWith(0.1, 1.5, 0.5), nn.CELUAlpha(0.5), nn.HardTanh, nn.TanhShrink, nn.HardShrink, nn.SoftShrink,
		nn.SoftShrinkAt(1), nn.Threshold(0, -1), nn.SparsePlus, nn.SparseSigmoid, nn.Squareplus, nn.SquareplusB(1), nn.GLU, nn.SoftmaxAxis(-1), nn.Sparsemax,
	} {
		fmt.Printf("%-16s ", a)
		show(a, false, x)
	}
	// Output:
	// relu             float32[1 6] [0.000 0.000 0.000 0.250 1.000 2.000]
	// relu             float32[1 6] [-0.250 -0.150 -0.075 -0.025 1.000 1.500]
	// celu(0.5)        float32[1 6] [-0.491 -0.432 -0.197 0.250 1.000 2.000]
	// hard_tanh        float32[1 6] [-1.000 -1.000 -0.250 0.250 1.000 1.000]
	// tanh_shrink      float32[1 6] [-1.036 -0.238 -0.005 0.005 0.238 1.036]
	// hard_shrink      float32[1 6] [-2.000 -1.000 0.000 0.000 1.000 2.000]
	// soft_shrink      float32[1 6] [-1.500 -0.500 0.000 0.000 0.500 1.500]
	// soft_shrink(1)   float32[1 6] [-1.000 0.000 0.000 0.000 0.000 1.000]
	// threshold(0, -1) float32[1 6] [-1.000 -1.000 -1.000 0.250 1.000 2.000]
	// sparse_plus      float32[1 6] [0.000 0.000 0.141 0.391 1.000 2.000]
	// sparse_sigmoid   float32[1 6] [0.000 0.000 0.375 0.625 1.000 1.000]
	// squareplus       float32[1 6] [0.414 0.618 0.883 1.133 1.618 2.414]
	// squareplus(1)    float32[1 6] [0.118 0.207 0.390 0.640 1.207 2.118]
	// glu              float32[1 3] [-1.124 -0.731 -0.220]
	// softmax          float32[1 6] [0.011 0.029 0.061 0.101 0.214 0.583]
	// sparsemax        float32[1 6] [0.000 0.000 0.000 0.000 0.000 1.000]
}

// Sparsemax gives probabilities of which some are 0.
func ExampleSparsemaxAxis() {
	show(nn.SparsemaxAxis(1), false, matrix(4, 2, 1.8, 0.1, 1.9))
	// Output:
	// float32[1 4] [0.433 0.233 0.000 0.333]
}

// Keras's files mean another one, which is the same where one element stays.
func ExampleKerasSparsemaxAxis() {
	show(nn.KerasSparsemaxAxis(1), false, matrix(4, 0.5, 1.8, 0.1, 3.5))
	show(nn.KerasSparsemaxAxis(1), false, matrix(3, 0, 0.5, 1))
	show(nn.SparsemaxAxis(1), false, matrix(3, 0, 0.5, 1))
	// Output:
	// float32[1 4] [0.000 0.000 0.000 1.000]
	// float32[1 3] [0.000 0.000 0.250]
	// float32[1 3] [0.000 0.250 0.750]
}

func ExampleLogSoftmaxAxis() {
	show(nn.LogSoftmaxAxis(0, 1), false, matrix(2, 1, 1, 1, 1))
	// Output:
	// float32[2 2] [-1.386 -1.386 -1.386 -1.386]
}

func ExampleGLUAxis() {
	show(nn.GLUAxis(0), false, matrix(2, 1, 2, 0, 100))
	// Output:
	// float32[1 2] [0.500 2.000]
}

func ExampleHardShrinkAt() {
	show(nn.HardShrinkAt(1), false, matrix(3, -2, 1, 1.5))
	// Output:
	// float32[1 3] [-2.000 0.000 1.500]
}

// What a constraint makes of a matrix, whose columns are the units of a Dense layer.
func ExampleConstraint() {
	w := matrix(2, 3, 0.6, -4, 0.8)
	for _, c := range []nn.Constraint{nn.NonNeg, nn.MaxNorm(2), nn.MaxNorm(2, 0, 1), nn.UnitNorm(), nn.MinMaxNorm(2, 3, 0.5)} {
		g := graph.New()
		fmt.Printf("%.3f\n", nntest.Run(g, []*graph.Node{c.Apply(g.Const(w))})[0].V)
	}
	// Output:
	// [3.000 0.600 0.000 0.800]
	// [1.200 0.600 -1.600 0.800]
	// [1.177 0.235 -1.569 0.314]
	// [0.600 0.600 -0.800 0.800]
	// [2.400 0.900 -3.200 1.200]
}

// A training step applies the constraints after the optimizer's update.
func ExampleConstrain() {
	b := nn.NewBuilder(1)
	d := nn.Dense(1, nn.KernelInitializer(nn.Ones), nn.KernelConstraint(nn.MaxNorm(1)), nn.BiasConstraint(nn.NonNeg))
	b.Build("dense", d, tensor.S(tensor.Float32, 8, 4))
	g := graph.New()
	for _, v := range b.Vars() { // an optimizer
		g.Update(v, ops.Offset(g.Value(v), -0.25))
	}
	nn.Constrain(g, b.Vars())
	nntest.Run(g, nil)
	fmt.Printf("%.2f %.2f\n", b.Vars()[0].Tensor().Float64s(), b.Vars()[1].Tensor().Float64s())
	// Output:
	// [0.50 0.50 0.50 0.50] [0.00]
}

func ExampleConstraintFunc() {
	halves := nn.ConstraintFunc("halves", func(w *graph.Node) *graph.Node { return ops.Scale(ops.Round(ops.Scale(w, 2)), 0.5) })
	g := graph.New()
	fmt.Println(nntest.Run(g, []*graph.Node{halves.Apply(g.Const(tensor.Of[float32](0.3, -0.6, 1.1)))})[0].V)
	// Output:
	// [0.5 -0.5 1]
}

// A penalty of your own is a function.
func ExampleRegularizerFunc() {
	entropy := nn.RegularizerFunc("entropy", func(x *graph.Node) *graph.Node {
		return ops.Neg(ops.ReduceSum(ops.Mul(x, ops.Log(x))))
	})
	g := graph.New()
	fmt.Printf("%.3f\n", nntest.Run(g, []*graph.Node{entropy.Penalty(g.Const(tensor.Of[float32](0.5, 0.5)))})[0].V)
	// Output:
	// [0.693]
}

func ExampleOrthogonalRegularizer() {
	g := graph.New()
	for _, rows := range []*tensor.Tensor{matrix(2, 1, 0, 0, 3), matrix(2, 1, 1, 2, 2)} {
		r := nn.OrthogonalRegularizer(0.1, nn.Rows)
		fmt.Printf("%.3f\n", nntest.Run(g, []*graph.Node{r.Penalty(g.Const(rows))})[0].V)
	}
	// Output:
	// [0.000]
	// [0.100]
}

// The real parts of the three frequencies of a frame of four, under Hann's window.
func ExampleSTFTInitializer() {
	first(nn.STFTInitializer(nn.STFTConfig{}), 4, 1, 3)
	// Output:
	// [0.000 0.000 0.000 0.707 0.000 -0.707 0.707 -0.707 0.707 0.000 -0.000 -0.000]
}

func ExampleConstantTensor() {
	first(nn.ConstantTensor(tensor.Of(1.0, 2)), 2, 2)
	// Output:
	// [1.000 2.000 1.000 2.000]
}

func ExamplePReLU() {
	show(nn.PReLU(nn.AlphaInitializer(nn.Constant(0.25)), nn.SharedAxes(1), nn.AlphaConstraint(nn.NonNeg)), false, matrix(3, -2, 0, 2))
	// Output:
	// float32[1 3] [-0.500 0.000 2.000]
}

// The layer adds to the loss; its output is its input.
func ExampleActivityRegularization() {
	l := nn.ActivityRegularization(0.1, 0)
	l.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 2, 2))
	g := graph.New()
	c := nn.NewCtx(g, nil)
	l.Call(c, g.Const(matrix(2, 1, -2, 3, -4)))
	fmt.Printf("%.2f\n", nntest.Run(g, c.Losses())[0].V)
	// Output:
	// [0.50]
}

func ExampleAlphaDropout() {
	show(nn.AlphaDropout(0.5), true, matrix(6, 1, 1, 1, 1, 1, 1))
	// Output:
	// float32[1 6] [1.666 1.666 1.666 1.666 1.666 -0.779]
}

// Whole channels are dropped.
func ExampleSpatialDropout1D() {
	x, err := matrix(8, 1, 2, 3, 4, 1, 2, 3, 4).Reshape(1, 2, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	show(nn.SpatialDropout1D(0.5), true, x)
	// Output:
	// float32[1 2 4] [0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000]
}

func ExampleSpatialDropout2D() {
	fmt.Println(nn.ClassOf(nn.SpatialDropout2D(0.5)), nn.ClassOf(nn.SpatialDropout3D(0.5)))
	// Output: SpatialDropout2D SpatialDropout3D
}
