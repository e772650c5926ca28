package plan_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestTuples has an operation of several results, an LSTM's cell, in a program, in the
// epilogue of a product, and with its gradient, which is one pass over the gates.
func TestTuples(t *testing.T) {
	type cell struct{ x, w, f, g, o, c *graph.Node }
	inputs := func(g *graph.Graph, dt tensor.DType) cell {
		in := func(name string) *graph.Node { return g.Input(name, tensor.S(dt, 33, 40)) }
		return cell{in("x"), g.Input("w", tensor.S(dt, 40, 40)), in("f"), in("g"), in("o"), in("c")}
	}
	for _, test := range []struct {
		name  string
		build func(n cell) []*graph.Node
		steps int
		has   string // in the plan
	}{
		{"alone", func(n cell) []*graph.Node {
			h, c := ops.LSTMCell(n.x, n.f, n.g, n.o, n.c)
			return []*graph.Node{h, c}
		}, 1, "{t0, t1 = LSTMCell(a, b, c, d, e); t0; t1}"},
		{"one result", func(n cell) []*graph.Node {
			h, _ := ops.LSTMCell(n.x, n.f, n.g, n.o, n.c)
			return []*graph.Node{ops.Neg(h)}
		}, 1, "{t0, _ = LSTMCell(a, b, c, d, e); Neg(t0)}"},
		{"in a program", func(n cell) []*graph.Node {
			h, c := ops.LSTMCell(ops.Add(n.x, n.f), n.f, n.g, ops.Relu(n.o), n.c)
			return []*graph.Node{ops.Mul(h, c), c}
		}, 1, "LSTMCell(Add("},
		{"in an epilogue", func(n cell) []*graph.Node {
			h, c := ops.LSTMCell(ops.MatMul(n.x, n.w), n.f, n.g, n.o, n.c)
			return []*graph.Node{ops.Mul(h, n.x), c}
		}, 1, "MatMul, {t0, t1 = LSTMCell("},
		{"with its gradient", func(n cell) []*graph.Node {
			h, c := ops.LSTMCell(n.x, n.f, n.g, n.o, n.c)
			y := ops.Add(ops.Mul(h, n.f), ops.Mul(c, n.o))
			return append([]*graph.Node{y}, autodiff.VJP(y, n.x, n.x, n.f, n.g, n.o, n.c)...)
		}, 1, "LSTMCell("},
	} {
		for _, dt := range []tensor.DType{tensor.Float32, tensor.BFloat16} {
			run := func(kernels backend.Kernels) ([]*tensor.Tensor, *plan.Plan) {
				g := graph.New()
				n := inputs(g, dt)
				p := plan.Compile(g, test.build(n), kernels)
				rng := rand.New(rand.NewPCG(8, 9))
				var in, out []*tensor.Tensor
				for _, s := range p.Inputs() {
					in = append(in, tensor.NewSpec(s))
					if err := in[len(in)-1].SetFloat64s(normals(rng, s.Shape.Size())); err != nil {
						t.Fatal(err)
					}
				}
				for _, s := range p.Outputs() {
					out = append(out, tensor.NewSpec(s))
				}
				if err := p.Run(out, in); err != nil {
					t.Fatal(err)
				}
				return out, p
			}
			got, p := run(cpu.Kernels{})
			want, _ := run(backend.Reference{})
			tol := map[tensor.DType]float64{tensor.Float32: 1e-4, tensor.BFloat16: 0.1}[dt]
			for i := range got {
				if err := tensor.AllClose(got[i], want[i], tol, tol); err != nil {
					t.Errorf("%s in %v: output %d: %v\n%v", test.name, dt, i, err, p)
				}
			}
			if !strings.Contains(p.String(), test.has) || p.Len() != test.steps {
				t.Errorf("%s in %v: want %d steps and %q, got\n%v", test.name, dt, test.steps, test.has, p)
			}
		}
	}
}

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 0.5 * rng.NormFloat64()
	}
	return v
}
