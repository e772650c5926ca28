package nn_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// built returns net built for samples of the given shape.
func built(t *testing.T, net *nn.Network, in tensor.Spec) *nn.Network {
	t.Helper()
	if err := graph.Catch(func() { net.Build(nn.NewBuilder(1), in) }); err != nil {
		t.Fatal(err)
	}
	return net
}

func paths(vars []*graph.Var) []string {
	var p []string
	for _, v := range vars {
		p = append(p, v.Path)
	}
	return p
}

func TestNames(t *testing.T) {
	inner := nn.Sequential(nn.Dense(3), nn.Dense(3))
	net := built(t, nn.Sequential(
		nn.Flatten(), nn.Dense(4, nn.ReLU), nn.Dense(4, nn.Name("dense_1")), nn.Dense(4), nn.ReLU, inner, nn.Dense(2, nn.NoBias, nn.Name("head")),
	), f32(5, 2, 3))
	var names []string
	for _, r := range net.Records() {
		names = append(names, r.Name)
	}
	want := []string{"flatten", "dense", "dense_1", "dense_2", "activation", "sequential", "head"}
	if !slices.Equal(names, want) {
		t.Errorf("names are %v, want %v", names, want)
	}
	want = []string{"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "dense_2/kernel", "dense_2/bias",
		"sequential/dense/kernel", "sequential/dense/bias", "sequential/dense_1/kernel", "sequential/dense_1/bias", "head/kernel"}
	if got := paths(net.Vars()); !slices.Equal(got, want) {
		t.Errorf("variables are %v, want %v", got, want)
	}
	if r := net.Records()[5]; r.Class != "Sequential" || !slices.Equal(r.Out, []tensor.Spec{f32(5, 3)}) || len(r.Params) != 4 {
		t.Errorf("record of the inner network is %+v", r)
	}
}

