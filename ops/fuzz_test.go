package ops_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestGraphsOfAnything applies operations of every type, some with random attributes,
// to inputs that they are made for and to other nodes. Whatever does not fit must be a *graph.Error, and what does must
// have a reference that fills the promised shape and a gradient of the right spec.
func TestGraphsOfAnything(t *testing.T) {
	rapid.Check(t, anything)
}

func FuzzGraphs(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anything)) }

// cases holds the cases of every type of operation.
var cases = func() [][]optest.Case {
	var all [][]optest.Case
	index := map[reflect.Type]int{}
	for _, c := range optest.Cases() {
		typ := reflect.TypeOf(c.Op)
		if _, ok := index[typ]; !ok {
			index[typ] = len(all)
			all = append(all, nil)
		}
		all[index[typ]] = append(all[index[typ]], c)
	}
	return all
}()

// drawCase draws a type evenly, which rapid does not do for numbers in a range, and
// one of its cases, more likely one of the first, which are small.
func drawCase(t *rapid.T) optest.Case {
	some := cases[rapid.Uint64Range(0, 1<<40).Draw(t, "type")%uint64(len(cases))]
	return some[rapid.IntRange(0, len(some)-1).Draw(t, "case")]
}

func anything(t *rapid.T) {
	g := graph.New()
	var nodes []*graph.Node
	var in []ops.Array
	for range rapid.IntRange(1, 3).Draw(t, "inputs") {
		s := drawSpec(t)
		nodes = append(nodes, g.Input("x", s))
		a := ops.NewArray(s)
		for i := range a.V {
			a.V[i] = optest.Round(s.DType, float64(rapid.IntRange(0, 3).Draw(t, "value")))
		}
		in = append(in, a)
	}
	for range rapid.IntRange(1, 6).Draw(t, "operations") {
		c := drawCase(t)
		args := make([]*graph.Node, len(c.In))
		for i, a := range c.In {
			if c.Small() && rapid.IntRange(0, 2).Draw(t, "input of the case") > 0 {
				nodes, in = append(nodes, g.Input("x", a.Spec)), append(in, a)
				args[i] = nodes[len(nodes)-1]
			} else {
				args[i] = nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "argument")]
			}
		}
		op := c.Op
		if rapid.Bool().Draw(t, "other attributes") {
			v := reflect.New(reflect.TypeOf(op)).Elem()
			v.Set(reflect.ValueOf(op))
			drawFields(t, v)
			op = v.Interface().(graph.Op)
		}
		if r, ok := op.(ops.ApplyRMSpropOp); ok { // how many inputs it takes depends on them
			op = ops.ApplyRMSpropOp{Rho: r.Rho, Momentum: c.Op.(ops.ApplyRMSpropOp).Momentum, Centered: c.Op.(ops.ApplyRMSpropOp).Centered}
		}
		if err := graph.Catch(func() {
			n := g.Apply(op, args...)
			for i := range n.Specs() {
				nodes = append(nodes, graph.Pick(n, i))
			}
		}); err != nil {
			continue
		}
	}
	small := nodes[:0:0]
	for _, n := range nodes {
		if n.Shape().Size() > 1<<12 {
			return // too large to run
		}
		small = append(small, n)
	}
	optest.Eval(small, in...)
	y := nodes[len(nodes)-1]
	if !y.DType().IsFloat() {
		return
	}
	err := graph.Catch(func() {
		grads := autodiff.VJP(y, ops.Ones(y), nodes...)
		for i, d := range grads {
			if nodes[i].DType().IsFloat() && d.Spec() != nodes[i].Spec() {
				t.Fatalf("gradient of %v by %v is %v\n%v", y.Spec(), nodes[i].Spec(), d.Spec(), g)
			}
		}
		optest.Eval(grads, in...)
	})
	if e, ok := err.(*graph.Error); err != nil && (!ok || !hasNoGradient(e)) {
		t.Fatalf("%v\n%v", err, g)
	}
}

// hasNoGradient reports whether a gradient failed because there is none.
func hasNoGradient(e *graph.Error) bool {
	const end = " has no gradient; ops.StopGradient says that none is wanted"
	return len(e.Text) > len(end) && e.Text[len(e.Text)-len(end):] == end
}

func drawSpec(t *rapid.T) tensor.Spec {
	all := tensor.DTypes()
	dt := tensor.Float64
	if rapid.Bool().Draw(t, "other dtype") {
		dt = all[rapid.IntRange(0, len(all)-1).Draw(t, "dtype")]
	}
	return tensor.Spec{DType: dt, Shape: drawDims(t, 0, 4)}
}

func drawDims(t *rapid.T, lo, hi int) tensor.Dims {
	return tensor.D(rapid.SliceOfN(rapid.IntRange(lo, hi), 0, 4).Draw(t, "dims")...)
}

// drawFields gives the exported fields of v random values, few of which make sense.
func drawFields(t *rapid.T, v reflect.Value) {
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		switch {
		case !field.IsExported():
		case f.Type() == reflect.TypeFor[tensor.Dims]():
			f.Set(reflect.ValueOf(drawDims(t, -2, 4)))
		case f.Type() == reflect.TypeFor[tensor.Spec]():
			f.Set(reflect.ValueOf(drawSpec(t)))
		case f.Kind() == reflect.Struct:
			drawFields(t, f)
		case f.Kind() == reflect.Bool:
			f.SetBool(rapid.Bool().Draw(t, field.Name))
		case f.CanInt():
			f.SetInt(int64(rapid.IntRange(-3, 5).Draw(t, field.Name)))
		case f.CanUint():
			f.SetUint(uint64(rapid.IntRange(0, 13).Draw(t, field.Name)))
		case f.CanFloat():
			f.SetFloat(rapid.Float64().Draw(t, field.Name))
		}
	}
}
