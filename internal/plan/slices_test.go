package plan_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// lstm traces an LSTM out of plain operations, unrolled, and the gradients of the sum of
// squares of its last state. Steps and gates are slices.
func lstm(steps, batch, units int) (*graph.Graph, []*graph.Node) {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, batch, steps, units))
	w := g.Input("kernel", tensor.S(tensor.Float32, units, 4*units))
	u := g.Input("recurrent", tensor.S(tensor.Float32, units, 4*units))
	b := g.Input("bias", tensor.S(tensor.Float32, 4*units))
	h := ops.Full(g, tensor.S(tensor.Float32, batch, units), 0)
	c := h
	for t := range steps {
		z := ops.Add(ops.Add(ops.MatMul(ops.Index(x, 1, t), w), ops.MatMul(h, u)), b)
		gate := func(i int) *graph.Node { return ops.SliceAxis(z, 1, i*units, (i+1)*units) }
		c = ops.Add(ops.Mul(ops.Sigmoid(gate(1)), c), ops.Mul(ops.Sigmoid(gate(0)), ops.Tanh(gate(2))))
		h = ops.Mul(ops.Sigmoid(gate(3)), ops.Tanh(c))
	}
	loss := ops.ReduceSum(ops.Mul(h, h))
	return g, append([]*graph.Node{loss}, autodiff.Grad(loss, x, w, u, b)...)
}

// TestUnrolledArena checks that memory grows as the steps do, not as their square.
func TestUnrolledArena(t *testing.T) {
	compile := func(steps int) *plan.Plan {
		g, outs := lstm(steps, 4, 16)
		return plan.Compile(g, outs, cpu.Kernels{})
	}
	short, long := compile(100), compile(200)
	if float64(long.Arena()) > 2.2*float64(short.Arena()) {
		t.Errorf("arena of 100 steps: %d bytes, of 200: %d: want at most 2.2 times that", short.Arena(), long.Arena())
	}
	if n := strings.Count(long.String(), "SliceGrad"); n > 0 {
		t.Errorf("%d gradients of slices: want one Concat of those of x and one for each step's gates", n)
	}
}

// TestUnrolled compares plans of the unrolled LSTM with the reference.
func TestUnrolled(t *testing.T) {
	g, outs := lstm(5, 3, 20)
	p := plan.Compile(g, outs, cpu.Kernels{})
	if dump := p.String(); strings.Contains(dump, "  Slice") {
		t.Errorf("a step of Slice: want steps and gates read where they are\n%s", dump)
	}
	same := runOnce(t, plan.Compile(g, outs, packed{}))
	got, want := runOnce(t, p), optest.Eval(outs, randomInputs(p)...)
	for i := range got {
		if string(got[i].Bytes()) != string(same[i].Bytes()) {
			t.Errorf("output %d: got other bits than from a plan that copies", i)
		}
		if err := tensor.AllClose(got[i], optest.ToTensor(want[i]), 1e-4, 1e-5); err != nil {
			t.Errorf("output %d: %v", i, err)
		}
	}
}

// runOnce runs a plan on random inputs, the same for plans of the same inputs.
func runOnce(t *testing.T, p *plan.Plan) []*tensor.Tensor {
	t.Helper()
	var in, out []*tensor.Tensor
	for _, a := range randomInputs(p) {
		in = append(in, optest.ToTensor(a))
	}
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	if err := p.Run(out, in); err != nil {
		t.Fatal(err)
	}
	return out
}

// randomInputs returns inputs of a plan, as the dtypes hold them.
func randomInputs(p *plan.Plan) []ops.Array {
	rng := rand.New(rand.NewPCG(11, 12))
	var in []ops.Array
	for _, s := range p.Inputs() {
		a := ops.NewArray(s)
		for i := range a.V {
			a.V[i] = optest.Round(s.DType, rng.NormFloat64()/2)
		}
		in = append(in, a)
	}
	return in
}

// TestSliceSums checks what sums of slices' gradients become, and their values.
func TestSliceSums(t *testing.T) {
	square := func(x *graph.Node) *graph.Node { return ops.ReduceSum(ops.Square(x)) }
	for name, test := range map[string]struct {
		loss          func(x *graph.Node) *graph.Node
		concats, adds int
	}{
		"tiles of rows": {func(x *graph.Node) *graph.Node {
			return ops.Add(ops.Add(square(ops.SliceAxis(x, 0, 2, 3)), square(ops.SliceAxis(x, 0, 0, 2))), square(ops.SliceAxis(x, 0, 3, 6)))
		}, 0, 0}, // each is computed in its place
		"tiles of columns": {func(x *graph.Node) *graph.Node {
			return ops.Add(square(ops.SliceAxis(x, 1, 0, 1)), square(ops.SliceAxis(x, 1, 1, 8)))
		}, 1, 0},
		"a gap": {func(x *graph.Node) *graph.Node {
			return ops.Add(square(ops.SliceAxis(x, 1, 0, 1)), square(ops.SliceAxis(x, 1, 2, 8)))
		}, 0, 1},
		"an overlap": {func(x *graph.Node) *graph.Node {
			return ops.Add(square(ops.SliceAxis(x, 1, 0, 5)), square(ops.SliceAxis(x, 1, 4, 8)))
		}, 0, 1},
		"an overlap as large as the gap": {func(x *graph.Node) *graph.Node {
			return ops.Add(square(ops.SliceAxis(x, 1, 0, 5)), square(ops.SliceAxis(x, 1, 4, 7)))
		}, 0, 1},
		"every other column": {func(x *graph.Node) *graph.Node {
			even, odd := ops.Range{Stop: ops.End, Step: 2}, ops.Range{Start: 1, Stop: ops.End, Step: 2}
			return ops.Add(square(ops.Slice(x, ops.Range{}, even)), square(ops.Slice(x, ops.Range{}, odd)))
		}, 0, 1},
		"quarters": {func(x *graph.Node) *graph.Node {
			var sum *graph.Node
			for i := range 4 {
				rows, cols := ops.Range{Start: i / 2 * 3, Stop: i/2*3 + 3}, ops.Range{Start: i % 2 * 4, Stop: i%2*4 + 4}
				if s := square(ops.Slice(x, rows, cols)); sum == nil {
					sum = s
				} else {
					sum = ops.Add(sum, s)
				}
			}
			return sum
		}, 0, 3},
		"a slice and the whole": {func(x *graph.Node) *graph.Node {
			return ops.Add(ops.ReduceSum(ops.Exp(x)), square(ops.SliceAxis(x, 0, 0, 3)))
		}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			x := g.Input("x", tensor.S(tensor.Float32, 6, 8))
			grad := autodiff.Grad(test.loss(x), x)
			p := plan.Compile(g, grad, cpu.Kernels{})
			got, want := runOnce(t, p), optest.Eval(grad, randomInputs(p)...)
			if err := tensor.AllClose(got[0], optest.ToTensor(want[0]), 1e-5, 1e-6); err != nil {
				t.Error(err)
			}
			dump := p.String()
			if c, a := strings.Count(dump, "Concat"), strings.Count(dump, "SliceAdd"); c != test.concats || a != test.adds || strings.Contains(dump, "SliceGrad") && a == 0 {
				t.Errorf("%d Concat and %d SliceAdd: want %d and %d\n%s", c, a, test.concats, test.adds, dump)
			}
		})
	}
}
