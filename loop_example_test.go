package glia_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Recurrent is a simple recurrent layer: [B T F] -> [B Units], the state after the last
// step.
type Recurrent struct {
	nn.Base
	Units int `json:"units"`

	kernel, recurrent, bias *graph.Var
}

func (r *Recurrent) Build(b *nn.Builder, in tensor.Spec) {
	r.kernel = b.Param("kernel", tensor.D(in.Shape.At(-1), r.Units), nn.GlorotUniform)
	r.recurrent = b.Param("recurrent_kernel", tensor.D(r.Units, r.Units), nn.GlorotUniform)
	r.bias = b.Param("bias", tensor.D(r.Units), nn.Zeros)
}

func (r *Recurrent) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	steps := ops.Transpose(x, 1, 0, 2) // [T B F]
	zero := ops.Full(c.Graph(), tensor.S(x.DType(), x.Shape().At(0), r.Units), 0)
	last, _ := flow.Scan([]*graph.Node{zero}, []*graph.Node{steps}, func(state, x []*graph.Node) (next, y []*graph.Node) {
		z := ops.Add(ops.MatMul(x[0], c.Value(r.kernel)), ops.MatMul(state[0], c.Value(r.recurrent)))
		return []*graph.Node{ops.Tanh(ops.Add(z, c.Value(r.bias)))}, nil
	})
	return last[0]
}

func init() { nn.Register("Recurrent", func() nn.Layer { return &Recurrent{} }) }

// firstWins returns n sequences of 12 numbers, each with whether its first is greater than 0.
func firstWins(n int) data.Dataset {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := tensor.New(tensor.Float32, n, 12, 1), tensor.New(tensor.Uint8, n, 1)
	for i := range n {
		for t := range 12 {
			tensor.Data[float32](x)[12*i+t] = float32(rng.NormFloat64())
		}
		if tensor.Data[float32](x)[12*i] > 0 {
			tensor.Data[uint8](y)[i] = 1
		}
	}
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// A layer of your own may loop: flow.Scan runs its body for every step, and has a
// gradient.
func Example_loop() {
	m := glia.Sequential(nn.Input(12, 1), &Recurrent{Units: 16}, nn.Dense(1, nn.Sigmoid))
	if err := m.Compile(optim.Adam(1e-2), loss.BinaryCrossentropy(), metric.BinaryAccuracy(0.5)); err != nil {
		log.Fatal(err)
	}
	hist, err := m.Fit(firstWins(512), glia.Epochs(40))
	if err != nil {
		log.Fatal(err)
	}
	first, last := hist.Epochs[0].Loss, hist.Epochs[39].Loss
	fmt.Println("it learns:", last < first)
	// Output: it learns: true
}
