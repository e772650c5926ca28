package nn_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestConvMistakes wants errors that tell what does not fit.
func TestConvMistakes(t *testing.T) {
	image := f32(2, 8, 8, 4)
	for name, c := range map[string]struct {
		layer nn.Layer
		in    tensor.Spec
		want  string
	}{
		"axes":              {nn.Conv2D(4, 3), f32(2, 8, 4), "nn.Conv2D: x is float32[2 8 4]: want 4 axes, the batch first and the channels last"},
		"channels first":    {nn.Conv1D(4, 3, nn.ChannelsFirst), f32(2, 8), "the channels behind it"},
		"filters":           {nn.Conv2D(0, 3), image, "0 filters: want 1 or more"},
		"size":              {nn.Conv2D(4, 0), image, "kernel size is [0"},
		"sizes":             {nn.Conv2D(4, 3, nn.Sizes{1, 2, 3}), image, "kernel size is [1 2 3]: want one number, or one for each of 2 axes"},
		"strides":           {nn.Conv2D(4, 3, nn.Strides(0)), image, "strides is"},
		"both":              {nn.Conv2D(4, 3, nn.Strides(2), nn.DilationRate(1, 2)), image, "want one of them 1"},
		"both transposed":   {nn.Conv2DTranspose(4, 3, nn.Strides(2), nn.DilationRate(2)), image, "want one of them 1"},
		"groups":            {nn.Conv2D(6, 3, nn.Groups(4)), image, "4 groups of 4 channels and 6 filters: want a number from 1 that divides both"},
		"groups of another": {nn.Conv2DTranspose(6, 3, nn.Groups(2)), image, "the option Groups: want it on a layer that has it"},
		"causal":            {nn.Conv2D(4, 3, nn.Causal), image, `padding "causal": want "valid" or "same"; Conv1D takes it`},
		"padding":           {nn.Conv2D(4, 3, nn.Padding("full")), image, `padding "full"`},
		"output padding":    {nn.Conv2DTranspose(4, 3, nn.Strides(2), nn.OutputPadding(2)), image, "output padding [2] of strides"},
		"small":             {nn.Conv2D(4, 9), image, "a window that covers 9 places along axis 0 of [8 8]"},
		"multiplier":        {nn.DepthwiseConv2D(3, nn.DepthMultiplier(-1)), image, "depth multiplier -1: want 1 or more"},
		"pointwise":         {nn.DepthwiseConv2D(3, nn.Pointwise()), image, "the option Pointwise: want it on a layer that has it"},
		"huge dilation":     {nn.Conv2D(4, 3, nn.Same, nn.DilationRate(200_000_000)), image, "want at most 268435456 elements an image"},
	} {
		err := graph.Catch(func() { nn.Sequential(c.layer).Build(nn.NewBuilder(1), c.in) })
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
