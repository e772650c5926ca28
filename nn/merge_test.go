package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// TestAverageOfIntegers wants floats of it, as Keras makes.
func TestAverageOfIntegers(t *testing.T) {
	in := tensor.S(tensor.Int32, 1, 3)
	x, y := nn.Apply(nn.Input(3, tensor.Int32)), nn.Apply(nn.Input(3, tensor.Int32))
	net := nn.Functional(symbols(x, y), symbols(nn.Apply(nn.Average(), x, y)))
	net.BuildAll(nn.NewBuilder(1), []tensor.Spec{in, in})
	a, _ := tensor.FromSlice([]int32{1, 2, 200}, 1, 3)
	b, _ := tensor.FromSlice([]int32{2, 4, -101}, 1, 3)
	g := graph.New()
	out := net.CallAll(nn.NewCtx(g, nil), []*graph.Node{g.Input("a", in), g.Input("b", in)})
	got := nntest.Run(g, out, a, b)[0]
	if want := []float64{1.5, 3, 49.5}; got.DType != tensor.Float32 || !slices.Equal(got.V, want) {
		t.Errorf("the mean of %v and %v is %v %v, want float32 %v", a, b, got.DType, got.V, want)
	}
}

// TestMergedBatches wants a batch of one sample refused beside others: it would broadcast.
func TestMergedBatches(t *testing.T) {
	for _, l := range []nn.MultiLayer{nn.Add(), nn.Maximum(), nn.Dot()} {
		err := graph.Catch(func() { nn.NewBuilder(1).BuildAll("layer", l, []tensor.Spec{f32(1, 3), f32(2, 3)}) })
		if want := "batches of 1 and 2: want one length"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s of batches of 1 and 2: error %v, want %q", nn.ClassOf(l), err, want)
		}
	}
}

// TestMergedDTypes wants the dtypes and the numbers that Keras 3.15.1 gives for inputs of two
// dtypes.
func TestMergedDTypes(t *testing.T) {
	for _, c := range []struct {
		layer nn.Layer
		a, b  tensor.DType
		want  tensor.DType
		v     []float64
	}{
		{nn.Add(), tensor.Int32, tensor.Float32, tensor.Float32, []float64{3, 6}},
		{nn.Add(), tensor.Float32, tensor.Uint8, tensor.Float32, []float64{3, 6}},
		{nn.Subtract(), tensor.Uint8, tensor.Int8, tensor.Int16, []float64{-1, -2}},
		{nn.Multiply(), tensor.Int8, tensor.Int32, tensor.Int32, []float64{2, 8}},
		{nn.Maximum(), tensor.Uint16, tensor.Int16, tensor.Int32, []float64{2, 4}},
		{nn.Minimum(), tensor.Bool, tensor.Int32, tensor.Int32, []float64{1, 1}},
		{nn.Average(), tensor.Int32, tensor.Float32, tensor.Float32, []float64{1.5, 3}},
		{nn.Average(), tensor.Uint8, tensor.Int32, tensor.Float32, []float64{1.5, 3}},
		{nn.Concatenate(), tensor.Int32, tensor.Float32, tensor.Float32, []float64{1, 2, 2, 4}},
		{nn.Concatenate(), tensor.Uint8, tensor.Int16, tensor.Int16, []float64{1, 2, 2, 4}},
		{nn.Dot(), tensor.Int32, tensor.Float32, tensor.Float32, []float64{10}},
	} {
		a, b := nn.Apply(nn.Input(2, c.a)), nn.Apply(nn.Input(2, c.b))
		net := nn.Functional(symbols(a, b), symbols(nn.Apply(c.layer, a, b)))
		x := []*tensor.Tensor{tensor.Of(1.0, 2).AsType(c.a), tensor.Of(2.0, 4).AsType(c.b)}
		for i := range x {
			x[i], _ = x[i].Reshape(1, 2)
		}
		specs := []tensor.Spec{x[0].Spec(), x[1].Spec()}
		net.BuildAll(nn.NewBuilder(1), specs)
		g := graph.New()
		out := net.CallAll(nn.NewCtx(g, nil), []*graph.Node{g.Input("a", specs[0]), g.Input("b", specs[1])})
		if got := nntest.Run(g, out, x...)[0]; got.DType != c.want || !slices.Equal(got.V, c.v) {
			t.Errorf("%s of %v and %v is %v %v, want %v %v", nn.ClassOf(c.layer), c.a, c.b, got.DType, got.V, c.want, c.v)
		}
	}
}

