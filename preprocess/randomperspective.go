package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RandomPerspective returns a layer that, in training, shows some pictures from another point of view:
// each of the four corners goes to a place of its own, at up to half as much again of its coordinates
// or half of them, times the scale that [MostPerspective] sets. The probability of that is drawn for
// each picture from factor: {1} means {0, 1}, {1, 1} all pictures. Pixels from beyond the border are
// the [FillValue]. A box becomes the least one around its corners.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless factor is one or two numbers from 0 to 1, and so is the
// scale.
// Options: [MostPerspective], [nn.Nearest], [FillValue], [nn.ChannelsFirst], [BoxesAs], those of every
// layer.
// Source: keras.layers.RandomPerspective, which returns boxes in the format xyxy whatever theirs was.
func RandomPerspective(factor Factor, opts ...nn.OptionOf[RandomPerspectiveLayer]) *RandomPerspectiveLayer {
	return nn.Setup(&RandomPerspectiveLayer{Factor: factor, Scale: 1}, opts...)
}

// MostPerspective sets how far [RandomPerspective] moves corners, from 0 for not at all to 1, the
// default.
func MostPerspective(scale float64) nn.SettingOf[RandomPerspectiveLayer] {
	return func(l *RandomPerspectiveLayer) { l.Scale = scale }
}

// RandomPerspectiveLayer is the layer that [RandomPerspective] makes.
type RandomPerspectiveLayer struct {
	Image
	Seeded
	Sampling
	// Factor bounds the probability that a picture is changed.
	Factor Factor `json:"factor"`
	// Scale bounds the distances of the corners. RandomPerspective sets 1.
	Scale float64 `json:"scale"`
}

func init() {
	nn.Register("keras.layers>RandomPerspective", func() nn.Layer { return &RandomPerspectiveLayer{Factor: Factor{1}, Scale: 1} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomPerspectiveLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Sampling.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomPerspectiveLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomPerspectiveLayer) Draw(d Draw) Transformation {
	const class = "RandomPerspective"
	low, high := l.Factor.around(class, "factor", 0, 1)
	if !(l.Scale >= 0 && l.Scale <= 1) {
		panic(graph.Errorf("preprocess.%s: scale %v: want 0 to 1", class, l.Scale))
	}
	s := l.Sampling.of(class, FillConstant, false)
	if !d.Training {
		return Transformation{}
	}
	right, bottom := float64(d.Width-1), float64(d.Height-1)
	corners := d.Graph().Const(tensor.Of(0, 0, right, 0, 0, bottom, right, bottom))
	start := ops.BroadcastTo(ops.Reshape(corners, 1, 4, 2), tensor.D(d.N, 4, 2))
	away := ops.Cast(d.Uniform(-l.Scale/2, l.Scale/2, d.N, 4, 2), tensor.Float64)
	end := ops.Add(start, ops.Mul(start, away))
	return d.only(d.some(low, high), warped(ops.Cast(ops.Homography(end, start), tensor.Float32), s))
}

// only returns a transformation of the pictures for which chosen [n 1 1 1] holds. The parts keep
// their shapes.
func (d Draw) only(chosen *graph.Node, t Transformation) Transformation {
	some := func(f func(x *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
		if f == nil {
			return nil
		}
		return func(x *graph.Node) *graph.Node { return ops.Where(chosen, f(x), x) }
	}
	boxes := t.Boxes
	t.Images, t.Masks = some(t.Images), some(t.Masks)
	if boxes != nil {
		t.Boxes = func(b Boxes) Boxes {
			to := boxes(b)
			to.At = ops.Where(ops.Squeeze(chosen, -1), to.At, b.At)
			return to
		}
	}
	return t
}
