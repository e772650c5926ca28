package nn_test

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
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
		fmt.Printf("%-8s %-7s %-17v %6d\n", r.Name, r.Class, r.Out[0], n)
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
	// example_test.go:38: layer "dense": nn.Dense: x is uint8[32 784]: want a float dtype: nn.Input without a dtype takes floats, preprocess.Rescaling(1.0/255, 0) makes floats of pixels, ops.Cast of any number
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

// Residual adds its input to the output of a layer.
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

// show prints the output of a layer for x, in training or not.
func show(l nn.Layer, training bool, x *tensor.Tensor) {
	l.Build(nn.NewBuilder(1), x.Spec())
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	c.Training = training
	y := l.Call(c, g.Input("x", x.Spec()))
	fmt.Printf("%v %.3f\n", y.Spec(), nntest.Run(g, []*graph.Node{y}, x)[0].V)
}

// matrix returns numbers in rows of n.
func matrix(n int, v ...float32) *tensor.Tensor {
	t, err := tensor.FromSlice(v, len(v)/n, n)
	if err != nil {
		panic(err)
	}
	return t
}

func ExampleDense() {
	show(nn.Dense(2, nn.ReLU, nn.KernelInitializer(nn.Ones), nn.BiasInitializer(nn.Constant(-1))), false, matrix(3, 1, 2, 3, -4, -5, -6))
	show(nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Constant(0.5))), false, matrix(2, 2, 4))
	// Output:
	// float32[2 2] [5.000 5.000 0.000 0.000]
	// float32[1 1] [3.000]
}

// Dropout acts in training only.
func ExampleDropout() {
	x := matrix(4, 1, 2, 3, 4, 5, 6, 7, 8)
	show(nn.Dropout(0.2), false, x)
	show(nn.Dropout(0.2), true, x)
	show(nn.Dropout(0.2, nn.NoiseShape(1, -1)), true, x) // the same columns of every row
	// Output:
	// float32[2 4] [1.000 2.000 3.000 4.000 5.000 6.000 7.000 8.000]
	// float32[2 4] [0.000 0.000 3.750 0.000 0.000 7.500 8.750 10.000]
	// float32[2 4] [0.000 0.000 3.750 0.000 0.000 0.000 8.750 0.000]
}

// Noise is added in training only, and is the same for the same seed.
func ExampleGaussianNoise() {
	x := matrix(3, 1, 2, 3)
	show(nn.GaussianNoise(0.1), false, x)
	show(nn.GaussianNoise(0.1), true, x)
	show(nn.GaussianDropout(0.5), true, x)
	// Output:
	// float32[1 3] [1.000 2.000 3.000]
	// float32[1 3] [1.170 2.154 3.154]
	// float32[1 3] [2.698 5.081 7.616]
}

func ExampleReshape() {
	x := matrix(6, 0, 1, 2, 3, 4, 5)
	show(nn.Reshape(2, -1), false, x)
	show(nn.Sequential(nn.Reshape(2, 3), nn.Permute(2, 1)), false, x)
	show(nn.Sequential(nn.Reshape(2, 3), nn.Permute(2, 1), nn.Flatten()), false, x)
	// Output:
	// float32[1 2 3] [0.000 1.000 2.000 3.000 4.000 5.000]
	// float32[1 3 2] [0.000 3.000 1.000 4.000 2.000 5.000]
	// float32[1 6] [0.000 3.000 1.000 4.000 2.000 5.000]
}

func ExamplePermute() {
	net := nn.Sequential(nn.Reshape(28, 28, 3), nn.Permute(3, 1, 2))
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 28*28*3))
	fmt.Println(net.Records()[1].Out[0])
	// Output: float32[32 3 28 28]
}

func ExampleRepeatVector() {
	show(nn.RepeatVector(3), false, matrix(2, 1, 2))
	// Output:
	// float32[1 3 2] [1.000 2.000 1.000 2.000 1.000 2.000]
}

func ExampleLambda() {
	square := nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Square(x) })
	show(square, false, matrix(3, 1, 2, 3))
	// Output:
	// float32[1 3] [1.000 4.000 9.000]
}

// Input lets a network be built, and mistakes be found, before there is data.
func ExampleInput() {
	net := nn.Sequential(nn.Input(28, 28, 1), nn.Flatten(), nn.Dense(10))
	spec, ok := net.Declared()
	fmt.Println(spec[0], ok)
	err := graph.Catch(func() { net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 1, 32, 32, 3)) })
	fmt.Println(err != nil)
	// Output:
	// float32[1 28 28 1] true
	// true
}

