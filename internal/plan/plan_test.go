package plan_test

import (
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// mlp traces a training step of a small network with one hidden layer and Adam.
func mlp(rng *rand.Rand) (*graph.Graph, []*graph.Node, []*graph.Var) {
	g := graph.New()
	x, y := g.Input("x", tensor.S(tensor.Float32, 6, 5)), g.Input("y", tensor.S(tensor.Float32, 6, 3))
	var vars []*graph.Var
	weight := func(path string, dims ...int) *graph.Var {
		t := tensor.New(tensor.Float32, dims...)
		for i := range tensor.Data[float32](t) {
			tensor.Data[float32](t)[i] = float32(rng.NormFloat64())
		}
		v := graph.NewVar(path, t)
		vars = append(vars, v)
		return v
	}
	w1, b1 := weight("hidden/kernel", 5, 4), weight("hidden/bias", 4)
	w2, b2 := weight("out/kernel", 4, 3), weight("out/bias", 3)
	h := ops.Relu(ops.Add(ops.MatMul(x, g.Value(w1)), g.Value(b1)))
	logits := ops.Add(ops.MatMul(h, g.Value(w2)), g.Value(b2))
	loss := ops.ReduceMean(ops.SoftmaxCrossEntropy(logits, y))
	params := vars
	var nodes []*graph.Node
	for _, v := range params {
		nodes = append(nodes, g.Value(v))
	}
	alpha, decay := ops.Full(g, tensor.S(tensor.Float32), 0.1), ops.Full(g, tensor.S(tensor.Float32), 0)
	for i, grad := range autodiff.Grad(loss, nodes...) {
		v := params[i]
		m := graph.NewVar(v.Path+"/m", tensor.NewSpec(v.Spec()))
		s := graph.NewVar(v.Path+"/v", tensor.NewSpec(v.Spec()))
		vars = append(vars, m, s)
		nw, nm, nv := ops.ApplyAdam(ops.ApplyAdamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, nodes[i], g.Value(m), g.Value(s), grad, alpha, decay)
		g.Update(v, nw)
		g.Update(m, nm)
		g.Update(s, nv)
	}
	return g, []*graph.Node{loss, h}, vars
}

// train runs steps of mlp with kernels and returns outputs and variables.
func train(t *testing.T, kernels backend.Kernels, steps int) ([]*tensor.Tensor, []*graph.Var, *plan.Plan) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	g, outs, vars := mlp(rng)
	p := plan.Compile(g, outs, kernels)
	in := []*tensor.Tensor{tensor.New(tensor.Float32, 6, 5), tensor.New(tensor.Float32, 6, 3)}
	for i := range tensor.Data[float32](in[0]) {
		tensor.Data[float32](in[0])[i] = float32(rng.NormFloat64())
	}
	for i := range 6 {
		tensor.Data[float32](in[1])[3*i+i%3] = 1
	}
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	for range steps {
		if err := p.Run(out, in); err != nil {
			t.Fatal(err)
		}
	}
	return out, vars, p
}

func TestTraining(t *testing.T) {
	got, gotVars, p := train(t, cpu.Kernels{}, 5)
	want, wantVars, _ := train(t, backend.Reference{}, 5)
	for i := range got {
		if err := tensor.AllClose(got[i], want[i], 1e-4, 1e-5); err != nil {
			t.Errorf("output %d: %v\n%v", i, err, p)
		}
	}
	for i, v := range gotVars {
		if err := tensor.AllClose(v.Tensor(), wantVars[i].Tensor(), 1e-3, 1e-4); err != nil {
			t.Errorf("%s: %v", v.Path, err)
		}
	}
}
