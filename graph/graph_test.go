package graph_test

import (
	"fmt"
	"math"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Two inputs and a constant, and the program that they make.
func Example() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 32, 784))
	w := g.Value(graph.NewVar("dense/kernel", tensor.New(tensor.Float32, 784, 10)))
	b := g.Const(tensor.New(tensor.Float32, 10))
	y := ops.Relu(ops.Add(ops.MatMul(x, w), b))
	fmt.Println(y.Spec())
	fmt.Print(g)
	// Output:
	// float32[32 10]
	// %0 = Input x  float32[32 784]
	// %1 = Variable dense/kernel  float32[784 10]
	// %2 = Constant  float32[10]
	// %3 = MatMul %0, %1  float32[32 10]
	// %4 = Add %3, %2  float32[32 10]
	// %5 = Relu %4  float32[32 10]
}

// Mistakes in a traced function come back as errors that name its line.
func ExampleCatch() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 32, 784))
	w := g.Input("w", tensor.S(tensor.Float32, 512, 10))
	err := graph.Catch(func() { ops.MatMul(x, w) })
	fmt.Println(err)
	// Output: graph_test.go:42: ops.MatMul: a [32 784] · b [512 10]: want a[-1] == b[-2]
}

func input(g *graph.Graph, dims ...int) *graph.Node {
	return g.Input("x", tensor.S(tensor.Float32, dims...))
}

func TestEqualOperationsAreOneNode(t *testing.T) {
	g := graph.New()
	x, y := input(g, 3), input(g, 3)
	if x == y {
		t.Error("two inputs are one node")
	}
	for _, c := range []struct {
		name string
		a, b *graph.Node
		same bool
	}{
		{"same op and inputs", ops.Add(x, y), ops.Add(x, y), true},
		{"inputs the other way round", ops.Sub(x, y), ops.Sub(y, x), false},
		{"one input twice", ops.Add(x, x), ops.Add(x, y), false},
		{"other attributes", ops.Clip(x, 0, 1), ops.Clip(x, 0, 2), false},
		{"same attributes", ops.Clip(x, 0, 1), ops.Clip(x, 0, 1), true},
		{"embedded attributes", ops.ReduceSum(x), ops.ReduceSumKeep(x), false},
		{"nested", ops.Exp(ops.Neg(x)), ops.Exp(ops.Neg(x)), true},
		{"equal numbers", ops.Scale(x, 2), ops.Scale(x, 2), true},
		{"zeros of either sign", ops.Offset(x, 0), ops.Offset(x, negativeZero()), false},
		{"three inputs", ops.Concat(0, x, y, x), ops.Concat(0, x, y, x), true},
		{"three inputs, other last", ops.Concat(0, x, y, x), ops.Concat(0, x, y, y), false},
		{"four inputs, other order", ops.Concat(0, x, y, x, y), ops.Concat(0, x, y, y, x), false},
		{"fewer inputs", ops.Concat(0, x, y, x), ops.Concat(0, x, y), false},
	} {
		if got := c.a == c.b; got != c.same {
			t.Errorf("%s: one node: got %v, want %v", c.name, got, c.same)
		}
	}
	for i, n := range g.Nodes() {
		if n.ID() != i {
			t.Errorf("node %d has the number %d", i, n.ID())
		}
		for _, in := range n.In {
			if in.ID() >= i {
				t.Errorf("node %d comes before its input %d", i, in.ID())
			}
		}
	}
}

func negativeZero() float64 { return math.Copysign(0, -1) }

func TestPick(t *testing.T) {
	g := graph.New()
	x := input(g, 3, 5)
	values, indices := ops.TopK(x, 2)
	if got, want := values.Spec(), tensor.S(tensor.Float32, 3, 2); got != want {
		t.Errorf("values are %v, want %v", got, want)
	}
	if got, want := indices.Spec(), tensor.S(tensor.Int64, 3, 2); got != want {
		t.Errorf("indices are %v, want %v", got, want)
	}
	if again, _ := ops.TopK(x, 2); again != values {
		t.Error("the same result of the same operation is another node")
	}
	if graph.Pick(x, 0) != x {
		t.Error("the only result of a node is not the node")
	}
	tuple := values.In[0]
	wantError(t, `graph.Pick: result 2 of TopK: want 0 to 1`, func() { graph.Pick(tuple, 2) })
	wantError(t, `graph.Pick: result -1 of TopK: want 0 to 1`, func() { graph.Pick(tuple, -1) })
	wantError(t, `graph.Pick: result 1 of Input: want 0 to 0`, func() { graph.Pick(x, 1) })
	wantError(t, `graph.Spec: TopK has 2 results`, func() { tuple.Spec() })
	wantError(t, `graph.Spec: TopK has 2 results`, func() { ops.Relu(tuple) })
}

