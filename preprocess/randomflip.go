package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomFlip returns a layer that, in training, mirrors half of the pictures: left and right, top
// and bottom, or, by default, both at once.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Options: a [FlipMode], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomFlip.
func RandomFlip(opts ...nn.OptionOf[RandomFlipLayer]) *RandomFlipLayer {
	return nn.Setup(&RandomFlipLayer{}, opts...)
}

// FlipMode says along which axes [RandomFlip] mirrors.
type FlipMode string

// The modes.
const (
	// HorizontalAndVertical, the default, turns pictures by half a turn.
	HorizontalAndVertical FlipMode = "horizontal_and_vertical"
	// Horizontal mirrors left and right.
	Horizontal FlipMode = "horizontal"
	// Vertical mirrors top and bottom.
	Vertical FlipMode = "vertical"
)

// Along sets the axes along which [RandomFlip] mirrors.
func Along(mode FlipMode) nn.SettingOf[RandomFlipLayer] {
	return func(l *RandomFlipLayer) { l.Mode = mode }
}

// RandomFlipLayer is the layer that [RandomFlip] makes.
type RandomFlipLayer struct {
	Image
	Seeded
	// Mode is [HorizontalAndVertical] by default.
	Mode FlipMode `json:"mode"`
}

func init() {
	nn.Register("keras.layers>RandomFlip", func() nn.Layer { return &RandomFlipLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomFlipLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	if l.Mode == "" {
		l.Mode = HorizontalAndVertical
	}
}

// Call implements [nn.Layer].
func (l *RandomFlipLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomFlipLayer) Draw(d Draw) Transformation {
	across := l.Mode == Horizontal || l.Mode == HorizontalAndVertical || l.Mode == ""
	down := l.Mode == Vertical || l.Mode == HorizontalAndVertical || l.Mode == ""
	if !across && !down {
		panic(graph.Errorf("preprocess.RandomFlip: mode %q: want %s, %s or %s", l.Mode, Horizontal, Vertical, HorizontalAndVertical))
	}
	if !d.Training {
		return Transformation{}
	}
	u := d.Uniform(0, 1, d.N, 1, 1, 1)
	chosen := ops.LessEqual(u, ops.ScalarLike(u, 0.5)) // [n 1 1 1]
	var axes []int
	if down {
		axes = append(axes, 1)
	}
	if across {
		axes = append(axes, 2)
	}
	flip := func(x *graph.Node) *graph.Node { return ops.Where(chosen, ops.Flip(x, axes...), x) }
	return Transformation{
		Images: flip,
		Masks:  flip,
		Boxes: func(b Boxes) Boxes {
			c, of := b.columns(), ops.Squeeze(chosen, -1)
			to := c
			mirrored := func(x *graph.Node, n int) *graph.Node { return ops.Offset(ops.Neg(x), float64(n)) }
			if across {
				to[0], to[2] = mirrored(c[2], d.Width), mirrored(c[0], d.Width)
			}
			if down {
				to[1], to[3] = mirrored(c[3], d.Height), mirrored(c[1], d.Height)
			}
			for i := range to {
				to[i] = ops.Where(of, to[i], c[i])
			}
			return b.of(to[0], to[1], to[2], to[3])
		},
	}
}
