// Customloop trains a network without a model: glia.Func compiles one step, in
// which autodiff takes the gradients and the variables are updated by hand.
package main

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// normal returns a variable of random numbers.
func normal(r *rand.Rand, name string, stddev float32, dims ...int) *graph.Var {
	t := tensor.New(tensor.Float32, dims...)
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = stddev * float32(r.NormFloat64())
	}
	return graph.NewVar(name, t)
}

// circle fills x with points of a square, and y with 1 for those inside a circle.
func circle(r *rand.Rand, x, y *tensor.Tensor) {
	p, in := tensor.Data[float32](x), tensor.Data[float32](y)
	for i := range in {
		a, b := 2*r.Float32()-1, 2*r.Float32()-1
		p[2*i], p[2*i+1], in[i] = a, b, 0
		if a*a+b*b < 0.6 {
			in[i] = 1
		}
	}
}

func run(w io.Writer) error {
	const batch, hidden, rate, momentum = 64, 16, 0.2, 0.9
	r := rand.New(rand.NewPCG(1, 1))
	params := []*graph.Var{
		normal(r, "w1", 1, 2, hidden), normal(r, "b1", 0, hidden),
		normal(r, "w2", 0.25, hidden, 1), normal(r, "b2", 0, 1),
	}
	var velocities []*graph.Var
	for _, p := range params {
		velocities = append(velocities, graph.NewVar("velocity of "+p.Path, tensor.NewSpec(p.Spec())))
	}

	// A step takes points and labels, returns loss and accuracy, and descends.
	step := glia.Func(func(in ...*graph.Node) []*graph.Node {
		x, y, g := in[0], in[1], in[0].Graph()
		var v []*graph.Node
		for _, p := range params {
			v = append(v, g.Value(p))
		}
		h := ops.Tanh(ops.Add(ops.MatMul(x, v[0]), v[1]))
		logits := ops.Add(ops.MatMul(h, v[2]), v[3])
		loss := ops.ReduceMean(ops.SigmoidCrossEntropy(logits, y))
		for i, dw := range autodiff.Grad(loss, v...) {
			move := ops.Sub(ops.Scale(g.Value(velocities[i]), momentum), ops.Scale(dw, rate))
			g.Update(velocities[i], move)
			g.Update(params[i], ops.Add(v[i], move))
		}
		right := ops.Equal(ops.Greater(logits, ops.Zeros(logits)), ops.Greater(y, ops.Zeros(y)))
		return []*graph.Node{loss, ops.ReduceMean(ops.Cast(right, tensor.Float32))}
	})

	x, y := tensor.New(tensor.Float32, batch, 2), tensor.New(tensor.Float32, batch, 1)
	for i := 1; i <= 5; i++ {
		var loss, accuracy float64
		for range 100 {
			circle(r, x, y)
			out, err := step.Call(x, y)
			if err != nil {
				return err
			}
			loss, accuracy = loss+out[0].Item()/100, accuracy+out[1].Item()/100
		}
		fmt.Fprintf(w, "after %d steps: loss %.3f, accuracy %.3f\n", 100*i, loss, accuracy)
	}
	return nil
}
