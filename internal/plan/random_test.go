package plan_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// randomGraph builds a graph of n nodes out of operations that fuse, ride on
// products, view parts, reduce and update variables in every combination.
// Numbers are small multiples of powers of two, so that none is rounded but to a half.
func randomGraph(rng *rand.Rand, n int) (g *graph.Graph, outs []*graph.Node, vars []*graph.Var, in []*tensor.Tensor) {
	g = graph.New()
	shapes := [][]int{{4, 6}, {4, 6}, {6}, {4, 1}, {6, 6}, {}, {1, 6}, {6, 4}}
	dtype := func() tensor.DType {
		return []tensor.DType{tensor.Float32, tensor.Float32, tensor.Float32, tensor.BFloat16, tensor.BFloat16, tensor.Float16}[rng.IntN(6)]
	}
	random := func(dims []int) *tensor.Tensor {
		t := tensor.New(dtype(), dims...)
		v := make([]float64, t.Len())
		for i := range v {
			v[i] = float64(rng.IntN(9)-4) / 4
		}
		if err := t.SetFloat64s(v); err != nil {
			panic(err)
		}
		return t
	}
	var nodes []*graph.Node
	for i := range 3 {
		t := random(shapes[rng.IntN(len(shapes))])
		in = append(in, t)
		nodes = append(nodes, g.Input(fmt.Sprint("x", i), t.Spec()))
		v := graph.NewVar(fmt.Sprint("v", i), random(shapes[rng.IntN(len(shapes))]))
		vars = append(vars, v)
		nodes = append(nodes, g.Value(v))
	}
	pick := func() *graph.Node { // prefer what is new
		if rng.IntN(2) == 0 {
			return nodes[len(nodes)-1-rng.IntN(min(4, len(nodes)))]
		}
		return nodes[rng.IntN(len(nodes))]
	}
	for len(nodes) < n {
		a, b := pick(), pick()
		var y *graph.Node
		err := graph.Catch(func() {
			b = ops.Cast(b, a.DType())
			switch rng.IntN(33) {
			case 0, 1:
				y = ops.Add(a, b)
			case 2:
				y = ops.Sub(a, b)
			case 3:
				y = ops.Maximum(a, ops.Scale(b, 0.5))
			case 4:
				y = ops.Relu(a)
			case 5:
				y = ops.Where(ops.Greater(a, b), a, ops.Neg(b))
			case 6, 7, 8:
				if a.Shape().Size() <= 36 {
					y = ops.Scale(ops.MatMulT(a, b, rng.IntN(2) == 0, rng.IntN(2) == 0), 0.25)
				}
			case 9:
				if a.Rank() > 0 {
					y = ops.Scale(ops.ReduceSum(a, rng.IntN(a.Rank())), 0.25)
				}
			case 10:
				y = ops.Transpose(a)
			case 11:
				y = ops.Reshape(a, a.Shape().Size())
			case 12:
				y = ops.BroadcastTo(a, tensor.D(4, 6))
			case 13:
				y = ops.Cast(ops.Greater(a, b), dtype())
			case 15:
				if a.Rank() > 0 {
					y = ops.ReduceMaxKeep(a, -1)
				}
			case 16:
				if a.Rank() > 0 {
					y = ops.Sub(a, ops.ReduceMinKeep(ops.Add(a, b), -1))
				}
			case 17:
				if a.Rank() > 1 {
					y = ops.Scale(ops.ReduceSumKeep(ops.Relu(a), 0, 1), 0.125)
				}
			case 18:
				if a.Rank() > 0 {
					m := ops.Scale(ops.ReduceSumKeep(a, -1), 0.25)
					d := ops.Sub(a, m)
					y = ops.Maximum(ops.Add(d, ops.Relu(ops.ReduceMaxKeep(d, -1))), b)
				}
			case 14:
				y = ops.Cast(ops.Cast(a, tensor.Float16), tensor.Float32)
			case 19, 20:
				y = ops.Cast(a, dtype())
			case 21, 22:
				if a.Rank() > 0 {
					axis := rng.IntN(a.Rank())
					n := a.Shape().At(axis)
					y = ops.SliceAxis(a, axis, rng.IntN(n), 1+rng.IntN(n))
				}
			case 23:
				if a.Rank() > 0 {
					axis := rng.IntN(a.Rank())
					n := a.Shape().At(axis)
					first := rng.IntN(n + 1)
					y = ops.Split(a, axis, first, n-first)[rng.IntN(2)]
				}
			case 24, 25:
				y = ops.Transpose(a, rng.Perm(a.Rank())...)
			case 26, 27:
				if a.Shape().Size() == 24 {
					y = ops.Reshape(a, [][]int{{2, 2, 6}, {4, 2, 3}, {2, 3, 2, 2}, {3, 8}, {6, 1, 4}}[rng.IntN(5)]...)
				}
			case 28:
				if a.Rank() > 0 {
					y = ops.Slice(a, ops.Range{Start: rng.IntN(2), Stop: ops.End, Step: 2 - 4*rng.IntN(2)})
				}
			case 29:
				if a.Rank() > 0 {
					y = ops.Concat(rng.IntN(a.Rank()), a, b)
				}
			case 30, 31:
				if a.Rank() > 0 && a.Shape().Size() > 0 {
					axes := []int{rng.IntN(a.Rank())}
					moments := []func(*graph.Node, ...int) (*graph.Node, *graph.Node){ops.Moments, ops.MomentsKeep}[rng.IntN(2)]
					m, v := moments(a, axes...)
					y = m
					switch rng.IntN(3) {
					case 0:
						y = ops.Add(ops.Scale(m, 0.5), v)
					case 1:
						y = v
					}
				}
			case 32:
				h, c := ops.LSTMCell(a, b, ops.Scale(b, 0.5), a, ops.Relu(b))
				if y = ops.Sub(h, c); rng.IntN(2) == 0 {
					y = c
				}
			}
		})
		if err == nil && y != nil && y.Shape().Size() > 0 && y.Shape().Size() <= 64 {
			nodes = append(nodes, y)
		}
	}
	for range 1 + rng.IntN(4) {
		outs = append(outs, pick())
	}
	for _, v := range vars {
		for _, y := range nodes[6:] {
			if y.Spec() == v.Spec() && rng.IntN(3) == 0 {
				g.Update(v, y)
				break
			}
		}
	}
	return g, outs, vars, in
}

