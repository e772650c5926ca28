package nn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func TestPolicies(t *testing.T) {
	for p, want := range map[nn.DTypePolicy][2]tensor.DType{
		"":               {tensor.Float32, tensor.Float32},
		nn.Float32:       {tensor.Float32, tensor.Float32},
		nn.Float64:       {tensor.Float64, tensor.Float64},
		nn.Float16:       {tensor.Float16, tensor.Float16},
		nn.BFloat16:      {tensor.BFloat16, tensor.BFloat16},
		nn.MixedFloat16:  {tensor.Float16, tensor.Float32},
		nn.MixedBFloat16: {tensor.BFloat16, tensor.Float32},
		"int8":           {tensor.Invalid, tensor.Invalid},
		"mixed":          {tensor.Invalid, tensor.Invalid},
	} {
		if got := [2]tensor.DType{p.ComputeDType(), p.VariableDType()}; got != want {
			t.Errorf("policy %q: computes and stores in %v, want %v", p, got, want)
		}
		if p == "" {
			continue
		}
		got, err := nn.ParseDTypePolicy(string(p))
		if known := want[0] != tensor.Invalid; (err == nil) != known || known && got != p {
			t.Errorf("ParseDTypePolicy(%q) = %q, error %v", p, got, err)
		}
	}
	for text, want := range map[string]string{
		`"mixed_bfloat16"`: "mixed_bfloat16",
		`null`:             "",
		`{"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}, "registered_name": null}`: "mixed_float16",
		`{"class_name": "Policy", "config": {"name": "float64"}}`:                                                        "float64",
		`{"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "mixed_bfloat16"}}`:            `dtype policy "int8_from_mixed_bfloat16": want`,
		`{"class_name": "DTypePolicyMap", "config": {}}`:                                                                 `dtype policy "DTypePolicyMap": want`,
		`"float8_from_float32"`: `dtype policy "float8_from_float32": want`,
		`"uint8"`:               `dtype policy "uint8": want`,
		`7`:                     "want a name or an object",
	} {
		var p nn.DTypePolicy
		if err := json.Unmarshal([]byte(text), &p); err == nil && string(p) != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s is policy %q, error %v, want %s", text, p, err, want)
		}
	}
}

// probe is a layer of a user's that notes the dtypes that it meets.
type probe struct {
	nn.Base
	note
}

// bareProbe is one that does not embed [nn.Base].
type bareProbe struct{ note }

type note struct {
	param, state, count  *graph.Var
	built                tensor.DType
	x, value, raw, moved tensor.DType
}

func (p *note) Build(b *nn.Builder, in tensor.Spec) {
	p.built = in.DType
	p.param = b.Param("scale", tensor.D(1), nn.Ones)
	p.state = b.State("mean", tensor.S(b.DType.VariableDType(), 1), nn.Zeros)
	p.count = b.State("count", tensor.S(tensor.Int32), nn.Zeros)
}

func (p *note) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	p.x, p.value, p.raw, p.moved = x.DType(), c.Value(p.param).DType(), c.Graph().Value(p.param).DType(), c.Value(p.state).DType()
	if x.DType().IsFloat() {
		x = ops.Mul(x, c.Value(p.param))
		c.Update(p.state, ops.Reshape(ops.ReduceMean(x), 1))
	}
	c.Update(p.count, ops.Offset(c.Value(p.count), 1))
	return x
}

// TestPolicyOfLayers passes numbers through layers with policies of their own and with
// that of a network around: it checks the dtypes of inputs, and of variables as they are
// stored and used.
func TestPolicyOfLayers(t *testing.T) {
	own, inner, bare, deep := &probe{}, &probe{}, &bareProbe{}, &probe{}
	own.DType = nn.Float32
	block := nn.Sequential(inner)
	half := nn.Sequential(deep)
	half.DType = nn.Float16
	net := nn.Sequential(nn.Input(3), nn.Dense(3, nn.ReLU), own, block, bare, half, nn.Dense(2, nn.Softmax, nn.Float64))
	net.DType = nn.MixedBFloat16
	built(t, net, f32(4, 3))
	g := graph.New()
	y := net.Call(nn.NewCtx(g, nil), g.Input("x", f32(4, 3)))
	bf16, f16, single := tensor.BFloat16, tensor.Float16, tensor.Float32
	for name, c := range map[string]struct {
		got  note
		want [5]tensor.DType // built for, called on, value, stored, state
	}{
		"own":   {own.note, [5]tensor.DType{single, single, single, single, single}},
		"inner": {inner.note, [5]tensor.DType{bf16, bf16, bf16, single, bf16}},
		"bare":  {bare.note, [5]tensor.DType{bf16, bf16, bf16, single, bf16}},
		"deep":  {deep.note, [5]tensor.DType{f16, f16, f16, f16, f16}},
	} {
		n := c.got
		if got := [5]tensor.DType{n.built, n.x, n.value, n.raw, n.moved}; got != c.want {
			t.Errorf("%s: built for, called on, value, stored, state: %v, want %v", name, got, c.want)
		}
	}
	if y.DType() != tensor.Float64 {
		t.Errorf("output is %v, want that of the last layer, float64", y.Spec())
	}
	var dtypes []string
	for _, v := range net.Vars() {
		dtypes = append(dtypes, v.Spec().DType.String())
	}
	want := "float32 float32 float32 float32 int32 float32 float32 int32 float32 float32 int32 float16 float16 int32 float64 float64"
	if got := strings.Join(dtypes, " "); got != want {
		t.Errorf("variables are %s, want %s", got, want)
	}
}

