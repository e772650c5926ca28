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
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// bodies builds random bodies of loops and branches out of what is around them.
type bodies struct {
	rng   *rand.Rand
	depth int // of bodies in bodies
}

// grow applies n random operations to nodes and returns all.
func (b *bodies) grow(nodes []*graph.Node, n int) []*graph.Node {
	pick := func() *graph.Node { return nodes[b.rng.IntN(len(nodes))] }
	for range n {
		x, y := pick(), pick()
		var z *graph.Node
		err := graph.Catch(func() {
			switch b.rng.IntN(13) {
			case 0:
				z = ops.Add(x, y)
			case 1:
				z = ops.Mul(ops.Scale(x, 0.5), y)
			case 2:
				z = ops.Tanh(x)
			case 3:
				z = ops.Maximum(x, ops.Neg(y))
			case 4, 5:
				z = ops.Scale(ops.MatMulT(x, y, b.rng.IntN(2) == 0, b.rng.IntN(2) == 0), 0.5)
			case 6:
				z = ops.ReduceSumKeep(ops.Scale(x, 0.25), b.rng.IntN(x.Rank()))
			case 7:
				z = ops.Transpose(x)
			case 8:
				parts := ops.Split(x, -1, x.Shape().At(-1)/2, x.Shape().At(-1)-x.Shape().At(-1)/2)
				z = ops.Concat(-1, parts[1], ops.Sin(parts[0]))
			case 9:
				z = ops.Softmax(x, -1)
			case 10:
				z = b.branch(nodes, x)
			case 11:
				z = b.loop(nodes, x)
			case 12:
				z = b.while(nodes, x)
			}
		})
		if err == nil && z.Shape().Size() <= 64 {
			nodes = append(nodes, z)
		}
	}
	return nodes
}

// like returns a node of x's spec that depends on random ones of nodes.
func (b *bodies) like(nodes []*graph.Node, x *graph.Node) *graph.Node {
	for range 4 {
		if n := nodes[len(nodes)-1-b.rng.IntN(min(len(nodes), 5))]; n.Spec() == x.Spec() {
			return n
		}
	}
	sum := ops.ReduceMean(nodes[len(nodes)-1])
	return ops.Tanh(ops.Add(x, sum))
}

func (b *bodies) branch(nodes []*graph.Node, x *graph.Node) *graph.Node {
	if b.depth == 2 {
		return ops.Cos(x)
	}
	b.depth++
	defer func() { b.depth-- }()
	side := func() []*graph.Node { return []*graph.Node{b.like(b.grow(nodes, 3), x)} }
	return flow.Cond(ops.Greater(ops.ReduceSum(x), ops.ScalarLike(x, 0)), side, side)[0]
}

func (b *bodies) loop(nodes []*graph.Node, x *graph.Node) *graph.Node {
	if b.depth == 2 {
		return ops.Sin(x)
	}
	b.depth++
	defer func() { b.depth-- }()
	last, _ := b.scan([]*graph.Node{x}, nil, nodes, flow.Steps(1+b.rng.IntN(3)))
	return last[0]
}

func (b *bodies) while(nodes []*graph.Node, x *graph.Node) *graph.Node {
	if b.depth == 2 {
		return ops.Square(x)
	}
	b.depth++
	defer func() { b.depth-- }()
	count := ops.ScalarLike(x, float64(b.rng.IntN(4)))
	return flow.While([]*graph.Node{x, count},
		func(s []*graph.Node) *graph.Node { return ops.Less(s[1], ops.ScalarLike(x, 3)) },
		func(s []*graph.Node) []*graph.Node {
			return []*graph.Node{b.like(b.grow(append(nodes[:len(nodes):len(nodes)], s[0]), 3), s[0]), ops.Offset(s[1], 1)}
		}, flow.MaxSteps(4))[0]
}

