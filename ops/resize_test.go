package ops_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestResizeAsKeras compares with Keras's numbers, which testdata/resize.py writes.
func TestResizeAsKeras(t *testing.T) {
	b, err := os.ReadFile("testdata/resize.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		X     []float64
		Shape []int
		Cases []struct {
			Size      []int
			By        ops.Interpolation
			Antialias bool
			Fit       string
			Y         []float64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	x := ops.Array{Spec: tensor.S(tensor.Float32, file.Shape...), V: file.X}
	if len(file.Cases) < 50 {
		t.Errorf("%d cases: want 50 or more", len(file.Cases))
	}
	for _, c := range file.Cases {
		g := graph.New()
		y := g.Input("x", x.Spec)
		switch c.Fit {
		case "crop":
			y = ops.CropToAspect(y, c.Size[0], c.Size[1])
		case "pad":
			y = ops.PadToAspect(y, c.Size[0], c.Size[1], 3)
		}
		got := optest.Eval([]*graph.Node{ops.Resize(y, tensor.D(c.Size...), c.By, c.Antialias)}, x)[0].V
		if len(got) != len(c.Y) {
			t.Errorf("%v %s %v %s: %d numbers, want %d", c.Size, c.By, c.Antialias, c.Fit, len(got), len(c.Y))
			continue
		}
		for i, v := range got {
			if math.Abs(v-c.Y[i]) > 2e-5*max(1, math.Abs(c.Y[i])) {
				t.Errorf("%v %s antialias %v %s: element %d is %v, want %v", c.Size, c.By, c.Antialias, c.Fit, i, v, c.Y[i])
				break
			}
		}
	}
}

// TestResizeRow resizes rows to numbers of TensorFlow 2.21.
func TestResizeRow(t *testing.T) {
	for _, c := range []struct {
		dt   tensor.DType
		x    []float64
		to   int
		by   ops.Interpolation
		want []float64
	}{
		{tensor.Float32, []float64{0, 100}, 5, ops.Area, []float64{0, 0, 50, 100, 100}},
		{tensor.Float32, []float64{0, 0, 0, 255, 255}, 2, ops.Area, []float64{0, 204}},
		{tensor.Uint8, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4, ops.Nearest, []float64{1, 3, 6, 8}},
		{tensor.Bool, []float64{0, 1}, 3, ops.Nearest, []float64{0, 1, 1}},
		{tensor.Int32, []float64{0, 1, 2, 3}, 10, ops.Nearest, []float64{0, 0, 1, 1, 1, 2, 2, 3, 3, 3}},
		{tensor.Uint8, []float64{1, 2}, 3, ops.Bilinear, []float64{1, 2, 2}},               // 1.5 becomes 2
		{tensor.Uint8, []float64{2, 3}, 3, ops.Bilinear, []float64{2, 2, 3}},               // and 2.5, too
		{tensor.Uint8, []float64{0, 255}, 5, ops.Bicubic, []float64{0, 17, 128, 238, 255}}, // in range
	} {
		x := ops.Array{Spec: tensor.S(c.dt, 1, len(c.x), 1), V: c.x}
		g := graph.New()
		y := optest.Eval([]*graph.Node{ops.Resize(g.Input("x", x.Spec), tensor.D(c.to), c.by, false)}, x)[0]
		if y.DType != c.dt || !slices.EqualFunc(y.V, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%v %v to %d, %s: %v %v, want %v", c.dt, c.x, c.to, c.by, y.DType, y.V, c.want)
		}
	}
}

// TestAdaptivePools checks windows that do not divide an axis.
func TestAdaptivePools(t *testing.T) {
	x := ops.Array{Spec: tensor.S(tensor.Float32, 1, 5, 1), V: []float64{1, 2, 4, 8, 16}}
	g := graph.New()
	in := g.Input("x", x.Spec)
	got := optest.Eval([]*graph.Node{ops.AdaptiveAvgPool(in, tensor.D(3)), ops.AdaptiveMaxPool(in, tensor.D(3))}, x)
	// Windows [0 2), [1 4), [3 5).
	for i, want := range [][]float64{{1.5, 14.0 / 3, 12}, {2, 8, 16}} {
		if !slices.EqualFunc(got[i].V, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("result %d: %v, want %v", i, got[i].V, want)
		}
	}
}

func TestResizeErrors(t *testing.T) {
	for name, f := range map[string]func(x *graph.Node){
		"no such interpolation": func(x *graph.Node) { ops.Resize(x, tensor.D(2, 2), "whole", false) },
		"size 0":                func(x *graph.Node) { ops.Resize(x, tensor.D(0, 2), ops.Bilinear, false) },
		"huge":                  func(x *graph.Node) { ops.Resize(x, tensor.D(1<<40, 2), ops.Bilinear, false) },
		"huge, nearest":         func(x *graph.Node) { ops.Resize(x, tensor.D(1<<40, 2), ops.Nearest, false) },
		"sizes":                 func(x *graph.Node) { ops.Resize(x, tensor.D(2), ops.Bilinear, false) },
		"crop":                  func(x *graph.Node) { ops.CropToAspect(x, 0, 1) },
		"pad":                   func(x *graph.Node) { ops.PadToAspect(x, 1, 0, 0) },
		"pool":                  func(x *graph.Node) { ops.AdaptiveAvgPool(x, tensor.D(0, 1)) },
	} {
		g := graph.New()
		x := g.Input("x", tensor.S(tensor.Float32, 1, 4, 4, 1))
		if err := graph.Catch(func() { f(x) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func ExampleResize() {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 1, 1, 2, 1))
	row := ops.Array{Spec: x.Spec(), V: []float64{0, 100}}
	for _, by := range []ops.Interpolation{ops.Nearest, ops.Bilinear, ops.Bicubic, ops.Area} {
		y := ops.Resize(x, tensor.D(1, 5), by, false)
		fmt.Printf("%s %.1f\n", by, optest.Eval([]*graph.Node{y}, row)[0].V)
	}
	// Output:
	// nearest [0.0 0.0 100.0 100.0 100.0]
	// bilinear [0.0 10.0 50.0 90.0 100.0]
	// bicubic [-9.9 6.6 50.0 93.4 109.9]
	// area [0.0 0.0 50.0 100.0 100.0]
}
