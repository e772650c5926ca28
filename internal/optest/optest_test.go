package optest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestEveryOpHasARow reads the sources of packages ops and flow for types that have the
// methods of an operation of their own.
func TestEveryOpHasARow(t *testing.T) {
	var names []string
	for _, pkg := range []string{"ops", "flow"} {
		files, err := filepath.Glob("../../" + pkg + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, files...)
	}
	var types []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			if m, ok := decl.(*ast.FuncDecl); ok && m.Recv != nil && m.Name.Name == "Name" {
				types = append(types, m.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	tested := map[string]bool{}
	for _, c := range Cases() {
		tested[reflect.TypeOf(c.Op).Name()] = true
	}
	slices.Sort(types)
	if len(types) < 50 {
		t.Errorf("found %d op types: want all of them", len(types))
	}
	for _, name := range types {
		if !tested[name] {
			t.Errorf("%s has no row in internal/optest", name)
		}
	}
}

// TestNames sees to it that a failure names one case.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		seen[c.Name] = true
	}
}

// TestShapeRule runs the reference of every case and sees that it fills exactly
// the results that the shape rule promises.
func TestShapeRule(t *testing.T) {
	for _, c := range Cases() {
		want, err := c.Want()
		if err != nil {
			t.Error(err)
			continue
		}
		for i, a := range want {
			if len(a.V) != a.Shape.Size() {
				t.Errorf("%s: result %d has %d elements: want %v", c.Name, i, len(a.V), a.Spec)
			}
			if a.DType == tensor.Invalid {
				t.Errorf("%s: result %d has no dtype", c.Name, i)
			}
		}
		if err := c.Check(want); err != nil {
			t.Errorf("the reference differs from itself: %v", err)
		}
	}
}

// TestCheckNotices changes one value of one result of every case by more than the
// error allowed.
func TestCheckNotices(t *testing.T) {
	for _, c := range Cases() {
		got, err := c.Want()
		if err != nil {
			t.Fatal(err)
		}
		for r := range got {
			if len(got[r].V) == 0 {
				continue
			}
			v := &got[r].V[len(got[r].V)/2]
			old := *v
			*v = old + 1 + 0.1*max(old, -old)
			if *v == old || *v != *v {
				*v = 0
			}
			if c.Check(got) == nil && old != *v {
				eps, _ := precision(got[r].DType)
				if got[r].DType.IsInt() || (c.Ulps+c.Abs)*eps < 0.05 {
					t.Errorf("%s: %v in the place of %v passes", c.Name, *v, old)
				}
			}
			*v = old
		}
	}
}

func TestGradients(t *testing.T) {
	const tol = 1e-6
	checked := map[reflect.Type]bool{}
	for _, c := range Cases() {
		if c.NoGrad || !c.Small() || !differentiable(c) {
			continue
		}
		for order, check := range []func(*graph.Node, []ops.Array, float64) error{CheckGrad, CheckGrad2} {
			if order == 1 && c.Once {
				continue
			}
			for r, spec := range c.results() {
				if !spec.DType.IsFloat() {
					continue
				}
				err := graph.Catch(func() {
					if err := check(graph.Pick(c.trace(), r), c.In, tol); err != nil {
						t.Errorf("%s: result %d, order %d: %v", c.Name, r, order+1, err)
					}
				})
				if err != nil {
					t.Errorf("%s: result %d, order %d: %v", c.Name, r, order+1, err)
				}
			}
		}
		checked[reflect.TypeOf(c.Op)] = true
	}
	for _, c := range Cases() {
		_, one := c.Op.(ops.Differentiable)
		_, tuple := c.Op.(ops.DifferentiableTuple)
		if typ := reflect.TypeOf(c.Op); (one || tuple) && !checked[typ] {
			t.Errorf("%v has a gradient that no case checks", typ)
			checked[typ] = true
		}
	}
}

// differentiable reports whether the op has a gradient and the inputs are in float64.
func differentiable(c Case) bool {
	_, one := c.Op.(ops.Differentiable)
	_, tuple := c.Op.(ops.DifferentiableTuple)
	if !one && !tuple {
		return false
	}
	for _, a := range c.In {
		if a.DType.IsFloat() && a.DType != tensor.Float64 {
			return false
		}
	}
	return c.results()[0].DType.IsFloat()
}

// results returns the specs of the results.
func (c Case) results() []tensor.Spec {
	out, err := c.Op.Infer(specs(c.In))
	if err != nil {
		panic(err)
	}
	return out
}

func specs(in []ops.Array) []tensor.Spec {
	s := make([]tensor.Spec, len(in))
	for i, a := range in {
		s[i] = a.Spec
	}
	return s
}

// trace applies the op of the case to inputs.
func (c Case) trace() *graph.Node {
	g := graph.New()
	in := make([]*graph.Node, len(c.In))
	for i, a := range c.In {
		in[i] = g.Input("x", a.Spec)
	}
	return g.Apply(c.Op, in...)
}
