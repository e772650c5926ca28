package plan_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// cell returns the body of a scan: an LSTM cell with state h and c.
func cell(w, u, b *graph.Node) func(state, x []*graph.Node) (next, y []*graph.Node) {
	return func(state, x []*graph.Node) (next, y []*graph.Node) {
		h, c := state[0], state[1]
		n := h.Shape().At(-1)
		z := ops.Add(ops.Add(ops.MatMul(x[0], w), ops.MatMul(h, u)), b)
		g := ops.Split(z, -1, n, n, n, n)
		c = ops.Add(ops.Mul(ops.Sigmoid(g[1]), c), ops.Mul(ops.Sigmoid(g[0]), ops.Tanh(g[2])))
		h = ops.Mul(ops.Sigmoid(g[3]), ops.Tanh(c))
		return []*graph.Node{h, c}, []*graph.Node{h}
	}
}

// unroll is flow.Scan without a loop.
func unroll(init, xs []*graph.Node, body func(state, x []*graph.Node) (next, y []*graph.Node), steps int, reverse bool) (last, ys []*graph.Node) {
	all := make([][]*graph.Node, steps)
	state := init
	for k := range steps {
		t := k
		if reverse {
			t = steps - 1 - k
		}
		var x []*graph.Node
		for _, s := range xs {
			x = append(x, ops.Index(s, 0, t))
		}
		state, all[t] = body(state, x)
	}
	for i := range all[0] {
		var y []*graph.Node
		for _, a := range all {
			y = append(y, a[i])
		}
		ys = append(ys, ops.Stack(0, y...))
	}
	return state, ys
}

// random fills tensors for the inputs of g with numbers between -1 and 1.
func random(g *graph.Graph, rng *rand.Rand) []*tensor.Tensor {
	var in []*tensor.Tensor
	for _, x := range g.Inputs() {
		a := ops.NewArray(x.Spec())
		for i := range a.V {
			a.V[i] = 2*rng.Float64() - 1
		}
		in = append(in, optest.ToTensor(a))
	}
	return in
}

// runOn compiles and runs outs twice and returns the results of the second run.
func runOn(t *testing.T, k backend.Kernels, outs []*graph.Node, in []*tensor.Tensor) ([]*tensor.Tensor, *plan.Plan) {
	t.Helper()
	p := plan.Compile(outs[0].Graph(), outs, k)
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	for range 2 {
		if err := p.Run(out, in); err != nil {
			t.Fatal(err)
		}
	}
	return out, p
}

func sumSquares(nodes ...*graph.Node) *graph.Node {
	sum := ops.ReduceSum(ops.Square(nodes[0]))
	for _, n := range nodes[1:] {
		sum = ops.Add(sum, ops.ReduceSum(ops.Square(n)))
	}
	return sum
}

// TestLSTM compares a scan of an LSTM's cell and its gradients with the same unrolled.
func TestLSTM(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.BFloat16} {
		for _, c := range []struct{ steps, batch, in, units int }{{7, 4, 5, 3}, {1, 1, 1, 1}, {5, 1, 3, 8}, {20, 16, 12, 16}} {
			build := func(loop bool) []*graph.Node {
				g := graph.New()
				x := g.Input("x", tensor.S(dt, c.steps, c.batch, c.in))
				w, u, b := g.Input("w", tensor.S(dt, c.in, 4*c.units)), g.Input("u", tensor.S(dt, c.units, 4*c.units)), g.Input("b", tensor.S(dt, 4*c.units))
				h, s := g.Input("h", tensor.S(dt, c.batch, c.units)), g.Input("c", tensor.S(dt, c.batch, c.units))
				last, ys := []*graph.Node(nil), []*graph.Node(nil)
				if init, xs := []*graph.Node{h, s}, []*graph.Node{x}; loop {
					last, ys = flow.Scan(init, xs, cell(w, u, b))
				} else {
					last, ys = unroll(init, xs, cell(w, u, b), c.steps, false)
				}
				y := sumSquares(last[0], last[1], ys[0])
				return append([]*graph.Node{y, last[0], last[1], ys[0]}, autodiff.Grad(y, g.Inputs()...)...)
			}
			name := fmt.Sprintf("%v %v", dt, c)
			loop, unrolled := build(true), build(false)
			in := random(loop[0].Graph(), rand.New(rand.NewPCG(1, 1)))
			got, p := runOn(t, cpu.Kernels{}, loop, in)
			want, _ := runOn(t, cpu.Kernels{}, unrolled, in)
			tol := map[tensor.DType]float64{tensor.Float32: 2e-5, tensor.Float64: 1e-13, tensor.BFloat16: 0.15}[dt]
			for i := range got {
				if err := tensor.AllClose(got[i], want[i], tol, tol); err != nil {
					t.Errorf("%s: output %d: %v\n%v", name, i, err, p)
				}
			}
			ref, _ := runOn(t, backend.Reference{}, loop, in)
			for i := range got {
				if err := tensor.AllClose(got[i], ref[i], tol, tol); err != nil {
					t.Errorf("%s: output %d, reference: %v", name, i, err)
				}
			}
			if missing := p.References(); len(missing) > 0 {
				t.Errorf("%s: references run: %v", name, missing)
			}
		}
	}
}

