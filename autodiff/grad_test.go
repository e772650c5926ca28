package autodiff_test

import (
	"fmt"
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

// The gradient of x³ is 3x², and that of the gradient 6x.
func ExampleGrad() {
	g := graph.New()
	x := g.Const(tensor.Scalar(2.0))
	y := ops.Mul(x, ops.Mul(x, x))
	dx := autodiff.Grad(y, x)[0]
	ddx := autodiff.Grad(dx, x)[0]
	for _, v := range optest.Eval([]*graph.Node{y, dx, ddx}) {
		fmt.Println(v.V[0])
	}
	// Output:
	// 8
	// 12
	// 12
}

// VJP takes the gradient of a result for each of its elements, weighed.
func ExampleVJP() {
	g := graph.New()
	x := g.Const(tensor.Of(1.0, 2.0, 3.0))
	dy := g.Const(tensor.Of(1.0, 0.0, 10.0))
	dx := autodiff.VJP(ops.Square(x), dy, x)[0]
	fmt.Println(optest.Eval([]*graph.Node{dx})[0].V)
	// Output: [2 0 60]
}

// eval returns the values of nodes of a graph of constants.
func eval(n ...*graph.Node) [][]float64 {
	var v [][]float64
	for _, a := range optest.Eval(n) {
		v = append(v, a.V)
	}
	return v
}

func vector(g *graph.Graph, v ...float64) *graph.Node { return g.Const(tensor.Of(v...)) }

func TestAccumulation(t *testing.T) {
	g := graph.New()
	x := vector(g, 1, 2)
	// x is used three times, once by way of another use.
	y := ops.ReduceSum(ops.Add(ops.Mul(x, ops.Exp(x)), x))
	got := eval(autodiff.Grad(y, x)...)
	want := [][]float64{{2*math.E + 1, 3*math.Exp(2) + 1}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-15, 0)); diff != "" {
		t.Errorf("gradient (-want +got):\n%s", diff)
	}
}

func TestUnbroadcast(t *testing.T) {
	for _, c := range []struct {
		a, b   []int
		da, db float64 // what every element of a and b gets, for a sum of a·1 + b·1
	}{
		{[]int{3, 4}, []int{4}, 1, 3},
		{[]int{3, 4}, []int{}, 1, 12},
		{[]int{3, 1}, []int{1, 4}, 4, 3},
		{[]int{2, 1, 3}, []int{4, 1}, 4, 6},
		{[]int{1, 1}, []int{5}, 5, 1},
		{[]int{0, 3}, []int{3}, 1, 0},
		{[]int{1, 3}, []int{0, 1}, 0, 3},
	} {
		g := graph.New()
		a := g.Const(tensor.New(tensor.Float64, c.a...))
		b := g.Const(tensor.New(tensor.Float64, c.b...))
		grads := autodiff.Grad(ops.ReduceSum(ops.Add(a, b)), a, b)
		for i, want := range []float64{c.da, c.db} {
			if got, want := grads[i].Spec(), []*graph.Node{a, b}[i].Spec(); got != want {
				t.Errorf("%v + %v: gradient %d is %v, want %v", c.a, c.b, i, got, want)
			}
			for _, got := range eval(grads[i])[0] {
				if got != want {
					t.Errorf("%v + %v: gradient %d: got %v, want %v", c.a, c.b, i, got, want)
				}
			}
		}
	}
}

