package preprocess

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RandomSharpness returns a layer that, in training, blurs or sharpens a picture: 0 takes the mean
// of three by three pixels, in which the middle one counts five times, 0.5 changes nothing, and 1
// moves pixels as far away from that mean. One number f stands for 0 to f.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from 0 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomSharpness.
func RandomSharpness(factor Factor, opts ...nn.OptionOf[RandomSharpnessLayer]) *RandomSharpnessLayer {
	return nn.Setup(&RandomSharpnessLayer{Factor: factor}, opts...)
}

// RandomSharpnessLayer is the layer that [RandomSharpness] makes.
type RandomSharpnessLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the sharpness.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomSharpness", func() nn.Layer { return &RandomSharpnessLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomSharpnessLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomSharpnessLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomSharpnessLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomSharpness", "factor", 0, 1)
	r := l.values("RandomSharpness")
	if !d.Training {
		return Transformation{}
	}
	blur := ops.Offset(ops.Scale(d.each(low, high), -2), 1)
	return changed(func(x *graph.Node) *graph.Node {
		return r.clip(ops.Add(x, ops.Mul(blur, ops.Sub(smoothed(x), x))))
	})
}

// smoothed returns means of three by three pixels, in which the middle one counts five times.
func smoothed(x *graph.Node) *graph.Node {
	weights := slices.Repeat([]float64{1.0 / 13}, 9)
	weights[4] = 5.0 / 13
	size, c := tensor.D(3, 3), x.Shape().At(3)
	kernel := ops.Reshape(ops.Cast(x.Graph().Const(tensor.Of(weights...)), x.DType()), 3, 3, 1, 1)
	return ops.Conv(x, ops.BroadcastTo(kernel, size.Append(1, c)), ops.Valid(2).Padded(ops.Places(x.Shape()), size), c)
}
