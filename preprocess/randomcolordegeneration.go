package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomColorDegeneration returns a layer that, in training, brings the colors of a picture a part
// of the way to gray: 0 changes nothing, 1 makes gray, and a negative part moves them away from
// it. As in Keras, one number f stands for -f to f.
//
// Shapes: x [n h w 3] -> y [n h w 3]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from -1 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomColorDegeneration.
func RandomColorDegeneration(factor Factor, opts ...nn.OptionOf[RandomColorDegenerationLayer]) *RandomColorDegenerationLayer {
	return nn.Setup(&RandomColorDegenerationLayer{Factor: factor}, opts...)
}

// RandomColorDegenerationLayer is the layer that [RandomColorDegeneration] makes.
type RandomColorDegenerationLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the part of the way to gray.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomColorDegeneration", func() nn.Layer { return &RandomColorDegenerationLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomColorDegenerationLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomColorDegenerationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomColorDegenerationLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomColorDegeneration", "factor", -1, 1)
	r := l.values("RandomColorDegeneration")
	d.wantRGB("RandomColorDegeneration")
	if !d.Training {
		return Transformation{}
	}
	part := d.each(low, high)
	return changed(func(x *graph.Node) *graph.Node {
		return r.clip(ops.Add(x, ops.Mul(part, ops.Sub(grayed(x), x))))
	})
}
