package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func symbols(s ...*nn.Symbol) []*nn.Symbol { return s }

func named(name string, dims ...int) *nn.InputLayer {
	l := nn.Input(dims)
	l.Name = name
	return l
}

// TestFunctionalOrder wants Keras's order of layers: by the longest way to an output, and
// among equals by when they are met on the way back from the outputs.
func TestFunctionalOrder(t *testing.T) {
	a, b, c := nn.Apply(named("a", 4)), nn.Apply(named("b", 4)), nn.Apply(named("c", 2))
	shared := nn.Dense(4, nn.Name("shared"))
	early, late := nn.Apply(shared, a), nn.Apply(nn.Dense(4, nn.Name("late")), b)
	again := nn.Apply(shared, nn.Apply(nn.Dense(4, nn.Name("between")), early))
	sum := nn.Apply(nn.Add(), late, again)
	net := nn.Functional(symbols(b, c, a), symbols(sum, early))
	// As keras.Model([b, c, a], [sum, early]).layers of the same graph has them.
	if got, want := net.Names(), []string{"a", "shared", "b", "between", "late", "c", "add"}; !slices.Equal(got, want) {
		t.Errorf("layers are %v, want %v", got, want)
	}
	if got, want := net.InputNames(), []string{"b", "c", "a"}; !slices.Equal(got, want) {
		t.Errorf("inputs are %v, want %v", got, want)
	}
	if got, want := net.OutputNames(), []string{"add", "shared"}; !slices.Equal(got, want) {
		t.Errorf("outputs are %v, want %v", got, want)
	}
	if n := len(net.Calls()); n != 8 {
		t.Errorf("%d calls, want 8: one layer is applied twice", n)
	}
	build := nn.NewBuilder(1)
	net.BuildAll(build, []tensor.Spec{f32(1, 4), f32(1, 2), f32(1, 4)})
	if got, want := paths(net.Vars()), []string{"shared/kernel", "shared/bias", "between/kernel", "between/bias", "late/kernel", "late/bias"}; !slices.Equal(got, want) {
		t.Errorf("variables are %v, want %v", got, want)
	}
	for _, r := range net.Records() {
		if r.Name == "add" && (len(r.In) != 2 || len(r.Out) != 1) {
			t.Errorf("add has inputs %v and outputs %v", r.In, r.Out)
		}
	}
}

// TestFunctionalValues compares with the same graph written out.
func TestFunctionalValues(t *testing.T) {
	scale := nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Scale(x, 2) })
	x, y := nn.Apply(nn.Input(2)), nn.Apply(nn.Input(2))
	in := nn.Apply(nn.Input(2))
	inner := nn.Functional(symbols(in), symbols(nn.Apply(scale, in), nn.Apply(nn.Lambda(ops.Neg), in)))
	p := nn.ApplyAll(2, inner, x)
	q := nn.ApplyAll(2, inner, p[0])
	net := nn.Functional(symbols(x, y), symbols(nn.Apply(nn.Subtract(), q[0], y), q[1], x, q[1]))
	net.BuildAll(nn.NewBuilder(1), []tensor.Spec{f32(1, 2), f32(1, 2)})
	g := graph.New()
	a, b := matrix(2, 1, 2, 3, 4), matrix(2, 5, 6, 7, 8)
	out := net.CallAll(nn.NewCtx(g, nil), []*graph.Node{g.Input("a", a.Spec()), g.Input("b", b.Spec())})
	want := [][]float64{{-1, 2, 5, 8}, {-2, -4, -6, -8}, {1, 2, 3, 4}, {-2, -4, -6, -8}}
	for i, got := range nntest.Run(g, out, a, b) {
		if !slices.Equal(got.V, want[i]) {
			t.Errorf("output %d is %v, want %v", i, got.V, want[i])
		}
	}
}

