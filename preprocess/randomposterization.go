package preprocess

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomPosterization returns a layer that, in training, keeps the upper bits of the pixels of a
// picture, of the eight that there are: as many as a whole number from the first one of the factor
// to the second, which is left out if it is another. One number f stands for 1 and f.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. No gradient.
// Panics with *graph.Error, when built, unless the factor is one whole number or two from 1 to 8.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomPosterization.
func RandomPosterization(factor Factor, opts ...nn.OptionOf[RandomPosterizationLayer]) *RandomPosterizationLayer {
	return nn.Setup(&RandomPosterizationLayer{Factor: factor}, opts...)
}

// RandomPosterizationLayer is the layer that [RandomPosterization] makes.
type RandomPosterizationLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the number of bits that stay.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomPosterization", func() nn.Layer { return &RandomPosterizationLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomPosterizationLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomPosterizationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomPosterizationLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomPosterization", "factor", 1, 8)
	r := l.values("RandomPosterization")
	if low != math.Trunc(low) || high != math.Trunc(high) {
		panic(graph.Errorf("preprocess.RandomPosterization: factor is %v: want whole numbers of bits", []float64(l.Factor)))
	}
	if !d.Training {
		return Transformation{}
	}
	bits := ops.Floor(d.Uniform(low, high, d.N, 1, 1, 1))
	step := ops.Cast(ops.Round(ops.Exp(ops.Scale(ops.Offset(ops.Neg(bits), 8), math.Ln2))), d.DType) // 2^(8-bits)
	return changed(func(x *graph.Node) *graph.Node { return posterized(x, step, r) })
}

// posterized returns pictures whose pixels, as bytes, are whole multiples of a step.
func posterized(x, step *graph.Node, r Range) *graph.Node {
	bytes := ops.Trunc(pixels.clip(r.to(pixels, x)))
	return pixels.to(r, ops.Mul(ops.Floor(ops.Div(bytes, step)), step))
}
