package flow_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

type nodes = []*graph.Node

func TestErrors(t *testing.T) {
	g, other := graph.New(), graph.New()
	h, x, n := g.Input("h", f64(2)), g.Input("x", f64(3, 2)), g.Input("n", tensor.S(tensor.Int32))
	deep := g.Input("deep", f64(1, 1, 1, 1, 1, 1, 1, 1))
	yes := g.Input("yes", tensor.S(tensor.Bool))
	v := graph.NewVar("v", tensor.Scalar(1.0))
	scan := func(init, xs nodes, next, y func(h, x nodes) nodes, opts ...flow.ScanOption) func() {
		return func() {
			flow.Scan(init, xs, func(h, x nodes) (nodes, nodes) { return next(h, x), y(h, x) }, opts...)
		}
	}
	state := func(h, _ nodes) nodes { return h }
	none := func(_, _ nodes) nodes { return nil }
	cond := func(pred *graph.Node, then, els nodes) func() {
		return func() {
			flow.Cond(pred, func() []*graph.Node { return then }, func() []*graph.Node { return els })
		}
	}
	while := func(init nodes, on *graph.Node, next nodes, opts ...flow.WhileOption) func() {
		return func() {
			flow.While(init, func(nodes) *graph.Node { return on }, func(nodes) []*graph.Node { return next }, opts...)
		}
	}
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"flow.Scan: got no sequence: want one or flow.Steps", scan(nodes{h}, nil, state, none)},
		{"flow.Scan: got no state and no sequence: want one or more", scan(nil, nil, none, none, flow.Steps(3))},
		{"flow.Scan: -1 steps: want 0 or more", scan(nodes{h}, nil, state, none, flow.Steps(-1))},
		{"flow.Scan: sequence 0 is int32[]: want an axis of steps", scan(nodes{h}, nodes{n}, state, none)},
		{"flow.Scan: sequence 1 is float64[2], of 2 steps: want 3", scan(nil, nodes{x, h}, none, none)},
		{"flow.Scan: sequence 0 is float64[3 2], of 3 steps: want 4", scan(nil, nodes{x}, none, none, flow.Steps(4))},
		{"flow.Scan: the body returns 0 states: want 1, one for each of init", scan(nodes{h}, nodes{x}, none, none)},
		{"flow.Scan: the body returns 2 states: want 1", scan(nodes{h}, nodes{x}, func(h, x nodes) nodes { return nodes{h[0], x[0]} }, none)},
		{"flow.Scan: state 0 of the body is float32[2]: want float64[2], as in init", scan(nodes{h}, nodes{x}, func(h, _ nodes) nodes { return nodes{ops.Cast(h[0], tensor.Float32)} }, none)},
		{"flow.Scan: state 0 of the body is float64[1 2]: want float64[2], as in init", scan(nodes{h}, nodes{x}, func(h, _ nodes) nodes { return nodes{ops.ExpandDims(h[0], 0)} }, none)},
		{"flow.Scan: state 0 of the body is nil: want float64[2]", scan(nodes{h}, nodes{x}, func(_, _ nodes) nodes { return nodes{nil} }, none)},
		{"flow.Scan: y 0 of the body: float64[1 1 1 1 1 1 1 1] of 3 steps: want at most 8 axes with that of the steps", scan(nodes{h}, nodes{x}, state, func(_, _ nodes) nodes { return nodes{deep} })},
		{"graph: got a nil node", scan(nodes{h}, nodes{x}, state, func(_, _ nodes) nodes { return nodes{nil} })},
		{"graph: got a nil node", scan(nodes{nil}, nodes{x}, state, none)},
		{"ops.Add: a is float64[2], b is int32[]: want one dtype", scan(nodes{h}, nodes{x}, func(h, _ nodes) nodes { return nodes{ops.Add(h[0], n)} }, none)},
		{"belongs to another graph", scan(nodes{h}, nodes{x}, func(h, _ nodes) nodes { return nodes{ops.Add(h[0], other.Input("z", f64(2)))} }, none)},
		{"graph.Update: variable v is updated inside the body", scan(nodes{h}, nodes{x}, func(h, _ nodes) nodes { g.Update(v, g.Value(v)); return h }, none)},
		{"flow.Cond: pred is float64[2]: want bool[]", cond(h, nodes{h}, nodes{h})},
		{"flow.Cond: the branches return nothing: want one node or more", cond(yes, nil, nil)},
		{"flow.Cond: one branch returns 1 results, the other 2: want the same", cond(yes, nodes{h}, nodes{h, x})},
		{"flow.Cond: result 0 of one branch is float64[2], of the other float64[3 2]: want the same", cond(yes, nodes{h}, nodes{x})},
		{"graph: got a nil node", cond(yes, nodes{nil}, nodes{x})},
		{"flow.While: got no state: want one or more", while(nil, yes, nil)},
		{"flow.While: at most 0 steps: want one or more", while(nodes{h}, yes, nodes{h}, flow.MaxSteps(0))},
		{"flow.While: at most -1 steps: want one or more", while(nodes{h}, yes, nodes{h}, flow.MaxSteps(-1))},
		{"flow.While: option 0 is nil", while(nodes{h}, yes, nodes{h}, nil)},
		{"flow.While: cond or body is nil: want two functions", func() { flow.While(nodes{h}, nil, func(s []*graph.Node) []*graph.Node { return s }) }},
		{"flow.While: cond or body is nil: want two functions", func() { flow.While(nodes{h}, func(nodes) *graph.Node { return yes }, nil) }},
		{"flow.Scan: option 0 is nil", scan(nodes{h}, nodes{x}, state, none, nil)},
		{"flow.Scan: the body is nil", func() { flow.Scan(nodes{h}, nodes{x}, nil) }},
		{"flow.Cond: a branch is nil: want two functions", func() { flow.Cond(yes, nil, func() []*graph.Node { return nodes{h} }) }},
		{"flow.Cond: a branch is nil: want two functions", func() { flow.Cond(yes, func() []*graph.Node { return nodes{h} }, nil) }},
		{"flow.While: cond returns float64[2]: want bool[]", while(nodes{h}, h, nodes{h})},
		{"flow.While: the body returns 2 states: want 1", while(nodes{h}, yes, nodes{h, x})},
		{"flow.While: state 0 of the body is float64[3 2]: want float64[2], as in init", while(nodes{h}, yes, nodes{x})},
	} {
		err := graph.Catch(c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "errors_test.go:") {
			t.Errorf("got %v, want errors_test.go ... %q", err, c.want)
		}
	}
	ops.Exp(h) // no body is left open
}

