package preprocess_test

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// show prints what a layer makes of x.
func show(l nn.Layer, x *tensor.Tensor) {
	g := graph.New()
	l.Build(nn.NewBuilder(1), x.Spec())
	y := l.Call(nn.NewCtx(g, nn.NewSeed(1)), g.Input("x", x.Spec()))
	fmt.Printf("%v %.3f\n", y.Spec(), nntest.Run(g, []*graph.Node{y}, x)[0].V)
}

func ExampleRescaling() {
	pixels, _ := tensor.FromSlice([]uint8{0, 51, 255}, 1, 3)
	show(preprocess.Rescaling(1.0/255, 0), pixels)
	show(preprocess.Rescaling(2.0/255, -1), pixels)
	// Output:
	// float32[1 3] [0.000 0.200 1.000]
	// float32[1 3] [-1.000 -0.600 1.000]
}

func ExampleNormalization() {
	heights, _ := tensor.FromSlice([]float32{160, 170, 180, 190}, 4, 1)
	set, _ := data.New(heights, nil)
	l := preprocess.Normalization()
	if err := l.Adapt(set); err != nil {
		fmt.Println(err)
	}
	show(l, heights)
	show(preprocess.Normalization(preprocess.Moments([]float64{175}, []float64{125}), preprocess.Inverted()), heights)
	// Output:
	// float32[4 1] [-1.342 -0.447 0.447 1.342]
	// float32[4 1] [1963.854 2075.658 2187.461 2299.265]
}

func ExampleRandomColorJitter() {
	jitter := preprocess.RandomColorJitter(
		preprocess.Brightness(preprocess.Factor{0.2, 0.2}), // one value: nothing is left to chance
		preprocess.ValueRange(0, 1),
	)
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 1, 1, 1, 3))
	c := nn.NewCtx(g, nn.NewSeed(1))
	c.Training = true
	y := c.Trace(jitter, x)
	pixel, _ := tensor.FromSlice([]float32{0.1, 0.5, 0.9}, 1, 1, 1, 3)
	fmt.Printf("%.1f\n", nntest.Run(g, []*graph.Node{y}, pixel)[0].V)
	// Output:
	// [0.3 0.7 1.0]
}

// A box and a mask follow their picture: here all go to the right by a third of its width.
func ExampleApply() {
	g := graph.New()
	shift := preprocess.RandomTranslation(preprocess.Factor{0}, preprocess.Factor{1. / 3, 1. / 3},
		preprocess.Fill(preprocess.FillConstant), preprocess.BoxesAs(preprocess.XYXY))
	picture, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3, 1)
	mask, _ := tensor.FromSlice([]int32{0, 0, 0, 1, 0, 0, 0, 0, 0}, 3, 3, 1)
	box, _ := tensor.FromSlice([]float32{0, 1, 1, 2}, 1, 4)
	c := nn.NewCtx(g, nn.NewSeed(1))
	c.Training = true
	s := preprocess.Apply(c, shift, preprocess.Sample{
		Images: g.Input("picture", picture.Spec()),
		Masks:  g.Input("mask", mask.Spec()),
		Boxes:  preprocess.Boxes{At: g.Input("box", box.Spec())},
	})
	for _, part := range nntest.Run(g, []*graph.Node{s.Images, s.Masks, s.Boxes.At}, picture, mask, box) {
		fmt.Printf("%.1f\n", part.V)
	}
	// Output:
	// [0.0 1.0 2.0 0.0 4.0 5.0 0.0 7.0 8.0]
	// [0.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 0.0]
	// [1.0 1.0 2.0 2.0]
}

func ExamplePipeline() {
	pixels, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 3, 3, 1)
	show(preprocess.Pipeline(preprocess.CenterCrop(1, 3), preprocess.Rescaling(0.1, 0)), pixels)
	// Output:
	// float32[1 1 3 1] [0.400 0.500 0.600]
}
