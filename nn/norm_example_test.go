package nn_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
)

// In training the channels have mean 0 and standard deviation 1; moving averages follow the
// batch, and are what is subtracted and divided by otherwise.
func ExampleBatchNormalization() {
	net := nn.Sequential(nn.BatchNormalization(nn.Momentum(0.5)))
	net.Build(nn.NewBuilder(1), f32(2, 1))
	for _, training := range []bool{true, false} {
		g := graph.New()
		c := nn.NewCtx(g, nil)
		c.Training = training
		y := net.Call(c, g.Const(matrix(1, 2, 4)))
		fmt.Printf("%.3f\n", nntest.Run(g, []*graph.Node{y})[0].V)
	}
	for _, v := range net.Vars() {
		fmt.Printf("%s %.3f\n", v.Path, v.Tensor().Float64s())
	}
	// Output:
	// [-1.000 1.000]
	// [0.500 2.499]
	// batch_normalization/gamma [1.000]
	// batch_normalization/beta [0.000]
	// batch_normalization/moving_mean [1.500]
	// batch_normalization/moving_variance [1.000]
}

func ExampleLayerNormalization() {
	show(nn.LayerNormalization(), false, matrix(4, 1, 2, 3, 4, 10, 20, 30, 40))
	show(nn.LayerNormalization(nn.GammaInitializer(nn.Constant(2)), nn.BetaInitializer(nn.Ones)), false, matrix(4, 1, 2, 3, 4))
	// Output:
	// float32[2 4] [-1.341 -0.447 0.447 1.341 -1.342 -0.447 0.447 1.342]
	// float32[1 4] [-1.682 0.106 1.894 3.682]
}

// Two groups of two channels.
func ExampleGroupNormalization() {
	show(nn.GroupNormalization(2), false, matrix(4, 1, 2, 30, 40))
	// Output:
	// float32[1 4] [-0.998 0.998 -1.000 1.000]
}

func ExampleRMSNormalization() {
	show(nn.RMSNormalization(), false, matrix(2, 3, 4))
	// Output:
	// float32[1 2] [0.849 1.131]
}

func ExampleUnitNormalization() {
	show(nn.UnitNormalization(), false, matrix(2, 3, 4, 0, 0))
	// Output:
	// float32[2 2] [0.600 0.800 0.000 0.000]
}

// A step of training divides the kernel by its largest singular value: with the bias apart, no
// difference of two inputs grows by more than 1.
func ExampleSpectralNormalization() {
	net := nn.Sequential(nn.SpectralNormalization(nn.Dense(2, nn.KernelInitializer(nn.Constant(3))), nn.PowerIterations(10)))
	net.Build(nn.NewBuilder(1), f32(1, 2))
	g := graph.New()
	c := nn.NewCtx(g, nil)
	c.Training = true
	net.Call(c, g.Const(matrix(2, 1, 1)))
	nntest.Run(g, nil)
	fmt.Printf("%.3f\n", net.Vars()[0].Tensor().Float64s())
	// Output:
	// [0.500 0.500 0.500 0.500]
}
