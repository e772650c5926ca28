package optim_test

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// A step is traced once and run as often as there are batches.
func Example() {
	w := graph.NewVar("w", tensor.Of[float32](1, 2))
	opt := optim.SGD(0.5, optim.Momentum(0.5))
	opt.Build([]*graph.Var{w})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of[float32](1, 0))})
	for range 2 {
		nntest.Run(g, nil)
		fmt.Println(w.Tensor())
	}
	// Output:
	// [0.5 2. ]
	// [-0.25  2.  ]
}

// A learning rate is a number or a schedule.
func ExampleAdam() {
	fmt.Println(optim.Adam(1e-3).LearningRate())
	o := optim.Adam(optim.ExponentialDecay(0.1, 1000, 0.9), optim.Beta2(0.99), optim.GlobalClipNorm(1))
	fmt.Println(o.LearningRate())
	// Output:
	// 0.001
	// 0.1
}

func ExampleCosineDecay() {
	s := optim.CosineDecay(0.1, 100, optim.Warmup(10, 1))
	for _, step := range []int64{0, 5, 10, 60, 110} {
		fmt.Printf("%d: %.2f\n", step, s.At(step))
	}
	// Output:
	// 0: 0.10
	// 5: 0.55
	// 10: 1.00
	// 60: 0.50
	// 110: 0.00
}

func ExampleFromConfig() {
	o, err := optim.FromConfig("RMSprop", []byte(`{"learning_rate": 0.01, "rho": 0.95, "clipnorm": null}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.Marshal(o)
	fmt.Println(string(text))
	// Output:
	// {"name":"rmsprop","learning_rate":0.01,"weight_decay":null,"clipnorm":null,"global_clipnorm":null,"clipvalue":null,"rho":0.95,"momentum":0,"epsilon":1e-7,"centered":false}
}
