package ops_test

import (
	"fmt"

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