// TestRandomGraphs compares plans with the same graphs run node by node through
// the reference.
func TestRandomGraphs(t *testing.T) {
	seeds := uint64(2500)
	if testing.Short() {
		seeds = 400
	}
	for seed := range seeds {
		run := func(kernels backend.Kernels) ([]*tensor.Tensor, []*graph.Var, *plan.Plan, *graph.Graph) {
			rng := rand.New(rand.NewPCG(seed, 7))
			g, outs, vars, in := randomGraph(rng, 10+rng.IntN(30))
			p := plan.Compile(g, outs, kernels)
			var out []*tensor.Tensor
			for _, s := range p.Outputs() {
				out = append(out, tensor.NewSpec(s))
			}
			for range 2 {
				if err := p.Run(out, in); err != nil {
					t.Fatal(err)
				}
			}
			return out, vars, p, g
		}
		got, gotVars, p, g := run(cpu.Kernels{})
		want, wantVars := interpret(seed)
		for i := range got {
			if err := tensor.AllClose(got[i], want[i], 1e-4, 1e-4); err != nil {
				t.Fatalf("seed %d: output %d: %v\n%v\n%v", seed, i, err, g, p)
			}
		}
		for i, v := range gotVars {
			if err := tensor.AllClose(v.Tensor(), wantVars[i].Tensor(), 1e-4, 1e-4); err != nil {
				t.Fatalf("seed %d: %s: %v\n%v\n%v", seed, v.Path, err, g, p)
			}
		}
		if same, _, _, _ := run(packed{}); string(same[0].Bytes()) != string(got[0].Bytes()) {
			t.Fatalf("seed %d: a plan that copies what has gaps has other bits", seed)
		}
		plan.RecomputeFrom(t, 2)
		again, againVars, p, g := run(cpu.Kernels{})
		for i := range got {
			if !bytes.Equal(got[i].Bytes(), again[i].Bytes()) {
				t.Fatalf("seed %d: output %d: a plan that computes values again has other bits\n%v\n%v", seed, i, g, p)
			}
		}
		for i, v := range gotVars {
			if !bytes.Equal(v.Tensor().Bytes(), againVars[i].Tensor().Bytes()) {
				t.Fatalf("seed %d: %s: a plan that computes values again has other bits\n%v\n%v", seed, v.Path, g, p)
			}
		}
		plan.RecomputeFrom(t, math.MaxInt)
		if got, _, _, _ := run(backend.Reference{}); tensor.AllClose(got[0], want[0], 1e-4, 1e-4) != nil {
			t.Fatalf("seed %d: plan on the reference differs from the interpreter", seed)
		}
	}
}

