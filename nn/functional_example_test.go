package nn_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Layers are applied to what others make: here one that goes around another.
func ExampleApply() {
	x := nn.Apply(nn.Input(8))
	h := nn.Apply(nn.Dense(8, nn.ReLU), x)
	y := nn.Apply(nn.Dense(1), nn.Apply(nn.Add(), x, h))
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{y})
	fmt.Println(net.Names())
	// Output: [input_layer dense add dense_1]
}

// Two outputs share all but the last layer.
func ExampleFunctional() {
	x := nn.Apply(nn.Input(28, 28))
	h := nn.Apply(nn.Dense(64, nn.ReLU), nn.Apply(nn.Flatten(), x))
	digit := nn.Apply(nn.Dense(10, nn.Softmax, nn.Name("digit")), h)
	odd := nn.Apply(nn.Dense(1, nn.Sigmoid, nn.Name("odd")), h)
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{digit, odd})

	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 28, 28))
	fmt.Println(net.InputNames(), net.OutputNames())
	for _, r := range net.Records() {
		fmt.Println(r.Name, r.Out[0])
	}
	// Output:
	// [input_layer] [digit odd]
	// input_layer float32[32 28 28]
	// flatten float32[32 784]
	// dense float32[32 64]
	// digit float32[32 10]
	// odd float32[32 1]
}

// A layer that is applied twice has its variables once.
func ExampleFunctional_shared() {
	encode := nn.Dense(16, nn.Name("encode"))
	a, b := nn.Apply(nn.Input(64)), nn.Apply(nn.Input(64))
	alike := nn.Apply(nn.Dot(), nn.Apply(encode, a), nn.Apply(encode, b))
	net := nn.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{alike})

	pictures := tensor.S(tensor.Float32, 32, 64)
	net.BuildAll(nn.NewBuilder(1), []tensor.Spec{pictures, pictures})
	for _, v := range net.Params() {
		fmt.Println(v.Path, v.Spec())
	}
	// Output:
	// encode/kernel float32[64 16]
	// encode/bias float32[16]
}

// A mistake is reported when the network is built, with its line.
func ExampleFunctional_mistake() {
	x, other := nn.Apply(nn.Input(8)), nn.Apply(nn.Input(8))
	y := nn.Apply(nn.Dense(1), other)
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{y})
	fmt.Println(graph.Catch(func() { net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 8)) }))
	// Output:
	// functional_example_test.go:63: nn.Functional: an output depends on an nn.Input that is not among the inputs
}

// A network of two outputs is a layer of two outputs.
func ExampleApplyAll() {
	x := nn.Apply(nn.Input(8))
	mean, spread := nn.Apply(nn.Dense(2), x), nn.Apply(nn.Dense(2, nn.Softplus), x)
	encoder := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{mean, spread})
	encoder.Name = "encoder"

	in := nn.Apply(nn.Input(8))
	both := nn.ApplyAll(2, encoder, in)
	net := nn.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Concatenate(), both...)})
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 8))
	for _, r := range net.Records() {
		fmt.Println(r.Name, r.Out)
	}
	// Output:
	// input_layer [float32[32 8]]
	// encoder [float32[32 2] float32[32 2]]
	// concatenate [float32[32 4]]
}

// Gate mixes its first two inputs as the third says, element by element.
type Gate struct{ nn.Base }

func (*Gate) Build(*nn.Builder, tensor.Spec)      {}
func (*Gate) BuildAll(*nn.Builder, []tensor.Spec) {}

func (g *Gate) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return g.CallAll(c, []*graph.Node{x})[0]
}

func (*Gate) CallAll(_ *nn.Ctx, x []*graph.Node) []*graph.Node {
	if len(x) != 3 {
		panic(graph.Errorf("Gate: %d inputs: want 3", len(x)))
	}
	return []*graph.Node{ops.Add(x[1], ops.Mul(x[2], ops.Sub(x[0], x[1])))}
}

// A layer of your own with several inputs has BuildAll and CallAll, too.
func ExampleMultiLayer() {
	merged(&Gate{}, matrix(3, 1, 1, 1), matrix(3, 5, 5, 5), matrix(3, 1, 0, 0.5))
	// Output: float32[1 3] [1.000 5.000 3.000]
}

// A network is a list of calls: what each layer is applied to, and where that comes from.
func ExampleNetwork_Calls() {
	x := nn.Apply(nn.Input(8))
	y := nn.Apply(nn.Add(), x, nn.Apply(nn.Dense(8), x))
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{y})
	for _, c := range net.Calls() {
		fmt.Println(net.Names()[c.Layer], c.In)
	}
	fmt.Println(net.Outputs())
	// Output:
	// input_layer [{-1 0}]
	// dense [{0 0}]
	// add [{0 0} {1 0}]
	// [{2 0}]
}

// The numbers of the functional form: 1 - 2x, of the elements behind the first.
func ExampleSymbol_Add() {
	x := nn.Apply(nn.Input(3))
	y := nn.Num(1).Sub(x.Mul(2)).Slice(nn.All, nn.From(1))
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{y})
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 1, 3))
	for _, r := range net.Records() {
		fmt.Println(r.Name, r.Out[0].Shape)
	}
	// Output:
	// input_layer [1 3]
	// multiply [1 3]
	// subtract [1 3]
	// get_item [1 2]
}
