package plan_test

import (
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestGroupsInCircle has two pairs of operations each of which could be one program, but
// not both: each would need a result of the other.
func TestGroupsInCircle(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", tensor.S(tensor.Float32, 3, 4)), g.Input("y", tensor.S(tensor.Float32, 3, 4))
	a := ops.Tanh(x)
	sums := ops.CumSum(a, 1)
	b := ops.Sin(y)
	outs := []*graph.Node{ops.Mul(a, ops.CumSum(b, 1)), ops.Mul(b, sums)}
	in := random(g, rand.New(rand.NewPCG(1, 2)))
	got, p := runOn(t, cpu.Kernels{}, outs, in)
	for i, want := range optest.Eval(outs, optest.FromTensor(in[0]), optest.FromTensor(in[1])) {
		if err := tensor.AllClose(got[i], optest.ToTensor(want), 1e-5, 1e-5); err != nil {
			t.Errorf("output %d: %v\n%v", i, err, p)
		}
	}
	if p.Len() != 5 {
		t.Errorf("%d steps, want 5: one pair is one\n%v", p.Len(), p)
	}
}