// wantError runs f and compares the error with a part of its text, and its place
// with the line of the caller.
func wantError(t *testing.T, part string, f func()) {
	t.Helper()
	_, _, line, _ := runtime.Caller(1)
	err := graph.Catch(f)
	if err == nil {
		t.Errorf("line %d: got no error, want %q", line, part)
		return
	}
	if where := fmt.Sprintf("graph_test.go:%d: ", line); !strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), part) {
		t.Errorf("got %q, want %s ... %q", err, where, part)
	}
}

func TestErrors(t *testing.T) {
	g, other := graph.New(), graph.New()
	x := input(g, 3)
	wantError(t, "ops.Add: input 1 belongs to another graph", func() { ops.Add(x, input(other, 3)) })
	wantError(t, "ops.Add: input 1 is nil", func() { ops.Add(x, nil) })
	wantError(t, "ops.Add: shapes [3] and [4] do not broadcast", func() { ops.Add(x, input(g, 4)) })
	wantError(t, "ops.Add: input 0 is nil", func() { ops.Add(nil, x) })
	wantError(t, "got a nil node", func() { ops.Reshape(nil, 3) })
	wantError(t, "got a nil node", func() { (*graph.Node)(nil).Spec() })
	wantError(t, "got a nil node", func() { (*graph.Node)(nil).Graph() })
	wantError(t, "got a nil node", func() { (&graph.Node{}).Shape() })
	wantError(t, "got a nil node", func() { graph.Pick(nil, 0) })
	wantError(t, "graph.Const: the tensor is nil", func() { g.Const(nil) })
	wantError(t, "graph.Value: the variable is nil", func() { g.Value(nil) })
	wantError(t, "graph.Value: the variable is nil", func() { g.Value(&graph.Var{}) })
	wantError(t, "graph.Value: the variable is nil", func() { g.Update(nil, x) })
	w := graph.NewVar("w", tensor.New(tensor.Float32, 3))
	wantError(t, "variable w: new value belongs to another graph", func() { g.Update(w, input(other, 3)) })
	wantError(t, "graph.Apply: Add without inputs", func() { graph.Apply(ops.AddOp{}) })
	wantError(t, "want at most", func() { ops.BroadcastTo(x, tensor.D(1<<40, 1<<40, 3)) })
	wantError(t, "ops.Input: tensor: float32[None]: got an axis of length -1", func() { g.Input("n", tensor.S(tensor.Float32, -1)) })
}