// TestHoisted sees what stays in the body of a loop: neither the product with x nor what
// depends on full inputs alone.
func TestHoisted(t *testing.T) {
	g := graph.New()
	x, w, b, h := g.Input("x", f64(5, 2, 3)), g.Input("w", f64(4, 3)), g.Input("b", f64(4)), g.Input("h", f64(2, 4))
	last, _ := flow.Scan(nodes{h}, nodes{x}, func(h, x nodes) (nodes, nodes) {
		z := ops.Add(ops.MatMul(ops.Cast(ops.Square(x[0]), tensor.Float32), ops.Cast(ops.Transpose(w), tensor.Float32)), ops.Cast(ops.Exp(b), tensor.Float32))
		return nodes{ops.Add(ops.Scale(h[0], 2), ops.Cast(z, tensor.Float64))}, nil
	})
	op := last[0].In[0]
	if _, one := last[0].Op.(flow.ScanOp); one {
		op = last[0]
	}
	const want = `%0 = Input state 0  float64[2 4]
%1 = Input x 0  float32[2 4]
%2 = Full 2  float64[]
%3 = Mul %0, %2  float64[2 4]
%4 = Cast{To:float64} %1  float64[2 4]
%5 = Add %3, %4  float64[2 4]
return %5, %0
`
	if got := op.Op.(flow.ScanOp).Body.String(); got != want {
		t.Errorf("the body is\n%swant\n%s", got, want)
	}
	if z := op.In[1]; z.Shape() != tensor.D(5, 2, 4) {
		t.Errorf("the product of all steps is %v: want [5 2 4]", z.Spec())
	}
}

// TestNoSteps returns init, empty sequences and gradients.
func TestNoSteps(t *testing.T) {
	g := graph.New()
	x, w, h := g.Input("x", f64(0, 2, 3)), g.Input("w", f64(3, 4)), g.Input("h", f64(2, 4))
	last, ys := flow.Scan(nodes{h}, nodes{x}, func(h, x nodes) (nodes, nodes) {
		n := ops.Tanh(ops.Add(ops.MatMul(x[0], w), h[0]))
		return nodes{n}, nodes{n}
	})
	if err := optest.CheckGrad2(sumSquares(last[0], ys[0]), waves(g), 1e-8); err != nil {
		t.Error(err)
	}
}
