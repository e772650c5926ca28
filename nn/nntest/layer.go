package nntest

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Case is a layer with its expected outputs and properties.
type Case struct {
	// New makes the layer.
	New func() nn.Layer
	// In is the spec of an input of some samples, Out the output's. A layer of several
	// inputs or outputs has Ins and Outs instead.
	In, Out   tensor.Spec
	Ins, Outs []tensor.Spec
	// Params is the number of elements of trainable variables, States of others. A step of
	// training must change each of the latter.
	Params, States int
	// KeepsMask says that the first output has a mask if all inputs have one, FullMask that
	// masks are of all elements instead of steps. MaskAxes is the number of axes of masks for
	// layers that take no others, 0 for 2 at most.
	KeepsMask, FullMask bool
	MaskAxes            int
	// NoConfig says that the layer cannot be saved, NoGradient that a loss cannot
	// be lowered by training it.
	NoConfig, NoGradient bool
}

// Layer checks a layer: its outputs' shapes for the batch of c.In, for one sample and for
// three, its number of parameters, whether it keeps masks, that its config survives JSON,
// that its outputs for integers have the dtypes that it declares, that a step of gradient
// descent lowers a loss, that the loss depends on each variable by itself, by central
// differences, and that training changes its states.
func Layer(t *testing.T, c Case) {
	t.Helper()
	if c.Ins == nil {
		c.Ins = []tensor.Spec{c.In}
	}
	if c.Outs == nil {
		c.Outs = []tensor.Spec{c.Out}
	}
	l := c.New()
	b := nn.NewBuilder(7)
	var out []tensor.Spec
	if err := graph.Catch(func() { out = b.BuildAll("layer", l, c.Ins) }); err != nil {
		t.Fatalf("Build for %v: %v", c.Ins, err)
	}
	if !slices.Equal(out, c.Outs) {
		t.Errorf("outputs for %v are %v, want %v", c.Ins, out, c.Outs)
	}
	if p, s := b.Count(); p != c.Params || s != c.States {
		t.Errorf("%d parameters and %d states, want %d and %d", p, s, c.Params, c.States)
	}
	for _, batch := range []int{1, 3} {
		c.shapes(t, l, batch)
	}
	if _, ok := l.(nn.IntegerLayer); ok {
		integers(t, c.New, c.Ins)
	}
	if !c.NoConfig {
		config(t, l)
	}
	if !c.NoGradient {
		c.step(t, l, b)
	}
	if c.Params > 0 && !c.NoGradient {
		for _, wrong := range c.wrongGradients() {
			t.Error(wrong)
		}
	}
	if c.States > 0 {
		c.states(t, l, b)
	}
}