// loops returns the cases of optest whose operation is a loop or a branch.
func loops() []optest.Case {
	var cases []optest.Case
	for _, c := range optest.Cases() {
		if _, ok := c.Op.(graph.Control); ok {
			cases = append(cases, c)
		}
	}
	return cases
}

// TestLoops runs the cases of optest in plans, with all results and with one.
func TestLoops(t *testing.T) {
	for _, c := range loops() {
		g := graph.New()
		var nodes []*graph.Node
		var in []*tensor.Tensor
		for i, a := range c.In {
			nodes = append(nodes, g.Input(fmt.Sprint("x", i), a.Spec))
			in = append(in, optest.ToTensor(a))
		}
		n := g.Apply(c.Op, nodes...)
		var all []*graph.Node
		for i := range n.Specs() {
			all = append(all, graph.Pick(n, i))
		}
		for _, k := range []backend.Kernels{cpu.Kernels{}, backend.Reference{}} {
			res, p := runOn(t, k, all, in)
			var got []ops.Array
			for _, r := range res {
				got = append(got, optest.FromTensor(r))
			}
			if err := c.Check(got); err != nil {
				t.Errorf("%T: %v\n%v", k, err, p)
			}
			for i := range all {
				one, p := runOn(t, k, all[i:i+1], in)
				if err := tensor.AllClose(one[0], res[i], 0, 0); err != nil {
					t.Errorf("%T: %s: result %d alone differs: %v\n%v", k, c.Name, i, err, p)
				}
			}
		}
	}
}

// TestLoopGradients compares first and second gradients of the cases of optest in
// plans with the references.
func TestLoopGradients(t *testing.T) {
	for _, c := range loops() {
		if c.NoGrad || c.In[len(c.In)-1].DType != tensor.Float64 {
			continue
		}
		g := graph.New()
		var nodes, wrt []*graph.Node
		var in []*tensor.Tensor
		for i, a := range c.In {
			nodes = append(nodes, g.Input(fmt.Sprint("x", i), a.Spec))
			in = append(in, optest.ToTensor(a))
			if a.DType.IsFloat() {
				wrt = append(wrt, nodes[i])
			}
		}
		n := g.Apply(c.Op, nodes...)
		for r, s := range n.Specs() {
			if !s.DType.IsFloat() {
				continue
			}
			first := autodiff.Grad(ops.ReduceSum(ops.Sin(graph.Pick(n, r))), wrt...)
			second := autodiff.Grad(sumSquares(first...), wrt...)
			outs := append(first, second...)
			want := optest.Eval(outs, c.In...)
			got, p := runOn(t, cpu.Kernels{}, outs, in)
			for i := range got {
				if err := tensor.AllClose(got[i], optest.ToTensor(want[i]), 1e-12, 1e-12); err != nil {
					t.Errorf("%s: result %d, gradient %d: %v\n%v", c.Name, r, i, err, p)
				}
			}
		}
	}
}
