package ops_test

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// show prints the values of nodes of a graph of constants.
func show(nodes ...*graph.Node) {
	for _, a := range optest.Eval(nodes) {
		fmt.Println(a.Shape, a.V)
	}
}

// A layer, its loss and the gradient by its weights, as one graph.
func Example() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 32, 784))
	labels := g.Input("labels", tensor.S(tensor.Int64, 32))
	w := g.Value(graph.NewVar("kernel", tensor.New(tensor.Float32, 784, 10)))
	b := g.Value(graph.NewVar("bias", tensor.New(tensor.Float32, 10)))

	logits := ops.Add(ops.MatMul(x, w), b)
	loss := ops.ReduceMean(ops.SparseSoftmaxCrossEntropy(logits, labels))
	grads := autodiff.Grad(loss, w, b)

	fmt.Println(logits.Spec(), loss.Spec(), grads[0].Spec(), grads[1].Spec())
	// Output: float32[32 10] float32[] float32[784 10] float32[10]
}

func ExampleSlice() {
	g := graph.New()
	x := g.Const(tensor.Of(0.0, 1, 2, 3, 4, 5))
	show(
		ops.Slice(x, ops.Range{Start: 1, Stop: 4}),
		ops.Slice(x, ops.Range{Start: -2, Stop: ops.End}),
		ops.Slice(x, ops.Range{Stop: ops.End, Step: 2}),
		ops.Slice(x, ops.Range{Start: -1, Stop: ops.End, Step: -2}),
	)
	// Output:
	// [3] [1 2 3]
	// [2] [4 5]
	// [3] [0 2 4]
	// [3] [5 3 1]
}

func ExampleWhere() {
	g := graph.New()
	x := g.Const(tensor.Of(-2.0, 3))
	zero := ops.Zeros(x)
	show(ops.Where(ops.Greater(x, zero), x, zero))
	// Output: [2] [0 3]
}

func ExampleGather() {
	g := graph.New()
	table := ops.Iota(g, tensor.S(tensor.Float32, 3, 2), 0)
	show(ops.Gather(table, g.Const(tensor.Of[int32](2, 0, -1)), 0))
	// Output: [3 2] [2 2 0 0 2 2]
}

func ExampleTopK() {
	g := graph.New()
	values, indices := ops.TopK(g.Const(tensor.Of(3.0, 9, 4, 9)), 3)
	show(values, indices)
	// Output:
	// [3] [9 9 4]
	// [3] [1 3 2]
}

func ExampleReduceSum() {
	g := graph.New()
	x := ops.Iota(g, tensor.S(tensor.Float32, 2, 3), 1)
	show(ops.ReduceSum(x), ops.ReduceSum(x, 0), ops.ReduceSumKeep(x, -1))
	// Output:
	// [] [6]
	// [3] [0 2 4]
	// [2 1] [3 3]
}

// Runs with one seed give the same numbers; a step counts up.
func ExampleDropout() {
	g := graph.New()
	seed := g.Const(tensor.Of[uint64](42, 0))
	next := g.Const(tensor.Of[uint64](42, 1))
	x := ops.Full(g, tensor.S(tensor.Float32, 8), 1)
	show(ops.Dropout(x, seed, 0.5, 0), ops.Dropout(x, next, 0.5, 0))
	// Output:
	// [8] [2 0 0 0 2 0 2 0]
	// [8] [0 0 0 2 0 2 0 0]
}

func ExampleApplyAdam() {
	g := graph.New()
	scalar := func(v float64) *graph.Node { return g.Const(tensor.Scalar(v)) }
	w, m, v := g.Const(tensor.Of(1.0)), g.Const(tensor.Of(0.0)), g.Const(tensor.Of(0.0))
	grad := g.Const(tensor.Of(0.5))
	adam := ops.ApplyAdamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0625}
	w, m, v = ops.ApplyAdam(adam, w, m, v, grad, scalar(0.5), scalar(0))
	show(w, m, v)
	// Output:
	// [1] [0.75]
	// [1] [0.0625]
	// [1] [0.015625]
}

// The last two axes are matrices; the axes before them are batches that broadcast.
func ExampleMatMul() {
	g := graph.New()
	a := ops.Reshape(ops.Iota(g, tensor.S(tensor.Float32, 6), 0), 2, 3)
	show(ops.MatMul(a, ops.Transpose(a)), ops.MatMulT(a, a, false, true), ops.MatVec(a, g.Const(tensor.Of[float32](1, 1, 1))))
	batch := g.Input("batch", tensor.S(tensor.Float32, 32, 5, 2))
	fmt.Println(ops.MatMul(batch, a).Spec())
	// Output:
	// [2 2] [5 14 14 50]
	// [2 2] [5 14 14 50]
	// [2] [3 12]
	// float32[32 5 3]
}

