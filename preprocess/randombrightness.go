package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomBrightness returns a layer that, in training, adds a number to all pixels of a picture:
// one from -factor to factor times the length of the range of values, which the sums are kept in.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from -1 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomBrightness.
func RandomBrightness(factor Factor, opts ...nn.OptionOf[RandomBrightnessLayer]) *RandomBrightnessLayer {
	return nn.Setup(&RandomBrightnessLayer{Factor: factor}, opts...)
}

// RandomBrightnessLayer is the layer that [RandomBrightness] makes.
type RandomBrightnessLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the part of the range that is added, one number f standing for -f to f.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomBrightness", func() nn.Layer { return &RandomBrightnessLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomBrightnessLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomBrightnessLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomBrightnessLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomBrightness", "factor", -1, 1)
	r := l.values("RandomBrightness")
	if !d.Training {
		return Transformation{}
	}
	more := ops.Scale(d.each(low, high), r.length())
	return changed(func(x *graph.Node) *graph.Node { return r.clip(ops.Add(x, more)) })
}
