package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomErasing returns a layer that, in training, fills a rectangle of some pictures, at a place of
// its own, with noise or with one color. The probability of that is drawn for each picture from
// factor: {1} means {0, 1}, {1, 1} all pictures. Width and height of the rectangle are the roots of
// numbers of [ErasedArea], in widths and heights of the picture.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless factor and area are one or two numbers from 0 to 1,
// and there is one color, or a value for each channel.
// Options: [ErasedArea], [ErasedBy], [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomErasing; Zhong, Zheng, Kang, Li, Yang 2017, arXiv:1708.04896.
func RandomErasing(factor Factor, opts ...nn.OptionOf[RandomErasingLayer]) *RandomErasingLayer {
	return nn.Setup(&RandomErasingLayer{Factor: factor}, opts...)
}

// ErasedArea bounds the area that [RandomErasing] fills: 0.02 to 0.33 of that of the picture by
// default.
func ErasedArea(low, high float64) nn.SettingOf[RandomErasingLayer] {
	return func(l *RandomErasingLayer) { l.Scale = Factor{low, high} }
}

// ErasedBy has [RandomErasing] fill with one value, or one of each channel, instead of noise.
func ErasedBy(values ...float64) nn.SettingOf[RandomErasingLayer] {
	return func(l *RandomErasingLayer) { l.FillValue = NumbersOf(values...) }
}

// RandomErasingLayer is the layer that [RandomErasing] makes.
type RandomErasingLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the probability that a part of a picture is erased.
	Factor Factor `json:"factor"`
	// Scale bounds the area, {0.02, 0.33} by default.
	Scale Factor `json:"scale"`
	// FillValue is the color, noise by default: normal numbers times the greatest value of
	// ValueRange, clipped to it.
	FillValue *Numbers `json:"fill_value"`
}

func init() {
	nn.Register("keras.layers>RandomErasing", func() nn.Layer { return &RandomErasingLayer{Factor: Factor{1}} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomErasingLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
	if len(l.Scale) == 0 {
		l.Scale = Factor{0.02, 0.33}
	}
}

// Call implements [nn.Layer].
func (l *RandomErasingLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomErasingLayer) Draw(d Draw) Transformation {
	const class = "RandomErasing"
	set := *l
	set.SetDefaults()
	low, high := set.Factor.around(class, "factor", 0, 1)
	least, most := set.Scale.around(class, "scale", 0, 1)
	r := set.values(class)
	if f := set.FillValue; f != nil && (len(f.lengths) > 1 || len(f.v) != 1 && len(f.v) != d.Channels) {
		panic(graph.Errorf("preprocess.%s: %d fill values of lengths %v: want one, or one for each of %d channels", class, len(f.v), f.lengths, d.Channels))
	}
	if !d.Training {
		return Transformation{}
	}
	x := d.span(ops.Sqrt(d.Uniform(least, most, d.N, 1)), d.Width)
	y := d.span(ops.Sqrt(d.Uniform(least, most, d.N, 1)), d.Height)
	erased := ops.And(d.inside(x, y), d.some(low, high))
	var fill *graph.Node
	if set.FillValue != nil {
		fill = d.Graph().Const(set.FillValue.tensor())
	} else {
		fill = ops.Scale(d.Normal(d.N, d.Height, d.Width, d.Channels), r[1])
	}
	fill = r.clip(fill)
	return Transformation{Images: func(x *graph.Node) *graph.Node {
		return ops.Where(erased, ops.Cast(fill, x.DType()), x)
	}}
}
