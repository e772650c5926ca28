package nn_test

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// everyActivation has every activation, with parameters too.
var everyActivation = []nn.Activation{
	nn.Linear, nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.HardSigmoid, nn.LogSigmoid, nn.Tanh, nn.HardTanh, nn.TanhShrink, nn.HardShrink, nn.SoftShrink,
	nn.Softmax, nn.LogSoftmax, nn.Sparsemax, nn.SparsePlus, nn.SparseSigmoid, nn.CELU, nn.ELU, nn.SELU, nn.GLU, nn.GELU, nn.GELUTanh, nn.SiLU,
	nn.HardSiLU, nn.Mish, nn.LeakyReLU, nn.Softplus, nn.Squareplus, nn.Softsign, nn.Exponential, nn.ReLUWith(0.2, 2.03, 0.47),
	nn.ReLUWith(0, math.Inf(1), 0.47), nn.ReLUWith(0, 2.03, 0), nn.LeakyReLUSlope(0.3), nn.ELUAlpha(0.7), nn.CELUAlpha(0.7), nn.SquareplusB(1),
	nn.GLUAxis(1), nn.HardShrinkAt(0.47), nn.SoftShrinkAt(0.47), nn.Threshold(0.47, -1), nn.SoftmaxAxis(0, 1), nn.LogSoftmaxAxis(0, 1), nn.SparsemaxAxis(0), nn.KerasSparsemax,
	nn.KerasSparsemaxAxis(0),
}

// spread returns n numbers between lo and hi, none near another or a middle.
func spread(n int, lo, hi float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo + (hi-lo)*(float64(i*7%n)+0.37)/float64(n)
	}
	return v
}

// TestActivationGradients compares gradients with differences, away from kinks.
func TestActivationGradients(t *testing.T) {
	x := ops.Array{Spec: tensor.S(tensor.Float64, 4, 6), V: spread(24, -3.9, 3.3)}
	small := ops.Array{Spec: x.Spec, V: spread(24, -0.61, 0.57)} // where more than one element of a sparsemax stays
	for _, a := range everyActivation {
		for _, in := range []ops.Array{x, small} {
			g := graph.New()
			y := a.Call(nn.NewCtx(g, nil), g.Input("x", in.Spec))
			if err := optest.CheckGrad(y, []ops.Array{in}, 1e-6); err != nil {
				t.Errorf("%v: %v", a, err)
			}
		}
	}
}

// TestKinks holds the slopes that the comments promise where there are several.
func TestKinks(t *testing.T) {
	for _, c := range []struct {
		a        nn.Activation
		x, slope float64
	}{
		{nn.ReLU, 0, 0}, {nn.ReLU6, 6, 1}, {nn.ReLU6, 0, 1}, {nn.HardSigmoid, 3, 1.0 / 6}, {nn.HardTanh, 1, 1}, {nn.HardTanh, -1, 1},
		{nn.HardShrink, 0.5, 0}, {nn.HardShrink, -0.5, 0}, {nn.SoftShrink, 0.5, 0}, {nn.SoftShrink, -0.5, 0}, {nn.SparsePlus, -1, 0},
		{nn.SparsePlus, 1, 1}, {nn.SparseSigmoid, 1, 0.5}, {nn.CELUAlpha(2), 0, 1}, {nn.ELU, 0, 1}, {nn.Threshold(0.5, 0), 0.5, 0},
		{nn.LeakyReLU, 0, 0.2}, {nn.Softsign, 0, 1}, {nn.Squareplus, 0, 0.5}, {nn.ReLUWith(0, 3, 0), 3, 1},
	} {
		g := graph.New()
		x := g.Input("x", tensor.S(tensor.Float64))
		y := c.a.Call(nn.NewCtx(g, nil), x)
		got := nntest.Run(g, autodiff.Grad(y, x), tensor.Scalar(c.x))[0].V[0]
		if math.Abs(got-c.slope) > 1e-15 {
			t.Errorf("%v at %g: slope %g, want %g", c.a, c.x, got, c.slope)
		}
	}
}

// TestActivationLimits runs activations on infinities and NaN in float32: what has a
// limit gives it, and NaN stays NaN.
func TestActivationLimits(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		a         nn.Activation
		low, high float64
	}{
		{nn.CELU, -1, inf}, {nn.HardTanh, -1, 1}, {nn.SparsePlus, 0, inf}, {nn.SparseSigmoid, 0, 1}, {nn.HardShrink, -inf, inf},
		{nn.SoftShrink, -inf, inf}, {nn.Threshold(0, 5), 5, inf}, {nn.TanhShrink, -inf, inf}, {nn.ReLUWith(0, 2, 1), 0, 2},
	} {
		g := graph.New()
		x := g.Input("x", f32(3))
		got := nntest.Run(g, []*graph.Node{c.a.Call(nn.NewCtx(g, nil), x)}, tensor.Of(float32(-inf), float32(inf), float32(nan)))[0].V
		if got[0] != c.low || got[1] != c.high || !math.IsNaN(got[2]) {
			t.Errorf("%v of -Inf, Inf, NaN is %v, want %g, %g, NaN", c.a, got, c.low, c.high)
		}
	}
}