// round returns numbers as a tensor of a spec holds them.
func round(s tensor.Spec, v []float64) []float64 {
	t := tensor.NewSpec(s)
	if err := t.SetFloat64s(v); err != nil {
		panic(err)
	}
	return t.Float64s()
}

// values runs a graph one node after another, without a plan.
func values(g *graph.Graph, in []*tensor.Tensor) map[*graph.Node]ops.Array {
	vals, tuples := map[*graph.Node]ops.Array{}, map[*graph.Node][]ops.Array{}
	for _, n := range g.Nodes() {
		var args []ops.Array
		for _, x := range n.In {
			args = append(args, vals[x])
		}
		if specs := n.Specs(); len(specs) > 1 {
			for _, s := range specs {
				tuples[n] = append(tuples[n], ops.NewArray(s))
			}
			ops.Reference(n.Op, tuples[n], args)
			continue
		}
		out := ops.NewArray(n.Spec())
		switch op := n.Op.(type) {
		case graph.InputOp:
			out.V = in[op.Index].Float64s()
		case graph.VarOp:
			out.V = op.Var.Tensor().Float64s()
		case graph.PickOp:
			out.V = round(n.Spec(), tuples[n.In[0]][op.Result].V)
		default:
			ops.Reference(n.Op, []ops.Array{out}, args)
			out.V = round(n.Spec(), out.V)
		}
		vals[n] = out
	}
	return vals
}

// interpreted returns outputs of a graph run one node after another.
func interpreted(g *graph.Graph, outs []*graph.Node, in []*tensor.Tensor) []*tensor.Tensor {
	vals := values(g, in)
	var res []*tensor.Tensor
	for _, o := range outs {
		res = append(res, toTensor(vals[o]))
	}
	return res
}

func toTensor(a ops.Array) *tensor.Tensor {
	t := tensor.NewSpec(a.Spec)
	if err := t.SetFloat64s(a.V); err != nil {
		panic(err)
	}
	return t
}

// interpret runs the graph of a seed twice, one node after another, without a plan.
func interpret(seed uint64) ([]*tensor.Tensor, []*graph.Var) {
	rng := rand.New(rand.NewPCG(seed, 7))
	g, outs, vars, in := randomGraph(rng, 10+rng.IntN(30))
	var res []*tensor.Tensor
	for range 2 {
		vals := values(g, in)
		res = nil
		for _, o := range outs {
			res = append(res, toTensor(vals[o]))
		}
		for _, u := range g.Updates() {
			if err := u.Var.Set(toTensor(vals[u.Node])); err != nil {
				panic(err)
			}
		}
	}
	return res, vars
}
