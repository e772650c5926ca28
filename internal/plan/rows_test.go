package plan_test

import (
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// layerNorm is layer normalization out of plain operations.
func layerNorm(x, gamma, beta *graph.Node) *graph.Node {
	d := ops.Sub(x, ops.ReduceMeanKeep(x, -1))
	variance := ops.ReduceMeanKeep(ops.Mul(d, d), -1)
	return ops.Add(ops.Mul(ops.Mul(d, ops.Rsqrt(ops.Offset(variance, 1e-3))), gamma), beta)
}

func softmax(x, gamma, beta *graph.Node) *graph.Node {
	e := ops.Exp(ops.Sub(x, ops.ReduceMaxKeep(x, -1)))
	return ops.Add(ops.Mul(ops.Div(e, ops.ReduceSumKeep(e, -1)), gamma), beta)
}

// TestRows checks that what is computed row by row, with reductions along the rows
// in between, is one step, and right for short and long rows.
func TestRows(t *testing.T) {
	for name, f := range map[string]func(x, gamma, beta *graph.Node) *graph.Node{"layer norm": layerNorm, "softmax": softmax} {
		for _, shape := range [][2]int{{7, 10}, {300, 64}, {33, 1000}, {5, 3000}, {2000, 3}} {
			t.Run(name, func(t *testing.T) {
				impltest.All(t, "kern", func(t *testing.T) {
					run := func(kernels backend.Kernels) ([]*tensor.Tensor, *plan.Plan) {
						rng := rand.New(rand.NewPCG(3, 4))
						g := graph.New()
						var in []*tensor.Tensor
						for _, s := range []tensor.Spec{tensor.S(tensor.Float32, shape[0], shape[1]), tensor.S(tensor.Float32, shape[1]), tensor.S(tensor.Float32, shape[1])} {
							v := tensor.NewSpec(s)
							for i := range tensor.Data[float32](v) {
								tensor.Data[float32](v)[i] = float32(rng.NormFloat64())
							}
							in = append(in, v)
						}
						x, gamma, beta := g.Input("x", in[0].Spec()), g.Input("gamma", in[1].Spec()), g.Input("beta", in[2].Spec())
						p := plan.Compile(g, []*graph.Node{f(x, gamma, beta)}, kernels)
						out := []*tensor.Tensor{tensor.NewSpec(p.Outputs()[0])}
						if err := p.Run(out, in); err != nil {
							t.Fatal(err)
						}
						return out, p
					}
					got, p := run(cpu.Kernels{})
					want, _ := run(backend.Reference{})
					if err := tensor.AllClose(got[0], want[0], 1e-4, 1e-5); err != nil {
						t.Errorf("%v: %v", shape, err)
					}
					if p.Len() != 1 {
						t.Errorf("%v: %d steps: want one\n%v", shape, p.Len(), p)
					}
				})
			})
		}
	}
}

// TestRowGradients checks the gradient of layer normalization, where reductions
// along rows and along columns meet.
func TestRowGradients(t *testing.T) {
	run := func(kernels backend.Kernels) []*tensor.Tensor {
		rng := rand.New(rand.NewPCG(5, 6))
		g := graph.New()
		var in []*tensor.Tensor
		var nodes []*graph.Node
		for _, s := range []tensor.Spec{tensor.S(tensor.Float32, 40, 30), tensor.S(tensor.Float32, 30), tensor.S(tensor.Float32, 30)} {
			v := tensor.NewSpec(s)
			for i := range tensor.Data[float32](v) {
				tensor.Data[float32](v)[i] = float32(rng.NormFloat64())
			}
			in, nodes = append(in, v), append(nodes, g.Input("in", s))
		}
		y := layerNorm(nodes[0], nodes[1], nodes[2])
		loss := ops.ReduceSum(ops.Mul(y, ops.Sin(y)))
		p := plan.Compile(g, append(autodiff.Grad(loss, nodes...), loss), kernels)
		var out []*tensor.Tensor
		for _, s := range p.Outputs() {
			out = append(out, tensor.NewSpec(s))
		}
		if err := p.Run(out, in); err != nil {
			t.Fatal(err)
		}
		return out
	}
	got, want := run(cpu.Kernels{}), run(backend.Reference{})
	for i := range got {
		if err := tensor.AllClose(got[i], want[i], 1e-3, 1e-4); err != nil {
			t.Errorf("output %d: %v", i, err)
		}
	}
}
