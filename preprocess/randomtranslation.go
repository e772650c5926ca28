package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomTranslation returns a layer that, in training, shifts each picture by parts of its own of its
// height and width, down and to the right if they are positive. A factor {0.2} means {-0.2, 0.2}.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless the factors are one or two numbers from -1 to 1.
// Options: [nn.Nearest], [Fill], [FillValue], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomTranslation.
func RandomTranslation(height, width Factor, opts ...nn.OptionOf[RandomTranslationLayer]) *RandomTranslationLayer {
	return nn.Setup(&RandomTranslationLayer{HeightFactor: height, WidthFactor: width}, opts...)
}

// RandomTranslationLayer is the layer that [RandomTranslation] makes.
type RandomTranslationLayer struct {
	Warp
	// HeightFactor bounds the shift down, in heights of the picture.
	HeightFactor Factor `json:"height_factor"`
	// WidthFactor bounds that to the right, in widths.
	WidthFactor Factor `json:"width_factor"`
}

func init() {
	nn.Register("keras.layers>RandomTranslation", func() nn.Layer { return &RandomTranslationLayer{} })
}

// Call implements [nn.Layer].
func (l *RandomTranslationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomTranslationLayer) Draw(d Draw) Transformation {
	hLow, hHigh := l.HeightFactor.around("RandomTranslation", "height factor", -1, 1)
	wLow, wHigh := l.WidthFactor.around("RandomTranslation", "width factor", -1, 1)
	s := l.Sampling.of("RandomTranslation", l.FillMode, false)
	if !d.Training {
		return Transformation{}
	}
	down := ops.Scale(d.Uniform(hLow, hHigh, d.N, 1), float64(d.Height))
	right := ops.Scale(d.Uniform(wLow, wHigh, d.N, 1), float64(d.Width))
	return warped(affine(d, 1.0, 0.0, ops.Neg(right), 0.0, 1.0, ops.Neg(down)), s)
}
