package nn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// maskAfter returns the mask behind layers whose first inputs come out of Masking: of x
// [2 3 4], of which steps are 0, and if there is a second of one with all of the first
// sample 0, which has no mask if it is plain.
func maskAfter(t *testing.T, l nn.Layer, inputs int, plain bool) string {
	t.Helper()
	x := tensor.New(tensor.Float32, 2, 3, 4)
	v := tensor.Data[float32](x)
	for i := range v {
		v[i] = 1
	}
	clear(v[8:12])  // [0, 2]
	clear(v[16:24]) // [1, 1] and [1, 2]
	z := x.Clone()
	clear(tensor.Data[float32](z)[:12])
	first := nn.Input(3, 4)
	in := []*nn.Symbol{nn.Apply(first), nn.Apply(nn.Input(3, 4))}
	to := []*nn.Symbol{nn.Apply(nn.Masking(0), in[0]), in[1]}
	if !plain {
		to[1] = nn.Apply(nn.Masking(0), in[1])
	}
	net := nn.Functional(in[:inputs], []*nn.Symbol{nn.Apply(l, to[:inputs]...)})
	var said string
	err := graph.Catch(func() {
		specs := []tensor.Spec{x.Spec(), z.Spec()}[:inputs]
		net.BuildAll(nn.NewBuilder(1), specs)
		g := graph.New()
		c := nn.NewCtx(g, nn.NewSeed(1))
		c.Training = true
		var nodes []*graph.Node
		for _, s := range specs {
			nodes = append(nodes, g.Input("x", s))
		}
		m := c.Mask(net.CallAll(c, nodes)[0])
		if said = "none"; m != nil {
			said = ""
			cols := m.Shape().At(-1)
			for i, b := range nntest.Run(g, []*graph.Node{m}, []*tensor.Tensor{x, z}[:inputs]...)[0].V {
				if i > 0 && i%cols == 0 {
					said += " "
				}
				said += fmt.Sprint(b)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// TestMasks passes masks through every layer as Keras 3.15.1 does.
func TestMasks(t *testing.T) {
	const kept, none = "110 100", "none"
	for name, c := range map[string]struct {
		l    nn.Layer
		want string
	}{
		"Dense": {nn.Dense(2), kept}, "Activation": {nn.ReLU.Layer(), kept}, "Softmax": {nn.Softmax.Layer(), kept}, "PReLU": {nn.PReLU(), kept},
		"ActivityRegularization": {nn.ActivityRegularization(0.1, 0), kept}, "AlphaDropout": {nn.AlphaDropout(0.5), kept},
		"Dropout": {nn.Dropout(0.5), kept}, "Dropout of 0": {nn.Dropout(0), kept}, "GaussianDropout": {nn.GaussianDropout(0.5), kept},
		"GaussianNoise": {nn.GaussianNoise(0.5), kept}, "SpatialDropout1D": {nn.SpatialDropout1D(0.5), kept},
		"BatchNormalization": {nn.BatchNormalization(), kept}, "LayerNormalization": {nn.LayerNormalization(), kept},
		"GroupNormalization": {nn.GroupNormalization(2), kept}, "UnitNormalization": {nn.UnitNormalization(), kept},
		"RMSNormalization": {nn.RMSNormalization(), none}, "SpectralNormalization": {nn.SpectralNormalization(nn.Dense(2)), kept},
		"Flatten": {nn.Flatten(), none}, "Reshape": {nn.Reshape(4, 3), none}, "Permute": {nn.Permute(2, 1), none},
		"Lambda":               {nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Scale(x, 2) }), none},
		"Lambda of x itself":   {nn.Lambda(func(x *graph.Node) *graph.Node { return x }), kept},
		"Sequential":           {nn.Sequential(nn.Input(3, 4), nn.Dense(2)), kept},
		"Sequential, dropped":  {nn.Sequential(nn.Dense(2), nn.Flatten()), none},
		"Masking again":        {nn.Masking(5), "111 111"},
		"a layer of one's own": {&Skip{Inner: nn.Dense(4)}, none},
		"one that keeps it":    {&keeper{}, kept},
	} {
		if got := maskAfter(t, c.l, 1, false); got != c.want {
			t.Errorf("%s: mask %s, want %s", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		l           nn.Layer
		both, plain string
	}{
		"Add": {nn.Add(), kept, none}, "Subtract": {nn.Subtract(), kept, none}, "Multiply": {nn.Multiply(), kept, none},
		"Average": {nn.Average(), kept, none}, "Maximum": {nn.Maximum(), kept, none}, "Minimum": {nn.Minimum(), kept, none},
		"Concatenate": {nn.Concatenate(), kept, "111 111"}, "Concatenate, axis 1": {nn.Concatenate(nn.Axis(1)), "110000 100100", "110111 100111"},
		"Dot": {nn.Dot(nn.DotAxes{2, 2}), none, none},
	} {
		if got := maskAfter(t, c.l, 2, false); got != c.both {
			t.Errorf("%s of two masked: mask %s, want %s", name, got, c.both)
		}
		if got := maskAfter(t, c.l, 2, true); got != c.plain {
			t.Errorf("%s of a masked and another: mask %s, want %s", name, got, c.plain)
		}
	}
}

// keeper is a layer of the user's that keeps the mask.
type keeper struct{ nn.Base }

func (*keeper) Build(*nn.Builder, tensor.Spec) {}
func (*keeper) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	y := ops.Tanh(x)
	c.SetMask(y, c.Mask(x))
	return y
}

// TestMaskOfOneNode keeps masks apart of outputs that are one node.
func TestMaskOfOneNode(t *testing.T) {
	in := nn.Apply(nn.Input(3, 4))
	m := nn.Apply(nn.Masking(0), in)
	dropped := nn.Apply(nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Tanh(x) }), m)
	kept := nn.Apply(nn.Tanh, m)
	net := nn.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.ReLU, kept), nn.Apply(nn.Softplus, dropped)})
	net.Build(nn.NewBuilder(1), f32(2, 3, 4))
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	out := net.CallAll(c, []*graph.Node{g.Input("x", f32(2, 3, 4))})
	if c.Mask(out[0]) == nil || c.Mask(out[1]) != nil {
		t.Errorf("masks are %v and %v, want one and none", c.Mask(out[0]), c.Mask(out[1]))
	}
}

