package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomHue returns a layer that, in training, turns the hues of a picture by a part of a half
// turn, either way. One number f stands for 0 to f.
//
// Shapes: x [n h w 3] -> y [n h w 3]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the factor is one number or two from 0 to 1.
// Options: [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomHue.
func RandomHue(factor Factor, opts ...nn.OptionOf[RandomHueLayer]) *RandomHueLayer {
	return nn.Setup(&RandomHueLayer{Factor: factor}, opts...)
}

// RandomHueLayer is the layer that [RandomHue] makes.
type RandomHueLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the part of a half turn.
	Factor Factor `json:"factor"`
}

func init() { nn.Register("keras.layers>RandomHue", func() nn.Layer { return &RandomHueLayer{} }) }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomHueLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomHueLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomHueLayer) Draw(d Draw) Transformation {
	low, high := l.Factor.around("RandomHue", "factor", 0, 1)
	r := l.values("RandomHue")
	d.wantRGB("RandomHue")
	if !d.Training {
		return Transformation{}
	}
	way, turn := d.each(0, 1), ops.Scale(d.each(low, high), 0.5)
	turn = ops.Where(ops.Greater(way, ops.ScalarLike(way, 0.5)), ops.Neg(turn), turn)
	return changed(func(x *graph.Node) *graph.Node { return turned(x, turn, r) })
}

// turned returns pictures whose hues are turned, by parts of a whole turn.
func turned(x, turn *graph.Node, r Range) *graph.Node {
	unit := Range{0, 1}
	hsv := ops.RGBToHSV(r.to(unit, x))
	hue := ops.Add(ops.SliceAxis(hsv, -1, 0, 1), turn)
	hue = ops.Where(ops.Greater(hue, ops.ScalarLike(hue, 1)), ops.Offset(hue, -1), hue)
	hue = ops.Where(ops.Less(hue, ops.ScalarLike(hue, 0)), ops.Offset(hue, 1), hue)
	rgb := ops.HSVToRGB(ops.Concat(-1, hue, ops.SliceAxis(hsv, -1, 1, 3)))
	return unit.to(r, unit.clip(rgb))
}
