package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomContrast returns a layer that, in training, multiplies the distance of pixels from the
// mean of their picture, channel by channel, with a number from 1-low to 1+high, low and high
// being the two numbers of the factor. As in Keras, one number f stands for 0 and f.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from 0 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomContrast.
func RandomContrast(factor Factor, opts ...nn.OptionOf[RandomContrastLayer]) *RandomContrastLayer {
	return nn.Setup(&RandomContrastLayer{Factor: factor}, opts...)
}

// RandomContrastLayer is the layer that [RandomContrast] makes.
type RandomContrastLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the contrast, at 1 less the first number and 1 plus the second.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomContrast", func() nn.Layer { return &RandomContrastLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomContrastLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomContrastLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomContrastLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomContrast", "factor", 0, 1)
	r := l.values("RandomContrast")
	if !d.Training {
		return Transformation{}
	}
	contrast := d.each(1-low, 1+high)
	return changed(func(x *graph.Node) *graph.Node { return r.clip(contrasted(x, contrast)) })
}

// contrasted returns pictures whose pixels are as many times as far from the mean.
func contrasted(x, contrast *graph.Node) *graph.Node {
	mean := ops.ReduceMeanKeep(x, 1, 2)
	return ops.Add(ops.Mul(ops.Sub(x, mean), contrast), mean)
}