func TestNoDependenceIsZero(t *testing.T) {
	g := graph.New()
	x, z := vector(g, 1, 2), vector(g, 3)
	y := ops.ReduceSum(ops.Square(x))
	stopped := ops.ReduceSum(ops.Mul(ops.StopGradient(x), x))
	got := eval(append(autodiff.Grad(y, z, y), autodiff.Grad(stopped, x)...)...)
	want := [][]float64{{0}, {1}, {1, 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gradients by what is not used, by y itself, beside StopGradient (-want +got):\n%s", diff)
	}
}

// A gradient by an intermediate node is that of what follows it.
func TestIntermediate(t *testing.T) {
	g := graph.New()
	x := vector(g, 3)
	h := ops.Square(x)
	y := ops.ReduceSum(ops.Square(h))
	if diff := cmp.Diff([][]float64{{18}, {108}}, eval(autodiff.Grad(y, h, x)...)); diff != "" {
		t.Errorf("gradients (-want +got):\n%s", diff)
	}
}

func TestTuple(t *testing.T) {
	g := graph.New()
	x := vector(g, 1, 5, 3)
	values, indices := ops.TopK(x, 2)
	y := ops.ReduceSum(ops.Mul(values, vector(g, 10, 1)))
	if diff := cmp.Diff([][]float64{{0, 10, 1}}, eval(autodiff.Grad(y, x)...)); diff != "" {
		t.Errorf("gradient by way of values (-want +got):\n%s", diff)
	}
	// Indices pass nothing on.
	y = ops.ReduceSum(ops.Cast(indices, tensor.Float64))
	if diff := cmp.Diff([][]float64{{0, 0, 0}}, eval(autodiff.Grad(y, x)...)); diff != "" {
		t.Errorf("gradient by way of indices (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	g := graph.New()
	x := vector(g, 1, 2)
	w, m, lr := vector(g, 1), vector(g, 1), g.Const(tensor.Scalar(1.0))
	count := ops.ReduceSum(g.Const(tensor.Of[int32](1)))
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"autodiff.Grad: y is float64[2]: want a float scalar", func() { autodiff.Grad(x, x) }},
		{"autodiff.Grad: y is int32[]: want a float scalar", func() { autodiff.Grad(count, x) }},
		{"autodiff.VJP: y is float64[2], dy is float64[1]: want the same", func() { autodiff.VJP(x, w, x) }},
		{"autodiff: node 1 of wrt belongs to another graph", func() { autodiff.VJP(x, x, x, vector(graph.New(), 1)) }},
		{"graph: got a nil node", func() { autodiff.VJP(x, x, nil) }},
		{"autodiff: ApplySGD has no gradient", func() { autodiff.VJP(ops.ApplySGD(w, m, lr, lr), w, w) }},
	} {
		err := graph.Catch(c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "grad_test.go:") {
			t.Errorf("got %v, want grad_test.go ... %q", err, c.want)
		}
	}
}

// TestHessian compares the product of a vector and the Hessian of a small network's
// loss with differences of its gradient.
func TestHessian(t *testing.T) {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float64, 2, 3))
	w := g.Input("w", tensor.S(tensor.Float64, 3, 4))
	labels := g.Const(tensor.Of[int32](3, 1))
	loss := ops.ReduceMean(ops.SparseSoftmaxCrossEntropy(ops.Tanh(ops.MatMul(x, w)), labels))
	in := []ops.Array{ops.NewArray(x.Spec()), ops.NewArray(w.Spec())}
	for _, a := range in {
		for i := range a.V {
			a.V[i] = math.Sin(float64(3*i + 1))
		}
	}
	if err := optest.CheckGrad(loss, in, 1e-8); err != nil {
		t.Error(err)
	}
	if err := optest.CheckGrad2(loss, in, 1e-7); err != nil {
		t.Error(err)
	}
}

// Parts of a split that y does not depend on have no gradient: theirs are zeros.
func TestGradOfSomeParts(t *testing.T) {
	g := graph.New()
	x := vector(g, 1, 2, 3, 4, 5, 6)
	parts := ops.Split(x, 0, 2, 1, 3)
	y := ops.Add(ops.ReduceSum(ops.Square(parts[2])), ops.ReduceSum(parts[0]))
	dx := autodiff.Grad(y, x)[0]
	if _, ok := dx.Op.(ops.ConcatOp); !ok {
		t.Errorf("the gradient is a %s: want one Concat", dx.Op.Name())
	}
	if got, want := eval(dx)[0], []float64{1, 1, 0, 8, 10, 12}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := eval(autodiff.Grad(y, parts[2])[0])[0], []float64{8, 10, 12}; !cmp.Equal(got, want) {
		t.Errorf("by a part: got %v, want %v", got, want)
	}
}