// An activation is an option of a layer and a layer itself.
func ExampleActivation() {
	x := matrix(5, -2, -1, 0, 1, 2)
	for _, a := range []nn.Activation{
		nn.Linear, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.LeakyReLUSlope(0.5), nn.ELU, nn.ELUAlpha(2), nn.SELU,
		nn.GELU, nn.GELUTanh, nn.SiLU, nn.HardSiLU, nn.Mish, nn.Sigmoid, nn.HardSigmoid, nn.LogSigmoid, nn.Tanh,
		nn.Softplus, nn.Softsign, nn.Softmax, nn.LogSoftmax, nn.Exponential,
	} {
		fmt.Printf("%-12s ", a)
		show(a, false, x)
	}
	// Output:
	// linear       float32[1 5] [-2.000 -1.000 0.000 1.000 2.000]
	// relu         float32[1 5] [0.000 0.000 0.000 1.000 2.000]
	// relu6        float32[1 5] [0.000 0.000 0.000 1.000 2.000]
	// leaky_relu   float32[1 5] [-0.400 -0.200 0.000 1.000 2.000]
	// leaky_relu   float32[1 5] [-1.000 -0.500 0.000 1.000 2.000]
	// elu          float32[1 5] [-0.865 -0.632 0.000 1.000 2.000]
	// elu          float32[1 5] [-1.729 -1.264 0.000 1.000 2.000]
	// selu         float32[1 5] [-1.520 -1.111 0.000 1.051 2.101]
	// gelu         float32[1 5] [-0.046 -0.159 0.000 0.841 1.954]
	// gelu_tanh    float32[1 5] [-0.045 -0.159 0.000 0.841 1.955]
	// silu         float32[1 5] [-0.238 -0.269 0.000 0.731 1.762]
	// hard_silu    float32[1 5] [-0.333 -0.333 0.000 0.667 1.667]
	// mish         float32[1 5] [-0.253 -0.303 0.000 0.865 1.944]
	// sigmoid      float32[1 5] [0.119 0.269 0.500 0.731 0.881]
	// hard_sigmoid float32[1 5] [0.167 0.333 0.500 0.667 0.833]
	// log_sigmoid  float32[1 5] [-2.127 -1.313 -0.693 -0.313 -0.127]
	// tanh         float32[1 5] [-0.964 -0.762 0.000 0.762 0.964]
	// softplus     float32[1 5] [0.127 0.313 0.693 1.313 2.127]
	// softsign     float32[1 5] [-0.667 -0.500 0.000 0.500 0.667]
	// softmax      float32[1 5] [0.012 0.032 0.086 0.234 0.636]
	// log_softmax  float32[1 5] [-4.452 -3.452 -2.452 -1.452 -0.452]
	// exponential  float32[1 5] [0.135 0.368 1.000 2.718 7.389]
}

func ExampleActivationFunc() {
	cube := nn.ActivationFunc("cube", func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Square(x)) })
	show(nn.Dense(1, cube, nn.KernelInitializer(nn.Ones)), false, matrix(2, 1, 2))
	// Output:
	// float32[1 1] [27.000]
}

func ExampleRegularizer() {
	g := graph.New()
	x := g.Const(tensor.Of[float32](1, -2, 3))
	for _, r := range []nn.Regularizer{nn.L1(0.1), nn.L2(0.1), nn.L1L2(0.1, 0.1)} {
		fmt.Printf("%.2f\n", nntest.Run(g, []*graph.Node{r.Penalty(x)})[0].V)
	}
	// Output:
	// [0.60]
	// [1.40]
	// [2.00]
}

// What a layer adds to the loss is in the trace.
func ExampleKernelRegularizer() {
	d := nn.Dense(1, nn.KernelInitializer(nn.Constant(2)), nn.KernelRegularizer(nn.L2(0.01)),
		nn.BiasRegularizer(nn.L1(0.01)), nn.ActivityRegularizer(nn.L2(0.1)))
	x := tensor.S(tensor.Float32, 8, 4)
	d.Build(nn.NewBuilder(1), x)
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	d.Call(c, g.Input("x", x))
	fmt.Printf("%.2f\n", nntest.Run(g, c.Losses(), nntest.Sample(x))[0].V) // 4·2²·0.01
	fmt.Println(len(c.Losses()))
	// Output:
	// [0.16]
	// 3
}

// first prints the first value of a variable.
func first(i nn.Initializer, dims ...int) {
	v := nn.NewBuilder(1).Param("v", tensor.D(dims...), i)
	fmt.Printf("%.3f\n", v.Tensor().Float64s())
}

func ExampleInitializer() {
	for _, i := range []nn.Initializer{
		nn.Zeros, nn.Ones, nn.Constant(0.5), nn.RandomNormal(0, 0.05), nn.RandomUniform(-1, 1), nn.TruncatedNormal(0, 1),
		nn.GlorotUniform, nn.GlorotNormal, nn.HeUniform, nn.HeNormal, nn.LecunUniform, nn.LecunNormal,
		nn.VarianceScaling(2, nn.FanOut, nn.Normal), nn.IdentityInitializer(2), nn.OrthogonalInitializer(1),
	} {
		first(i, 2, 2)
	}
	// Output:
	// [0.000 0.000 0.000 0.000]
	// [1.000 1.000 1.000 1.000]
	// [0.500 0.500 0.500 0.500]
	// [0.022 0.015 -0.009 -0.001]
	// [0.733 -0.817 0.970 0.029]
	// [0.449 0.291 -0.174 -0.016]
	// [0.898 -1.001 1.188 0.035]
	// [0.361 0.234 -0.140 -0.013]
	// [1.270 -1.415 1.680 0.050]
	// [0.510 0.330 -0.198 -0.018]
	// [0.898 -1.001 1.188 0.035]
	// [0.361 0.234 -0.140 -0.013]
	// [0.449 0.291 -0.174 -0.016]
	// [2.000 0.000 0.000 2.000]
	// [0.840 -0.543 0.543 0.840]
}