// TestRandomLayersInPolicies trains the layers that draw numbers in every dtype.
func TestRandomLayersInPolicies(t *testing.T) {
	for _, p := range []nn.DTypePolicy{nn.Float64, nn.Float16, nn.BFloat16, nn.MixedFloat16, nn.MixedBFloat16} {
		for _, l := range []nn.Layer{nn.Dropout(0.5), nn.Dropout(0.5, nn.NoiseShape(-1, 1)), nn.AlphaDropout(0.5), nn.GaussianNoise(1), nn.GaussianDropout(0.5)} {
			net := nn.Sequential(l)
			net.DType = p
			built(t, net, f32(40, 30))
			g := graph.New()
			c := nn.NewCtx(g, nn.NewSeed(1))
			c.Training = true
			y := net.Call(c, g.Input("x", f32(40, 30)))
			if y.DType() != p.ComputeDType() {
				t.Errorf("%s: %s makes %v", p, nn.ClassOf(l), y.Spec())
			}
			x := nntest.Sample(f32(40, 30))
			changed := 0
			for i, v := range nntest.Run(g, []*graph.Node{y}, x)[0].V {
				if math.Abs(v-x.Float64s()[i]) > 0x1p-6*math.Abs(v) {
					changed++
				}
			}
			if changed < 400 {
				t.Errorf("%s: %s changed %d of 1200 numbers", p, nn.ClassOf(l), changed)
			}
		}
	}
}

// TestPolicyLeavesIntegers: they are no numbers to round.
func TestPolicyLeavesIntegers(t *testing.T) {
	p := &probe{}
	net := nn.Sequential(p, nn.Average())
	net.DType = nn.MixedFloat16
	built(t, net, tensor.S(tensor.Int32, 4, 3))
	g := graph.New()
	if y := net.Call(nn.NewCtx(g, nil), g.Input("x", tensor.S(tensor.Int32, 4, 3))); p.x != tensor.Int32 || y.DType() != tensor.Float16 {
		t.Errorf("the layer got %v, Average made %v of it: want int32 and float16", p.x, y.DType())
	}
}

// TestPolicyOfInput rounds to the dtype of an input first, as Keras does.
func TestPolicyOfInput(t *testing.T) {
	in := nn.Input(1)
	in.DType = tensor.BFloat16
	net := built(t, nn.Sequential(in, nn.Flatten()), f32(1, 1))
	g := graph.New()
	y := net.Call(nn.NewCtx(g, nil), g.Input("x", f32(1, 1)))
	if got := nntest.Run(g, []*graph.Node{y}, rowsOf(1, 1, float32(1.001)))[0].V[0]; got != 1 || y.DType() != tensor.Float32 {
		t.Errorf("1.001 becomes %v of %v, want 1 of float32", got, y.DType())
	}
}

// TestPolicyWithinALayer: a part of a layer has the layer's policy, or its own where the
// layer traces it.
func TestPolicyWithinALayer(t *testing.T) {
	l := &pair{follows: nn.Dense(2), own: nn.Dense(2, nn.Float32)}
	l.DType = nn.MixedBFloat16
	built(t, nn.Sequential(l), f32(4, 3))
	if l.dtypes != [2]tensor.DType{tensor.BFloat16, tensor.Float32} {
		t.Errorf("the parts made %v, want bfloat16 and float32", l.dtypes)
	}
}

type pair struct {
	nn.Base
	follows, own *nn.DenseLayer
	dtypes       [2]tensor.DType
}

func (l *pair) Build(b *nn.Builder, in tensor.Spec) {
	b.Build("own", l.own, b.Build("follows", l.follows, in))
}

