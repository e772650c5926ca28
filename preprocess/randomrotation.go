package preprocess

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomRotation returns a layer that, in training, turns each picture about its center by an angle
// of its own: factor is in full turns, counterclockwise if it is positive. A factor {0.1} means {-0.1,
// 0.1}. A box becomes the least one around its corners, which turn about the center of the pixels'
// centers, as in Keras: half a turn puts them a pixel up and to the left of where the pixels go.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless factor is one or two numbers from -1 to 1.
// Options: [nn.Nearest], [Fill], [FillValue], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomRotation, whose boxes have to be in the format xyxy.
func RandomRotation(factor Factor, opts ...nn.OptionOf[RandomRotationLayer]) *RandomRotationLayer {
	return nn.Setup(&RandomRotationLayer{Factor: factor}, opts...)
}

// RandomRotationLayer is the layer that [RandomRotation] makes.
type RandomRotationLayer struct {
	Warp
	// Factor bounds the angle, in full turns.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>RandomRotation", func() nn.Layer { return &RandomRotationLayer{} })
}

// Call implements [nn.Layer].
func (l *RandomRotationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomRotationLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomRotation", "factor", -1, 1)
	s := l.Sampling.of("RandomRotation", l.FillMode, false)
	if !d.Training {
		return Transformation{}
	}
	angle := d.Uniform(2*math.Pi*low, 2*math.Pi*high, d.N, 1)
	sin, cos := ops.Sin(angle), ops.Cos(angle)
	cx, cy := float64(d.Width-1)/2, float64(d.Height-1)/2
	// The pixel at (x, y) of the result comes from the place that the turn takes there.
	dx := ops.Offset(ops.Sub(ops.Scale(sin, cy), ops.Scale(cos, cx)), cx)
	dy := ops.Offset(ops.Neg(ops.Add(ops.Scale(sin, cx), ops.Scale(cos, cy))), cy)
	return warped(affine(d, cos, ops.Neg(sin), dx, sin, cos, dy), s)
}
