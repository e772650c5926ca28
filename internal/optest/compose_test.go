package optest

import (
	"math"
	"reflect"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestPrimitiveOrComposed wants every operation of package ops to be one of the two.
func TestPrimitiveOrComposed(t *testing.T) {
	primitives := map[reflect.Type]bool{}
	for _, c := range Cases() {
		typ := reflect.TypeOf(c.Op)
		if typ.PkgPath() != reflect.TypeFor[ops.AddOp]().PkgPath() {
			continue
		}
		_, primitive := c.Op.(ops.Primitive)
		_, composed := c.Op.(ops.Composed)
		if primitive == composed && !primitives[typ] {
			t.Errorf("%v: primitive %v, composed %v: want one of them; see ops.Primitive and ops.Composed", typ, primitive, composed)
		}
		if primitive || primitive == composed {
			primitives[typ] = true
		}
	}
	if n := len(primitives); n > 75 {
		t.Errorf("%d primitives: each is work for every device and exporter: want at most 75", n)
	}
}

// TestCompositions compares the results of every composed operation with those of what
// it is made of, down to primitives.
func TestCompositions(t *testing.T) {
	none := func(graph.Op, []tensor.Spec, []tensor.Spec) bool { return false }
	for _, c := range Cases() {
		op, ok := c.Op.(ops.Composed)
		if !ok {
			continue
		}
		want, err := c.Want()
		if err != nil {
			t.Error(err)
			continue
		}
		err = graph.Catch(func() {
			out := ops.Decompose(op, inputs(c), none)
			for _, n := range reachable(out) {
				switch n.Op.(type) {
				case graph.InputOp, graph.ConstOp, graph.PickOp, ops.Primitive:
				default:
					t.Errorf("%s: made of %s, which is no primitive", c.Name, n.Op.Name())
				}
			}
			for r, got := range Eval(out, c.In...) {
				if got.Spec != want[r].Spec {
					t.Errorf("%s: result %d: got %v, want %v", c.Name, r, got.Spec, want[r].Spec)
					continue
				}
				for i, v := range got.V {
					if !alike(want[r].DType, v, want[r].V[i]) {
						t.Errorf("%s: result %d at %d: made of others %v, want %v", c.Name, r, i, v, want[r].V[i])
						break
					}
				}
			}
		})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// TestCompositionGradients checks that what operations with a gradient are made of has
// the same gradient.
func TestCompositionGradients(t *testing.T) {
	for _, c := range Cases() {
		op, ok := c.Op.(ops.Composed)
		if !ok || c.NoGrad || !c.Small() || !differentiable(c) {
			continue
		}
		err := graph.Catch(func() {
			for r, y := range op.Compose(inputs(c)) {
				if err := CheckGrad(y, c.In, 1e-6); err != nil {
					t.Errorf("%s: result %d, made of others: %v", c.Name, r, err)
				}
			}
		})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// alike reports whether got, which is not rounded, is near want, which is.
func alike(dt tensor.DType, got, want float64) bool {
	if got == want || got != got && want != want {
		return true
	}
	if !dt.IsFloat() {
		return Round(dt, got) == want
	}
	if math.IsInf(want, 0) {
		return math.IsInf(Round(dt, got), int(math.Copysign(1, want)))
	}
	p, _ := precision(dt)
	return math.Abs(got-want) <= max(4*p, 1e-11)*max(1, math.Abs(want))
}

func inputs(c Case) []*graph.Node {
	g := graph.New()
	in := make([]*graph.Node, len(c.In))
	for i, a := range c.In {
		in[i] = g.Input("x", a.Spec)
	}
	return in
}

// reachable returns the nodes that out depends on.
func reachable(out []*graph.Node) []*graph.Node {
	seen := map[*graph.Node]bool{}
	var list []*graph.Node
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if !seen[n] {
			seen[n] = true
			list = append(list, n)
			for _, in := range n.In {
				visit(in)
			}
		}
	}
	for _, n := range out {
		visit(n)
	}
	return list
}
