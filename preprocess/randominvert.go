package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomInvert returns a layer that, in training, makes negatives of some pictures: their pixels
// become the greatest value less what they were. The probability is drawn for each picture; as in
// Keras, one number f stands for 0 to f, so that 1 inverts half of the pictures.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from 0 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomInvert, whose factor is 1 by default.
func RandomInvert(factor Factor, opts ...nn.OptionOf[RandomInvertLayer]) *RandomInvertLayer {
	return nn.Setup(&RandomInvertLayer{Factor: factor}, opts...)
}

// RandomInvertLayer is the layer that [RandomInvert] makes.
type RandomInvertLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the probability that a picture is inverted.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomInvert", func() nn.Layer { return &RandomInvertLayer{Factor: Factor{1}} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomInvertLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomInvertLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomInvertLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomInvert", "factor", 0, 1)
	r := l.values("RandomInvert")
	if !d.Training {
		return Transformation{}
	}
	negative := d.some(low, high)
	return changed(func(x *graph.Node) *graph.Node {
		return ops.Where(negative, ops.Offset(ops.Neg(x), r[1]), x)
	})
}
