package ops_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// eval returns the values of a node of a graph of constants.
func eval(n *graph.Node) []float64 { return optest.Eval([]*graph.Node{n})[0].V }

// iota returns 0, 1, 2, ... in this shape.
func iota(g *graph.Graph, dims ...int) *graph.Node {
	n := tensor.D(dims...).Size()
	return ops.Reshape(ops.Iota(g, tensor.S(tensor.Float64, n), 0), dims...)
}

func wantValues(t *testing.T, name string, n *graph.Node, shape tensor.Dims, want ...float64) {
	t.Helper()
	if n.Shape() != shape {
		t.Errorf("%s: got shape %v, want %v", name, n.Shape(), shape)
	}
	if diff := cmp.Diff(want, eval(n), cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestSlice compares with what NumPy gives for the same indices.
func TestSlice(t *testing.T) {
	for _, c := range []struct {
		n    int
		r    ops.Range
		want []float64
	}{
		{4, ops.Range{}, []float64{0, 1, 2, 3}},
		{4, ops.Range{Stop: 2}, []float64{0, 1}},
		{4, ops.Range{Start: 1, Stop: -1}, []float64{1, 2}},
		{4, ops.Range{Start: -3, Stop: 100}, []float64{1, 2, 3}},
		{4, ops.Range{Start: -100, Stop: 2}, []float64{0, 1}},
		{4, ops.Range{Start: 3, Stop: 1}, nil},
		{4, ops.Range{Start: 9, Stop: 12}, nil},
		{4, ops.Range{Step: 1}, nil},
		{5, ops.Range{Stop: ops.End, Step: 3}, []float64{0, 3}},
		{5, ops.Range{Start: 1, Stop: ops.End, Step: math.MaxInt}, []float64{1}},
		{5, ops.Range{Start: -1, Stop: ops.End, Step: -1}, []float64{4, 3, 2, 1, 0}},
		{5, ops.Range{Start: 100, Stop: 0, Step: -2}, []float64{4, 2}},
		{5, ops.Range{Start: 2, Stop: -1, Step: -1}, nil},
		{5, ops.Range{Start: 3, Stop: -100, Step: -1}, []float64{3, 2, 1, 0}},
		{5, ops.Range{Start: 3, Stop: ops.End, Step: math.MinInt}, []float64{3}},
		{0, ops.Range{Start: -1, Stop: ops.End, Step: -1}, nil},
		{0, ops.Range{Start: 1, Stop: ops.End}, nil},
	} {
		y := ops.Slice(iota(graph.New(), c.n), c.r)
		wantValues(t, "slice", y, tensor.D(len(c.want)), c.want...)
	}
}

func TestShapes(t *testing.T) {
	g := graph.New()
	x := iota(g, 2, 3)
	d := tensor.D
	wantValues(t, "Transpose", ops.Transpose(x), d(3, 2), 0, 3, 1, 4, 2, 5)
	wantValues(t, "SwapAxes", ops.SwapAxes(x, 0, -1), d(3, 2), 0, 3, 1, 4, 2, 5)
	wantValues(t, "Flip", ops.Flip(x, 1), d(2, 3), 2, 1, 0, 5, 4, 3)
	wantValues(t, "Flip of all", ops.Flip(x), d(2, 3), 5, 4, 3, 2, 1, 0)
	wantValues(t, "Index", ops.Index(x, 1, -1), d(2), 2, 5)
	wantValues(t, "Tile", ops.Tile(x, 2, 1), d(4, 3), 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5)
	wantValues(t, "Tile", ops.Tile(x, 1, 2), d(2, 6), 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5)
	wantValues(t, "Tile 0 times", ops.Tile(x, 1, 0), d(2, 0))
	wantValues(t, "Repeat", ops.Repeat(x, 2, 1), d(2, 6), 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
	wantValues(t, "Repeat", ops.Repeat(x, 2, 0), d(4, 3), 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5)
	wantValues(t, "Stack", ops.Stack(-1, x, ops.Neg(x)), d(2, 3, 2), 0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5)
	wantValues(t, "Pad", ops.Pad(iota(g, 2), []int{1}, []int{2}, 9), d(5), 9, 0, 1, 9, 9)
	wantValues(t, "PadReflect", ops.PadReflect(iota(g, 3), []int{2}, []int{1}), d(6), 2, 1, 0, 1, 2, 1)
	wantValues(t, "PadReflect", ops.PadReflect(x, []int{1, 0}, []int{0, 1}), d(3, 4), 3, 4, 5, 4, 0, 1, 2, 1, 3, 4, 5, 4)
	wantValues(t, "PadEdge", ops.PadEdge(iota(g, 3), []int{2}, []int{1}), d(6), 0, 0, 0, 1, 2, 2)
	wantValues(t, "PadEdge by nothing", ops.PadEdge(iota(g, 0), []int{0}, []int{0}), d(0))
	for i, part := range ops.Split(x, 1, 1, 0, 2) {
		wantValues(t, "Split", part, []tensor.Dims{d(2, 1), d(2, 0), d(2, 2)}[i], [][]float64{{0, 3}, nil, {1, 2, 4, 5}}[i]...)
	}
	for _, c := range []struct {
		got  *graph.Node
		want tensor.Dims
	}{
		{ops.ExpandDims(x, 0), d(1, 2, 3)}, {ops.ExpandDims(x, -1), d(2, 3, 1)}, {ops.ExpandDims(x, 0, 2, -1), d(1, 2, 1, 3, 1)},
		{ops.Squeeze(ops.Reshape(x, 1, 2, 1, 3)), d(2, 3)}, {ops.Squeeze(ops.Reshape(x, 1, 2, 1, 3), -2), d(1, 2, 3)},
		{ops.Reshape(x, -1), d(6)}, {ops.Reshape(x, 3, -1), d(3, 2)}, {ops.Reshape(iota(g, 0, 2), -1, 2), d(0, 2)},
	} {
		if c.got.Shape() != c.want {
			t.Errorf("got shape %v, want %v", c.got.Shape(), c.want)
		}
	}
	for name, same := range map[string]*graph.Node{
		"Reshape": ops.Reshape(x, 2, 3), "Transpose": ops.Transpose(x, 0, 1), "Slice": ops.Slice(x), "Tile": ops.Tile(x, 1, 1),
		"Concat": ops.Concat(0, x), "Cast": ops.Cast(x, tensor.Float64), "BroadcastTo": ops.BroadcastTo(x, x.Shape()), "Dropout": ops.Dropout(x, nil, 0, 0),
	} {
		if same != x {
			t.Errorf("%s that changes nothing makes a node", name)
		}
	}
}

func TestStats(t *testing.T) {
	g := graph.New()
	x := g.Const(tensor.Of(1.0, 2, 3, 6))
	d := tensor.D()
	inf := math.Inf(1)
	wantValues(t, "Var", ops.Var(x), d, 3.5)
	wantValues(t, "Std", ops.Std(x), d, math.Sqrt(3.5))
	wantValues(t, "Norm", ops.Norm(x), d, math.Sqrt(50))
	wantValues(t, "Dot", ops.Dot(x, x), d, 50)
	wantValues(t, "LogSumExp", ops.LogSumExp(x), d, math.Log(math.E+math.Exp(2)+math.Exp(3)+math.Exp(6)))
	wantValues(t, "LogSumExp of much", ops.LogSumExp(g.Const(tensor.Of(1000.0, 1000))), d, 1000+math.Ln2)
	wantValues(t, "LogSumExp of little", ops.LogSumExp(g.Const(tensor.Of(-inf, -inf))), d, -inf)
	wantValues(t, "LogSumExp of Inf", ops.LogSumExp(g.Const(tensor.Of(0, inf))), d, inf)
	wantValues(t, "LogSumExp of nothing", ops.LogSumExp(iota(g, 0)), d, -inf)
	wantValues(t, "MatVec", ops.MatVec(iota(g, 2, 3), iota(g, 3)), tensor.D(2), 5, 14)
	wantValues(t, "ReduceMean of nothing", ops.ReduceMean(iota(g, 0)), d, math.NaN())
	wantValues(t, "ReduceProd of nothing", ops.ReduceProd(iota(g, 0)), d, 1)
	wantValues(t, "CumSum", ops.CumSum(x, -1), tensor.D(4), 1, 3, 6, 12)
}

// TestKinks holds the gradients where a function has none by the book.
func TestKinks(t *testing.T) {
	g := graph.New()
	c := func(v ...float64) *graph.Node { return g.Const(tensor.Of(v...)) }
	inf := math.Inf(1)
	for _, k := range []struct {
		name string
		x    *graph.Node
		f    func(x *graph.Node) *graph.Node
		want []float64
	}{
		{"Abs", c(-1, 0, 1), ops.Abs, []float64{-1, 0, 1}},
		{"Relu", c(-1, 0, 1), ops.Relu, []float64{0, 0, 1}},
		{"LeakyRelu", c(0), func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, 0.25) }, []float64{0.25}},
		{"Elu", c(0), func(x *graph.Node) *graph.Node { return ops.Elu(x, 2) }, []float64{2}},
		{"Clip", c(-1, 0, 0.5, 1, 2), func(x *graph.Node) *graph.Node { return ops.Clip(x, 0, 1) }, []float64{0, 1, 1, 1, 0}},
		{"Maximum, first", c(1, 2, 3), func(x *graph.Node) *graph.Node { return ops.Maximum(x, c(2, 2, 2)) }, []float64{0, 0.5, 1}},
		{"Maximum, second", c(1, 2, 3), func(x *graph.Node) *graph.Node { return ops.Maximum(c(2, 2, 2), x) }, []float64{0, 0.5, 1}},
		{"Minimum, first", c(1, 2, 3), func(x *graph.Node) *graph.Node { return ops.Minimum(x, c(2, 2, 2)) }, []float64{1, 0.5, 0}},
		{"Maximum of itself", c(5), func(x *graph.Node) *graph.Node { return ops.Maximum(x, x) }, []float64{1}},
		{"ReduceMax", c(1, 3, 3, 3, 2), func(x *graph.Node) *graph.Node { return ops.ReduceMax(x) }, []float64{0, 1. / 3, 1. / 3, 1. / 3, 0}},
		{"ReduceMin", c(1, 3, 1), func(x *graph.Node) *graph.Node { return ops.ReduceMinKeep(x, 0) }, []float64{0.5, 0, 0.5}},
		{"ReduceProd, a zero", c(2, 0, 3), func(x *graph.Node) *graph.Node { return ops.ReduceProd(x) }, []float64{0, 6, 0}},
		{"ReduceProd, two zeros", c(2, 0, 3, 0), func(x *graph.Node) *graph.Node { return ops.ReduceProd(x) }, []float64{0, 0, 0, 0}},
		{"Norm", c(0, 0), func(x *graph.Node) *graph.Node { return ops.Norm(x) }, []float64{0, 0}},
		{"Std", c(4, 4), func(x *graph.Node) *graph.Node { return ops.Std(x) }, []float64{0, 0}},
		{"Hypot", c(0), func(x *graph.Node) *graph.Node { return ops.Hypot(x, x) }, []float64{0}},
		{"Atan2", c(0), func(x *graph.Node) *graph.Node { return ops.Atan2(x, c(0)) }, []float64{0}},
		{"Pow to 0", c(0, 2), func(x *graph.Node) *graph.Node { return ops.Pow(x, c(0, 0)) }, []float64{0, 0}},
		{"Pow to 1", c(0, -2), func(x *graph.Node) *graph.Node { return ops.Pow(x, c(1, 1)) }, []float64{1, 1}},
		{"Pow to 2", c(0, -2), func(x *graph.Node) *graph.Node { return ops.Pow(x, ops.Full(g, tensor.S(tensor.Float64), 2)) }, []float64{0, -4}},
		{"Pow of 0", c(1, 2), func(x *graph.Node) *graph.Node { return ops.Pow(c(0, 0), x) }, []float64{0, 0}},
		{"LogSumExp", c(-inf, 0), func(x *graph.Node) *graph.Node { return ops.LogSumExp(x) }, []float64{0, 1}},
		{"Sigmoid", c(-800, 800), ops.Sigmoid, []float64{0, 0}},
		{"Softplus", c(-800, 800), ops.Softplus, []float64{0, 1}},
		{"Gather twice", c(1, 2), func(x *graph.Node) *graph.Node { return ops.Gather(x, g.Const(tensor.Of[int8](1, 1, -1)), 0) }, []float64{0, 3}},
		{"PadReflect", c(1, 2, 3), func(x *graph.Node) *graph.Node { return ops.PadReflect(x, []int{2}, []int{1}) }, []float64{1, 3, 2}},
		{"PadEdge", c(1, 2, 3), func(x *graph.Node) *graph.Node { return ops.PadEdge(x, []int{2}, []int{1}) }, []float64{3, 1, 2}},
		{"ScatterAdd", c(1, 2), func(x *graph.Node) *graph.Node {
			return ops.ScatterAdd(x, g.Const(tensor.Of[int32](0, 0)), ops.Square(x), 0)
		}, []float64{3, 5}},
	} {
		dx := autodiff.Grad(ops.ReduceSum(k.f(k.x)), k.x)[0]
		wantValues(t, k.name, dx, k.x.Shape(), k.want...)
	}
	// Second derivative of a product of two zeros: 1 across.
	x := c(0, 0)
	first := autodiff.Grad(ops.ReduceProd(x), x)[0]
	wantValues(t, "ReduceProd twice", autodiff.Grad(ops.ReduceSum(first), x)[0], tensor.D(2), 1, 1)
}

// TestIntegers holds results that float64 cannot.
func TestIntegers(t *testing.T) {
	const big = math.MaxInt64
	for _, c := range []struct {
		op         ops.BinaryInt
		a, b, want int64
	}{
		{ops.AddOp{}, big, 1, math.MinInt64}, {ops.SubOp{}, math.MinInt64, 1, big}, {ops.MulOp{}, big, 2, -2},
		{ops.MulOp{}, 1<<31 + 1, 1<<31 - 1, 1<<62 - 1},
		{ops.DivOp{}, -7, 2, -3}, {ops.DivOp{}, 7, 0, 0}, {ops.DivOp{}, math.MinInt64, -1, math.MinInt64}, {ops.DivOp{}, big, 2, big / 2},
		{ops.FloorDivOp{}, -7, 2, -4}, {ops.FloorDivOp{}, 7, -2, -4}, {ops.FloorDivOp{}, -7, -2, 3}, {ops.FloorDivOp{}, 6, -2, -3}, {ops.FloorDivOp{}, 7, 0, 0},
		{ops.ModOp{}, -7, 2, 1}, {ops.ModOp{}, 7, -2, -1}, {ops.ModOp{}, -7, -2, -1}, {ops.ModOp{}, 6, -2, 0}, {ops.ModOp{}, 7, 0, 0}, {ops.ModOp{}, math.MinInt64, -1, 0},
		{ops.FmodOp{}, -7, 2, -1}, {ops.FmodOp{}, 7, -2, 1}, {ops.FmodOp{}, 7, 0, 0},
		{ops.PowOp{}, 3, 39, 4052555153018976267}, {ops.PowOp{}, -2, 63, math.MinInt64}, {ops.PowOp{}, 2, -1, 0}, {ops.PowOp{}, -1, -3, -1}, {ops.PowOp{}, 1, math.MinInt64, 1}, {ops.PowOp{}, 0, 0, 1},
		{ops.MaximumOp{}, big, big - 1, big}, {ops.MinimumOp{}, big, big - 1, big - 1},
		{ops.EqualOp{}, big, big - 1, 0}, {ops.NotEqualOp{}, big, big - 1, 1}, {ops.LessOp{}, big - 1, big, 1},
		{ops.LessEqualOp{}, big, big - 1, 0}, {ops.GreaterOp{}, big, big - 1, 1}, {ops.GreaterEqualOp{}, big - 1, big, 0},
	} {
		if got := c.op.EvalInt(c.a, c.b); got != c.want {
			t.Errorf("%s(%d, %d): got %d, want %d", c.op.Name(), c.a, c.b, got, c.want)
		}
	}
	const top = math.MaxUint64
	for _, c := range []struct {
		op         ops.BinaryUint
		a, b, want uint64
	}{
		{ops.DivOp{}, top, 2, top / 2}, {ops.DivOp{}, 1, 0, 0}, {ops.FloorDivOp{}, top, 2, top / 2}, {ops.ModOp{}, top, 10, 5}, {ops.FmodOp{}, top, 10, 5}, {ops.ModOp{}, 3, 0, 0},
		{ops.PowOp{}, 3, 40, 12157665459056928801}, {ops.PowOp{}, top, 1 << 63, 1}, {ops.MaximumOp{}, top, 1, top}, {ops.MinimumOp{}, top, 1, 1},
		{ops.LessOp{}, 1, top, 1}, {ops.LessEqualOp{}, top, 1, 0}, {ops.GreaterOp{}, top, 1, 1}, {ops.GreaterEqualOp{}, 1, top, 0},
	} {
		if got := c.op.EvalUint(c.a, c.b); got != c.want {
			t.Errorf("%s(%d, %d): got %d, want %d", c.op.Name(), c.a, c.b, got, c.want)
		}
	}
	for _, c := range []struct {
		op      ops.UnaryInt
		x, want int64
	}{
		{ops.NegOp{}, math.MinInt64, math.MinInt64}, {ops.NegOp{}, big, -big}, {ops.AbsOp{}, -big, big}, {ops.AbsOp{}, 5, 5}, {ops.SignOp{}, -big, -1}, {ops.SignOp{}, 0, 0},
		{ops.SquareOp{}, 1<<31 + 1, 1<<62 + 1<<32 + 1}, {ops.ClipOp{Lo: 0, Hi: math.Inf(1)}, big - 1, big - 1}, {ops.ClipOp{Lo: 0, Hi: 5}, big, 5}, {ops.ClipOp{Lo: 0, Hi: 5}, -big, 0},
	} {
		if got := c.op.EvalInt(c.x); got != c.want {
			t.Errorf("%s(%d): got %d, want %d", c.op.Name(), c.x, got, c.want)
		}
	}
	for _, c := range []struct {
		op      ops.UnaryUint
		x, want uint64
	}{{ops.AbsOp{}, top, top}, {ops.SignOp{}, top, 1}, {ops.SignOp{}, 0, 0}, {ops.ClipOp{Lo: -1, Hi: 5}, top, 5}, {ops.ClipOp{Lo: 3, Hi: math.Inf(1)}, 1, 3}} {
		if got := c.op.EvalUint(c.x); got != c.want {
			t.Errorf("%s(%d): got %d, want %d", c.op.Name(), c.x, got, c.want)
		}
	}
}

// TestFloats holds results at the edges that NumPy defines.
func TestFloats(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		op         ops.Binary
		a, b, want float64
	}{
		{ops.FloorDivOp{}, -7, 2, -4}, {ops.FloorDivOp{}, 1, 0.1, 9}, {ops.FloorDivOp{}, 1, 0, inf}, {ops.FloorDivOp{}, -1, inf, -1}, {ops.FloorDivOp{}, inf, 1, nan},
		{ops.ModOp{}, -7, 2, 1}, {ops.ModOp{}, 7, -2, -1}, {ops.ModOp{}, 1, 0, nan}, {ops.ModOp{}, -1, inf, inf}, {ops.ModOp{}, 5.5, 2, 1.5},
		{ops.FmodOp{}, -7, 2, -1}, {ops.FmodOp{}, 7, -2, 1},
		{ops.MaximumOp{}, nan, 1, nan}, {ops.MaximumOp{}, 1, nan, nan}, {ops.MinimumOp{}, nan, 1, nan},
		{ops.LogaddexpOp{}, inf, inf, inf}, {ops.LogaddexpOp{}, -inf, -inf, -inf}, {ops.LogaddexpOp{}, -inf, 3, 3}, {ops.LogaddexpOp{}, 1000, 1000, 1000 + math.Ln2},
		{ops.NotEqualOp{}, nan, nan, 1}, {ops.EqualOp{}, nan, nan, 0}, {ops.LessOp{}, nan, 1, 0}, {ops.GreaterEqualOp{}, nan, nan, 0},
	} {
		if got := c.op.Eval(c.a, c.b); got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("%s(%v, %v): got %v, want %v", c.op.Name(), c.a, c.b, got, c.want)
		}
	}
	for _, c := range []struct {
		op      ops.Unary
		x, want float64
	}{
		{ops.RoundOp{}, 0.5, 0}, {ops.RoundOp{}, 1.5, 2}, {ops.RoundOp{}, -2.5, -2}, {ops.SignOp{}, nan, nan}, {ops.ReluOp{}, nan, nan}, {ops.SiluOp{}, -inf, 0}, {ops.GeluOp{}, -inf, 0},
		{ops.GeluTanhOp{}, -inf, 0}, {ops.SoftplusOp{}, inf, inf}, {ops.SoftplusOp{}, -inf, 0}, {ops.SigmoidOp{}, -inf, 0}, {ops.ClipOp{Lo: 0, Hi: 1}, nan, nan},
	} {
		if got := c.op.Eval(c.x); got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("%s(%v): got %v, want %v", c.op.Name(), c.x, got, c.want)
		}
	}
}