// A mistake that a reader makes in a traced function is found at his own line,
// however deep in glia it is noticed.
func TestErrorNamesTheCaller(t *testing.T) {
	g := graph.New()
	x := input(g, 2, 3)
	err := graph.Catch(func() {
		ops.Tile(x, 1, -1)
	})
	if where := regexp.MustCompile(`^graph_test.go:\d+: ops.Tile: -1 repetitions`); err == nil || !where.MatchString(err.Error()) {
		t.Errorf("got %v, want %v", err, where)
	}
}

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		e    graph.Error
		want string
	}{
		{graph.Error{Text: "ops.Add: no"}, "ops.Add: no"},
		{graph.Error{Where: "model.go:42", Text: "ops.Add: no"}, "model.go:42: ops.Add: no"},
		{graph.Error{Where: "model.go:42", Layer: "dense_1", Text: "ops.Add: no"}, `model.go:42: layer "dense_1": ops.Add: no`},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCatchLetsOtherPanicsPass(t *testing.T) {
	defer func() {
		if recover() != "a bug" {
			t.Error("a panic that is no *graph.Error was swallowed")
		}
	}()
	graph.Catch(func() { panic("a bug") })
}

func TestVariables(t *testing.T) {
	g := graph.New()
	w := graph.NewVar("w", tensor.Of[float32](1, 2, 3))
	still := graph.NewVar("still", tensor.Of[float32](0))
	old := g.Value(w)
	if g.Value(w) != old {
		t.Error("a variable read twice is two nodes")
	}
	g.Value(still)
	if u := g.Updates(); len(u) != 0 {
		t.Errorf("updates without Update: %v", u)
	}
	first := ops.Offset(old, 1)
	g.Update(w, first)
	if g.Value(w) != first {
		t.Error("reading after Update does not give the new value")
	}
	second := ops.Scale(g.Value(w), 2)
	g.Update(w, second)
	if u := g.Updates(); len(u) != 1 || u[0].Var != w || u[0].Node != second {
		t.Errorf("updates are %v, want w and the last value", u)
	}
	if v := g.Vars(); len(v) != 2 || v[0] != w || v[1] != still {
		t.Errorf("variables are %v", v)
	}
	fresh := graph.NewVar("fresh", tensor.Of[float32](7))
	g.Update(fresh, ops.Full(g, fresh.Spec(), 1))
	if v := g.Vars(); len(v) != 3 || v[2] != fresh || len(g.Updates()) != 2 {
		t.Errorf("a variable that is only written: variables %v, updates %v", v, g.Updates())
	}
	g.Update(w, old)
	if u := g.Updates(); len(u) != 1 || u[0].Var != fresh {
		t.Errorf("after the old value came back, updates are %v", u)
	}
	wantError(t, "variable w: new value is float32[2]: want float32[3]", func() { g.Update(w, input(g, 2)) })
}

func TestVarSet(t *testing.T) {
	v := graph.NewVar("w", tensor.New(tensor.Float32, 2, 2))
	m, err := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := m.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	memory := v.Tensor()
	if err := v.Set(turned); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{1, 3, 2, 4}, tensor.Data[float32](v.Tensor())); diff != "" || v.Tensor() != memory {
		t.Errorf("after Set of a view (-want +got):\n%s", diff)
	}
	if err := v.Set(nil); err == nil || !strings.Contains(err.Error(), "set to nil: want float32[2 2]") {
		t.Errorf("Set of nil: got %v", err)
	}
	if err := v.Set(tensor.New(tensor.Float32, 4)); err == nil || !strings.Contains(err.Error(), "float32[4]: want float32[2 2]") {
		t.Errorf("Set of another shape: got %v", err)
	}
}

func TestConstOfViewWithGaps(t *testing.T) {
	view, err := tensor.Of[float32](1, 2, 3, 4).Slice(0, 0, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	op := graph.New().Const(view).Op.(graph.ConstOp)
	if diff := cmp.Diff([]float32{1, 3}, tensor.Data[float32](op.Tensor)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrint(t *testing.T) {
	g := graph.New()
	x := g.Input("image", tensor.S(tensor.Float32, 2, 3))
	values, _ := ops.TopK(ops.Softmax(ops.Scale(x, 0.5), -1), 1)
	ops.ReduceSumKeep(values, 0)
	g.Value(graph.NewVar("total", tensor.New(tensor.Float32)))
	const want = `%0 = Input image  float32[2 3]
%1 = Full 0.5  float32[]
%2 = Mul %0, %1  float32[2 3]
%3 = Softmax{Axis:1} %2  float32[2 3]
%4 = TopK{K:1} %3  float32[2 1]  int64[2 1]
%5 = Pick{Result:0} %4  float32[2 1]
%6 = Pick{Result:1} %4  int64[2 1]
%7 = ReduceSum{Axes:[0] KeepDims:true} %5  float32[1 1]
%8 = Variable total  float32[]
`
	if diff := cmp.Diff(want, g.String()); diff != "" {
		t.Errorf("printed graph (-want +got):\n%s", diff)
	}
}

func TestInputs(t *testing.T) {
	g := graph.New()
	a, b := input(g, 1), input(g, 1)
	if in := g.Inputs(); len(in) != 2 || in[0] != a || in[1] != b {
		t.Errorf("inputs are %v", in)
	}
	if a.Graph() != g || a.Rank() != 1 || a.DType() != tensor.Float32 || a.Shape() != tensor.D(1) {
		t.Errorf("input is %v", a.Spec())
	}
}
