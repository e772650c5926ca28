package nn_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// values returns a tensor of a shape.
func values(dims []int, v ...float32) *tensor.Tensor {
	x := tensor.New(tensor.Float32, dims...)
	copy(tensor.Data[float32](x), v)
	return x
}

// upTo returns the numbers from 0 on.
func upTo(n int, f func(x float32) float32) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = f(float32(i))
	}
	return v
}

// normalized applies a network to x, with a mask of steps if it is not nil.
func normalized(net *nn.Network, x *tensor.Tensor, training bool, mask *tensor.Tensor) []float64 {
	g := graph.New()
	c := nn.NewCtx(g, nil)
	c.Training = training
	in := g.Input("x", x.Spec())
	inputs := []*tensor.Tensor{x}
	if mask != nil {
		c.SetMask(in, g.Input("mask", mask.Spec()))
		inputs = append(inputs, mask)
	}
	return nntest.Run(g, []*graph.Node{net.Call(c, in)}, inputs...)[0].V
}

// near reports whether numbers are as near to others as tol says, in parts of those over 1.
func near(got, want []float64, tol float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool {
		return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tol*max(1, math.Abs(b))
	})
}

// TestNormalization compares layers with Keras 3.15.1: outputs, and variables that are not
// trained afterwards.
func TestNormalization(t *testing.T) {
	steps, masked := values([]int{1, 3, 2}, 3, 4, 5, 8, 100, 200), tensor.New(tensor.Bool, 1, 3)
	copy(tensor.Data[bool](masked), []bool{true, true, false})
	batch := values([]int{3, 2}, 0, 10, 2, 30, 7, 20)
	eight := values([]int{1, 2, 4}, upTo(8, func(x float32) float32 { return x })...)
	clipped := func(opts ...nn.BatchNormalizationOption) nn.Layer {
		return nn.BatchNormalization(append(opts, nn.Momentum(0.5), nn.Renorm, nn.RenormMomentum(0.75))...)
	}
	for name, c := range map[string]struct {
		l        nn.Layer
		x        *tensor.Tensor
		training int // calls, 0 for one of inference
		mask     *tensor.Tensor
		want     []float64
		states   [][]float64
	}{
		"batch": {nn.BatchNormalization(nn.Momentum(0.9)), values([]int{2, 1}, 0, 2), 1, nil,
			[]float64{-0.99950033, 0.99950033}, [][]float64{{0.1}, {1}}},
		"batch, frozen": {nn.BatchNormalization(nn.Frozen), values([]int{2, 1}, 0, 2), 1, nil, []float64{0, 1.9990007}, nil},
		"batch, in a frozen network": {nn.Sequential(nn.BatchNormalization(nn.NoScale, nn.NoCenter)).With(nn.Frozen), values([]int{2, 1}, 0, 2), 1, nil,
			[]float64{0, 1.9990007}, [][]float64{{0}, {1}}},
		"batch, masked": {nn.BatchNormalization(nn.Momentum(0)), steps, 1, masked,
			[]float64{-0.9995003, -0.9998751, 0.9995005, 0.9998751, 95.952034, 96.987877}, [][]float64{{4, 6}, {1, 4}}},
		"batch of one channel, masked": {nn.BatchNormalization(nn.Momentum(0)), values([]int{1, 3, 1}, 3, 5, 100), 1, masked, // on TensorFlow
			[]float64{-0.9995003, 0.9995005, 95.952034}, [][]float64{{4}, {1}}},
		"batch, all masked": {nn.BatchNormalization(nn.Momentum(0)), steps, 1, tensor.New(tensor.Bool, 1, 3),
			[]float64{94.868332, 126.4911, 158.11388, 252.98221, 3162.2776, 6324.5552}, [][]float64{{0, 0}, {0, 0}}},
		"batch, masked, of another axis": {nn.BatchNormalization(nn.Momentum(0), nn.Axis(1)), steps, 1, masked,
			[]float64{-0.99800634, 0.99800587, -0.99977779, 0.99977779, 3162.2776, 6324.5552}, [][]float64{{3.5, 6.5, 0}, {0.25, 2.25, 0}}},
		"batch, masked, inference": {nn.BatchNormalization(nn.Axis(-1)), steps, 0, masked,
			[]float64{2.9985011, 3.9980013, 4.9975019, 7.9960027, 99.950035, 199.9001}, [][]float64{{0, 0}, {1, 1}}},
		"renorm": {clipped(nn.RenormClip(0.5, 1.5, 0.5)), batch, 1, nil,
			[]float64{-1.0284858, -1.3371036, -0.0094952583, 2.3371038, 2.537981, 0.5},
			[][]float64{{1.5, 10}, {3.8879623, 20.998428}, {1.9720452, 4.5825133}, {0.75, 5}, {1.4860226, 2.7912567}}},
		"renorm without bounds": {clipped(nn.RenormClip(0, math.Inf(1), math.Inf(1))), batch, 2, nil,
			[]float64{-0.50470304, 1.7913082, 0.84117162, 8.9565392, 4.2058582, 5.3739238},
			[][]float64{{2.25, 15}, {6.0410976, 40.623943}, {2.4580679, 6.3737698}, {1.3125, 8.75}, {1.8505396, 4.1346989}}},
		"group": {nn.GroupNormalization(2), eight, 0, nil,
			[]float64{-1.2125355, -0.7275213, -1.2125354, -0.7275212, 0.7275213, 1.2125355, 0.7275214, 1.2125356}, nil},
		"groups of a channel": {nn.GroupNormalization(-1), eight, 0, nil,
			[]float64{-0.99987507, -0.99987507, -0.99987507, -0.99987507, 0.99987507, 0.99987507, 0.99987507, 0.99987507}, nil},
		"groups of another axis": {nn.GroupNormalization(2, nn.Axis(1)), values([]int{1, 4, 3}, upTo(12, func(x float32) float32 { return x * x })...), 0, nil,
			[]float64{-1.0304188, -0.91800946, -0.58078152, -0.018734932, 0.76813018, 1.7798139, -1.3440859, -0.89796376, -0.38320756, 0.20018291, 0.85220742, 1.5728663}, nil},
		"layer": {nn.LayerNormalization(), values([]int{1, 4}, 1, 2, 3, 4), 0, nil, []float64{-1.3411043, -0.44703472, 0.44703484, 1.3411043}, nil},
		"layer, by the variance": {nn.LayerNormalization(nn.RMSScaling), values([]int{1, 4}, 1, 2, 3, 4), 0, nil,
			[]float64{0.89406961, 1.7881392, 2.6822088, 3.5762785}, nil},
		"RMS":  {nn.RMSNormalization(), values([]int{2, 2}, 3, 4, 1e-4, 1e-4), 0, nil, []float64{0.84852809, 1.1313708, 0.09950371, 0.09950371}, nil},
		"unit": {nn.UnitNormalization(), values([]int{5, 2}, 0, 0, 1e-7, 0, 1e-13, 0, 1e-20, 0, 3, 4), 0, nil, []float64{0, 0, 1, 0, 0.1, 0, 1e-8, 0, 0.6, 0.8}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			net := built(t, nn.Sequential(c.l), c.x.Spec())
			got := normalized(net, c.x, c.training > 0, c.mask)
			for range c.training - 1 {
				got = normalized(net, c.x, true, c.mask)
			}
			if !near(got, c.want, 3e-6) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if c.states == nil {
				return
			}
			var states [][]float64
			for _, v := range net.Vars() {
				if !slices.Contains(net.Params(), v) && !strings.HasSuffix(v.Path, "gamma") && !strings.HasSuffix(v.Path, "beta") {
					states = append(states, v.Tensor().Float64s())
				}
			}
			if !slices.EqualFunc(states, c.states, func(a, b []float64) bool { return near(a, b, 1e-6) }) {
				t.Errorf("states are %v, want %v", states, c.states)
			}
		})
	}
}