// With a seed of its own an initializer gives the same values to every variable.
func ExampleInitializer_Seeded() {
	b := nn.NewBuilder(1)
	same := nn.HeNormal.Seeded(7)
	v, w := b.Param("v", tensor.D(2, 2), same), b.Param("w", tensor.D(2, 2), same)
	fmt.Println(tensor.Equal(v.Tensor(), w.Tensor()))
	// Output: true
}

func ExampleInitializerFunc() {
	identity := nn.InitializerFunc("identity", func(dst []float64, shape tensor.Dims, _ *nn.Rand) {
		for i := range min(shape.At(0), shape.At(1)) {
			dst[i*shape.At(1)+i] = 1
		}
	})
	first(identity, 2, 3)
	// Output:
	// [1.000 0.000 0.000 0.000 1.000 0.000]
}

// A network is a layer; names make paths.
func ExampleNetwork() {
	encoder := nn.Sequential(nn.Dense(4, nn.Tanh), nn.Dense(2))
	encoder.Name = "encoder"
	net := nn.Sequential(encoder)
	net.Add(nn.Dense(1, nn.Frozen))
	b := nn.NewBuilder(1)
	net.Build(b, tensor.S(tensor.Float32, 32, 8))
	for _, v := range net.Vars() {
		fmt.Println(v.Path, v.Spec(), v.Trainable)
	}
	fmt.Println(b.Count())
	// Output:
	// encoder/dense/kernel float32[8 4] true
	// encoder/dense/bias float32[4] true
	// encoder/dense_1/kernel float32[4 2] true
	// encoder/dense_1/bias float32[2] true
	// dense/kernel float32[2 1] false
	// dense/bias float32[1] false
	// 49 0
}

// Counter scales by a parameter and counts how often it trained.
type Counter struct {
	nn.Base
	scale, count *graph.Var
}

// NewCounter returns a Counter. It takes the options that every layer takes.
func NewCounter(opts ...nn.LayerOption) *Counter { return &Counter{Base: nn.NewBase(opts...)} }

func (l *Counter) Build(b *nn.Builder, in tensor.Spec) {
	l.scale = b.Param("scale", in.Shape.From(1), nn.Ones)
	l.count = b.State("count", tensor.S(tensor.Int64), nn.Zeros)
}

func (l *Counter) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	if c.Training {
		c.Update(l.count, ops.Offset(c.Value(l.count), 1))
	}
	return ops.Mul(x, c.Value(l.scale))
}

// A layer with a parameter and with state that training changes.
func ExampleCtx() {
	l, x := NewCounter(), matrix(2, 3, 4)
	l.Build(nn.NewBuilder(1), x.Spec())
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	c.Training = true
	y := l.Call(c, g.Input("x", x.Spec()))
	for range 2 {
		fmt.Println(nntest.Run(g, []*graph.Node{y}, x)[0].V, l.count.Tensor())
	}
	// Output:
	// [3 4] 1
	// [3 4] 2
}

// A layer of your own is named, frozen and given a dtype policy as those of nn are.
func ExampleNewBase() {
	net := nn.Sequential(NewCounter(nn.Name("visits"), nn.Frozen, nn.Float64), nn.Dense(1))
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 2))
	for _, v := range net.Vars() {
		fmt.Println(v.Path, v.Spec(), v.Trainable)
	}
	// Output:
	// visits/scale float64[2] false
	// visits/count int64[] false
	// dense/kernel float32[2 1] true
	// dense/bias float32[1] true
}

func ExampleLayerToConfig() {
	module, class, config, err := nn.LayerToConfig(nn.Dropout(0.5, nn.Name("drop")))
	fmt.Println(module, class, string(config), err)
	_, _, _, err = nn.LayerToConfig(nn.Lambda(ops.Relu))
	fmt.Println(err)
	// Output:
	// keras.layers Dropout {"name":"drop","trainable":true,"rate":0.5,"noise_shape":null} <nil>
	// nn: layer "Lambda" (*nn.LambdaLayer): Keras has none of that class, and none is registered: want it registered by Register
}

func ExampleBaseOf() {
	var l nn.Layer = nn.Dense(3, nn.Name("head"))
	nn.BaseOf(l).Frozen = true
	fmt.Println(nn.BaseOf(l).Name, l.(*nn.DenseLayer).Frozen, nn.ClassOf(l))
	// Output: head true Dense
}

func ExampleNetwork_Names() {
	fmt.Println(nn.Sequential(nn.Dense(3), nn.ReLU, nn.Dense(2), nn.Dense(1, nn.Name("head"))).Names())
	// Output: [dense activation dense_1 head]
}
