package nn_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// outputOf returns the output of a layer of one input, and its shape.
func outputOf(t *testing.T, l nn.Layer, x *tensor.Tensor) (tensor.Dims, []float64) {
	t.Helper()
	net := built(t, nn.Sequential(l), x.Spec())
	g := graph.New()
	y := net.Call(nn.NewCtx(g, nn.NewSeed(1)), g.Input("x", x.Spec()))
	return y.Shape(), nntest.Run(g, []*graph.Node{y}, x)[0].V
}

// arange returns the numbers from 0 on, raised to a power.
func arange(power float64, dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = float32(math.Pow(float64(i), power))
	}
	return t
}

func steps(v ...float32) *tensor.Tensor {
	t := tensor.New(tensor.Float32, 1, len(v), 1)
	copy(tensor.Data[float32](t), v)
	return t
}

// TestPoolingAsKeras wants the numbers of Keras 3.15.1 on JAX.
func TestPoolingAsKeras(t *testing.T) {
	nan := float32(math.NaN())
	image, power := arange(1, 1, 2, 3, 4), arange(1.5, 1, 3, 3, 1)
	for name, c := range map[string]struct {
		layer nn.Layer
		x     *tensor.Tensor
		shape string
		want  []float64
	}{
		"average, same":       {nn.AveragePooling1D(3, nn.Strides(2), nn.Same), steps(1, 2, 3, 4), "[1 2 1]", []float64{2, 3.5}},
		"average, stride 1":   {nn.AveragePooling1D(3, nn.Strides(1), nn.Same), steps(1, 2, 3, 4), "[1 4 1]", []float64{1.5, 2, 3, 3.5}},
		"max, same":           {nn.MaxPooling1D(2, nn.Same), steps(-1, -2, -3), "[1 2 1]", []float64{-1, -3}},
		"max of NaN":          {nn.MaxPooling1D(2), steps(nan, 1, 2, nan), "[1 2 1]", []float64{math.NaN(), math.NaN()}},
		"channels first":      {nn.MaxPooling2D(2, nn.Same, nn.ChannelsFirst), image, "[1 2 2 2]", []float64{5, 7, 9, 11, 17, 19, 21, 23}},
		"global, kept":        {nn.GlobalMaxPooling2D(nn.KeepDims, nn.ChannelsFirst), image, "[1 2 1 1]", []float64{11, 23}},
		"adaptive average":    {nn.AdaptiveAveragePooling1D(3), steps(0, 1, 2, 3, 4, 5, 6), "[1 3 1]", []float64{1, 3, 5}},
		"adaptive max":        {nn.AdaptiveMaxPooling1D(3), steps(0, 1, 2, 3, 4, 5, 6), "[1 3 1]", []float64{2, 4, 6}},
		"adaptive, more":      {nn.AdaptiveAveragePooling1D(4), steps(0, 1, 2), "[1 4 1]", []float64{0, 0.5, 1.5, 2}},
		"adaptive, 12 to 5":   {nn.AdaptiveAveragePooling1D(5), arange(1, 1, 12, 1), "[1 5 1]", []float64{1, 3, 5.5, 8, 10}},
		"adaptive, images":    {nn.AdaptiveAveragePooling2D(1, nn.Sizes{2, 3}, nn.ChannelsFirst), image, "[1 2 2 3]", []float64{2.5, 3.5, 4.5, 6.5, 7.5, 8.5, 14.5, 15.5, 16.5, 18.5, 19.5, 20.5}},
		"bilinear":            {nn.UpSampling2D(1, nn.Sizes{1, 2}, nn.Bilinear), arange(1, 1, 1, 2, 1), "[1 1 4 1]", []float64{0, 0.25, 0.75, 1}},
		"bicubic":             {nn.UpSampling2D(1, nn.Sizes{2, 3}, nn.Bicubic), power, "[1 6 9 1]", []float64{-0.5469933, -0.45848402, -0.28546464, -0.00999758, 0.382353, 0.9917797, 1.6490014, 2.0914938, 2.2714033}},
		"lanczos3":            {nn.UpSampling2D(1, nn.Sizes{2, 3}, nn.Lanczos3), power, "[1 6 9 1]", []float64{-0.3736758, -0.3165583, -0.24971102, -0.04131024, 0.4866471, 1.2132584, 1.8003639, 2.1737914, 2.4162261}},
		"lanczos5":            {nn.UpSampling2D(1, nn.Sizes{2, 3}, nn.Lanczos5), power, "[1 6 9 1]", []float64{0.29871944, 0.22972439, 0.22375031, 0.46118575, 1.1114872, 1.9448707, 2.5488608, 2.8654416, 3.0193226}},
		"padding":             {nn.ZeroPadding2D(1, 0, 0, 2).With(nn.ChannelsFirst), image, "[1 2 4 6]", []float64{0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0}},
		"cropping":            {nn.Cropping2D(1, 0, 0, 2).With(nn.ChannelsFirst), image, "[1 2 2 2]", []float64{4, 5, 8, 9, 16, 17, 20, 21}},
		"upsampling of steps": {nn.UpSampling1D(2), steps(1, 2), "[1 4 1]", []float64{1, 1, 2, 2}},
		"mean of no steps":    {nn.GlobalAveragePooling1D(), steps(), "[1 1]", []float64{math.NaN()}},
	} {
		shape, got := outputOf(t, c.layer, c.x)
		if shape.String() != c.shape {
			t.Errorf("%s: shape %v, want %s", name, shape, c.shape)
		}
		for i, want := range c.want {
			if !(math.Abs(got[i]-want) <= 2e-6*max(1, math.Abs(want))) && (got[i] == got[i] || want == want) {
				t.Errorf("%s: got %v, want %v...", name, got, c.want)
				break
			}
		}
	}
	x := tensor.New(tensor.Uint8, 1, 1, 2, 1)
	tensor.Data[uint8](x)[1] = 9
	if _, got := outputOf(t, nn.UpSampling2D(1, nn.Sizes{1, 2}, nn.Bilinear), x); fmt.Sprint(got) != "[0 2 7 9]" {
		t.Errorf("bilinear of bytes: got %v, want [0 2 7 9]", got)
	}
}