func TestMistakes(t *testing.T) {
	in := f32(5, 6)
	for name, c := range map[string]struct {
		layers []nn.Layer
		in     tensor.Spec
		want   []string // parts of the message
	}{
		"same names": {[]nn.Layer{nn.Dense(1, nn.Name("a")), nn.Dense(1, nn.Name("a"))}, in, []string{"network_test.go:", `"a"`, "different"}},
		"slash":      {[]nn.Layer{nn.Dense(1, nn.Name("a/b"))}, in, []string{"network_test.go:", "without '/'"}},
		"pixels":     {[]nn.Layer{nn.Flatten(), nn.Dense(1)}, tensor.S(tensor.Uint8, 5, 2, 3), []string{"network_test.go:", `layer "dense"`, "uint8[5 6]", "Rescaling"}},
		"nil":        {[]nn.Layer{nn.Dense(1), nil}, in, []string{"network_test.go:", "layer 1 is nil"}},
		"penalty":    {[]nn.Layer{nn.Dense(1, nn.KernelRegularizer(nn.L2(math.NaN())))}, in, []string{`layer "dense"`, "L2 NaN"}},
		"negative":   {[]nn.Layer{nn.Dense(1, nn.BiasRegularizer(nn.L1(-1)))}, in, []string{`layer "dense"`, "L1 -1"}},
		"fan":        {[]nn.Layer{nn.Dense(1, nn.KernelInitializer(nn.VarianceScaling(1, "fan", nn.Normal)))}, in, []string{`layer "dense"`, `fan "fan"`}},
		"spread":     {[]nn.Layer{nn.Dense(1, nn.KernelInitializer(nn.VarianceScaling(1, nn.FanIn, "normal")))}, in, []string{`layer "dense"`, `distribution "normal"`}},
		"scale":      {[]nn.Layer{nn.Dense(1, nn.KernelInitializer(nn.VarianceScaling(0, nn.FanIn, nn.Normal)))}, in, []string{`layer "dense"`, "scale 0"}},
		"units":      {[]nn.Layer{nn.Dense(0)}, in, []string{"0 units", "1 or more"}},
		"vector":     {[]nn.Layer{nn.Dense(1)}, f32(5), []string{"float32[5]", "[batch ... features]"}},
		"rate":       {[]nn.Layer{nn.Dropout(1.1)}, in, []string{`layer "dropout"`, "rate 1.1", "0 <= rate <= 1"}},
		"rounded":    {[]nn.Layer{nn.GaussianDropout(1 - 1e-12)}, in, []string{`layer "gaussian_dropout"`, "rate 0.999999999999", "0 <= rate < 1"}},
		"noise":      {[]nn.Layer{nn.Dropout(0.5, nn.NoiseShape(-1, 2))}, in, []string{"noise shape"}},
		"axes":       {[]nn.Layer{nn.Dropout(0.5, nn.NoiseShape(-1, 2, 1))}, in, []string{"as many axes"}},
		"alpha rate": {[]nn.Layer{nn.AlphaDropout(1)}, in, []string{`layer "alpha_dropout"`, "rate 1", "0 <= rate < 1"}},
		"alpha axes": {[]nn.Layer{nn.AlphaDropout(0.5, nn.NoiseShape(1))}, in, []string{"nn.AlphaDropout: noise shape [1]", "as many axes"}},
		"spatial":    {[]nn.Layer{nn.SpatialDropout2D(0.5)}, in, []string{`layer "spatial_dropout2d"`, "float32[5 6]", "want 4 axes"}},
		"slopes":     {[]nn.Layer{nn.PReLU(nn.SharedAxes(2))}, in, []string{`layer "p_re_lu"`, "shared axis 2", "want 1 to 1"}},
		"activity":   {[]nn.Layer{nn.ActivityRegularization(-1, 0)}, in, []string{`layer "activity_regularization"`, "l1 -1"}},
		"stddev":     {[]nn.Layer{nn.GaussianNoise(-1)}, in, []string{"stddev -1"}},
		"reshape":    {[]nn.Layer{nn.Reshape(4, 2)}, in, []string{`layer "reshape"`, "want 30"}},
		"permute":    {[]nn.Layer{nn.Permute(2, 1)}, in, []string{"[2 1]", "1 to 1"}},
		"repeated":   {[]nn.Layer{nn.RepeatVector(1<<25 + 1)}, f32(5, 2), []string{"nn.RepeatVector: x [5 2], n 33554433: want at most 67108864 elements a sample"}},
		"repeat":     {[]nn.Layer{nn.RepeatVector(2)}, f32(5, 6, 2), []string{"[batch features]"}},
		"input":      {[]nn.Layer{nn.Input(7)}, in, []string{`layer "input_layer"`, "[6]", "[7]"}},
		"scalar":     {nil, f32(), []string{"axis 0"}},
		"lambda": {[]nn.Layer{nn.Lambda(func(x *graph.Node) *graph.Node {
			return ops.MatMul(x, x)
		})}, in, []string{"network_test.go:", `layer "lambda"`, "MatMul"}},
		"no function": {[]nn.Layer{nn.Lambda(nil)}, in, []string{`layer "lambda"`, "function is nil"}},
		"no result":   {[]nn.Layer{nn.Lambda(func(*graph.Node) *graph.Node { return nil })}, in, []string{`layer "lambda"`, "got a nil node"}},
		"inner":       {[]nn.Layer{nn.Sequential(nn.Dense(2), nn.Dense(0, nn.Name("bad")))}, in, []string{`layer "sequential/bad"`}},
	} {
		t.Run(name, func(t *testing.T) {
			err := graph.Catch(func() { nn.Sequential(c.layers...).Build(nn.NewBuilder(1), c.in) })
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error is %q, want %q in it", err, part)
				}
			}
		})
	}
}

// TestCallOnBytes gives a network built for floats the bytes of images.
func TestCallOnBytes(t *testing.T) {
	net := nn.Sequential(nn.Input(6), nn.Dense(2))
	net.Build(nn.NewBuilder(1), f32(5, 6))
	g := graph.New()
	err := graph.Catch(func() { net.Call(nn.NewCtx(g, nn.NewSeed(1)), g.Input("x", tensor.S(tensor.Uint8, 5, 6))) })
	if err == nil || !strings.Contains(err.Error(), "uint8[5 6]") || !strings.Contains(err.Error(), "Rescaling") {
		t.Errorf("got %v, want an error with Rescaling in it", err)
	}
}

