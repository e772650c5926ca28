package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// Solarization returns a layer that, in training, adds a number to the pixels of a picture and
// then inverts those that are not below a threshold. Both numbers are drawn for each picture,
// from the first one of a factor to 255 times the second, in a range of values of 0 to 255; one
// number f stands for 0 and f. With the default, 0 and 0, it inverts all.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless factors are one number or two from 0 to 1.
// Options: [Addition], [Threshold], [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every
// layer. Source: keras.layers.Solarization.
func Solarization(opts ...nn.OptionOf[SolarizationLayer]) *SolarizationLayer {
	return nn.Setup(&SolarizationLayer{}, opts...)
}

// Addition bounds the number that [Solarization] adds.
func Addition(f Factor) nn.SettingOf[SolarizationLayer] {
	return func(l *SolarizationLayer) { l.AdditionFactor = f }
}

// Threshold bounds the threshold of [Solarization].
func Threshold(f Factor) nn.SettingOf[SolarizationLayer] {
	return func(l *SolarizationLayer) { l.ThresholdFactor = f }
}

// SolarizationLayer is the layer that [Solarization] makes. An empty factor is 0.
type SolarizationLayer struct {
	Image
	Seeded
	Valued
	// AdditionFactor bounds the number that is added.
	AdditionFactor Factor `json:"addition_factor"`
	// ThresholdFactor bounds the threshold.
	ThresholdFactor Factor `json:"threshold_factor"`
}

func init() {
	nn.Register("keras.layers>Solarization", func() nn.Layer { return &SolarizationLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *SolarizationLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
	for _, f := range []*Factor{&l.AdditionFactor, &l.ThresholdFactor} {
		if len(*f) == 0 {
			*f = Factor{0}
		}
	}
}

// Call implements [nn.Layer].
func (l *SolarizationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *SolarizationLayer) Draw(d Draw) Transformation {
	addLow, addHigh := l.AdditionFactor.orZero().around("Solarization", "addition factor", 0, 1)
	low, high := l.ThresholdFactor.orZero().around("Solarization", "threshold factor", 0, 1)
	r := l.values("Solarization")
	if !d.Training {
		return Transformation{}
	}
	more, threshold := d.each(addLow, 255*addHigh), d.each(low, 255*high)
	return changed(func(x *graph.Node) *graph.Node { return solarized(x, more, threshold, r) })
}

// orZero returns the factor 0 for none.
func (f Factor) orZero() Factor {
	if len(f) == 0 {
		return Factor{0}
	}
	return f
}

// solarized returns pictures with more in all pixels, those from a threshold on inverted.
func solarized(x, more, threshold *graph.Node, r Range) *graph.Node {
	y := pixels.clip(ops.Add(r.to(pixels, x), more))
	return pixels.to(r, ops.Where(ops.Less(y, threshold), y, ops.Offset(ops.Neg(y), 255)))
}
