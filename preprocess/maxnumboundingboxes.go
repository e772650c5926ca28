package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// MaxNumBoundingBoxes returns a layer that leaves the first n boxes of each picture, and fills up what
// is missing with boxes and labels of -1, so that all pictures have as many. It leaves pictures,
// labels and masks as they are.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number. Gradient: x.
// Panics with *graph.Error, when traced, unless n is 1 to 2²⁰.
// Options: [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.MaxNumBoundingBoxes.
func MaxNumBoundingBoxes(n int, opts ...nn.OptionOf[MaxNumBoundingBoxesLayer]) *MaxNumBoundingBoxesLayer {
	return nn.Setup(&MaxNumBoundingBoxesLayer{MaxNumber: n, FillValue: -1}, opts...)
}

// MaxNumBoundingBoxesLayer is the layer that [MaxNumBoundingBoxes] makes.
type MaxNumBoundingBoxesLayer struct {
	Image
	// MaxNumber is the number of boxes.
	MaxNumber int `json:"max_number"`
	// FillValue stands for boxes that are missing, and for their labels. MaxNumBoundingBoxes sets
	// -1.
	FillValue int `json:"fill_value"`
}

func init() {
	nn.Register("keras.layers>MaxNumBoundingBoxes", func() nn.Layer { return &MaxNumBoundingBoxesLayer{FillValue: -1} })
}

// OfIntegers implements [nn.IntegerLayer].
func (*MaxNumBoundingBoxesLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Call implements [nn.Layer].
func (l *MaxNumBoundingBoxesLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// mostBoxes bounds the boxes of a picture whose number a file may give.
const mostBoxes = 1 << 20

// Draw implements [ImageLayer].
func (l *MaxNumBoundingBoxesLayer) Draw(d Draw) Transformation {
	if l.MaxNumber < 1 || l.MaxNumber > mostBoxes {
		panic(graph.Errorf("preprocess.MaxNumBoundingBoxes: %d boxes: want 1 to %d", l.MaxNumber, mostBoxes))
	}
	limited := func(x *graph.Node) *graph.Node {
		n := min(x.Shape().At(1), l.MaxNumber)
		behind := make([]int, x.Rank())
		behind[1] = l.MaxNumber - n
		return ops.Pad(ops.SliceAxis(x, 1, 0, n), make([]int, x.Rank()), behind, float64(l.FillValue))
	}
	return Transformation{Listed: func(b Boxes) Boxes {
		b.At = limited(b.At)
		if b.Labels != nil {
			if b.Labels.DType().IsUnsigned() {
				b.Labels = ops.Cast(b.Labels, tensor.Int32)
			}
			b.Labels = limited(b.Labels)
		}
		return b
	}}
}
