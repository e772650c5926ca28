package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

var scalar = tensor.S(tensor.Float32)

// trace traces a body of one scalar.
func trace(g *graph.Graph, f func(x *graph.Node) *graph.Node) (*graph.Func, []*graph.Node) {
	return g.Trace([]string{"x"}, []tensor.Spec{scalar}, func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in[0])} })
}

func TestTrace(t *testing.T) {
	g := graph.New()
	a, b := g.Input("a", scalar), g.Input("b", scalar)
	v := graph.NewVar("v", tensor.Scalar(float32(3)))
	two := ops.Full(g, scalar, 2)
	before := len(g.Nodes())
	f, captured := trace(g, func(x *graph.Node) *graph.Node {
		y := ops.Add(a, b) // of nodes outside alone: it is a part of the body all the same
		y = ops.Mul(ops.Mul(y, x), g.Value(v))
		return ops.Add(ops.Mul(y, two), a)
	})
	if want := []*graph.Node{a, b, g.Value(v), two}; !slices.Equal(captured, want) {
		t.Errorf("captured %v: want a, b, v and two", captured)
	}
	const want = `%0 = Input x  float32[]
%1 = Input a  float32[]
%2 = Input b  float32[]
%3 = Add %1, %2  float32[]
%4 = Mul %3, %0  float32[]
%5 = Input v  float32[]
%6 = Mul %4, %5  float32[]
%7 = Input ConstantOfShape 2  float32[]
%8 = Mul %6, %7  float32[]
%9 = Add %8, %1  float32[]
return %9
`
	if got := f.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := len(g.Nodes()) - before; got != 1 { // the variable
		t.Errorf("the graph around got %d nodes: want 1", got)
	}
	y := f.Inline(g, []*graph.Node{b, a, a, a, a})[0]
	if y.Graph() != g {
		t.Error("Inline applied the body elsewhere")
	}
}

// TestTraceNested captures through a body in a body.
func TestTraceNested(t *testing.T) {
	g := graph.New()
	a := g.Input("a", scalar)
	f, captured := trace(g, func(x *graph.Node) *graph.Node {
		inner, from := trace(g, func(y *graph.Node) *graph.Node { return ops.Add(ops.Mul(y, a), x) })
		if len(from) != 2 || from[0].Graph() != x.Graph() || from[1] != x || len(inner.In) != 3 {
			t.Errorf("the inner body captured %v: want what stands for a, and x", from)
		}
		return ops.Exp(a)
	})
	if len(captured) != 1 || captured[0] != a || len(f.In) != 2 {
		t.Errorf("captured %v: want a, once", captured)
	}
}

// TestOutside applies operations to nodes of the outermost graph while two bodies are traced.
func TestOutside(t *testing.T) {
	g := graph.New()
	a := g.Input("a", scalar)
	g.SetScope("around")
	var made *graph.Node
	trace(g, func(x *graph.Node) *graph.Node {
		inner, from := trace(g, func(y *graph.Node) *graph.Node {
			defer g.SetScope(g.SetScope("inside"))
			g.Outside(func() { made = ops.Exp(a) })
			return ops.Exp(y)
		})
		if len(from) != 0 || len(inner.Graph.Nodes()) != 2 {
			t.Errorf("the inner body is\n%swant Exp y", inner)
		}
		return ops.Exp(x)
	})
	if made.Graph() != g || made.Scope() != "inside" {
		t.Errorf("made in scope %q, of the outermost graph: %v", made.Scope(), made.Graph() == g)
	}
	if n := ops.Log(a); n.Scope() != "around" {
		t.Errorf("the scope after it is %q: want the one before", n.Scope())
	}
}

func TestTraceErrors(t *testing.T) {
	g, other := graph.New(), graph.New()
	a, z := g.Input("a", scalar), other.Input("z", scalar)
	v := graph.NewVar("v", tensor.Scalar(float32(3)))
	var leaked *graph.Node
	trace(g, func(x *graph.Node) *graph.Node { leaked = x; return x })
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"graph.Update: variable v is updated inside the body", func() {
			trace(g, func(x *graph.Node) *graph.Node { g.Update(v, a); return x })
		}},
		{"graph.Input: input b inside the body", func() { trace(g, func(x *graph.Node) *graph.Node { return x.Graph().Input("b", scalar) }) }},
		{"ops.Add: input 1 belongs to another graph", func() { trace(g, func(x *graph.Node) *graph.Node { return ops.Add(x, z) }) }},
		{"result 0 of the body belongs to another graph", func() { trace(g, func(*graph.Node) *graph.Node { return z }) }},
		{"graph: got a nil node", func() { trace(g, func(*graph.Node) *graph.Node { return nil }) }},
		{"belongs to a body that is closed", func() { ops.Exp(leaked) }},
		{"ops.Add: input 1 belongs to another graph", func() { ops.Add(a, leaked) }},
	} {
		err := graph.Catch(c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "body_test.go:") {
			t.Errorf("got %v, want body_test.go ... %q", err, c.want)
		}
	}
	if y := ops.Exp(a); y.Graph() != g { // a body that failed is left
		t.Error("the graph still traces a body")
	}
}