// TestGlobalPoolingOfMasked wants the mean of the steps that are not masked, and the greatest
// of all.
func TestGlobalPoolingOfMasked(t *testing.T) {
	x := steps(1, 5, 9)
	mask := tensor.New(tensor.Bool, 1, 3)
	for _, c := range []struct {
		layer nn.Layer
		mask  []bool
		want  string
	}{
		{nn.GlobalAveragePooling1D(), []bool{true, true, false}, "[3]"},
		{nn.GlobalAveragePooling1D(nn.KeepDims), []bool{false, true, true}, "[7]"},
		{nn.GlobalAveragePooling1D(), []bool{false, false, false}, "[NaN]"},
		{nn.GlobalMaxPooling1D(), []bool{true, false, false}, "[9]"},
	} {
		copy(tensor.Data[bool](mask), c.mask)
		built(t, nn.Sequential(c.layer), x.Spec())
		g := graph.New()
		ctx := nn.NewCtx(g, nn.NewSeed(1))
		in := g.Input("x", x.Spec())
		ctx.SetMask(in, g.Input("mask", mask.Spec()))
		y := ctx.TraceAll(c.layer, []*graph.Node{in})[0]
		if got := fmt.Sprint(nntest.Run(g, []*graph.Node{y}, x, mask)[0].V); got != c.want {
			t.Errorf("%s of a mask %v: got %s, want %s", nn.ClassOf(c.layer), c.mask, got, c.want)
		}
		if ctx.Mask(y) != nil {
			t.Errorf("%s: its output has a mask, want none", nn.ClassOf(c.layer))
		}
	}
}

