package ops_test

import (
	"math"
	"slices"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestColors compares colors with numbers of Keras 3.15.1 on JAX.
func TestColors(t *testing.T) {
	rgb := []float64{.2, .4, .6, .9, .1, .3, .5, .5, .5, 0, 0, 0, 1, .8, 0, .3, .7, .2, .25, .5, .125}
	hsv := []float64{
		0.583333, 0.666667, 0.6, 0.958333, 0.888889, 0.9, 0, 0, 0.5, 0, 0, 0, 0.133333, 1, 1, 0.3, 0.714286, 0.7, 0.277778, 0.75, 0.5,
	}
	for name, c := range map[string]struct {
		f       func(x *graph.Node) *graph.Node
		dt      tensor.DType
		x, want []float64
	}{
		"to HSV":         {ops.RGBToHSV, tensor.Float32, rgb, hsv},
		"from HSV":       {ops.HSVToRGB, tensor.Float32, hsv, rgb},
		"hues that turn": {ops.HSVToRGB, tensor.Float32, []float64{1.25, .5, .8, -.1, 1, .5, .5, .25, 1}, []float64{.6, .8, .4, .5, 0, .3, .75, 1, 1}},
		"gray":           {ops.RGBToGrayscale, tensor.Float32, rgb, []float64{.36298, .36191, .49995, 0, .7685, .52337, .382475}},
		"gray bytes":     {ops.RGBToGrayscale, tensor.Uint8, []float64{10, 200, 90, 255, 255, 255}, []float64{130, 254}},
	} {
		x := ops.Array{Spec: tensor.S(c.dt, 1, len(c.x)/3, 3), V: c.x}
		g := graph.New()
		y := optest.Eval([]*graph.Node{c.f(g.Input("x", x.Spec))}, x)[0]
		if y.DType != c.dt || !slices.EqualFunc(y.V, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-5 }) {
			t.Errorf("%s: %v %v, want %v", name, y.DType, y.V, c.want)
		}
	}
}

// TestGaussianBlur compares with Keras 3.15.1 on JAX: a kernel of width 5 and height 3, deviations
// of 0.7 across and 1.1 down.
func TestGaussianBlur(t *testing.T) {
	x := ops.NewArray(tensor.S(tensor.Float32, 1, 3, 4, 1))
	x.V[5], x.V[11] = 1, 2
	sigma := ops.Array{Spec: tensor.S(tensor.Float32, 2), V: []float64{1.1, 0.7}}
	g := graph.New()
	got := optest.Eval([]*graph.Node{ops.GaussianBlur(g.Input("x", x.Spec), tensor.D(3, 5), g.Input("sigma", sigma.Spec))}, x, sigma)[0].V
	down := math.Exp(-0.5 / (1.1 * 1.1))
	down /= 1 + 2*down
	bell := func(d float64) float64 { return math.Exp(-0.5 * d * d / (0.7 * 0.7)) }
	across := func(d float64) float64 { return bell(d) / (1 + 2*bell(1) + 2*bell(2)) }
	for _, c := range []struct {
		at   int
		want float64
	}{{0, down * across(1)}, {3, down * across(2)}, {11, down*across(2) + 2*(1-2*down)*across(0)}} {
		if math.Abs(got[c.at]-c.want) > 1e-6 {
			t.Errorf("pixel %d is %v, want %v", c.at, got[c.at], c.want)
		}
	}
}

func TestColorErrors(t *testing.T) {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 1, 2, 2, 4))
	rgb := g.Input("rgb", tensor.S(tensor.Uint8, 1, 2, 2, 3))
	sigma := g.Input("sigma", tensor.S(tensor.Float32, 2))
	for name, f := range map[string]func(){
		"gray of four":  func() { ops.RGBToGrayscale(x) },
		"HSV of four":   func() { ops.RGBToHSV(x) },
		"HSV of bytes":  func() { ops.RGBToHSV(rgb) },
		"RGB of four":   func() { ops.HSVToRGB(x) },
		"an even blur":  func() { ops.GaussianBlur(x, tensor.D(3, 2), sigma) },
		"a huge blur":   func() { ops.GaussianBlur(x, tensor.D(3, 1<<40+1), sigma) },
		"blur of bytes": func() { ops.GaussianBlur(rgb, tensor.D(3, 3), sigma) },
	} {
		if graph.Catch(f) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
