package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// CutMix returns a layer that, in training, puts a rectangle of another picture of the batch into each.
// The rest of its area follows the beta distribution of a and a, for an a that is drawn from factor for
// all of a step; {1} means {0, 1}. [Apply] mixes labels, which have to be floats such as one-hot ones,
// by the areas, and cuts masks alike. It does not take boxes.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless factor is one or two numbers from 0 to 1.
// Options: [nn.ChannelsFirst], those of every layer.
// Source: keras.layers.CutMix; Yun et al. 2019, arXiv:1905.04899.
func CutMix(factor Factor, opts ...nn.OptionOf[CutMixLayer]) *CutMixLayer {
	return nn.Setup(&CutMixLayer{Factor: factor}, opts...)
}

// CutMixLayer is the layer that [CutMix] makes.
type CutMixLayer struct {
	Image
	Seeded
	// Factor bounds the parameter of the beta distribution.
	Factor Factor `json:"factor"`
}

func init() {
	nn.Register("keras.layers>CutMix", func() nn.Layer { return &CutMixLayer{Factor: Factor{1}} })
}

// Call implements [nn.Layer].
func (l *CutMixLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

func (*CutMixLayer) mixes() {}

// Draw implements [ImageLayer].
func (l *CutMixLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("CutMix", "factor", 0, 1)
	if !d.Training {
		return Transformation{Listed: refused("CutMix")}
	}
	a := ops.Offset(d.Uniform(low, high), 1e-6)
	rest := d.betaOf(a, a, d.N, 1)
	side := ops.Sqrt(ops.Offset(ops.Neg(rest), 1))
	x, y := d.span(side, d.Width), d.span(side, d.Height)
	area := ops.Scale(ops.Mul(ops.Sub(x.to, x.from), ops.Sub(y.to, y.from)), 1/float64(max(d.Width*d.Height, 1)))
	part, other, inside := ops.Offset(ops.Neg(area), 1), d.shuffled(), d.inside(x, y)
	cut := func(x *graph.Node) *graph.Node { return ops.Where(inside, ops.Gather(x, other, 0), x) }
	return Transformation{
		Images: cut,
		Masks:  cut,
		Labels: func(y *graph.Node) *graph.Node { return blend(wantMixable("CutMix", y), other, part) },
		Listed: refused("CutMix"),
	}
}

// refused returns a function that panics with *graph.Error: a layer takes no boxes.
func refused(class string) func(b Boxes) Boxes {
	return func(b Boxes) Boxes {
		panic(graph.Errorf("preprocess.%s: boxes %v: want none, they would not follow the picture", class, b.At.Spec()))
	}
}

// span is a part of an axis of each picture, from one coordinate [n 1] to another.
type span struct{ from, to *graph.Node }

// span returns a part of an axis of n pixels at a place that is drawn; share [n 1] is its length.
func (d Draw) span(share *graph.Node, n int) span {
	length := ops.Scale(share, float64(n))
	from := ops.Mul(d.Uniform(0, 1, d.N, 1), ops.Offset(ops.Neg(length), float64(n)))
	return span{from, ops.Add(from, length)}
}

// inside returns which pixels lie in rectangles: bools [n h w 1].
func (d Draw) inside(x, y span) *graph.Node {
	within := func(s span, n, axis int) *graph.Node {
		dims := []int{1, 1, 1, 1}
		dims[axis] = n
		at := ops.Iota(d.Graph(), tensor.S(tensor.Float32, dims...), axis)
		from, to := ops.Reshape(s.from, d.N, 1, 1, 1), ops.Reshape(s.to, d.N, 1, 1, 1)
		return ops.And(ops.GreaterEqual(at, from), ops.Less(at, to))
	}
	return ops.And(within(x, d.Width, 2), within(y, d.Height, 1))
}