// Quantized values stand for scale·(x - zero point): the product of the integers times both
// scales is the product of the values.
func ExampleMatMulInteger() {
	g := graph.New()
	a := ops.Reshape(g.Const(tensor.Of[uint8](128, 255, 0, 130)), 2, 2) // zero point 128
	w := ops.Reshape(g.Const(tensor.Of[int8](127, -128, 5, 0)), 2, 2)
	c := ops.MatMulInteger(a, w, g.Const(tensor.Scalar[uint8](128)), nil)
	show(c, ops.Scale(ops.Cast(c, tensor.Float32), 0.5*0.25))
	// Output:
	// [2 2] [635 0 -16246 16384]
	// [2 2] [79.375 0 -2030.75 2048]
}

func ExampleSoftmax() {
	g := graph.New()
	x := g.Const(tensor.Of(0.0, math.Ln2, 0))
	for _, n := range []*graph.Node{ops.Softmax(x, -1), ops.LogSoftmax(x, 0), ops.LogSumExp(x)} {
		fmt.Printf("%.3f\n", optest.Eval([]*graph.Node{n})[0].V)
	}
	// Output:
	// [0.250 0.500 0.250]
	// [-1.386 -0.693 -1.386]
	// [1.386]
}

func ExampleSoftmaxCrossEntropy() {
	g := graph.New()
	logits := ops.Full(g, tensor.S(tensor.Float32, 2, 4), 1)
	labels := g.Const(tensor.Of[int32](0, 3))
	for _, n := range []*graph.Node{
		ops.SparseSoftmaxCrossEntropy(logits, labels),
		ops.SoftmaxCrossEntropy(logits, ops.OneHot(labels, 4, tensor.Float32)),
		ops.SigmoidCrossEntropy(logits, ops.Ones(logits)),
	} {
		fmt.Printf("%v %.3f\n", n.Shape(), optest.Eval([]*graph.Node{n})[0].V)
	}
	// Output:
	// [2] [1.386 1.386]
	// [2] [1.386 1.386]
	// [2 4] [0.313 0.313 0.313 0.313 0.313 0.313 0.313 0.313]
}

// Inputs broadcast as in NumPy.
func ExampleAdd() {
	g := graph.New()
	column := ops.Iota(g, tensor.S(tensor.Int32, 2, 1), 0)
	row := g.Const(tensor.Of[int32](10, 20, 30))
	show(ops.Add(column, row), ops.Sub(column, row), ops.Mul(column, row), ops.Maximum(column, row))
	show(ops.FloorDiv(row, ops.Full(g, row.Spec(), -7)), ops.Mod(row, ops.Full(g, row.Spec(), -7)), ops.Fmod(row, ops.Full(g, row.Spec(), -7)))
	// Output:
	// [2 3] [10 20 30 11 21 31]
	// [2 3] [-10 -20 -30 -9 -19 -29]
	// [2 3] [0 0 0 10 20 30]
	// [2 3] [10 20 30 10 20 30]
	// [3] [-2 -3 -5]
	// [3] [-4 -1 -5]
	// [3] [3 6 2]
}

// Questions answer with truths, which count as 1 and 0.
func ExampleGreater() {
	g := graph.New()
	x := g.Const(tensor.Of(1.0, 2, 3))
	two := ops.Full(g, x.Spec(), 2)
	show(ops.Greater(x, two), ops.Or(ops.Less(x, two), ops.Equal(x, two)), ops.Not(ops.LessEqual(x, two)))
	show(ops.Any(ops.Greater(x, two)), ops.All(ops.Greater(x, two)))
	// Output:
	// [3] [0 0 1]
	// [3] [1 1 0]
	// [3] [0 0 1]
	// [] [1]
	// [] [0]
}

func ExampleReshape() {
	g := graph.New()
	x := ops.Iota(g, tensor.S(tensor.Float32, 6), 0)
	m := ops.Reshape(x, 2, -1)
	show(m, ops.Transpose(m), ops.ExpandDims(x, 0), ops.Flip(x, 0), ops.SwapAxes(m, 0, 1))
	// Output:
	// [2 3] [0 1 2 3 4 5]
	// [3 2] [0 3 1 4 2 5]
	// [1 6] [0 1 2 3 4 5]
	// [6] [5 4 3 2 1 0]
	// [3 2] [0 3 1 4 2 5]
}