// shapes checks outputs and the mask for a batch of that length.
func (c Case) shapes(t *testing.T, l nn.Layer, batch int) {
	t.Helper()
	g := graph.New()
	ctx := nn.NewCtx(g, nn.NewSeed(1))
	var x []*graph.Node
	var samples []*tensor.Tensor
	for _, s := range c.Ins {
		s = withBatch(s, batch)
		n := g.Input("x", s)
		x, samples = append(x, n), append(samples, Sample(s))
		axes := min(2, s.Rank()-1)
		switch {
		case c.FullMask:
			axes = s.Rank()
		case c.MaskAxes > 0:
			axes = c.MaskAxes
		}
		ctx.SetMask(n, ops.Full(g, tensor.Spec{DType: tensor.Bool, Shape: s.Shape.To(axes)}, 1))
	}
	y := ctx.TraceAll(l, x)
	for i, n := range y {
		if want := withBatch(c.Outs[i], batch); n.Spec() != want {
			t.Errorf("output %d for %d samples is %v, want %v", i, batch, n.Spec(), want)
		}
	}
	if kept := ctx.Mask(y[0]) != nil; kept != c.KeepsMask {
		t.Errorf("the output has a mask: %v, want %v", kept, c.KeepsMask)
	}
	for i, a := range Run(g, y, samples...) {
		for j, v := range a.V {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("output %d for %d samples: element %d is %v", i, batch, j, v)
			}
		}
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

// total traces the layer in training and returns the sum, over its outputs, of the mean
// squares of y - 2.
func total(c *nn.Ctx, l nn.Layer, x []*graph.Node) *graph.Node {
	c.Training = true
	var sum *graph.Node
	for _, y := range c.TraceAll(l, x) {
		d := ops.Offset(y, -2)
		if sq := ops.ReduceMean(ops.Mul(d, d)); sum == nil {
			sum = sq
		} else {
			sum = ops.Add(sum, sq)
		}
	}
	return sum
}

// step takes a small step down the gradient of total, over the variables and the inputs,
// and wants it to lower total.
func (c Case) step(t *testing.T, l nn.Layer, b *nn.Builder) {
	t.Helper()
	vars := slices.Clone(b.Vars())
	for _, s := range c.Ins {
		vars = append(vars, graph.NewVar("x", Sample(s)))
	}
	loss := func(rate float64) float64 {
		defer keep(b.States())()
		g := graph.New()
		var nodes []*graph.Node
		for _, v := range vars {
			nodes = append(nodes, g.Value(v))
		}
		sum := total(nn.NewCtx(g, nn.NewSeed(1)), l, nodes[len(vars)-len(c.Ins):])
		if rate > 0 {
			for i, d := range autodiff.Grad(sum, nodes...) {
				g.Update(vars[i], ops.Sub(nodes[i], ops.Scale(d, rate)))
			}
		}
		return Run(g, []*graph.Node{sum})[0].V[0]
	}
	before := loss(0.01)
	if after := loss(0); !(after < before) {
		t.Errorf("a step of gradient descent takes the loss from %g to %g, want less", before, after)
	}
}

// wrongGradients returns the mistakes in the gradients of total by each variable, in words:
// at the element with the greatest gradient the central difference must be the same, and not
// 0. It computes in float64.
func (c Case) wrongGradients() (wrong []string) {
	b := nn.NewBuilder(7)
	b.DType = nn.Float64
	var in []*nn.Symbol
	for _, s := range c.Ins {
		in = append(in, nn.Apply(nn.Input(s.Shape.From(1)), nil...))
	}
	net := nn.Functional(in, nn.ApplyAll(len(c.Outs), c.New(), in...)).With(nn.Float64)
	net.BuildAll(b, c.Ins)
	var samples []*tensor.Tensor
	for _, s := range c.Ins {
		samples = append(samples, Sample(s))
	}
	loss := func(also func(sum *graph.Node, g *graph.Graph) []*graph.Node) []ops.Array {
		defer keep(b.States())()
		g := graph.New()
		var x []*graph.Node
		for _, s := range c.Ins {
			x = append(x, g.Input("x", s))
		}
		sum := total(nn.NewCtx(g, nn.NewSeed(1)), net, x)
		return Run(g, append([]*graph.Node{sum}, also(sum, g)...), samples...)
	}
	gradients := loss(func(sum *graph.Node, g *graph.Graph) []*graph.Node {
		var nodes []*graph.Node
		for _, v := range b.Vars() {
			nodes = append(nodes, g.Value(v))
		}
		return autodiff.Grad(sum, nodes...)
	})[1:]
	for i, v := range b.Vars() {
		at := 0
		for j, d := range gradients[i].V {
			if math.Abs(d) > math.Abs(gradients[i].V[at]) {
				at = j
			}
		}
		const h = 1e-5
		values := v.Tensor().Float64s()
		value := values[at]
		var sums [2]float64
		for k, x := range []float64{value + h, value - h, value} {
			values[at] = x
			v.Write(func(t *tensor.Tensor) {
				if err := t.SetFloat64s(values); err != nil {
					panic(err)
				}
			})
			if k < 2 {
				sums[k] = loss(func(*graph.Node, *graph.Graph) []*graph.Node { return nil })[0].V[0]
			}
		}
		got, want := gradients[i].V[at], (sums[0]-sums[1])/(2*h)
		if want == 0 || math.Abs(got-want) > 1e-4*max(1e-3, math.Abs(want)) {
			wrong = append(wrong, fmt.Sprintf("variable %s, element %d: the gradient is %g, the central difference %g: want the same, and not 0", v.Path, at, got, want))
		}
	}
	return wrong
}

// keep returns a function that gives variables the values that they have now: states, which
// training moves.
func keep(vars []*graph.Var) func() {
	before := make([]*tensor.Tensor, len(vars))
	for i, v := range vars {
		before[i] = v.Value()
	}
	return func() {
		for i, v := range vars {
			if err := v.Set(before[i]); err != nil {
				panic(err)
			}
		}
	}
}

// states wants a step of training to change each variable that is not trained.
func (c Case) states(t *testing.T, l nn.Layer, b *nn.Builder) {
	t.Helper()
	var before [][]float64
	for _, v := range b.States() {
		before = append(before, v.Tensor().Float64s())
	}
	g := graph.New()
	var x []*graph.Node
	var samples []*tensor.Tensor
	for _, s := range c.Ins {
		x, samples = append(x, g.Input("x", s)), append(samples, Sample(s))
	}
	total(nn.NewCtx(g, nn.NewSeed(1)), l, x)
	Run(g, nil, samples...)
	for i, v := range b.States() {
		if slices.Equal(before[i], v.Tensor().Float64s()) {
			t.Errorf("state %s is %v before and after a step of training: want it changed", v.Path, before[i])
		}
	}
}
