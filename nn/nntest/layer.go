package nntest

import (
	"math"
	"reflect"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Case is a layer and what is known of it.
type Case struct {
	// New makes the layer.
	New func() nn.Layer
	// In is the spec of an input of some samples, Out the output's.
	In, Out tensor.Spec
	// Params is the number of elements of trainable variables, States of others.
	Params, States int
	// NoConfig says that the layer cannot be saved, NoGradient that a loss cannot
	// be lowered by training it.
	NoConfig, NoGradient bool
}

// Layer checks a layer: its output's shape for the batch of c.In, for one sample
// and for three, its number of parameters, that its config comes back from JSON,
// and that a step of gradient descent lowers a loss.
func Layer(t *testing.T, c Case) {
	t.Helper()
	l := c.New()
	b := nn.NewBuilder(7)
	var out tensor.Spec
	if err := graph.Catch(func() { out = b.Build("layer", l, c.In) }); err != nil {
		t.Fatalf("Build for %v: %v", c.In, err)
	}
	if out != c.Out {
		t.Errorf("output for %v is %v, want %v", c.In, out, c.Out)
	}
	if p, s := b.Count(); p != c.Params || s != c.States {
		t.Errorf("%d parameters and %d states, want %d and %d", p, s, c.Params, c.States)
	}
	for _, batch := range []int{1, 3} {
		in, want := withBatch(c.In, batch), withBatch(c.Out, batch)
		g := graph.New()
		y := l.Call(nn.NewCtx(g, nn.NewSeed(1)), g.Input("x", in))
		if y.Spec() != want {
			t.Errorf("output for %v is %v, want %v", in, y.Spec(), want)
		}
		for i, v := range Run(g, []*graph.Node{y}, Sample(in))[0].V {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("output for %v: element %d is %v", in, i, v)
			}
		}
	}
	if !c.NoConfig {
		config(t, l)
	}
	if !c.NoGradient {
		step(t, l, b, c.In)
	}
}

func withBatch(s tensor.Spec, n int) tensor.Spec {
	s.Shape = s.Shape.With(0, n)
	return s
}

// Sample returns a tensor of values from -1 to 1, or from 0 to 9 for integers,
// the same every time.
func Sample(s tensor.Spec) *tensor.Tensor {
	v := make([]float64, s.Shape.Size())
	for i := range v {
		if v[i] = math.Sin(float64(3*i + 1)); s.DType.IsInt() {
			v[i] = float64(i * 7 % 10)
		}
	}
	t := tensor.NewSpec(s)
	if err := t.SetFloat64s(v); err != nil {
		panic(err)
	}
	return t
}

// config writes a layer's config, reads it into a new layer and compares.
func config(t *testing.T, l nn.Layer) {
	t.Helper()
	_, class, text, err := nn.LayerToConfig(l)
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	again, err := nn.LayerFromConfig(class, text)
	if err != nil {
		t.Fatalf("config %s: %v", text, err)
	}
	if got, want := reflect.TypeOf(again), reflect.TypeOf(l); got != want {
		t.Fatalf("config %s makes a %v, want a %v", text, got, want)
	}
	if _, _, back, err := nn.LayerToConfig(again); err != nil || string(back) != string(text) {
		t.Errorf("config read and written again is %s (%v), want %s", back, err, text)
	}
}

// step takes small steps down the gradient of the mean square of y - target, over
// the variables and the input, and wants one of them to lower it.
func step(t *testing.T, l nn.Layer, b *nn.Builder, in tensor.Spec) {
	t.Helper()
	x := graph.NewVar("x", Sample(in))
	vars := append(b.Vars(), x)
	loss := func(rate float64) float64 {
		g := graph.New()
		c := nn.NewCtx(g, nn.NewSeed(1))
		c.Training = true
		y := l.Call(c, g.Value(x))
		d := ops.Offset(y, -2)
		total := ops.ReduceMean(ops.Mul(d, d))
		if rate > 0 {
			var nodes []*graph.Node
			for _, v := range vars {
				nodes = append(nodes, g.Value(v))
			}
			for i, d := range autodiff.Grad(total, nodes...) {
				g.Update(vars[i], ops.Sub(nodes[i], ops.Scale(d, rate)))
			}
		}
		return Run(g, []*graph.Node{total})[0].V[0]
	}
	before := loss(0.01)
	if after := loss(0); !(after < before) {
		t.Errorf("a step of gradient descent takes the loss from %g to %g, want less", before, after)
	}
}