func (l *pair) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	y := l.follows.Call(c, x)
	z := c.Trace(l.own, y)
	l.dtypes = [2]tensor.DType{y.DType(), z.DType()}
	return z
}

// TestPolicyChanges: the variables of a layer that is built stay as they are.
func TestPolicyChanges(t *testing.T) {
	net := built(t, nn.Sequential(nn.Dense(2, nn.Name("d"))), f32(4, 3))
	for _, c := range []struct {
		policy nn.DTypePolicy
		dtype  tensor.DType
		err    string
	}{
		{"", tensor.Float32, ""},
		{nn.MixedFloat16, tensor.Float16, ""},
		{nn.Float64, tensor.Invalid, `layer "d": nn.Dense: dtype policy float64 of a layer that was built with variables of float32: want one that keeps them so`},
		{"int8", tensor.Invalid, `nn: dtype policy "int8": want float32, float64, float16, bfloat16, mixed_float16 or mixed_bfloat16`},
	} {
		net.DType = c.policy
		var y *graph.Node
		err := graph.Catch(func() {
			g := graph.New()
			y = net.Call(nn.NewCtx(g, nil), g.Input("x", f32(4, 3)))
		})
		switch {
		case c.err == "" && (err != nil || y.DType() != c.dtype):
			t.Errorf("policy %q: output %v, error %v", c.policy, y, err)
		case c.err != "" && (err == nil || !strings.HasSuffix(err.Error(), c.err)):
			t.Errorf("policy %q: error %v, want %s", c.policy, err, c.err)
		}
	}
}