func TestNetworkInItself(t *testing.T) {
	net := nn.Sequential(nn.Dense(1))
	net.Add(net)
	err := graph.Catch(func() { net.Build(nn.NewBuilder(1), f32(5, 6)) })
	if err == nil || !strings.Contains(err.Error(), "layer 1 is the network itself") {
		t.Errorf("got %v, want an error", err)
	}
}

// TestRetry builds a network again after a mistake in its input.
func TestRetry(t *testing.T) {
	net := nn.Sequential(nn.Sequential(nn.Dense(4)), nn.Permute(1))
	if graph.Catch(func() { net.Build(nn.NewBuilder(1), f32(5, 2, 6)) }) == nil {
		t.Fatal("no error")
	}
	built(t, net, f32(5, 3))
	if vars := net.Vars(); len(vars) != 2 || vars[0].Spec() != f32(3, 4) {
		t.Errorf("variables are %v", paths(vars))
	}
}

func TestUnbuilt(t *testing.T) {
	net := nn.Sequential(nn.Dense(4))
	g := graph.New()
	err := graph.Catch(func() { net.Call(nn.NewCtx(g, nil), g.Input("x", f32(5, 3))) })
	if err == nil || !strings.Contains(err.Error(), "Build first") {
		t.Errorf("calling a network before it is built gives %v", err)
	}
	err = graph.Catch(func() { built(t, net, f32(5, 3)).Add(nn.Flatten()) })
	if err == nil || !strings.Contains(err.Error(), "is built") {
		t.Errorf("adding to a network that is built gives %v", err)
	}
}

func TestSharing(t *testing.T) {
	body := nn.Sequential(nn.Dense(4, nn.Tanh), nn.Dropout(0.5))
	first := built(t, nn.Sequential(body, nn.Dense(1)), f32(5, 3))
	second := built(t, nn.Sequential(body, nn.Dense(2)), f32(5, 3))
	a, b := first.Vars(), second.Vars()
	if a[0] != b[0] || a[1] != b[1] || a[2] == b[2] {
		t.Errorf("variables are %v and %v, want the first two shared", paths(a), paths(b))
	}
	twice := nn.Dense(3)
	net := built(t, nn.Sequential(twice, nn.ReLU, twice), f32(5, 3))
	if got := len(net.Vars()); got != 2 {
		t.Errorf("%d variables of a layer that stands twice, want 2", got)
	}
}

func TestFreezing(t *testing.T) {
	body := nn.Sequential(nn.Dense(4), nn.Dense(4, nn.Frozen))
	net := built(t, nn.Sequential(body, nn.Dense(1)), f32(5, 3))
	if got := paths(net.Params()); len(got) != 4 {
		t.Errorf("trained are %v, want all but those of the frozen layer", got)
	}
	body.Frozen = true
	if got, want := paths(net.Params()), []string{"dense/kernel", "dense/bias"}; !slices.Equal(got, want) {
		t.Errorf("trained are %v, want %v", got, want)
	}
	body.Frozen = false
	if got := paths(net.Params()); len(got) != 4 {
		t.Errorf("trained are %v, want four again", got)
	}
}

func TestInitialValues(t *testing.T) {
	values := func(seed uint64) []float64 {
		net := nn.Sequential(nn.Dense(4), nn.Dense(4))
		net.Build(nn.NewBuilder(seed), f32(5, 4))
		return append(net.Vars()[0].Tensor().Float64s(), net.Vars()[2].Tensor().Float64s()...)
	}
	a, b, c := values(1), values(1), values(2)
	if !slices.Equal(a, b) {
		t.Error("one seed gives different values")
	}
	if slices.Equal(a, c) {
		t.Error("two seeds give the same values")
	}
	if slices.Equal(a[:16], a[16:]) {
		t.Error("two layers have the same values")
	}
}

