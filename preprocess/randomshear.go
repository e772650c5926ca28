package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomShear returns a layer that, in training, shears each picture: a pixel at column x and row y
// comes from column x+ay and row y+bx, where a is drawn from the factor xFactor and b from yFactor.
// Half of the pictures take both with the other sign. A factor {0.2} means {-0.2, 0.2}.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless the factors are one or two numbers from 0 to 1.
// Options: [nn.Nearest], [Fill], [FillValue], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomShear. Its boxes follow the picture only if that is square and sheared
// along one axis; glia's always do.
func RandomShear(xFactor, yFactor Factor, opts ...nn.OptionOf[RandomShearLayer]) *RandomShearLayer {
	return nn.Setup(&RandomShearLayer{XFactor: xFactor, YFactor: yFactor}, opts...)
}

// RandomShearLayer is the layer that [RandomShear] makes.
type RandomShearLayer struct {
	Warp
	// XFactor bounds the shear along rows.
	XFactor Factor `json:"x_factor"`
	// YFactor bounds that along columns.
	YFactor Factor `json:"y_factor"`
}

func init() {
	nn.Register("keras.layers>RandomShear", func() nn.Layer {
		return &RandomShearLayer{XFactor: Factor{0}, YFactor: Factor{0}}
	})
}

// SetDefaults sets the settings that are not set to the defaults that they stand for. A factor that
// Keras wrote as {-f, f} becomes {f}, the one that it reads.
func (l *RandomShearLayer) SetDefaults() {
	l.Warp.SetDefaults()
	l.XFactor, l.YFactor = l.XFactor.single(), l.YFactor.single()
}

// Call implements [nn.Layer].
func (l *RandomShearLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomShearLayer) Draw(d Draw) Transformation {
	bounds := func(f Factor, name string) (low, high float64) {
		f = f.single()
		f.want("RandomShear", name, 0, 1)
		return f.around("RandomShear", name, -1, 1)
	}
	xLow, xHigh := bounds(l.XFactor, "x factor")
	yLow, yHigh := bounds(l.YFactor, "y factor")
	s := l.Sampling.of("RandomShear", l.FillMode, false)
	if !d.Training {
		return Transformation{}
	}
	u := d.Uniform(0, 1, d.N, 1)
	sign := ops.Where(ops.Greater(u, ops.ScalarLike(u, 0.5)), ops.ScalarLike(u, -1), ops.ScalarLike(u, 1))
	x, y := ops.Mul(d.Uniform(xLow, xHigh, d.N, 1), sign), ops.Mul(d.Uniform(yLow, yHigh, d.N, 1), sign)
	return warped(affine(d, 1.0, x, 0.0, y, 1.0, 0.0), s)
}
