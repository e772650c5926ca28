package nn_test

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func ExampleSequential() {
	net := nn.Sequential(
		nn.Flatten(),
		nn.Dense(128, nn.ReLU),
		nn.Dropout(0.5),
		nn.Dense(10, nn.Softmax, nn.Name("head")),
	)
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 28, 28))
	for _, r := range net.Records() {
		n := 0
		for _, v := range r.Params {
			n += v.Spec().Shape.Size()
		}
		fmt.Printf("%-8s %-7s %-17v %6d\n", r.Name, r.Class, r.Out, n)
	}
	// Output:
	// flatten  Flatten float32[32 784]        0
	// dense    Dense   float32[32 128]   100480
	// dropout  Dropout float32[32 128]        0
	// head     Dense   float32[32 10]      1290
}

// A mistake names the layer and the line that made it.
func ExampleDense_mistake() {
	net := nn.Sequential(nn.Flatten(), nn.Dense(10))
	err := graph.Catch(func() { net.Build(nn.NewBuilder(1), tensor.S(tensor.Uint8, 32, 28, 28)) })
	fmt.Println(err)
	// Output:
	// example_test.go:37: layer "dense": nn.Dense: x is uint8[32 784]: want a float dtype; nn.Rescaling(1.0/255, 0) makes floats of pixels, ops.Cast of any number
}

// The fields of a layer are its configuration, in Keras's words.
func ExampleDense_json() {
	text, _ := json.Marshal(nn.Flatten(nn.Name("flat")))
	fmt.Println(string(text))
	l, err := nn.LayerFromConfig("Dense", []byte(`{"units": 3, "activation": "relu", "use_bias": false}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	d := l.(*nn.DenseLayer)
	fmt.Println(d.Units, d.Activation, d.NoBias)
	// Output:
	// {"name":"flat","trainable":true}
	// 3 relu true
}

// Residual adds its input to what a layer makes of it.
type Residual struct {
	nn.Base
	Inner nn.Layer
}

func (r *Residual) Build(b *nn.Builder, in tensor.Spec) { b.Build("inner", r.Inner, in) }

func (r *Residual) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Add(x, r.Inner.Call(c, x))
}

// A layer of your own is any type with Build and Call.
func ExampleLayer() {
	net := nn.Sequential(&Residual{Inner: nn.Dense(4, nn.Tanh)}, nn.Dense(1))
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 8, 4))
	for _, v := range net.Params() {
		fmt.Println(v.Path, v.Spec())
	}
	// Output:
	// residual/inner/kernel float32[4 4]
	// residual/inner/bias float32[4]
	// dense/kernel float32[4 1]
	// dense/bias float32[1]
}

// A loss is traced like anything else.
func ExampleReduceLoss() {
	g := graph.New()
	labels := g.Input("labels", tensor.S(tensor.Int32, 32))
	logits := g.Input("logits", tensor.S(tensor.Float32, 32, 10))
	loss := nn.ReduceLoss(nn.SparseCategoricalCrossentropy(nn.FromLogits), labels, logits, nil)
	fmt.Println(loss.Spec())
	err := graph.Catch(func() { nn.ReduceLoss(nn.CategoricalCrossentropy(nn.FromLogits), labels, logits, nil) })
	fmt.Println(err)
	// Output:
	// float32[]
	// example_test.go:93: nn.CategoricalCrossentropy: labels int32[32], predictions float32[32 10]: the labels look like class numbers: want nn.SparseCategoricalCrossentropy, or rows of probabilities as ops.OneHot makes them
}
