package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// AutoContrast returns a layer that stretches the values of a picture, channel by channel, so that
// the least and the greatest become those of the range of values. A channel of one value stays. It
// does so in training and otherwise.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.AutoContrast, which with channels first stretches column by column.
func AutoContrast(opts ...nn.OptionOf[AutoContrastLayer]) *AutoContrastLayer {
	return nn.Setup(&AutoContrastLayer{}, opts...)
}

// AutoContrastLayer is the layer that [AutoContrast] makes.
type AutoContrastLayer struct {
	Image
	Valued
}

func init() {
	nn.Register("keras.layers>AutoContrast", func() nn.Layer { return &AutoContrastLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *AutoContrastLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *AutoContrastLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *AutoContrastLayer) Draw(Draw) Transformation {
	r := l.values("AutoContrast")
	return changed(func(x *graph.Node) *graph.Node {
		if x.Shape().Size() == 0 {
			return x
		}
		y := r.to(pixels, x)
		low, high := ops.ReduceMinKeep(y, 1, 2), ops.ReduceMaxKeep(y, 1, 2)
		some := ops.Greater(high, low)
		scale := ops.Div(ops.ScalarLike(x, 255), ops.Where(some, ops.Sub(high, low), ops.ScalarLike(x, 1)))
		y = pixels.clip(ops.Sub(ops.Mul(y, scale), ops.Mul(low, scale)))
		return ops.Where(some, pixels.to(r, y), x)
	})
}
