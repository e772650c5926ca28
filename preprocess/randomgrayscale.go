package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RandomGrayscale returns a layer that, in training, makes pictures gray, each with the
// probability factor. They keep three channels.
//
// Shapes: x [n h w 3] or [n h w 1] -> y as x. DTypes: any number; integers stay and are cut off.
// Gradient: x. Panics with *graph.Error, when built, unless the factor is from 0 to 1.
// Options: [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomGrayscale, whose factor is 0.5 by default.
func RandomGrayscale(factor float64, opts ...nn.OptionOf[RandomGrayscaleLayer]) *RandomGrayscaleLayer {
	return nn.Setup(&RandomGrayscaleLayer{Factor: factor}, opts...)
}

// RandomGrayscaleLayer is the layer that [RandomGrayscale] makes.
type RandomGrayscaleLayer struct {
	Image
	// Factor is the probability that a picture becomes gray.
	Factor float64 `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomGrayscale", func() nn.Layer { return &RandomGrayscaleLayer{Factor: 0.5} })
}

// OfIntegers implements [nn.IntegerLayer].
func (*RandomGrayscaleLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Call implements [nn.Layer].
func (l *RandomGrayscaleLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomGrayscaleLayer) Draw(d Draw) Transformation {
	if !(l.Factor >= 0 && l.Factor <= 1) {
		panic(graph.Errorf("preprocess.RandomGrayscale: factor %v: want 0 to 1", l.Factor))
	}
	if d.Channels != 1 {
		d.wantRGB("RandomGrayscale")
	}
	if !d.Training {
		return Transformation{}
	}
	gray := d.some(l.Factor, l.Factor)
	return changed(func(x *graph.Node) *graph.Node { return ops.Where(gray, grayed(x), x) })
}

// grayed returns [ops.RGBToGrayscale] of pictures in all of their channels. One product makes them:
// that is faster than to copy one channel.
func grayed(x *graph.Node) *graph.Node {
	if x.Shape().At(3) == 1 {
		return x
	}
	dt := x.DType()
	if !dt.IsFloat() {
		x = ops.Cast(x, tensor.Float32)
	}
	const r, g, b = 0.2989, 0.5870, 0.1140
	weights := ops.Reshape(x.Graph().Const(tensor.Of[float64](r, r, r, g, g, g, b, b, b)), 3, 3)
	y := ops.MatMul(ops.Reshape(x, x.Shape().Size()/3, 3), ops.Cast(weights, x.DType()))
	return ops.Cast(ops.Reshape(y, x.Shape().Slice()...), dt)
}