func TestRandom(t *testing.T) {
	g := graph.New()
	seed := g.Const(tensor.Of[uint64](7, 3))
	s := tensor.S(tensor.Float32, 1000)
	u := eval(ops.RandomUniform(seed, s, 0))
	n := eval(ops.RandomNormal(seed, s, 0))
	mean := func(v []float64, f func(float64) float64) float64 {
		var sum float64
		for _, x := range v {
			sum += f(x)
		}
		return sum / float64(len(v))
	}
	self, square := func(x float64) float64 { return x }, func(x float64) float64 { return x * x }
	for _, c := range []struct {
		name            string
		got, want, band float64
	}{
		{"mean of uniform", mean(u, self), 0.5, 0.04}, {"second moment of uniform", mean(u, square), 1. / 3, 0.04},
		{"mean of normal", mean(n, self), 0, 0.13}, {"second moment of normal", mean(n, square), 1, 0.18},
		{"mean of Bernoulli", mean(eval(ops.Bernoulli(seed, s, 0.25, 0)), self), 0.25, 0.06},
	} {
		if math.Abs(c.got-c.want) > c.band {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	// A shorter result is the beginning of a longer one.
	if diff := cmp.Diff(u[:17], eval(ops.RandomUniform(seed, tensor.S(tensor.Float64, 17), 0))); diff != "" {
		t.Errorf("first 17 numbers (-want +got):\n%s", diff)
	}
	for name, other := range map[string]*graph.Node{
		"stream":  ops.RandomUniform(seed, s, 1),
		"counter": ops.RandomUniform(g.Const(tensor.Of[uint64](7, 4)), s, 0),
		"key":     ops.RandomUniform(g.Const(tensor.Of[uint64](8, 3)), s, 0),
	} {
		same := 0
		for i, v := range eval(other) {
			if v == u[i] {
				same++
			}
		}
		if same > 2 {
			t.Errorf("another %s: %d of 1000 numbers are the same", name, same)
		}
	}
	// Dropout drops where the uniform number is less than the rate.
	x := ops.Full(g, s, 3)
	for i, v := range eval(ops.Dropout(x, seed, 0.5, 0)) {
		want := 0.0
		if u[i] >= 0.5 {
			want = 6
		}
		if v != want {
			t.Fatalf("dropout of 3 at %d, with %v: got %v, want %v", i, u[i], v, want)
		}
	}
}

// TestErrors holds what a user reads.
func TestErrors(t *testing.T) {
	g := graph.New()
	in := func(dt tensor.DType, dims ...int) *graph.Node { return g.Input("x", tensor.S(dt, dims...)) }
	x, n, b := in(tensor.Float32, 3, 4), in(tensor.Int32, 3, 4), in(tensor.Bool, 3)
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"ops.Exp: x is int32[3 4]: want a float dtype; ops.Cast converts", func() { ops.Exp(n) }},
		{"ops.Neg: x is bool[3]: want a number; ops.Cast converts", func() { ops.Neg(b) }},
		{"ops.Add: a is float32[3 4], b is int32[3 4]: want one dtype; ops.Cast converts", func() { ops.Add(x, n) }},
		{"ops.Add: a is bool[3]: want a number", func() { ops.Add(b, b) }},
		{"ops.Add: shapes [3 4] and [3] do not broadcast: axes 4 and 3", func() { ops.Add(x, in(tensor.Float32, 3)) }},
		{"ops.And: got float32[3 4]: want bool; a comparison gives one", func() { ops.And(x, x) }},
		{"ops.Where: cond is float32[3 4]: want bool", func() { ops.Where(x, x, x) }},
		{"ops.Where: cond and the choice: shapes [3 4] and [3] do not broadcast", func() { ops.Where(b, x, x) }},
		{"ops.Cast: dtype 0: want one of", func() { ops.Cast(x, tensor.Invalid) }},
		{"ops.Clip: bounds 2 and 1: want the first not above the second", func() { ops.Clip(x, 2, 1) }},
		{"ops.Clip: bounds NaN and 1", func() { ops.Clip(x, math.NaN(), 1) }},
		{"ops.ReduceSum: axis 2 of x [3 4]: want -2 to 1", func() { ops.ReduceSum(x, 2) }},
		{"ops.ReduceSum: axes [0 -2] of x [3 4]: one stands twice", func() { ops.ReduceSum(x, 0, -2) }},
		{"ops.ReduceMax: x [0 2] has no elements along axes [0]: want one or more", func() { ops.ReduceMax(in(tensor.Float32, 0, 2), 0) }},
		{"ops.ReduceMean: x is int32[3 4]: want a float dtype", func() { ops.ReduceMean(n) }},
		{"ops.Any: got float32[3 4]: want bool", func() { ops.Any(x) }},
		{"ops.ArgMax: x [0] has no elements along axis 0", func() { ops.ArgMax(in(tensor.Float32, 0), 0) }},
		{"ops.TopK: the 5 greatest of x [3 4]: want a last axis of that many or more", func() { ops.TopK(x, 5) }},
		{"ops.TopK: the 1 greatest of x []", func() { ops.TopK(in(tensor.Float32), 1) }},
		{"ops.Softmax: axis -3 of x [3 4]: want -2 to 1", func() { ops.Softmax(x, -3) }},
		{"ops.MatMul: a [3 4] · b [3 4]: want a[-1] == b[-2]", func() { ops.MatMul(x, x) }},
		{"ops.MatMul: a [3 4] · b [3]: want two axes or more on each side", func() { ops.MatMul(x, in(tensor.Float32, 3)) }},
		{"ops.MatMul: a is float32[3 4], b is int32[3 4]: want one dtype", func() { ops.MatMul(x, n) }},
		{"ops.MatMulInteger: b is float32[3 4]: want int8 or uint8", func() { ops.MatMulInteger(in(tensor.Int8, 2, 3), x, nil, nil) }},
		{"ops.MatMulInteger: a [2 3] · b [2 3]: want a[-1] == b[-2]", func() { ops.MatMulInteger(in(tensor.Int8, 2, 3), in(tensor.Uint8, 2, 3), nil, nil) }},
		{"ops.MatMulInteger: the zero point of a is int32[], a is int8[2 3]: want one dtype", func() {
			ops.MatMulInteger(in(tensor.Int8, 2, 3), in(tensor.Uint8, 3, 4), in(tensor.Int32), nil)
		}},
		{"ops.MatMulInteger: the zero point of a is [3]: want [], [1] or [2]", func() {
			ops.MatMulInteger(in(tensor.Int8, 2, 3), in(tensor.Uint8, 3, 4), in(tensor.Int8, 3), nil)
		}},
		{"ops.MatMulInteger: the zero point of b is [1 4]: want [], [1] or [4]", func() {
			ops.MatMulInteger(in(tensor.Int8, 2, 3), in(tensor.Uint8, 3, 4), nil, in(tensor.Uint8, 1, 4))
		}},
		{"ops.Dot: a [3 4], b [3 4]: want two vectors of one length", func() { ops.Dot(x, x) }},
		{"ops.MatVec: x [3 4]: want a vector", func() { ops.MatVec(x, x) }},
		{"ops.Reshape: x [3 4] to [5 2]: got 10 elements, want 12", func() { ops.Reshape(x, 5, 2) }},
		{"ops.Reshape: x [3 4] to [5 -1]: want lengths of 0 or more", func() { ops.Reshape(x, 5, -1) }},
		{"ops.Reshape: tensor: 9 axes", func() { ops.Reshape(x, 1, 1, 1, 1, 1, 1, 1, 3, 4) }},
		{"ops.Transpose: axes [0] of x [3 4]: want 2 of them", func() { ops.Transpose(x, 0) }},
		{"ops.Transpose: axes [0 0] of x [3 4]: want each axis once", func() { ops.Transpose(x, 0, 0) }},
		{"ops.Expand: x [3 4] to [4 3]: want a shape that x broadcasts to", func() { ops.BroadcastTo(x, tensor.D(4, 3)) }},
		{"ops.Squeeze: axis 0 of x [3 4]: want length 1", func() { ops.Squeeze(x, 0) }},
		{"ops.ExpandDims: axes [0 -4 0]: one stands twice", func() { ops.ExpandDims(x, 0, -4, 0) }},
		{"ops.Slice: 3 ranges of x [3 4]: want at most 2", func() { ops.Slice(x, ops.Range{}, ops.Range{}, ops.Range{}) }},
		{"ops.Index: index 3 on axis 0 of x [3 4]: want -3 to 2", func() { ops.Index(x, 0, 3) }},
		{"ops.Split: sizes [1 1] on axis 0 of x [3 4]: want them to add up to 3", func() { ops.Split(x, 0, 1, 1) }},
		{"ops.Split: sizes [-1 4] on axis 0", func() { ops.Split(x, 0, -1, 4) }},
		{"ops.Concat: no tensors", func() { ops.Concat(0) }},
		{"ops.Concat: input 1 is int32[3 4], input 0 float32[3 4]: want them equal but for axis 0", func() { ops.Concat(0, x, n) }},
		{"ops.Stack: input 1 is int32[3 4]: want float32[3 4], as input 0", func() { ops.Stack(0, x, n) }},
		{"ops.Pad: [1] before and [1] behind x [3 4]: want one for each axis", func() { ops.Pad(x, []int{1}, []int{1}, 0) }},
		{"ops.Pad: [-1 0] before and [0 0] behind: want 0 or more", func() { ops.Pad(x, []int{-1, 0}, []int{0, 0}, 0) }},
		{"ops.PadReflect: 3 before and 0 behind axis 0 of x [3 4]: want less than its length", func() { ops.PadReflect(x, []int{3, 0}, []int{0, 0}) }},
		{"ops.PadEdge: axis 0 of x [0] has no edge", func() { ops.PadEdge(in(tensor.Float32, 0), []int{1}, []int{0}) }},
		{"ops.Gather: indices is float32[3 4]: want an integer dtype", func() { ops.Gather(x, x, 0) }},
		{"ops.GatherElements: x [3 4], indices [3]: want them equal but for axis 1", func() { ops.GatherAlong(x, in(tensor.Int64, 3), 1) }},
		{"ops.ScatterAdd: updates float32[3 4]: want the shape [2] of the indices from axis 0 on", func() { ops.ScatterAdd(x, in(tensor.Int64, 2), x, 0) }},
		{"ops.OneHot: depth -1: want 0 or more", func() { ops.OneHot(n, -1, tensor.Float32) }},
		{"ops.Trilu: x [3]: want two axes or more", func() { ops.Tril(b, 0) }},
		{"ops.SoftmaxCrossEntropy: input 1 is float32[3 1]: want float32[3 4], as input 0", func() { ops.SoftmaxCrossEntropy(x, in(tensor.Float32, 3, 1)) }},
		{"ops.SparseSoftmaxCrossEntropy: logits float32[3 4], labels int32[3 4]: want integer labels [3]", func() { ops.SparseSoftmaxCrossEntropy(x, n) }},
		{"ops.RandomUniform: result int32[3]: want float32 or float64", func() { ops.RandomUniform(in(tensor.Uint64, 2), tensor.S(tensor.Int32, 3), 0) }},
		{"ops.RandomUniform: seed is int32[3 4]: want uint64[2], a key and a counter", func() { ops.RandomUniform(n, tensor.S(tensor.Float32, 3), 0) }},
		{"ops.Bernoulli: probability 1.5: want 0 to 1", func() { ops.Bernoulli(in(tensor.Uint64, 2), tensor.S(tensor.Bool, 3), 1.5, 0) }},
		{"ops.Dropout: rate 1: want 0 to 1, less than 1", func() { ops.Dropout(x, in(tensor.Uint64, 2), 1, 0) }},
		{"ops.ApplySGD: input 2 is float32[3 4]: want the scalar float32[]", func() { ops.ApplySGD(x, x, x, x) }},
		{"ops.ApplySGD: input 1 is int32[3 4]: want float32[3 4], as input 0", func() { ops.ApplySGD(x, n, in(tensor.Float32), in(tensor.Float32)) }},
		{"ops.ApplyRMSprop: 1 slots: want 3", func() {
			ops.ApplyRMSprop(ops.ApplyRMSpropOp{Centered: true, Momentum: 0.5}, x, []*graph.Node{x}, x, in(tensor.Float32), in(tensor.Float32))
		}},
		{"ops.ApplyAdamIf: input 6 is float32[]: want the scalar bool[]", func() {
			one := in(tensor.Float32)
			ops.ApplyIf(one, ops.ApplyAdamOp{}, x, x, x, x, one, one)
		}},
		{"ops.ApplyLion: 4 inputs: want 5", func() { ops.ApplyIf(nil, ops.ApplyLionOp{}, x, x, x, in(tensor.Float32)) }},
		{"ops.Tile: repetitions [2] of x [3 4]: want one for each axis", func() { ops.Tile(x, 2) }},
		{"ops.Iota: axis 1 of x [3]: want 0 to 0", func() { ops.Iota(g, tensor.S(tensor.Int32, 3), 1) }},
	} {
		err := graph.Catch(c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "ops_test.go:") {
			t.Errorf("got %v, want ops_test.go ... %q", err, c.want)
		}
	}
}
