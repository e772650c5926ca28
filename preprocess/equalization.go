package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Equalization returns a layer that, in training, spreads the values of pictures, channel by
// channel, so that all values are about as frequent. As in Keras, it counts the values of all
// pictures of a batch together.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. No gradient.
// Panics with *graph.Error, when built, unless there are 1 to 65536 bins.
// Options: [Bins], [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.Equalization.
func Equalization(opts ...nn.OptionOf[EqualizationLayer]) *EqualizationLayer {
	return nn.Setup(&EqualizationLayer{}, opts...)
}

// Bins sets the number of values that [Equalization] tells apart, 256 by default.
func Bins(n int) nn.SettingOf[EqualizationLayer] { return func(l *EqualizationLayer) { l.Bins = n } }

// EqualizationLayer is the layer that [Equalization] makes.
type EqualizationLayer struct {
	Image
	Valued
	// Bins is the number of values that are told apart, 256 by default.
	Bins int `json:"bins"`
}

func init() {
	nn.Register("keras.layers>Equalization", func() nn.Layer { return &EqualizationLayer{Bins: 256} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *EqualizationLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
	if l.Bins == 0 {
		l.Bins = 256
	}
}

// Call implements [nn.Layer].
func (l *EqualizationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// mostBins bounds the bins of [Equalization].
const mostBins = 1 << 16

// Draw implements [ImageLayer].
func (l *EqualizationLayer) Draw(d Draw) Transformation {
	set := *l
	set.SetDefaults()
	r := set.values("Equalization")
	if set.Bins < 1 || set.Bins > mostBins {
		panic(graph.Errorf("preprocess.Equalization: %d bins: want 1 to %d", set.Bins, mostBins))
	}
	if !d.Training {
		return Transformation{}
	}
	return changed(func(x *graph.Node) *graph.Node {
		if x.Shape().Size() == 0 {
			return x
		}
		return linearly(pixels, r, equalized(linearly(r, pixels, x), set.Bins))
	})
}

// linearly returns x of one range in another by one product, which decides the bin of a value
// between two.
func linearly(from, to Range, x *graph.Node) *graph.Node {
	scale := to.length() / from.length()
	return ops.Offset(ops.Scale(x, scale), to[0]-from[0]*scale)
}

// equalized returns pictures of values from 0 to 255 with these spread evenly.
func equalized(x *graph.Node, bins int) *graph.Node {
	g, channels, last := x.Graph(), x.Shape().At(3), float64(bins-1)
	// The bins of a channel follow those of the one before.
	first := ops.Scale(ops.Iota(g, tensor.S(tensor.Int32, channels), 0), float64(bins))
	bin := func(x *graph.Node) *graph.Node {
		return ops.Add(ops.Cast(ops.Clip(x, 0, last), tensor.Int32), first)
	}
	v := ops.Cast(x, tensor.Float32)
	in := ops.Reshape(bin(ops.Div(ops.Scale(v, last), ops.ScalarLike(v, 255))), -1)
	one := ops.Full(g, tensor.S(tensor.Int32, in.Shape().At(0)), 1)
	none := ops.Full(g, tensor.S(tensor.Int32, bins*channels), 0)
	counts := ops.Reshape(ops.ScatterAdd(none, in, one, 0), channels, bins)

	// The least and the greatest value become 0 and 255, those between by how many are less.
	upTo := ops.CumSum(counts, 1)
	all := ops.SliceAxis(upTo, 1, bins-1, bins)
	zero := ops.ScalarLike(counts, 0)
	least := ops.ReduceMinKeep(ops.Where(ops.Greater(upTo, zero), upTo, all), 1)
	above := func(n *graph.Node) *graph.Node { return ops.Cast(ops.Sub(n, least), tensor.Float32) }
	span := ops.Maximum(above(all), ops.ScalarLike(v, 1))
	table := ops.Clip(ops.Round(ops.Div(ops.Scale(above(upTo), 255), span)), 0, 255)

	spread := ops.Cast(ops.Gather(ops.Reshape(table, -1), bin(ops.Scale(ops.Div(x, ops.ScalarLike(x, 255)), last)), 0), x.DType())
	used := ops.ReduceSum(ops.Cast(ops.Greater(counts, zero), tensor.Int32), 1)
	return ops.Where(ops.Greater(used, ops.ScalarLike(used, 1)), spread, x)
}