func TestSparsemaxSums(t *testing.T) {
	g := graph.New()
	x := g.Input("x", f32(50, 7))
	in := nntest.Sample(f32(50, 7))
	y := nntest.Run(g, []*graph.Node{nn.Sparsemax.Call(nn.NewCtx(g, nil), x)}, in)[0].V
	v := in.Float64s()
	zeros := 0
	for i := range 50 {
		sum := 0.0
		for _, v := range y[7*i:][:7] {
			if sum += v; v == 0 {
				zeros++
			}
			if v < 0 {
				t.Errorf("row %d has %g", i, v)
			}
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("row %d sums to %v, want 1", i, sum)
		}
		top := slices.MaxFunc([]int{0, 1, 2, 3, 4, 5, 6}, func(a, b int) int { return cmp.Compare(v[7*i+a], v[7*i+b]) })
		for j := range 7 { // all are x less one number, or 0 where that is less
			if want := max(0, y[7*i+top]+v[7*i+j]-v[7*i+top]); math.Abs(y[7*i+j]-want) > 1e-6 {
				t.Errorf("row %d: element %d is %v, want %v", i, j, y[7*i+j], want)
			}
		}
	}
	if zeros < 50 {
		t.Errorf("%d zeros of 350: want many", zeros)
	}
}

// TestKerasSparsemax compares with Keras 3.15, on each of its backends, for numbers of which
// one, two and three elements are not 0, beside the paper's results.
func TestKerasSparsemax(t *testing.T) {
	for _, c := range []struct{ x, keras, paper [3]float32 }{
		{[3]float32{0, 0.5, 2}, [3]float32{0, 0, 1}, [3]float32{0, 0, 1}},
		{[3]float32{0, 0.5, 1}, [3]float32{0, 0, 0.25}, [3]float32{0, 0.25, 0.75}},
		{[3]float32{0.1, 0.2, 0.3}, [3]float32{0, 0.2 / 3, 0.5 / 3}, [3]float32{0.7 / 3, 1.0 / 3, 1.3 / 3}},
	} {
		for a, want := range map[*nn.Activation][3]float32{&nn.KerasSparsemax: c.keras, &nn.Sparsemax: c.paper} {
			g := graph.New()
			y := a.Call(nn.NewCtx(g, nil), g.Input("x", f32(3)))
			got := nntest.Run(g, []*graph.Node{y}, tensor.Of(c.x[:]...))[0].V
			for i, v := range got {
				if math.Abs(v-float64(want[i])) > 1e-6 {
					t.Errorf("%v of %v is %v, want %v", a, c.x, got, want)
					break
				}
			}
		}
	}
	if text, err := json.Marshal(nn.Sparsemax); err == nil || !strings.HasSuffix(err.Error(), "those of nn.KerasSparsemax") {
		t.Errorf("the paper's is written as %s (%v)", text, err)
	}
	if text, err := json.Marshal(nn.KerasSparsemax); err != nil || string(text) != `"sparsemax"` {
		t.Errorf("Keras's is written as %s (%v)", text, err)
	}
}

func TestActivationMistakes(t *testing.T) {
	for want, a := range map[string]nn.Activation{
		"CELU: alpha 0: want a finite number over 0":      nn.CELUAlpha(0),
		"Squareplus: b -1: want a finite number over 0":   nn.SquareplusB(-1),
		"HardShrink: threshold -1: want 0 or more":        nn.HardShrinkAt(-1),
		"SoftShrink: threshold NaN: want 0 or more":       nn.SoftShrinkAt(math.NaN()),
		"ReLU: negative slope -1, limit +Inf":             nn.ReLUWith(-1, math.Inf(1), 0),
		"GLU: x is float32[4 3]: want an even length":     nn.GLU,
		"GLU: axis 2 of x [4 3]: want -2 to 1":            nn.GLUAxis(2),
		"Sparsemax: axis -3 of x [4 3]: want -2 to 1":     nn.SparsemaxAxis(-3),
		"KerasSparsemax: axis 2 of x [4 3]: want -2 to 1": nn.KerasSparsemaxAxis(2),
		"Softmax: axis 5 of x [4 3]: want -2 to 1":        nn.SoftmaxAxis(5),
		"LogSumExp: axes [0 0] of x [4 3]: one stands":    nn.SoftmaxAxis(0, 0),
		"Softmax: no axes: want one or more":              nn.SoftmaxAxis(),
		"LogSoftmax: axis -4 of x [4 3]: want -2 to 1":    nn.LogSoftmaxAxis(-4),
		"layer \"activation\": nn.GLU: x is float32[4 3":  nn.GLU,
	} {
		err := graph.Catch(func() { nn.Sequential(a).Build(nn.NewBuilder(1), f32(4, 3)) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestActivationsJSON writes activations and reads them again. Keras's files hold no
// parameters but those of its layers: the others are refused.
func TestActivationsJSON(t *testing.T) {
	lost := 0
	for _, a := range everyActivation {
		text, err := json.Marshal(a)
		if err != nil {
			if !strings.Contains(err.Error(), a.String()) || !strings.Contains(err.Error(), "Keras has no name for it") {
				t.Errorf("%v: %v", a, err)
			}
			lost++
			continue
		}
		var back nn.Activation
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		run := func(a nn.Activation) []float64 {
			g := graph.New()
			return nntest.Run(g, []*graph.Node{a.Call(nn.NewCtx(g, nil), g.Input("x", f32(4, 6)))}, nntest.Sample(f32(4, 6)))[0].V
		}
		for i, v := range run(back) {
			if want := run(a)[i]; v != want {
				t.Errorf("%s read again gives %v, want %v", text, v, want)
				break
			}
		}
	}
	if lost != 11 { // GELUTanh, Sparsemax and nine with parameters that Keras's files cannot hold
		t.Errorf("%d activations cannot be written, want 11", lost)
	}
}
