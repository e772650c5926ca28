package nn_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Skip adds x to the output of a layer of any kind.
type Skip struct {
	nn.Base
	Inner nn.Layer `json:"layer"` // Keras's class has it in an attribute of this name
}

func init() { nn.Register("my_package>Skip", func() nn.Layer { return &Skip{} }) }

func (s *Skip) Layers() []nn.Layer                  { return []nn.Layer{s.Inner} }
func (s *Skip) Build(b *nn.Builder, in tensor.Spec) { b.Build("layer", s.Inner, in) }
func (s *Skip) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Add(x, c.Trace(s.Inner, x))
}

// A layer of your own that holds another one is registered once; models with it are then
// saved and loaded, here and by Keras.
func ExampleRegister() {
	_, class, config, err := nn.LayerToConfig(&Skip{Inner: nn.Dropout(0.5)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(class)
	fmt.Println(string(config))
	l, err := nn.LayerFromConfig(class, config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.(*Skip).Inner.(*nn.DropoutLayer).Rate)
	// Output:
	// my_package>Skip
	// {"trainable":true,"layer":{"module":"keras.layers","class_name":"Dropout","config":{"trainable":true,"rate":0.5,"noise_shape":null},"registered_name":null}}
	// 0.5
}

func ExampleActivation_Register() {
	steep := nn.ActivationFunc("my_package>steep", func(x *graph.Node) *graph.Node { return ops.Tanh(ops.Scale(x, 4)) }).Register()
	_, _, config, err := nn.LayerToConfig(nn.Dense(2, steep))
	if err != nil {
		log.Fatal(err)
	}
	l, err := nn.LayerFromConfig("Dense", config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.(*nn.DenseLayer).Activation)
	// Output: my_package>steep
}
