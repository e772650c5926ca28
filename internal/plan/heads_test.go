package plan_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// summing is the processor, with running sums as heads instead of products. It has no
// kernel for them: the reference computes them and their epilogues.
type summing struct{ cpu.Kernels }

func (summing) Heads(op graph.Op, out, _ []tensor.Spec) bool {
	_, ok := op.(ops.CumSumOp)
	return ok && out[0].DType == tensor.Float32
}

// TestHeads has a backend whose heads are no products, and the processor's gathers: the
// plan asks for them, and gives both a bias, a ReLU and a program.
func TestHeads(t *testing.T) {
	build := func(head func(x, index *graph.Node) *graph.Node) (*graph.Graph, []*graph.Node) {
		g := graph.New()
		x, index := g.Input("x", tensor.S(tensor.Float32, 6, 5)), g.Input("index", tensor.S(tensor.Int32, 6))
		bias, other := g.Input("bias", tensor.S(tensor.Float32, 5)), g.Input("other", tensor.S(tensor.Float32, 6, 5))
		h := ops.Relu(ops.Add(head(x, index), bias))
		return g, []*graph.Node{ops.Mul(ops.Tanh(h), other), ops.Sub(h, other)}
	}
	in := []*tensor.Tensor{tensor.New(tensor.Float32, 6, 5), tensor.New(tensor.Int32, 6), tensor.New(tensor.Float32, 5), tensor.New(tensor.Float32, 6, 5)}
	for i, x := range in {
		v := make([]float64, x.Len())
		for j := range v {
			v[j] = float64((7*j+3*i)%5) - 2*float64(i%2)*float64(j%2)
			if i == 1 {
				v[j] = float64(5 - j)
			}
		}
		if err := x.SetFloat64s(v); err != nil {
			t.Fatal(err)
		}
	}
	run := func(kernels backend.Kernels, head func(x, index *graph.Node) *graph.Node) ([]*tensor.Tensor, *plan.Plan) {
		g, outs := build(head)
		p := plan.Compile(g, outs, kernels)
		var res []*tensor.Tensor
		for _, s := range p.Outputs() {
			res = append(res, tensor.NewSpec(s))
		}
		if err := p.Run(res, in); err != nil {
			t.Fatal(err)
		}
		return res, p
	}
	sum := func(x, _ *graph.Node) *graph.Node { return ops.CumSum(x, 1) }
	gather := func(x, index *graph.Node) *graph.Node { return ops.Gather(x, index, 0) }
	for _, c := range []struct {
		name    string
		kernels backend.Kernels
		head    func(x, index *graph.Node) *graph.Node
		steps   int
		first   string
	}{
		{"running sums", summing{}, sum, 1, "CumSum{Axis:1} + bias, Relu, {"},
		{"running sums on the processor", cpu.Kernels{}, sum, 2, "CumSum{Axis:1}\n"},
		{"gathers", cpu.Kernels{}, gather, 1, "Gather{Axis:0} + bias, Relu, {"},
		{"gathers where sums are heads", summing{}, gather, 2, "Gather{Axis:0}\n"},
	} {
		got, p := run(c.kernels, c.head)
		want, _ := run(backend.Reference{}, c.head)
		for i := range got {
			if err := tensor.AllClose(got[i], want[i], 1e-5, 1e-5); err != nil {
				t.Errorf("%s: output %d: %v\n%v", c.name, i, err, p)
			}
		}
		if dump := p.String(); p.Len() != c.steps || !strings.Contains(dump, "0  "+c.first) {
			t.Errorf("%s: want %d steps, the first %q, got\n%s", c.name, c.steps, c.first, dump)
		}
	}
}
