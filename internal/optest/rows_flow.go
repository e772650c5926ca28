package optest

import (
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// node adds the operation of a node that build makes in an empty graph. Its inputs of
// dtype dt hold v, the others values that fit.
func (t *table) node(dt tensor.DType, v values, ulps, abs float64, build func(g *graph.Graph) *graph.Node) {
	n := build(graph.New())
	if _, pick := n.Op.(graph.PickOp); pick {
		n = n.In[0]
	}
	var in []input
	for _, x := range n.In {
		in = append(in, input{shape: x.Shape(), v: v, dt: x.DType()})
	}
	t.add(n.Op, []tensor.DType{dt}, ulps, abs, in...)
}

func init() { families = append(families, (*table).flow) }

func (t *table) flow() {
	for _, dt := range floats {
		s := func(dims ...int) tensor.Spec { return tensor.S(dt, dims...) }
		t.scans(dt, s)
		t.node(dt, awayFromZero, 8, 8, func(g *graph.Graph) *graph.Node {
			x, w := g.Input("x", s(2, 3)), g.Input("w", s(3, 2))
			return flow.Cond(g.Input("pred", tensor.S(tensor.Bool)),
				func() []*graph.Node { return []*graph.Node{ops.MatMul(ops.Square(x), w)} },
				func() []*graph.Node { return []*graph.Node{ops.Slice(x, ops.Range{}, ops.Range{Stop: 2})} })[0]
		})
		loop := func(opts ...flow.WhileOption) func(g *graph.Graph) *graph.Node {
			return func(g *graph.Graph) *graph.Node {
				x, w := g.Input("x", s(3)), g.Input("w", s(3))
				return flow.While([]*graph.Node{x, g.Input("n", s())},
					func(state []*graph.Node) *graph.Node { return ops.Less(ops.Abs(state[1]), ops.ScalarLike(x, 9)) },
					func(state []*graph.Node) []*graph.Node {
						return []*graph.Node{ops.Mul(state[0], w), ops.Offset(ops.Scale(ops.Abs(state[1]), 2), 1)}
					}, opts...)[0]
			}
		}
		t.node(dt, awayFromZero, 16, 16, loop())
		t.rows[len(t.rows)-1].noGrad = true
		t.node(dt, awayFromZero, 16, 16, loop(flow.MaxSteps(3)))
	}
}

// scans adds scans: with products and sums over the steps, backward, with states alone,
// with sequences alone, of no step, and one in another.
func (t *table) scans(dt tensor.DType, s func(dims ...int) tensor.Spec) {
	type nodes = []*graph.Node
	t.node(dt, anyReal, 64, 64, func(g *graph.Graph) *graph.Node { // a simple recurrent layer
		w, u, b := g.Input("w", s(2, 3)), g.Input("u", s(3, 3)), g.Input("b", s(3))
		_, y := flow.Scan(nodes{g.Input("h", s(2, 3))}, nodes{g.Input("x", s(4, 2, 2))}, func(h, x nodes) (nodes, nodes) {
			n := ops.Tanh(ops.Add(ops.Add(ops.MatMul(x[0], w), ops.MatMul(h[0], u)), b))
			return nodes{n}, nodes{n}
		})
		return y[0]
	})
	t.node(dt, between(0.5, 1.5), 64, 64, func(g *graph.Graph) *graph.Node { // y is the state before the step
		a := g.Input("a", s(3))
		last, _ := flow.Scan(nodes{g.Input("h", s(2, 3)), g.Input("n", s())}, nodes{g.Input("x", s(3, 3)), g.Input("z", s(3, 2, 1))},
			func(h, x nodes) (nodes, nodes) {
				return nodes{ops.Add(ops.Mul(h[0], ops.Mul(x[0], a)), h[1]), ops.Mul(h[1], ops.ReduceMean(x[1]))}, nodes{h[0], x[0], a}
			}, flow.Reverse)
		return last[0]
	})
	t.node(dt, between(0.5, 1.5), 64, 64, func(g *graph.Graph) *graph.Node {
		w := g.Input("w", s(2))
		last, _ := flow.Scan(nodes{g.Input("a", s(2)), g.Input("b", s(2))}, nil, func(h, _ nodes) (nodes, nodes) {
			return nodes{h[1], ops.Mul(h[0], w)}, nil
		}, flow.Steps(3))
		return last[0]
	})
	for _, steps := range []int{0, 1, 3} {
		t.node(dt, anyReal, 64, 64, func(g *graph.Graph) *graph.Node {
			w := g.Input("w", s(2, 3))
			last, _ := flow.Scan(nodes{g.Input("sum", s(4, 3))}, nodes{g.Input("x", s(steps, 4, 2))}, func(h, x nodes) (nodes, nodes) {
				return nodes{ops.Add(h[0], ops.Sin(ops.MatMul(ops.Square(x[0]), w)))}, nodes{ops.ReduceSum(x[0], 1)}
			})
			return last[0]
		})
	}
	t.node(dt, anyReal, 64, 64, func(g *graph.Graph) *graph.Node {
		u := g.Input("u", s(2, 2))
		last, _ := flow.Scan(nodes{g.Input("h", s(1, 2))}, nodes{g.Input("x", s(2, 3, 1, 2))}, func(h, x nodes) (nodes, nodes) {
			last, y := flow.Scan(h, x, func(h, x nodes) (nodes, nodes) {
				n := ops.Tanh(ops.Add(ops.MatMul(h[0], u), ops.Mul(x[0], u)))
				return nodes{ops.ReduceSumKeep(n, 0)}, nodes{n}
			})
			return last, y
		})
		return last[0]
	})
}