func ExampleConcat() {
	g := graph.New()
	a, b := g.Const(tensor.Of(1.0, 2)), g.Const(tensor.Of(3.0, 4))
	show(ops.Concat(0, a, b), ops.Stack(0, a, b), ops.Stack(1, a, b))
	show(ops.Split(ops.Concat(0, a, b), 0, 1, 3)...)
	show(ops.Tile(a, 2), ops.Repeat(a, 2, 0))
	// Output:
	// [4] [1 2 3 4]
	// [2 2] [1 2 3 4]
	// [2 2] [1 3 2 4]
	// [1] [1]
	// [3] [2 3 4]
	// [4] [1 2 1 2]
	// [4] [1 1 2 2]
}

func ExamplePad() {
	g := graph.New()
	x := g.Const(tensor.Of(1.0, 2, 3))
	before, after := []int{2}, []int{1}
	show(ops.Pad(x, before, after, 9), ops.PadEdge(x, before, after), ops.PadReflect(x, before, after))
	// Output:
	// [6] [9 9 1 2 3 9]
	// [6] [1 1 1 2 3 3]
	// [6] [3 2 1 2 3 2]
}

func ExampleReduceMax() {
	g := graph.New()
	x := ops.Reshape(g.Const(tensor.Of(3.0, 1, 2, 4, 6, 5)), 2, 3)
	show(ops.ReduceMax(x, -1), ops.ReduceMin(x, 0), ops.ReduceProd(x), ops.ReduceMean(x, -1), ops.ArgMax(x, -1), ops.ArgMin(x, 0))
	show(ops.Var(x, -1), ops.Norm(g.Const(tensor.Of(3.0, 4))), ops.CumSum(x, 1))
	// Output:
	// [2] [3 6]
	// [3] [3 1 2]
	// [] [720]
	// [2] [2 5]
	// [2] [0 1]
	// [3] [0 0 0]
	// [2] [0.6666666666666666 0.6666666666666666]
	// [] [5]
	// [2 3] [3 4 6 4 10 15]
}

func ExampleOneHot() {
	g := graph.New()
	show(ops.OneHot(g.Const(tensor.Of[int32](2, 0)), 3, tensor.Float32))
	// Output:
	// [2 3] [0 0 1 1 0 0]
}

func ExampleGatherAlong() {
	g := graph.New()
	x := ops.Iota(g, tensor.S(tensor.Float32, 2, 3), 1)
	own := g.Const(tensor.Of[int32](2, 1))
	show(ops.GatherAlong(x, ops.Reshape(own, 2, 1), -1)) // one element of every row
	show(ops.ScatterAdd(ops.Zeros(x), own, ops.Full(g, tensor.S(tensor.Float32, 2, 2), 1), 1))
	// Output:
	// [2 1] [2 1]
	// [2 3] [0 1 1 0 1 1]
}

func ExampleTril() {
	g := graph.New()
	x := ops.Full(g, tensor.S(tensor.Float32, 3, 3), 1)
	show(ops.Tril(x, 0), ops.Triu(x, 1))
	// Output:
	// [3 3] [1 0 0 1 1 0 1 1 1]
	// [3 3] [0 1 1 0 0 1 0 0 0]
}

func ExampleExp() {
	g := graph.New()
	x := g.Const(tensor.Of(0.25, 1, 4))
	for _, f := range []func(*graph.Node) *graph.Node{
		ops.Exp, ops.Expm1, ops.Log, ops.Log1p, ops.Sqrt, ops.Rsqrt, ops.Reciprocal, ops.Square, ops.Erf,
		ops.Sin, ops.Cos, ops.Tanh, ops.Sigmoid, ops.Softplus, ops.Relu, ops.Gelu, ops.Silu,
	} {
		y := f(x)
		fmt.Printf("%-10s %.3f\n", y.Op.Name(), optest.Eval([]*graph.Node{y})[0].V)
	}
	// Output:
	// Exp        [1.284 2.718 54.598]
	// Expm1      [0.284 1.718 53.598]
	// Log        [-1.386 0.000 1.386]
	// Log1p      [0.223 0.693 1.609]
	// Sqrt       [0.500 1.000 2.000]
	// Rsqrt      [2.000 1.000 0.500]
	// Reciprocal [4.000 1.000 0.250]
	// Square     [0.062 1.000 16.000]
	// Erf        [0.276 0.843 1.000]
	// Sin        [0.247 0.841 -0.757]
	// Cos        [0.969 0.540 -0.654]
	// Tanh       [0.245 0.762 0.999]
	// Sigmoid    [0.562 0.731 0.982]
	// Softplus   [0.826 1.313 4.018]
	// Relu       [0.250 1.000 4.000]
	// Gelu       [0.150 0.841 4.000]
	// Silu       [0.141 0.731 3.928]
}

