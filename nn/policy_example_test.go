package nn_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// A network that computes in bfloat16 with weights of float32, but for the
// probabilities at its end.
func ExampleDTypePolicy() {
	net := nn.Sequential(
		nn.Dense(128, nn.ReLU),
		nn.Dense(10),
		nn.Softmax.Layer(nn.Float32),
	)
	net.DType = nn.MixedBFloat16
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 784))
	for _, r := range net.Records() {
		fmt.Println(r.Name, len(r.Params), "variables", r.Out[0])
	}
	fmt.Println(net.Vars()[0].Spec())
	// Output:
	// dense 2 variables bfloat16[32 128]
	// dense_1 2 variables bfloat16[32 10]
	// activation 0 variables float32[32 10]
	// float32[784 128]
}

func ExampleParseDTypePolicy() {
	p, err := nn.ParseDTypePolicy("mixed_bfloat16")
	fmt.Println(p.ComputeDType(), p.VariableDType(), err)
	_, err = nn.ParseDTypePolicy("half")
	fmt.Println(err)
	// Output:
	// bfloat16 float32 <nil>
	// nn: dtype policy "half": want float32, float64, float16, bfloat16, mixed_float16 or mixed_bfloat16
}

// wrapped applies layers, which keep their own policies.
type wrapped struct {
	nn.Base
	inner *nn.Network
}

func (w *wrapped) Build(b *nn.Builder, in tensor.Spec) { b.Build("inner", w.inner, in) }

func (w *wrapped) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return c.Trace(w.inner, x) }

func ExampleCtx_Trace() {
	l := &wrapped{inner: nn.Sequential(nn.Dense(4, nn.Float32))}
	l.DType = nn.MixedFloat16
	net := nn.Sequential(l)
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 32, 4))
	fmt.Println(net.Records()[0].Out[0])
	// Output: float32[32 4]
}
