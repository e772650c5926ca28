package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// RandAugment returns a layer that, in training, changes pictures by some layers that it chooses
// anew for each batch, one after the other, of [RandomShear], [RandomTranslation],
// [RandomRotation], [RandomBrightness], [RandomColorDegeneration], [RandomContrast],
// [RandomSharpness], [RandomPosterization], [Solarization], [AutoContrast] and [Equalization]. A
// layer that is chosen twice does the same both times, as in Keras. Only those that are chosen are
// computed. Boxes and masks follow.
//
// Shapes: x [n h w 3] -> y [n h w 3]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the strength is one number or two from 0 to 1 and
// there are 1 to 100 operations.
// Options: [NumOps], 2 by default, [Strength], 0.5 by default, an [nn.Interpolation],
// [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandAugment; Cubuk, Zoph, Shlens, Le 2019, arXiv:1909.13719.
func RandAugment(opts ...nn.OptionOf[RandAugmentLayer]) *RandAugmentLayer {
	return nn.Setup(&RandAugmentLayer{}, opts...)
}

// NumOps sets how many layers [RandAugment] chooses.
func NumOps(n int) nn.SettingOf[RandAugmentLayer] { return func(l *RandAugmentLayer) { l.NumOps = n } }

// RandAugmentLayer is the layer that [RandAugment] makes.
type RandAugmentLayer struct {
	Augmenting
	// NumOps is how many layers are chosen, 2 by default.
	NumOps int `json:"num_ops"`
}

func init() {
	nn.Register("keras.layers>RandAugment", func() nn.Layer { return &RandAugmentLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandAugmentLayer) SetDefaults() {
	l.setDefaults(0.5)
	if l.NumOps == 0 {
		l.NumOps = 2
	}
}

// Call implements [nn.Layer].
func (l *RandAugmentLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// mostOps bounds how many layers are chosen.
const mostOps = 100

// Draw implements [ImageLayer].
func (l *RandAugmentLayer) Draw(d Draw) Transformation {
	const class = "RandAugment"
	set := *l
	set.SetDefaults()
	low, high := set.Factor.around(class, "factor", 0, 1)
	r := set.values(class)
	d.wantRGB(class)
	if set.NumOps < 1 || set.NumOps > mostOps {
		panic(graph.Errorf("preprocess.%s: %d operations: want 1 to %d", class, set.NumOps, mostOps))
	}
	all := set.draws(d, []augmentation{
		shear, translation, rotation, brightness, degeneration, contrast, sharpness, posterization, solarization, autoContrast, equalization,
	}, low, high, r)
	if !d.Training {
		return Transformation{}
	}
	var steps []Transformation
	for range set.NumOps {
		steps = append(steps, chosen(d.number(len(all)), all))
	}
	return inTurn(steps)
}

// inTurn returns the transformation by one after the other.
func inTurn(steps []Transformation) Transformation {
	return Transformation{
		Images: func(x *graph.Node) *graph.Node {
			for _, t := range steps {
				x = t.Images(x)
			}
			return x
		},
		Masks: func(m *graph.Node) *graph.Node {
			for _, t := range steps {
				m = t.Masks(m)
			}
			return m
		},
		Boxes: func(b Boxes) Boxes {
			for _, t := range steps {
				b = t.Boxes(b)
			}
			return b
		},
	}
}