func ExampleRound() {
	g := graph.New()
	x := g.Const(tensor.Of(-2.5, -1.2, 0.5, 1.5))
	show(ops.Floor(x), ops.Ceil(x), ops.Trunc(x), ops.Round(x), ops.Clip(x, -1, 1), ops.Abs(x), ops.Sign(x))
	// Output:
	// [4] [-3 -2 0 1]
	// [4] [-2 -1 1 2]
	// [4] [-2 -1 0 1]
	// [4] [-2 -1 0 2]
	// [4] [-1 -1 0.5 1]
	// [4] [2.5 1.2 0.5 1.5]
	// [4] [-1 -1 1 1]
}

func ExampleCast() {
	g := graph.New()
	x := g.Const(tensor.Of(-1.75, 0.25, 300))
	show(ops.Cast(x, tensor.Int32), ops.Cast(x, tensor.Bool))
	// Output:
	// [3] [-1 0 300]
	// [3] [1 1 1]
}

func ExampleBroadcast() {
	fmt.Println(ops.Broadcast(tensor.D(32, 1, 5), tensor.D(4, 1)))
	_, err := ops.Broadcast(tensor.D(3), tensor.D(4))
	fmt.Println(err)
	// Output:
	// [32 4 5] <nil>
	// shapes [3] and [4] do not broadcast: axes 3 and 4: want equal lengths or 1
}

// Nothing flows back through what is held fast.
func ExampleStopGradient() {
	g := graph.New()
	x := g.Const(tensor.Scalar(3.0))
	show(autodiff.Grad(ops.Mul(x, x), x)[0], autodiff.Grad(ops.Mul(x, ops.StopGradient(x)), x)[0])
	// Output:
	// [] [6]
	// [] [3]
}

// A number depends on seed, stream and its place alone.
func ExampleRandomUniform() {
	g := graph.New()
	seed := g.Const(tensor.Of[uint64](42, 0))
	s := tensor.S(tensor.Float32, 4)
	for _, n := range []*graph.Node{
		ops.RandomUniform(seed, s, 0), ops.RandomUniform(seed, s, 1), ops.RandomNormal(seed, s, 0), ops.Bernoulli(seed, s, 0.5, 0),
	} {
		fmt.Printf("%.3f\n", optest.Eval([]*graph.Node{n})[0].V)
	}
	// Output:
	// [0.613 0.469 0.073 0.341]
	// [0.126 0.594 0.329 0.785]
	// [-0.970 0.194 -1.236 1.924]
	// [0.000 1.000 1.000 1.000]
}

func ExampleApplySGD() {
	g := graph.New()
	w, grad, lr := g.Const(tensor.Of(1.0)), g.Const(tensor.Of(0.5)), g.Const(tensor.Scalar(0.5))
	decay := ops.Zeros(lr)
	show(ops.ApplySGD(w, grad, lr, decay))
	show(ops.ApplyMomentum(ops.ApplyMomentumOp{Momentum: 0.5}, w, ops.Zeros(w), grad, lr, decay))
	// Output:
	// [1] [0.75]
	// [1] [0.75]
	// [1] [-0.25]
}

// An update that is held back leaves all as it is.
func ExampleApplyIf() {
	g := graph.New()
	w, m, grad, lr := g.Const(tensor.Of(1.0)), g.Const(tensor.Of(0.5)), g.Const(tensor.Of(-2.0)), g.Const(tensor.Scalar(0.25))
	for _, on := range []bool{true, false} {
		show(ops.ApplyIf(g.Const(tensor.Scalar(on)), ops.ApplyLionOp{Beta1: 0.5, Beta2: 0.75}, w, m, grad, lr, ops.Zeros(lr))...)
	}
	// Output:
	// [1] [1.25]
	// [1] [-0.125]
	// [1] [1]
	// [1] [0.5]
}

func ExampleAtan() {
	g := graph.New()
	x := g.Const(tensor.Of(0, 0.25, 0.5))
	for _, f := range []func(*graph.Node) *graph.Node{
		ops.Tan, ops.Asin, ops.Acos, ops.Atan, ops.Sinh, ops.Cosh, ops.Asinh, ops.Atanh, ops.Exp2, ops.Erfc,
	} {
		y := f(x)
		fmt.Printf("%-5s %.3f\n", y.Op.Name(), optest.Eval([]*graph.Node{y})[0].V)
	}
	// Output:
	// Tan   [0.000 0.255 0.546]
	// Asin  [0.000 0.253 0.524]
	// Acos  [1.571 1.318 1.047]
	// Atan  [0.000 0.245 0.464]
	// Sinh  [0.000 0.253 0.521]
	// Cosh  [1.000 1.031 1.128]
	// Asinh [0.000 0.247 0.481]
	// Atanh [0.000 0.255 0.549]
	// Exp2  [1.000 1.189 1.414]
	// Erfc  [1.000 0.724 0.480]
}