func TestLosses(t *testing.T) {
	net := built(t, nn.Sequential(
		nn.Dense(2, nn.KernelInitializer(nn.Constant(0.5)), nn.KernelRegularizer(nn.L2(0.1)), nn.BiasInitializer(nn.Ones), nn.BiasRegularizer(nn.L1(0.3)),
			nn.ActivityRegularizer(nn.L1(0.01))),
		nn.Dense(1, nn.KernelRegularizer(nn.L1(1)), nn.Frozen),
	), f32(4, 3))
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(1))
	net.Call(c, g.Input("x", f32(4, 3)))
	var got []float64
	x := tensor.NewSpec(f32(4, 3))
	for _, a := range nntest.Run(g, c.Losses(), x) {
		got = append(got, a.V[0])
	}
	// outputs of zeros are the bias, 1; the frozen layer has no penalty
	want := []float64{0.1 * 6 * 0.25, 0.3 * 2, 0.01 * 4 * 2 / 4}
	if len(got) != len(want) {
		t.Fatalf("%d losses, want %d", len(got), len(want))
	}
	for i := range want {
		if d := got[i] - want[i]; d > 1e-6 || d < -1e-6 {
			t.Errorf("loss %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// TestDropout checks how much is dropped, that every step drops anew, and that a
// repeated step drops the same.
func TestDropout(t *testing.T) {
	net := built(t, nn.Sequential(nn.Dropout(0.25), nn.Dropout(0.25)), f32(1, 1000))
	run := func(seed *graph.Var, training bool) []float64 {
		g := graph.New()
		c := nn.NewCtx(g, seed)
		c.Training = training
		y := net.Call(c, ops.Full(g, f32(1, 1000), 1))
		return nntest.Run(g, []*graph.Node{y})[0].V
	}
	seed := nn.NewSeed(3)
	first, second := run(seed, true), run(seed, true)
	if slices.Equal(first, second) {
		t.Error("two steps drop the same")
	}
	if !slices.Equal(first, run(nn.NewSeed(3), true)) {
		t.Error("one step, done twice, drops different elements")
	}
	zeros, sum := 0, 0.0
	for _, v := range first {
		if v == 0 {
			zeros++
		}
		sum += v
	}
	if zeros < 380 || zeros > 500 { // 437 ± 4 standard deviations of 15.7
		t.Errorf("%d of 1000 are dropped, want about 437", zeros)
	}
	if mean := sum / 1000; mean < 0.88 || mean > 1.12 {
		t.Errorf("mean is %v, want about 1", mean)
	}
	for i, v := range run(seed, false) {
		if v != 1 {
			t.Fatalf("element %d is %v without training, want 1", i, v)
		}
	}
}

// TestAlphaDropout checks the dropped elements, and that mean and variance stay.
func TestAlphaDropout(t *testing.T) {
	const n, rate = 20000, 0.2
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(3))
	c.Training = true
	x := nntest.Run(g, []*graph.Node{ops.RandomNormal(g.Const(tensor.Of[uint64](1, 2)), f32(n), 9), nn.AlphaDropout(rate).Call(c,
		ops.RandomNormal(g.Const(tensor.Of[uint64](1, 2)), f32(n), 9))})
	mean, stddev, _, _ := moments(x[1].V)
	if math.Abs(mean) > 0.03 || math.Abs(stddev-1) > 0.03 {
		t.Errorf("mean %g, standard deviation %g: want about 0 and 1", mean, stddev)
	}
	count := map[float64]int{}
	for _, v := range x[1].V {
		count[v]++
	}
	for v, k := range count {
		if k > n/10 && (math.Abs(float64(k)-rate*n) > 5*math.Sqrt(n*rate*(1-rate)) || v > -1) {
			t.Errorf("%d elements are %g: want about %g of a number below -1", k, v, rate*n)
		}
	}
	if len(count) > n-n/10 {
		t.Error("nothing was dropped")
	}
}

// TestSpatialDropout wants whole channels dropped, and about as many as the rate says.
func TestSpatialDropout(t *testing.T) {
	g := graph.New()
	c := nn.NewCtx(g, nn.NewSeed(3))
	c.Training = true
	y := nntest.Run(g, []*graph.Node{nn.SpatialDropout3D(0.25).Call(c, ops.Full(g, f32(50, 2, 3, 1, 40), 3))})[0].V
	dropped := 0
	for b := range 50 {
		for ch := range 40 {
			first := y[b*240+ch]
			if first == 0 {
				dropped++
			} else if first != 4 {
				t.Fatalf("sample %d, channel %d: %g, want 0 or 4", b, ch, first)
			}
			for p := 1; p < 6; p++ {
				if v := y[b*240+p*40+ch]; v != first {
					t.Fatalf("sample %d, channel %d, place %d: %g beside %g", b, ch, p, v, first)
				}
			}
		}
	}
	if dropped < 400 || dropped > 600 { // 500 ± 5 standard deviations of 19.4
		t.Errorf("%d of 2000 channels are dropped, want about 500", dropped)
	}
}

func TestCastsFloats(t *testing.T) {
	net := built(t, nn.Sequential(nn.Dense(2)), tensor.S(tensor.Float64, 4, 3))
	g := graph.New()
	y := net.Call(nn.NewCtx(g, nil), g.Input("x", tensor.S(tensor.Float64, 4, 3)))
	if y.Spec() != f32(4, 2) {
		t.Errorf("output is %v, want %v", y.Spec(), f32(4, 2))
	}
}

// scale is a layer of a user's own, without nn.Base.
type scale struct{ by *graph.Var }

func (s *scale) Build(b *nn.Builder, in tensor.Spec) {
	s.by = b.Param("by", in.Shape.From(1), nn.Ones)
}
func (s *scale) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return ops.Mul(x, c.Value(s.by)) }

func TestOwnLayer(t *testing.T) {
	net := built(t, nn.Sequential(&scale{}, &scale{}), f32(4, 3))
	if got, want := paths(net.Params()), []string{"scale/by", "scale_1/by"}; !slices.Equal(got, want) {
		t.Errorf("parameters are %v, want %v", got, want)
	}
	if r := net.Records()[1]; r.Class != "scale" || len(r.Params) != 1 {
		t.Errorf("record is %+v", r)
	}
}

func TestDeclared(t *testing.T) {
	net := nn.Sequential(nn.Sequential(nn.Input(28, 28)), nn.Flatten())
	if s, ok := net.Declared(); !ok || !slices.Equal(s, []tensor.Spec{f32(1, 28, 28)}) {
		t.Errorf("declared %v, %v; want %v", s, ok, f32(1, 28, 28))
	}
	if _, ok := nn.Sequential(nn.Flatten()).Declared(); ok {
		t.Error("a network without Input declares one")
	}
}

func TestActivationJSON(t *testing.T) {
	for _, text := range []string{`"relu"`, `"linear"`, `"gelu"`,
		`{"module":"keras.layers","class_name":"LeakyReLU","config":{"negative_slope":0.1},"registered_name":null}`} {
		var a nn.Activation
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(a); err != nil || string(b) != text {
			t.Errorf("%s comes back as %s (%v)", text, b, err)
		}
	}
	var a nn.Activation
	if err := json.Unmarshal([]byte(`"no_such"`), &a); err == nil {
		t.Error("an unknown activation is no error")
	}
	if err := json.Unmarshal([]byte(`null`), &a); err != nil || a.String() != "linear" {
		t.Errorf("null is %v (%v), want linear", a, err)
	}
}

func TestLambdaHasNoConfig(t *testing.T) {
	_, err := json.Marshal(nn.Lambda(ops.Relu))
	if err == nil || errors.Unwrap(err) == nil {
		t.Errorf("error is %v, want one that says that it cannot be saved", err)
	}
}