// TestInputParts declares inputs in every way, and wants mistakes told when built.
func TestInputParts(t *testing.T) {
	for _, c := range []struct {
		input *nn.InputLayer
		want  tensor.Spec
		name  string
	}{
		{nn.Input(3, 4), tensor.S(tensor.Float32, 1, 3, 4), "input_layer"},
		{nn.Input([]int{3, 4}, tensor.Int32), tensor.S(tensor.Int32, 1, 3, 4), "input_layer"},
		{nn.Input(tensor.D(3, 4), nn.Name("words"), tensor.Uint8), tensor.S(tensor.Uint8, 1, 3, 4), "words"},
		{nn.Input(tensor.Int64), tensor.S(tensor.Int64, 1), "input_layer"},
		{nn.Input(2, nn.Float16), tensor.S(tensor.Float16, 1, 2), "input_layer"},
	} {
		net := nn.Sequential(c.input)
		got, _ := net.Declared()
		if got[0] != c.want || net.Names()[0] != c.name {
			t.Errorf("declared %v named %s, want %v named %s", got[0], net.Names()[0], c.want, c.name)
		}
		_, _, config, err := nn.LayerToConfig(c.input)
		if err != nil {
			t.Fatal(err)
		}
		back, err := nn.LayerFromConfig("InputLayer", config)
		if err != nil || back.(*nn.InputLayer).DType.String() != c.want.DType.String() {
			t.Errorf("config %s is read as %v, error %v: want %v", config, back, err, c.want.DType)
		}
	}
	for want, in := range map[string]*nn.InputLayer{
		"part 1 is 2.5, a float64": nn.Input(2, 2.5), "part 0 is words, a string": nn.Input("words"),
		"part 1 is invalid": nn.Input(3, tensor.Invalid), "part 0 is <nil>": nn.Input(nil),
	} {
		err := graph.Catch(func() { nn.Sequential(in).Declared() })
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "merge_test.go") {
			t.Errorf("got error %v, want %q with its line", err, want)
		}
	}
}

// TestInputOfFloats converts floats and refuses integers, also those whose values it holds.
func TestInputOfFloats(t *testing.T) {
	for dt, fits := range map[tensor.DType]bool{
		tensor.Float32: true, tensor.Float64: true, tensor.Float16: true,
		tensor.Uint8: false, tensor.Int32: false, tensor.Bool: false,
	} {
		err := graph.Catch(func() { nn.Sequential(nn.Input(2, tensor.Float32)).Build(nn.NewBuilder(1), tensor.S(dt, 1, 2)) })
		if fits && err != nil || !fits && (err == nil || !strings.Contains(err.Error(), "want float32; AsType converts them")) {
			t.Errorf("%v: error %v, want one: %v", dt, err, !fits)
		}
	}
}

// TestInputOfIntegers takes integers that fit and refuses others, also once it is built.
func TestInputOfIntegers(t *testing.T) {
	net := nn.Sequential(nn.Input(2, tensor.Int32))
	net.Build(nn.NewBuilder(1), tensor.S(tensor.Int32, 1, 2))
	for dt, want := range map[tensor.DType]string{
		tensor.Int32: "", tensor.Uint8: "", tensor.Int16: "", tensor.Bool: "",
		tensor.Int64:   "samples are int64: want int32; AsType converts them",
		tensor.Uint32:  "samples are uint32: want int32",
		tensor.Float32: "samples are float32: want int32",
	} {
		g := graph.New()
		var y *graph.Node
		err := graph.Catch(func() { y = net.Call(nn.NewCtx(g, nil), g.Input("x", tensor.S(dt, 1, 2))) })
		switch {
		case want == "" && (err != nil || y.DType() != tensor.Int32):
			t.Errorf("%v: error %v, want int32", dt, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v: error %v, want %q", dt, err, want)
		}
	}
}