// Functions that networks bend their values with.
func ExampleElu() {
	g := graph.New()
	x := g.Const(tensor.Of(-2.0, -0.5, 0, 1))
	for _, y := range []*graph.Node{
		ops.Elu(x, 1), ops.LeakyRelu(x, 0.25), ops.Selu(x), ops.Softsign(x), ops.GeluTanh(x),
	} {
		fmt.Printf("%-9s %.3f\n", y.Op.Name(), optest.Eval([]*graph.Node{y})[0].V)
	}
	// Output:
	// Elu       [-0.865 -0.393 0.000 1.000]
	// LeakyRelu [-0.500 -0.125 0.000 1.000]
	// Selu      [-1.520 -0.692 0.000 1.051]
	// Softsign  [-0.667 -0.333 0.000 0.500]
	// GeluTanh  [-0.045 -0.154 0.000 0.841]
}

func ExampleHypot() {
	g := graph.New()
	a, b := g.Const(tensor.Of(3.0, 1)), g.Const(tensor.Of(4.0, 2))
	for _, y := range []*graph.Node{
		ops.Hypot(a, b), ops.Pow(a, b), ops.Div(a, b), ops.Minimum(a, b), ops.Atan2(a, b), ops.Logaddexp(a, b),
	} {
		fmt.Printf("%-9s %.3f\n", y.Op.Name(), optest.Eval([]*graph.Node{y})[0].V)
	}
	// Output:
	// Hypot     [5.000 2.236]
	// Pow       [81.000 1.000]
	// Div       [0.750 0.500]
	// Min       [3.000 1.000]
	// Atan2     [0.644 0.464]
	// Logaddexp [4.313 2.313]
}

func ExampleIsNaN() {
	g := graph.New()
	x := g.Const(tensor.Of(1, math.Inf(-1), math.NaN()))
	nan, inf := ops.IsNaN(x), ops.IsInf(x)
	show(nan, inf, ops.IsFinite(x), ops.Or(nan, inf), ops.And(nan, inf), ops.Xor(nan, inf), ops.NotEqual(x, x))
	// Output:
	// [3] [0 0 1]
	// [3] [0 1 0]
	// [3] [1 0 0]
	// [3] [0 1 1]
	// [3] [0 0 0]
	// [3] [0 1 1]
	// [3] [0 0 1]
}

// A number that is known now needs no node.
func ExampleScale() {
	g := graph.New()
	x := g.Const(tensor.Of(1.0, 2))
	show(ops.Offset(ops.Scale(x, 10), 0.5), ops.Neg(x), ops.Std(x), ops.BroadcastTo(x, tensor.D(2, 2)))
	// Output:
	// [2] [10.5 20.5]
	// [2] [-1 -2]
	// [] [0.5]
	// [2 2] [1 2 1 2]
}

func ExampleSameRank() {
	g := graph.New()
	labels, predictions := ops.SameRank(g.Input("labels", tensor.S(tensor.Float32, 3)), g.Input("predictions", tensor.S(tensor.Float32, 3, 1)))
	fmt.Println(labels.Shape(), predictions.Shape())
	// Output: [3 1] [3 1]
}

func ExampleScalarLike() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float64, 2, 3))
	fmt.Println(ops.Div(ops.ScalarLike(x, 1), x).Spec())
	// Output: float64[2 3]
}

// Two sequences of three times and three symbols are to spell 1 and 1 2.
func ExampleCTCLoss() {
	g := graph.New()
	logits := g.Const(tensor.New(tensor.Float64, 2, 3, 3))
	labels, err := tensor.Of[int32](1, 0, 1, 2).Reshape(2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	loss := ops.CTCLoss(ops.LogSoftmax(logits, -1), g.Const(labels), g.Const(tensor.Of[int32](1, 2)), g.Const(tensor.Of[int32](3, 3)))
	show(ops.Scale(ops.Exp(ops.Neg(loss)), 27)) // of the 27 alignments so many do
	// Output:
	// [2] [6.000000000000002 5.000000000000003]
}

func ExampleSparsemax() {
	g := graph.New()
	show(ops.Sparsemax(g.Const(tensor.Of(1.0, 0.75, -2)), -1))
	// Output:
	// [3] [0.625 0.375 0]
}
