package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomSaturation returns a layer that, in training, multiplies the saturation of a picture with
// f/(1-f), f being a number between those of the factor: 0.5 changes nothing, 0 makes gray. As in
// Keras, one number f stands for -f to f, and the product is kept in the range of values: it may
// exceed 1, the greatest saturation, if the range does.
//
// Shapes: x [n h w 3] -> y [n h w 3]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from -1 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomSaturation.
func RandomSaturation(factor Factor, opts ...nn.OptionOf[RandomSaturationLayer]) *RandomSaturationLayer {
	return nn.Setup(&RandomSaturationLayer{Factor: factor}, opts...)
}

// RandomSaturationLayer is the layer that [RandomSaturation] makes.
type RandomSaturationLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds f, of which the saturation is multiplied with f/(1-f).
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomSaturation", func() nn.Layer { return &RandomSaturationLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomSaturationLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomSaturationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomSaturationLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomSaturation", "factor", -1, 1)
	r := l.values("RandomSaturation")
	d.wantRGB("RandomSaturation")
	if !d.Training {
		return Transformation{}
	}
	f := d.Uniform(low, high, d.N, 1, 1, 1)
	times := ops.Cast(ops.Div(f, ops.Offset(ops.Neg(f), 1+1e-7)), d.DType)
	return changed(func(x *graph.Node) *graph.Node { return saturated(x, times, r) })
}

// saturated returns pictures of a saturation times as great.
func saturated(x, times *graph.Node, r Range) *graph.Node {
	hsv := ops.RGBToHSV(x)
	part := func(i int) *graph.Node { return ops.SliceAxis(hsv, -1, i, i+1) }
	return ops.HSVToRGB(ops.Concat(-1, part(0), r.clip(ops.Mul(part(1), times)), part(2)))
}