// TestPolicyUnknown names it where the network is built.
func TestPolicyUnknown(t *testing.T) {
	for name, net := range map[string]*nn.Network{"layer": nn.Sequential(nn.Dense(2, nn.DTypePolicy("half")))} {
		err := graph.Catch(func() { net.Build(nn.NewBuilder(1), f32(4, 3)) })
		if err == nil || !strings.Contains(err.Error(), `dtype policy "half": want float32, `) || !strings.Contains(err.Error(), "policy_test.go") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestMixedGradients has the gradients of weights of float32 in float32, near those of
// a network that computes so: rounding to bfloat16 is off by 2^-8 at most, to float16 by
// 2^-11, and about eight roundings lie on the way from the inputs to a gradient.
func TestMixedGradients(t *testing.T) {
	for policy, bound := range map[nn.DTypePolicy]float64{nn.MixedBFloat16: 8 * 0x1p-8, nn.MixedFloat16: 8 * 0x1p-11} {
		grads := func(p nn.DTypePolicy) []ops.Array {
			net := nn.Sequential(nn.Dense(8, nn.Tanh), nn.Dense(3, nn.Softmax))
			net.DType = p
			built(t, net, f32(16, 5))
			g := graph.New()
			x, y := g.Input("x", f32(16, 5)), g.Input("y", f32(16, 3))
			loss := loss.Reduce(loss.CategoricalCrossentropy(), y, net.Call(nn.NewCtx(g, nil), x), nil)
			if loss.DType() != tensor.Float32 {
				t.Errorf("%s: loss is %v, want float32", p, loss.Spec())
			}
			var of []*graph.Node
			for _, v := range net.Params() {
				of = append(of, g.Value(v))
			}
			d := autodiff.Grad(loss, of...)
			for i, v := range net.Params() {
				if d[i].Spec() != v.Spec() {
					t.Errorf("%s: gradient of %s is %v, want %v", p, v.Path, d[i].Spec(), v.Spec())
				}
			}
			labels := tensor.New(tensor.Float32, 16, 3)
			for i := range 16 {
				tensor.Data[float32](labels)[3*i+i%3] = 1
			}
			return nntest.Run(g, d, nntest.Sample(f32(16, 5)), labels)
		}
		got, want := grads(policy), grads(nn.Float32)
		worst := 0.0
		for i := range want {
			var diff, size float64
			for j, w := range want[i].V {
				diff += (got[i].V[j] - w) * (got[i].V[j] - w)
				size += w * w
			}
			if e := math.Sqrt(diff / size); e > bound || size == 0 {
				t.Errorf("%s: gradient %d is off by %.2g of its length, want at most %.2g", policy, i, e, bound)
			} else {
				worst = max(worst, e)
			}
		}
		if worst == 0 {
			t.Errorf("%s: gradients are those of float32: want products of 16 bits", policy)
		}
		t.Logf("%s: worst gradient off by %.2g of its length", policy, worst)
	}
}

// TestMixedPenalties has penalties computed in float32: that of a kernel from the kernel
// as it is stored, that of an output without overflow.
func TestMixedPenalties(t *testing.T) {
	const w = 1 + 0x1p-20 // 1 in 16 bits
	net := nn.Sequential(nn.Dense(1, nn.NoBias, nn.KernelInitializer(nn.Constant(w)), nn.KernelRegularizer(nn.L1(1)), nn.ActivityRegularizer(nn.L2(1))))
	net.DType = nn.MixedFloat16
	built(t, net, f32(2, 1))
	g := graph.New()
	c := nn.NewCtx(g, nil)
	net.Call(c, g.Input("x", f32(2, 1)))
	out := nntest.Run(g, c.Losses(), rowsOf(2, 1, float32(300), 400))
	if got := out[0].V[0]; got != w {
		t.Errorf("penalty of the kernel is %v, want %v", got, w)
	}
	if got := out[1].V[0]; got != (300*300+400*400)/2 { // more than float16 has
		t.Errorf("penalty of the output is %v, want %v", got, (300*300+400*400)/2)
	}
}

// TestCrossentropyOfNarrowFloats: a loss of probabilities in 16 bits is computed from
// their logits.
func TestCrossentropyOfNarrowFloats(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
		for name, c := range map[string]struct {
			loss loss.Loss
			a    nn.Activation
			y    *tensor.Tensor
			want float64
		}{
			"categorical": {loss.CategoricalCrossentropy(), nn.Softmax, rowsOf(1, 2, float32(1), 0), 40},
			"sparse":      {loss.SparseCategoricalCrossentropy(), nn.Softmax, tensor.Of[int32](0), 40},
			"binary":      {loss.BinaryCrossentropy(), nn.Sigmoid, rowsOf(1, 2, float32(1), 0), 20},
		} {
			g := graph.New()
			z := ops.Cast(g.Input("z", f32(1, 2)), dt)
			loss := loss.Reduce(c.loss, g.Input("y", c.y.Spec()), c.a.Call(nil, z), nil)
			got := nntest.Run(g, []*graph.Node{loss}, rowsOf(1, 2, float32(-20), 20), c.y)[0].V[0]
			if math.Abs(got-c.want) > 1e-5 {
				t.Errorf("%s of %v: loss %v, want %v", name, dt, got, c.want)
			}
		}
	}
}

// rowsOf returns a matrix of v.
func rowsOf[T tensor.Element](rows, columns int, v ...T) *tensor.Tensor {
	x := tensor.Of(v...)
	y := tensor.New(x.DType(), rows, columns)
	copy(y.Bytes(), x.Bytes())
	return y
}

// TestPolicyConfig writes and reads a layer's own policy.
func TestPolicyConfig(t *testing.T) {
	for _, l := range []nn.Layer{
		nn.Dense(2, nn.MixedBFloat16), nn.Dropout(0.5, nn.MixedBFloat16), nn.AlphaDropout(0.5, nn.MixedBFloat16), nn.SpatialDropout1D(0.5, nn.MixedBFloat16),
		nn.PReLU(nn.MixedBFloat16), nn.Flatten(nn.MixedBFloat16), nn.Masking(1, nn.MixedBFloat16),
		nn.BatchNormalization(nn.MixedBFloat16), nn.LayerNormalization(nn.MixedBFloat16), nn.GroupNormalization(2, nn.MixedBFloat16),
		nn.RMSNormalization(nn.MixedBFloat16), nn.UnitNormalization(nn.MixedBFloat16), nn.SpectralNormalization(nn.Dense(2), nn.MixedBFloat16),
		nn.ReLU.Layer(nn.MixedBFloat16), nn.LeakyReLUSlope(0.5).Layer(nn.MixedBFloat16),
	} {
		_, class, config, err := nn.LayerToConfig(l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := nn.LayerFromConfig(class, config)
		if err != nil {
			t.Fatalf("%s: %v", config, err)
		}
		if got := nn.BaseOf(again).DType; got != nn.MixedBFloat16 || nn.BaseOf(l).DType != got {
			t.Errorf("%s has policy %q after %s", class, got, config)
		}
	}
	_, err := nn.LayerFromConfig("Dense", []byte(`{"units": 2, "dtype": "int8_from_float32"}`))
	if err == nil || !strings.Contains(err.Error(), `dtype policy "int8_from_float32"`) {
		t.Errorf("error %v, want one that names the policy", err)
	}
	if text := fmt.Sprintf("%v %s", nn.DTypePolicy(""), nn.MixedFloat16); text != "float32 mixed_float16" {
		t.Errorf("policies print as %s", text)
	}
}