func TestFunctionalErrors(t *testing.T) {
	in := nn.Apply(nn.Input(4))
	other := nn.Apply(nn.Input(4))
	dense := func(x ...*nn.Symbol) *nn.Symbol { return nn.Apply(nn.Dense(2), x...) }
	for name, c := range map[string]struct {
		in, out []*nn.Symbol
		want    string
	}{
		"nothing":             {nil, nil, "0 inputs and 0 outputs: want one or more of each"},
		"nil input":           {symbols(nil), symbols(in), "input 0 is nil"},
		"nil output":          {symbols(in), symbols(nil), "output 0 is nil"},
		"an input twice":      {symbols(in, in), symbols(dense(in)), "inputs 0 and 1 are one"},
		"no input":            {symbols(dense(in)), symbols(dense(in)), "input 0 is the output of Dense: want nn.Apply of an nn.Input"},
		"undeclared input":    {symbols(in), symbols(nn.Apply(nn.Add(), in, other)), "depends on an nn.Input that is not among the inputs"},
		"nil layer":           {symbols(in), symbols(nn.Apply(nil, in)), "nn.Apply: the layer is nil"},
		"nil symbol":          {symbols(in), symbols(dense(nil)), "nn.Apply: input 0 of Dense is nil"},
		"applied to nothing":  {symbols(in), symbols(dense()), "Dense applied to nothing: want one symbol or more"},
		"input of an input":   {symbols(in), symbols(nn.Apply(nn.Input(4), in)), "an nn.Input applied to symbols"},
		"one name":            {symbols(in), symbols(nn.Apply(nn.Dense(2, nn.Name("a")), nn.Apply(nn.Dense(2, nn.Name("a")), in))), `both named "a"`},
		"too many inputs":     {symbols(in, other), symbols(dense(in, other)), "Dense is applied to 2 inputs: want 1"},
		"too few inputs":      {symbols(in), symbols(nn.Apply(nn.Dot(), in)), "nn.Dot: 1 inputs: want 2"},
		"one to subtract":     {symbols(in), symbols(nn.Apply(nn.Subtract(), in)), "nn.Subtract: 1 inputs: want 2"},
		"shapes":              {symbols(in), symbols(nn.Apply(nn.Add(), in, dense(in))), "[1 4]"},
		"axis of the batch":   {symbols(in, other), symbols(nn.Apply(nn.Concatenate(nn.Axis(0)), in, other)), "nn.Concatenate: axis 0 of x float32[1 4]"},
		"lengths in a dot":    {symbols(in), symbols(nn.Apply(nn.Dot(), in, dense(in))), "nn.Dot: axes [-1 -1] of float32[1 4] and float32[1 2]: want the same lengths"},
		"output that is none": {symbols(in), symbols(nn.ApplyAll(3, nn.Dense(2), in)[2]), "output 2 of Dense: it has 1"},
	} {
		err := graph.Catch(func() {
			net := nn.Functional(c.in, c.out)
			specs, _ := net.Declared()
			net.BuildAll(nn.NewBuilder(1), specs)
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	net := nn.Functional(symbols(in), symbols(dense(in)))
	if err := graph.Catch(func() { net.Add(nn.ReLU) }); err == nil || !strings.Contains(err.Error(), "functional form") {
		t.Errorf("Add: error %v", err)
	}
	if err := graph.Catch(func() { net.BuildAll(nn.NewBuilder(1), nil) }); err == nil || !strings.Contains(err.Error(), "0 inputs: want 1") {
		t.Errorf("Build without inputs: error %v", err)
	}
}

// TestDeepFunctional builds a chain that is too long for a walk that calls itself on
// small stacks, in time that grows with its length.
func TestDeepFunctional(t *testing.T) {
	in := nn.Apply(nn.Input(1))
	x := in
	for range 20000 {
		x = nn.Apply(nn.ReLU, x)
	}
	if n := len(nn.Functional(symbols(in), symbols(x)).Layers()); n != 20001 {
		t.Errorf("%d layers, want 20001", n)
	}
}