// TestNormalizationOf16Bits normalizes numbers whose squares overflow float16. Variables are
// float32 in mixed policies. Keras 3.15.1 has the same but for UnitNormalization, which gives 0
// in float16, and in bfloat16 what is wanted.
func TestNormalizationOf16Bits(t *testing.T) {
	large := []float64{60000, 60000, -60000, -60000}
	for _, policy := range []nn.DTypePolicy{nn.MixedFloat16, nn.MixedBFloat16, nn.Float16, nn.BFloat16} {
		for name, c := range map[string]struct {
			l    nn.Layer
			want float64
		}{
			"layer": {nn.LayerNormalization(policy), 1}, "group": {nn.GroupNormalization(1, policy), 1}, "RMS": {nn.RMSNormalization(policy), 1},
			"unit": {nn.UnitNormalization(policy), 0.5}, "batch": {nn.BatchNormalization(policy, nn.Axis(1)), 1},
		} {
			x := tensor.New(policy.ComputeDType(), 1, 4)
			if name == "batch" { // of channels 1, with samples
				x = tensor.New(policy.ComputeDType(), 4, 1)
			}
			if err := x.SetFloat64s(large); err != nil {
				t.Fatal(err)
			}
			net := built(t, nn.Sequential(c.l), x.Spec())
			got := normalized(net, x, true, nil)
			if want := []float64{c.want, c.want, -c.want, -c.want}; !near(got, want, 1e-2) {
				t.Errorf("%s in %s: %v, want %v", name, policy, got, want)
			}
			for _, v := range net.Vars() {
				if v.Spec().DType != policy.VariableDType() {
					t.Errorf("%s in %s: %s is %v", name, policy, v.Path, v.Spec())
				}
				if want := 0.01 * 3.6e9; strings.HasSuffix(v.Path, "moving_variance") && policy == nn.MixedFloat16 && math.Abs(v.Tensor().Float64s()[0]-want) > 0.01*want {
					t.Errorf("%s is %v, want %v", v.Path, v.Tensor().Float64s(), want)
				}
			}
		}
	}
}

