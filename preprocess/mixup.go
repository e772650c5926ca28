package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// MixUp returns a layer that, in training, mixes each picture with another of the batch, by parts of
// its own that follow the beta distribution of alpha and alpha. [Apply] mixes labels, which have to be
// floats such as one-hot ones, and masks alike, and gives a picture the boxes of both.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless alpha is more than 0.
// Options: [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.MixUp, whose labels of boxes, and masks, do not follow their pictures; Zhang,
// Cisse, Dauphin, Lopez-Paz 2017, arXiv:1710.09412.
func MixUp(alpha float64, opts ...nn.OptionOf[MixUpLayer]) *MixUpLayer {
	return nn.Setup(&MixUpLayer{Alpha: alpha}, opts...)
}

// MixUpLayer is the layer that [MixUp] makes.
type MixUpLayer struct {
	Image
	Seeded
	// Alpha is the parameter of the beta distribution.
	Alpha float64 `json:"alpha"`
}

func init() {
	nn.Register("keras.layers>MixUp", func() nn.Layer { return &MixUpLayer{Alpha: 0.2} })
}

// Call implements [nn.Layer].
func (l *MixUpLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

func (*MixUpLayer) mixes() {}

// Draw implements [ImageLayer].
func (l *MixUpLayer) Draw(d Draw) Transformation {
	if !(l.Alpha > 0) || l.Alpha-l.Alpha != 0 {
		panic(graph.Errorf("preprocess.MixUp: alpha %v: want more than 0", l.Alpha))
	}
	if !d.Training {
		return Transformation{}
	}
	part, other := d.Beta(l.Alpha, l.Alpha, d.N, 1), d.shuffled()
	mixed := func(x *graph.Node) *graph.Node { return blend(x, other, part) }
	return Transformation{
		Images: mixed,
		Labels: func(y *graph.Node) *graph.Node { return blend(wantMixable("MixUp", y), other, part) },
		Masks: func(m *graph.Node) *graph.Node {
			if !m.DType().IsFloat() {
				m = ops.Cast(m, tensor.Float32)
			}
			return mixed(m)
		},
		Listed: func(b Boxes) Boxes {
			b.At = ops.Concat(1, b.At, ops.Gather(b.At, other, 0))
			if b.Labels != nil {
				b.Labels = ops.Concat(1, b.Labels, ops.Gather(b.Labels, other, 0))
			}
			return b
		},
	}
}

// shuffled returns the numbers of the pictures in an order that is drawn: int32 [n].
func (d Draw) shuffled() *graph.Node {
	_, order := ops.TopK(d.Uniform(0, 1, d.N), d.N)
	return ops.Cast(order, tensor.Int32)
}

// blend returns part [n 1] of x [n ...], and the rest of the samples of x in another order.
func blend(x, order, part *graph.Node) *graph.Node {
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = x.Shape().At(0)
	part = ops.Cast(ops.Reshape(part, dims...), x.DType())
	y := ops.Gather(x, order, 0)
	return ops.Add(ops.Mul(part, x), ops.Mul(ops.Offset(ops.Neg(part), 1), y))
}

// wantMixable panics with *graph.Error unless labels can be mixed, and returns them.
func wantMixable(class string, y *graph.Node) *graph.Node {
	if !y.DType().IsFloat() {
		panic(graph.Errorf("preprocess.%s: labels %v: want floats, such as those of ops.OneHot", class, y.Spec()))
	}
	return y
}
