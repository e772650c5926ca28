package preprocess

import (
	"slices"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Augmenting groups the settings of [RandAugment] and [AugMix], which choose among other layers.
type Augmenting struct {
	Image
	Seeded
	Valued
	// Interpolating holds [nn.Bilinear] by default, or [nn.Nearest].
	nn.Interpolating
	// Factor bounds the strength of the layers that are chosen, one number f standing for 0 to f.
	Factor Factor `json:"factor"`
}

// Strength bounds the strength of the layers among which [RandAugment] and [AugMix] choose.
func Strength(f Factor) nn.SettingOf[Augmenting] { return func(l *Augmenting) { l.Factor = f } }

// setDefaults sets the settings that are not set, the strength to one number.
func (l *Augmenting) setDefaults(strength float64) {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
	if l.Interpolation == "" {
		l.Interpolation = nn.Bilinear
	}
	if len(l.Factor) == 0 {
		l.Factor = Factor{strength}
	}
}

// augmentation is a layer among which others choose.
type augmentation int

const (
	shear augmentation = iota
	translation
	rotation
	brightness
	degeneration
	contrast
	sharpness
	posterization
	solarization
	autoContrast
	equalization
)

// draw returns what the layer a has drawn.
func (l *Augmenting) draw(d Draw, a augmentation, low, high float64, r Range) Transformation {
	f, between := Factor{low, high}, ValueRange(r[0], r[1])
	var of ImageLayer
	switch a {
	case shear:
		of = RandomShear(f, f, l.Interpolation)
	case translation:
		of = RandomTranslation(f, f, l.Interpolation)
	case rotation:
		of = RandomRotation(f, l.Interpolation)
	case brightness:
		of = RandomBrightness(f, between)
	case degeneration:
		of = RandomColorDegeneration(f, between)
	case contrast:
		of = RandomContrast(f, between)
	case sharpness:
		of = RandomSharpness(f, between)
	case posterization:
		of = RandomPosterization(Factor{float64(max(1, int(8*high)))}, between)
	case solarization:
		of = Solarization(Addition(f), Threshold(f), between)
	case autoContrast:
		of = AutoContrast(between)
	case equalization:
		of = Equalization(between)
	}
	return of.Draw(d)
}

// draws returns what each layer of a list has drawn.
func (l *Augmenting) draws(d Draw, list []augmentation, low, high float64, r Range) []Transformation {
	all := make([]Transformation, len(list))
	for i, a := range list {
		all[i] = l.draw(d, a, low, high, r)
	}
	return all
}

// number returns a whole number from 0 to n-1, for all pictures of a batch.
func (d Draw) number(n int) *graph.Node {
	return ops.Cast(ops.Floor(d.Uniform(0, float64(n))), tensor.Int32)
}

// chosen returns the transformation of the number i among some, of which alone is computed. Those
// that leave a part as it is may be nil there.
func chosen(i *graph.Node, among []Transformation) Transformation {
	var images, masks, boxes []func(x *graph.Node) *graph.Node
	for _, t := range among {
		images, masks = append(images, t.Images), append(masks, t.Masks)
		var of func(x *graph.Node) *graph.Node
		if t.Boxes != nil {
			of = func(at *graph.Node) *graph.Node { return t.Boxes(Boxes{At: at}).At }
		}
		boxes = append(boxes, of)
	}
	return Transformation{
		Images: func(x *graph.Node) *graph.Node { return choose(i, 0, images, x) },
		Masks:  func(m *graph.Node) *graph.Node { return choose(i, 0, masks, m) },
		Boxes: func(b Boxes) Boxes {
			b.At = choose(i, 0, boxes, b.At)
			return b
		},
	}
}

// choose returns what function i of a list makes of x, the first having the number first; nil
// returns x.
func choose(i *graph.Node, first int, list []func(x *graph.Node) *graph.Node, x *graph.Node) *graph.Node {
	if !slices.ContainsFunc(list, func(f func(x *graph.Node) *graph.Node) bool { return f != nil }) {
		return x
	}
	if len(list) == 1 {
		return list[0](x)
	}
	half := len(list) / 2
	branch := func(first int, list []func(x *graph.Node) *graph.Node) func() []*graph.Node {
		return func() []*graph.Node { return []*graph.Node{choose(i, first, list, x)} }
	}
	return flow.Cond(ops.Less(i, ops.ScalarLike(i, float64(first+half))), branch(first, list[:half]), branch(first+half, list[half:]))[0]
}
