package flow_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func f64(dims ...int) tensor.Spec { return tensor.S(tensor.Float64, dims...) }

// waves returns values for the inputs of g.
func waves(g *graph.Graph) []ops.Array {
	var in []ops.Array
	for k, x := range g.Inputs() {
		a := ops.NewArray(x.Spec())
		for i := range a.V {
			a.V[i] = optest.Round(x.DType(), 0.9*math.Sin(float64(7*k+3*i+1)))
		}
		in = append(in, a)
	}
	return in
}

// lstm is one step of an LSTM: gates from what x and h give, state h and c.
func lstm(w, u, b *graph.Node) func(state, x []*graph.Node) (next, y []*graph.Node) {
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

func sumSquares(nodes ...*graph.Node) *graph.Node {
	var sum *graph.Node
	for _, n := range nodes {
		s := ops.ReduceSum(ops.Square(n))
		if sum != nil {
			s = ops.Add(sum, s)
		}
		sum = s
	}
	return sum
}

func TestLSTM(t *testing.T) {
	g := graph.New()
	const steps, batch, in, units = 4, 2, 3, 2
	x := g.Input("x", f64(steps, batch, in))
	w, u, b := g.Input("w", f64(in, 4*units)), g.Input("u", f64(units, 4*units)), g.Input("b", f64(4*units))
	h, c := g.Input("h", f64(batch, units)), g.Input("c", f64(batch, units))
	init, xs := []*graph.Node{h, c}, []*graph.Node{x}
	last, ys := flow.Scan(init, xs, lstm(w, u, b))
	y := sumSquares(last[0], last[1], ys[0])
	lastU, ysU := unroll(init, xs, lstm(w, u, b), steps, false)
	yU := sumSquares(lastU[0], lastU[1], ysU[0])
	v := optest.Eval([]*graph.Node{y, yU}, waves(g)...)
	if math.Abs(v[0].V[0]-v[1].V[0]) > 1e-14 {
		t.Errorf("got %v, unrolled %v", v[0].V, v[1].V)
	}
	if err := optest.CheckGrad(y, waves(g), 1e-8); err != nil {
		t.Error(err)
	}
	if err := optest.CheckGrad2(y, waves(g), 1e-7); err != nil {
		t.Error(err)
	}
}