// body returns the body of a scan: random, and the same in every call.
func (b *bodies) body(around []*graph.Node) func(state, x []*graph.Node) (next, y []*graph.Node) {
	seed, depth := b.rng.Uint64(), b.depth
	return func(state, x []*graph.Node) (next, y []*graph.Node) {
		c := &bodies{rand.New(rand.NewPCG(seed, 1)), depth}
		nodes := append(append(append([]*graph.Node(nil), around...), x...), state...)
		nodes = c.grow(nodes, 4+c.rng.IntN(8))
		for _, s := range state {
			next = append(next, c.like(nodes, s))
		}
		for range c.rng.IntN(3) {
			y = append(y, nodes[c.rng.IntN(len(nodes))])
		}
		if len(next) > 0 && c.rng.IntN(2) == 0 {
			y = append(y, next[0], state[len(state)-1])
		}
		return next, y
	}
}

func (b *bodies) scan(init, xs, around []*graph.Node, opts ...flow.ScanOption) (last, ys []*graph.Node) {
	return flow.Scan(init, xs, b.body(around), opts...)
}

// randomLoop builds a loop, or the same unrolled, and the gradients of its results.
func randomLoop(seed uint64, dt tensor.DType, unrolled bool) []*graph.Node {
	b := &bodies{rng: rand.New(rand.NewPCG(seed, 3))}
	g := graph.New()
	shapes := [][]int{{3, 4}, {4}, {4, 4}, {1, 4}, {3, 1}, {4, 3}}
	steps := b.rng.IntN(5)
	if unrolled && steps == 0 {
		return nil
	}
	var init, xs, around []*graph.Node
	for i := range 1 + b.rng.IntN(3) {
		init = append(init, g.Input(fmt.Sprint("init", i), tensor.S(dt, shapes[b.rng.IntN(len(shapes))]...)))
	}
	for i := range 1 + b.rng.IntN(2) {
		xs = append(xs, g.Input(fmt.Sprint("xs", i), tensor.S(dt, append([]int{steps}, shapes[b.rng.IntN(len(shapes))]...)...)))
	}
	for i := range 1 + b.rng.IntN(3) {
		around = append(around, g.Input(fmt.Sprint("full", i), tensor.S(dt, shapes[b.rng.IntN(len(shapes))]...)))
	}
	reverse := b.rng.IntN(3) == 0
	var last, ys []*graph.Node
	if body := b.body(around); unrolled {
		last, ys = unroll(init, xs, body, steps, reverse)
	} else if reverse {
		last, ys = flow.Scan(init, xs, body, flow.Reverse)
	} else {
		last, ys = flow.Scan(init, xs, body)
	}
	all := append(last, ys...)
	var loss *graph.Node
	for _, i := range b.rng.Perm(len(all))[:1+b.rng.IntN(len(all))] {
		if s := ops.ReduceSum(ops.Sin(all[i])); loss == nil {
			loss = s
		} else {
			loss = ops.Add(loss, s)
		}
	}
	first := autodiff.Grad(loss, g.Inputs()...)
	second := autodiff.Grad(sumSquares(first...), g.Inputs()...)
	return append(append(all, first...), second...)
}

// TestRandomLoops compares random loops, and their first and second gradients, with the
// same unrolled and with the references.
func TestRandomLoops(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		outs := randomLoop(seed, tensor.Float64, false)
		in := random(outs[0].Graph(), rand.New(rand.NewPCG(seed, 9)))
		got, p := runOn(t, cpu.Kernels{}, outs, in)
		var arrays []ops.Array
		for _, x := range in {
			arrays = append(arrays, optest.FromTensor(x))
		}
		compare := func(what string, want []*tensor.Tensor, tol float64) {
			t.Helper()
			for i := range got {
				if err := tensor.AllClose(got[i], want[i], tol, tol); err != nil {
					t.Fatalf("seed %d, %s: output %d of %d: %v\n%v\n%v", seed, what, i, len(got), err, outs[0].Graph(), p)
				}
			}
		}
		var want []*tensor.Tensor
		for _, a := range optest.Eval(outs, arrays...) {
			want = append(want, optest.ToTensor(a))
		}
		compare("the reference", want, 1e-9)
		if u := randomLoop(seed, tensor.Float64, true); u != nil {
			want, _ = runOn(t, cpu.Kernels{}, u, in)
			compare("unrolled", want, 1e-9)
		}
		want, _ = runOn(t, backend.Reference{}, outs, in)
		compare("the plan on the reference", want, 1e-9)
	}
}