// TestPoolingMistakes wants what is wrong told with what the layer got.
func TestPoolingMistakes(t *testing.T) {
	image := f32(2, 4, 5, 3)
	for _, c := range []struct {
		layer nn.Layer
		in    tensor.Spec
		want  string
	}{
		{nn.MaxPooling2D(6), image, "a window that covers 6 places along axis 0 of [4 5]"},
		{nn.MaxPooling2D(0), image, "pool size is [0]: want one number, or one for each of 2 axes, of 1 or more"},
		{nn.MaxPooling2D(2, nn.Sizes{1, 2, 3}), image, "pool size is [1 2 3]: want one number"},
		{nn.MaxPooling2D(2, nn.Strides(0)), image, "strides is [0]: want one number"},
		{nn.MaxPooling2D(2, nn.Causal), image, `padding "causal": want "valid" or "same"`},
		{nn.MaxPooling2D(2, nn.DataFormat("last")), image, `data format "last": want channels_last or channels_first`},
		{nn.MaxPooling1D(2), image, "x is float32[2 4 5 3]: want 3 axes, the batch first and the channels last"},
		{nn.MaxPooling1D(2, nn.ChannelsFirst), image, "want 3 axes, the batch first and the channels behind it"},
		{nn.AveragePooling2D(2), tensor.S(tensor.Bool, 2, 4, 5, 3), "want numbers"},
		{nn.GlobalMaxPooling1D(), f32(2, 0, 3), "no elements along axes"},
		{nn.AdaptiveMaxPooling1D(2), f32(2, 0, 3), "want one element or more along each axis"},
		{nn.AdaptiveAveragePooling1D(1 << 40), f32(2, 3, 3), "output size 1099511627776 for 3 elements: want a product of at most"},
		{nn.UpSampling1D(0), f32(2, 3, 3), "size is [0]"},
		{nn.UpSampling1D(1 << 40), f32(2, 3, 3), "size 1099511627776 for 9 elements"},
		{nn.UpSampling2D(2, nn.Interpolation("sinc")), image, `interpolation "sinc": want "nearest", "bilinear"`},
		{nn.ZeroPadding1D(-1), f32(2, 3, 3), "padding [-1]: want one number of 0 or more"},
		{nn.ZeroPadding2D(1, 2, 3), image, "padding [1 2 3]: want one number"},
		{nn.ZeroPadding1D(1 << 40), f32(2, 3, 3), "padding [1099511627776]: want"},
		{nn.ZeroPadding2D(1 << 20), image, "want a product of at most"},
		{nn.Cropping1D(2), f32(2, 4, 3), "cropping 2 and 2 of 4 elements along axis 1"},
		{nn.Cropping1D(1).With(nn.ChannelsFirst), f32(2, 4, 3), `data format "channels_first": want none`},
	} {
		err := graph.Catch(func() { nn.Sequential(c.layer).Build(nn.NewBuilder(1), c.in) })
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "pool_test.go:") {
			t.Errorf("error %v: want one of this file with %q", err, c.want)
		}
	}
}

// TestBordersOfConfigs reads what Keras takes, and writes what it writes.
func TestBordersOfConfigs(t *testing.T) {
	for _, c := range []struct{ class, config, want string }{
		{"ZeroPadding1D", `{"padding": 3}`, `"padding":[3,3]`},
		{"ZeroPadding1D", `{}`, `"padding":[1,1]`},
		{"ZeroPadding1D", `{"padding": [1, 2]}`, `"padding":[1,2]`},
		{"ZeroPadding2D", `{"padding": [1, 2]}`, `"padding":[[1,1],[2,2]]`},
		{"ZeroPadding2D", `{"padding": [1, [2, 3]]}`, `"padding":[[1,1],[2,3]]`},
		{"Cropping3D", `{"cropping": [[1, 0], [0, 1], [2, 2]]}`, `"cropping":[[1,0],[0,1],[2,2]]`},
		{"Cropping3D", `{"cropping": 2}`, `"cropping":[[2,2],[2,2],[2,2]]`},
		{"Cropping3D", `{"cropping": [1, 2, 3]}`, `"cropping":[[1,1],[2,2],[3,3]]`},
		{"Cropping1D", `{"cropping": [[1, 2], [3, 4], [5, 6], [7, 8]]}`, `want a whole number, two of them, or a list of pairs`},
		{"Cropping1D", `{"cropping": "a"}`, `want a whole number`},
		{"UpSampling1D", `{"size": 3}`, `"size":3`},
		{"UpSampling2D", `{"size": 3, "interpolation": "sinc"}`, `interpolation "sinc": want`},
		{"MaxPooling2D", `{"pool_size": 2, "padding": "SAME", "strides": null}`, `"strides":[2,2],"padding":"same"`},
		{"MaxPooling2D", `{"pool_size": 2, "padding": "full"}`, `padding "full": want "valid", "same" or "causal"`},
		{"MaxPooling2D", `{"pool_size": "2"}`, `want a whole number or a list`},
	} {
		l, err := nn.LayerFromConfig(c.class, []byte(c.config))
		got := fmt.Sprint(err)
		if err == nil {
			_, _, config, err := nn.LayerToConfig(l)
			got = fmt.Sprintf("%s %v", config, err)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s %s: got %s, want %s", c.class, c.config, got, c.want)
		}
	}
}
