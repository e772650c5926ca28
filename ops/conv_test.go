package ops_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestConvMistakes wants errors that tell what does not fit, before any memory is taken.
func TestConvMistakes(t *testing.T) {
	window := func(stride, dilation, low, high int) ops.Window {
		return ops.Window{Strides: tensor.D(stride, stride), Dilations: tensor.D(dilation, dilation), Low: tensor.D(low, low), High: tensor.D(high, high)}
	}
	for name, c := range map[string]struct {
		x, kernel []int
		w         ops.Window
		groups    int
		want      string
	}{
		"axes":          {[]int{1, 5, 3}, []int{3, 3, 3, 4}, ops.Valid(2), 1, "as many S as K"},
		"one axis":      {[]int{1, 5}, []int{3, 4}, ops.Valid(1), 1, "as many S as K"},
		"channels":      {[]int{1, 5, 5, 3}, []int{3, 3, 2, 4}, ops.Valid(2), 1, "want the kernel for 3 channels each, not 2"},
		"groups":        {[]int{1, 5, 5, 4}, []int{3, 3, 2, 5}, ops.Valid(2), 2, "2 groups of 4 channels and 5 results: want a number from 1 that divides both"},
		"no groups":     {[]int{1, 5, 5, 4}, []int{3, 3, 2, 5}, ops.Valid(2), 0, "0 groups"},
		"small":         {[]int{1, 5, 2, 3}, []int{3, 3, 3, 4}, ops.Valid(2), 1, "a window that covers 3 places along axis 1 of [5 2]"},
		"dilated":       {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, window(1, 3, 0, 0), 1, "covers 7 places along axis 0"},
		"no stride":     {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, window(0, 1, 0, 0), 1, "strides [0 0]: want 1 or more"},
		"padding":       {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, window(1, 1, -2, 0), 1, "padding before [-2 -2]: want 0 or more"},
		"other axes":    {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, ops.Valid(1), 1, "want 2 numbers"},
		"empty window":  {[]int{1, 5, 5, 3}, []int{0, 3, 3, 4}, ops.Valid(2), 1, "want at least 1 along each axis"},
		"huge padding":  {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, window(1, 500_000_000, 500_000_000, 500_000_000), 1, "want at most 268435456 elements an image"},
		"huge dilation": {[]int{1, 5, 5, 3}, []int{3, 3, 3, 4}, window(1, 1<<40, 0, 0), 1, "and at most"},
	} {
		err := graph.Catch(func() {
			g := graph.New()
			ops.Conv(g.Input("x", tensor.S(tensor.Float32, c.x...)), g.Input("kernel", tensor.S(tensor.Float32, c.kernel...)), c.w, c.groups)
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	g := graph.New()
	dy, kernel := g.Input("dy", tensor.S(tensor.Float32, 1, 3, 3, 4)), g.Input("kernel", tensor.S(tensor.Float32, 3, 3, 2, 4))
	for name, f := range map[string]func(){
		"input": func() { ops.ConvInputGrad(dy, kernel, tensor.D(6, 5), ops.Valid(2), 1) },
		"kernel": func() {
			ops.ConvKernelGrad(g.Input("x", tensor.S(tensor.Float32, 1, 5, 5, 2)), dy, tensor.D(2, 3), ops.Valid(2), 1)
		},
	} {
		if err := graph.Catch(f); err == nil || !strings.Contains(err.Error(), "dy is float32[1 3 3 4]: want float32[1 4 3 4]") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