// TestMaskedSoftmax is over what counts: keras.layers.Softmax()(x, mask=mask).
func TestMaskedSoftmax(t *testing.T) {
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	x, err := tensor.FromSlice([]float32{1, 2, 3, 1, 2, 3}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	in := g.Input("x", x.Spec())
	mask, err := tensor.FromSlice([]bool{true, false, true, false, false, false}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	c.SetMask(in, g.Const(mask))
	got := fmt.Sprintf("%.5f", nntest.Run(g, []*graph.Node{c.Trace(nn.SoftmaxAxis(-1).Layer(), in)}, x)[0].V)
	if want := "[0.11920 0.00000 0.88080 0.00000 0.00000 0.00000]"; got != want {
		t.Errorf("softmax is %s, want %s", got, want)
	}
	err = graph.Catch(func() {
		net := nn.Sequential(nn.Masking(0), nn.SoftmaxAxis(-1))
		net.Build(nn.NewBuilder(1), f32(2, 3, 4))
		g := graph.New()
		net.Call(nn.NewCtx(g, nn.NewSeed(1)), g.Input("x", f32(2, 3, 4)))
	})
	if err == nil || !strings.Contains(err.Error(), "mask bool[2 3] of x float32[2 3 4]: want one of x's shape") {
		t.Errorf("a mask of steps: error %v", err)
	}
}

// TestMasking compares with Keras: a NaN counts, and so does a step with one other value.
func TestMasking(t *testing.T) {
	for _, c := range []struct {
		value float64
		x     *tensor.Tensor
		want  string
	}{
		{0, tensor.Of[float32](0, 0, 0, 1, 2, 3), "[0 0 0 1 2 3] [0 1 1]"},
		{5, tensor.Of[float32](5, 5, 5, 1, 0, 0), "[0 0 5 1 0 0] [0 1 1]"},
		{5, tensor.Of[int32](5, 5, 5, 1, 0, 0), "[0 0 5 1 0 0] [0 1 1]"},
	} {
		x, err := c.x.Reshape(1, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		g := graph.New()
		ctx := nn.NewCtx(g, nn.NewSeed(1))
		y := ctx.Trace(nn.Masking(c.value), g.Input("x", x.Spec()))
		out := nntest.Run(g, []*graph.Node{y, ctx.Mask(y)}, x)
		if got := fmt.Sprint(out[0].V, out[1].V); got != c.want {
			t.Errorf("Masking(%g) of %v: %s, want %s", c.value, x, got, c.want)
		}
	}
	err := graph.Catch(func() { nn.Sequential(nn.Masking(0)).Build(nn.NewBuilder(1), f32(3)) })
	if err == nil || !strings.Contains(err.Error(), "nn.Masking: x is float32[3]: want [batch ... features]") {
		t.Errorf("a vector: error %v", err)
	}
	err = graph.Catch(func() {
		g := graph.New()
		nn.NewCtx(g, nn.NewSeed(1)).SetMask(g.Input("y", f32(2, 3)), g.Input("m", tensor.S(tensor.Bool, 3)))
	})
	if err == nil || !strings.Contains(err.Error(), "want bool with the lengths of the first axes") {
		t.Errorf("a mask of another length: error %v", err)
	}
}