// TestLayerNormalizationAxes has gamma of the lengths of the axes in the order of Keras 3.15.1.
func TestLayerNormalizationAxes(t *testing.T) {
	for _, c := range []struct {
		axes, shape []int
	}{{[]int{-1}, []int{4}}, {[]int{1}, []int{3}}, {[]int{1, 2}, []int{3, 4}}, {[]int{2, 1}, []int{3, 4}}, {[]int{1, -1}, []int{4, 3}}} {
		for _, l := range []nn.Layer{nn.LayerNormalization(nn.Axes(c.axes...)), nn.RMSNormalization(nn.Axes(c.axes...))} {
			net := built(t, nn.Sequential(l), f32(2, 3, 4))
			if got := net.Vars()[0].Spec().Shape; got != tensor.D(c.shape...) {
				t.Errorf("%T along %v: weights are %v, want %v", l, c.axes, got, c.shape)
			}
		}
	}
	// The first elements, with gamma of 1, 2, 3, ... in its own order.
	x := values([]int{2, 3, 4}, upTo(24, func(x float32) float32 { return x })...)
	net := built(t, nn.Sequential(nn.LayerNormalization(nn.Axes(1, -1), nn.NoCenter)), x.Spec())
	net.Vars()[0].Write(func(t *tensor.Tensor) {
		copy(tensor.Data[float32](t), upTo(12, func(x float32) float32 { return x + 1 }))
	})
	got := normalized(net, x, false, nil)[:3]
	if want := []float64{-1.593188, -1.3035175 * 2, -1.0138469 * 3}; !near(got, want, 1e-5) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSpectralNormalization compares calls in training with Keras 3.15.1: the output, and the
// kernel and the vector that they leave.
func TestSpectralNormalization(t *testing.T) {
	type state struct{ y, kernel, u []float64 }
	first := state{[]float64{0.60509616, 0, 2.1178365},
		[]float64{0.30254808, 0.60509616, 0.90764427, 0.15127404, -0.30254808, 0.60509616}, []float64{-0.27585268, -0.017796963, -0.96103513}}
	for name, c := range map[string]struct {
		iterations int
		zero       bool
		want       []state
	}{
		"one iteration": {1, false, []state{first, {[]float64{0.5072509, 0, 1.7753782},
			[]float64{0.25362545, 0.5072509, 0.76087642, 0.12681273, -0.25362545, 0.5072509}, []float64{-0.28199568, -0.29077548, -0.91429102}}}},
		"five iterations": {5, false, []state{{[]float64{0.50155157, 0, 1.7554305},
			[]float64{0.25077578, 0.50155157, 0.75232732, 0.12538789, -0.25077578, 0.50155157}, []float64{-0.27983168, -0.36373335, -0.88847744}}}},
		"zeros": {1, true, []state{{make([]float64, 3), make([]float64, 6), []float64{0.01, 0.02, -0.03}}}},
	} {
		x := values([]int{1, 2}, 1, 2)
		net := built(t, nn.Sequential(nn.SpectralNormalization(nn.Dense(3), nn.PowerIterations(c.iterations))), x.Spec())
		if got, want := fmt.Sprint(paths(net.Vars())), "[spectral_normalization/dense/kernel spectral_normalization/vector_u spectral_normalization/dense/bias]"; got != want {
			t.Fatalf("variables %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(paths(net.Params())), "[spectral_normalization/dense/kernel spectral_normalization/dense/bias]"; got != want {
			t.Fatalf("trained are %s, want %s", got, want)
		}
		kernel, u := net.Vars()[0], net.Vars()[1]
		set := func(v *graph.Var, x ...float32) {
			v.Write(func(t *tensor.Tensor) { copy(tensor.Data[float32](t), x) })
		}
		set(u, 0.01, 0.02, -0.03)
		if set(kernel, 1, 2, 3, 0.5, -1, 2); c.zero {
			kernel.Clear()
		}
		before := kernel.Tensor().Float64s()
		normalized(net, x, false, nil)
		if got := kernel.Tensor().Float64s(); !slices.Equal(got, before) {
			t.Errorf("%s: inference leaves the kernel %v, want %v", name, got, before)
		}
		for i, want := range c.want {
			got := state{normalized(net, x, true, nil), kernel.Tensor().Float64s(), u.Tensor().Float64s()}
			if !near(got.y, want.y, 1e-6) || !near(got.kernel, want.kernel, 1e-6) || !near(got.u, want.u, 1e-6) {
				t.Errorf("%s, call %d: %v, want %v", name, i, got, want)
			}
		}
	}
}

// TestSpectralNormalizationGradient wants the gradients of a layer whose kernel was divided to
// be those of a layer with the divided kernel, and of both applications of a shared layer.
func TestSpectralNormalizationGradient(t *testing.T) {
	x := values([]int{2, 2}, 1, 2, 3, -1)
	gradient := func(l nn.Layer, kernel func(net *nn.Network) *graph.Var) (grad, value []float64) {
		net := nn.Sequential(l, nn.Tanh)
		built(t, net, x.Spec())
		g := graph.New()
		c := nn.NewCtx(g, nil)
		c.Training = true
		in := g.Input("x", x.Spec())
		loss := ops.ReduceMean(ops.Add(ops.Square(net.Call(c, in)), net.Call(c, ops.Scale(in, 2))))
		v := kernel(net)
		grad = nntest.Run(g, autodiff.Grad(loss, g.Value(v)), x)[0].V
		return grad, v.Tensor().Float64s()
	}
	first := func(net *nn.Network) *graph.Var { return net.Vars()[0] }
	got, divided := gradient(nn.SpectralNormalization(nn.Dense(3, nn.KernelInitializer(nn.HeNormal.Seeded(3)))), first)
	want, same := gradient(nn.Dense(3, nn.KernelInitializer(nn.InitializerFunc("divided", func(dst []float64, _ tensor.Dims, _ *nn.Rand) { copy(dst, divided) }))), first)
	if !slices.Equal(divided, same) || !near(got, want, 1e-6) {
		t.Errorf("gradient %v of kernel %v, want %v of %v", got, divided, want, same)
	}
}

// TestNormalizationMistakes tells what is wrong with layers and inputs.
func TestNormalizationMistakes(t *testing.T) {
	in := f32(5, 3, 6)
	for _, c := range []struct {
		l    nn.Layer
		in   tensor.Spec
		want string
	}{
		{nn.BatchNormalization(nn.Axis(0)), in, "nn.BatchNormalization: axis 0 of x [5 3 6]: want an axis of a sample, 1 to 2 or from the end"},
		{nn.BatchNormalization(nn.Axis(-3)), in, "nn.BatchNormalization: axis -3 of x [5 3 6]"},
		{nn.BatchNormalization(nn.Axis(3)), in, "nn.BatchNormalization: axis 3 of x [5 3 6]"},
		{nn.BatchNormalization(), f32(5), "nn.BatchNormalization: axis -1 of x [5]"},
		{nn.BatchNormalization(), tensor.S(tensor.Uint8, 5, 3), "nn.BatchNormalization: x is uint8[5 3]: want a float dtype"},
		{nn.BatchNormalization(nn.Momentum(1.5)), in, "nn.BatchNormalization: momentum 1.5: want 0 to 1"},
		{nn.BatchNormalization(nn.RenormMomentum(-1)), in, "nn.BatchNormalization: momentum -1: want 0 to 1"},
		{nn.BatchNormalization(nn.Epsilon(-1)), in, "nn.BatchNormalization: epsilon -1: want 0 or more"},
		{nn.BatchNormalization(nn.Renorm, nn.RenormClip(2, 1, 0)), in, "nn.BatchNormalization: renorm clipping rmin 2, rmax 1: want rmin <= rmax"},
		{nn.BatchNormalization(nn.Renorm, nn.RenormClip(0, 1, -1)), in, "nn.BatchNormalization: renorm clipping dmax -1: want 0 or more"},
		{nn.LayerNormalization(nn.Axes()), in, "nn.LayerNormalization: no axes: want one or more"},
		{nn.LayerNormalization(nn.Axes(1, -2)), in, "nn.LayerNormalization: axes [1 -2] of x [5 3 6]: axis 1 stands twice: want it once"},
		{nn.LayerNormalization(nn.Axis(0)), in, "nn.LayerNormalization: axis 0 of x [5 3 6]"},
		{nn.LayerNormalization(nn.Epsilon(math.NaN())), in, "nn.LayerNormalization: epsilon NaN: want 0 or more"},
		{nn.RMSNormalization(nn.Axes(1, 1)), in, "nn.RMSNormalization: axes [1 1] of x [5 3 6]: axis 1 stands twice"},
		{nn.RMSNormalization(nn.Epsilon(math.Inf(1))), in, "nn.RMSNormalization: epsilon +Inf: want 0 or more"},
		{nn.UnitNormalization(nn.Axes()), in, "nn.UnitNormalization: no axes: want one or more"},
		{nn.UnitNormalization(nn.Axis(7)), in, "axis 7"},
		{nn.GroupNormalization(4), in, "nn.GroupNormalization: 4 groups of the 6 channels of x [5 3 6]: want a number that divides the channels, or -1 for one group a channel"},
		{nn.GroupNormalization(32), in, "nn.GroupNormalization: 32 groups of the 6 channels"},
		{nn.GroupNormalization(0), in, "nn.GroupNormalization: 0 groups of the 6 channels"},
		{nn.GroupNormalization(1, nn.Axis(0)), in, "nn.GroupNormalization: axis 0 of x [5 3 6]"},
		{nn.SpectralNormalization(nil), in, "layer is nil: want a layer"},
		{nn.SpectralNormalization(nn.Flatten()), in, "nn.SpectralNormalization: layer Flatten has no variable named kernel or embeddings: want one that has"},
		{nn.SpectralNormalization(nn.Dense(2), nn.PowerIterations(0)), in, "nn.SpectralNormalization: 0 power iterations: want 1 or more"},
	} {
		err := graph.Catch(func() { nn.Sequential(c.l).Build(nn.NewBuilder(1), c.in) })
		if err == nil || !strings.HasPrefix(err.Error(), "norm_test.go:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want the line of the layer and %s", err, c.want)
		}
	}
	for _, l := range []nn.Layer{nn.BatchNormalization(), nn.GroupNormalization(1), nn.LayerNormalization(), nn.RMSNormalization()} {
		net := built(t, nn.Sequential(l), f32(5, 1))
		g := graph.New()
		err := graph.Catch(func() { net.Call(nn.NewCtx(g, nil), g.Input("x", f32(5, 2))) })
		if err == nil || !strings.Contains(err.Error(), "the layer was built for") {
			t.Errorf("%T of other channels: error %v", l, err)
		}
	}
	net := built(t, nn.Sequential(nn.BatchNormalization()), f32(5, 2, 3, 4))
	g := graph.New()
	c := nn.NewCtx(g, nil)
	x := g.Input("x", f32(5, 2, 3, 4))
	c.SetMask(x, g.Input("mask", tensor.S(tensor.Bool, 5, 2)))
	if err := graph.Catch(func() { net.Call(c, x) }); err == nil || !strings.Contains(err.Error(), "mask bool[5 2] of x float32[5 2 3 4]: want one axis less than x") {
		t.Errorf("a mask of few axes: error %v", err)
	}
	if _, err := nn.LayerFromConfig("BatchNormalization", []byte(`{"renorm_clipping": {"rmax": 1.0, "max": 2.0}}`)); err == nil || !strings.Contains(err.Error(), `"max": want rmax, rmin and dmax`) {
		t.Errorf("an unknown bound: error %v", err)
	}
}
