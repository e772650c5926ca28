package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// RandomColorJitter returns a layer that, in training, changes brightness, contrast, saturation
// and hue of a picture, in this order: those of which there is a factor, [Brightness], [Contrast],
// [Saturation] or [Hue]. See [RandomBrightness] and its like.
//
// Shapes: x [n h w c] -> y [n h w c], c being 3 for saturation and hue. DTypes: any number ->
// floats. Gradient: x.
// Panics with *graph.Error, when built, as the layers do of which it consists.
// Options: those four, [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomColorJitter.
func RandomColorJitter(opts ...nn.OptionOf[RandomColorJitterLayer]) *RandomColorJitterLayer {
	return nn.Setup(&RandomColorJitterLayer{}, opts...)
}

// Brightness has [RandomColorJitter] change the brightness as [RandomBrightness] does.
func Brightness(f Factor) nn.SettingOf[RandomColorJitterLayer] {
	return func(l *RandomColorJitterLayer) { l.BrightnessFactor = f }
}

// Contrast has [RandomColorJitter] change the contrast as [RandomContrast] does.
func Contrast(f Factor) nn.SettingOf[RandomColorJitterLayer] {
	return func(l *RandomColorJitterLayer) { l.ContrastFactor = f }
}

// Saturation has [RandomColorJitter] change the saturation as [RandomSaturation] does.
func Saturation(f Factor) nn.SettingOf[RandomColorJitterLayer] {
	return func(l *RandomColorJitterLayer) { l.SaturationFactor = f }
}

// Hue has [RandomColorJitter] change the hue as [RandomHue] does.
func Hue(f Factor) nn.SettingOf[RandomColorJitterLayer] {
	return func(l *RandomColorJitterLayer) { l.HueFactor = f }
}

// RandomColorJitterLayer is the layer that [RandomColorJitter] makes. An empty factor changes
// nothing.
type RandomColorJitterLayer struct {
	Image
	Seeded
	Valued
	// BrightnessFactor is the factor of RandomBrightness.
	BrightnessFactor Factor `json:"brightness_factor"`
	// ContrastFactor is the factor of RandomContrast.
	ContrastFactor Factor `json:"contrast_factor"`
	// SaturationFactor is the factor of RandomSaturation.
	SaturationFactor Factor `json:"saturation_factor"`
	// HueFactor is the factor of RandomHue.
	HueFactor Factor `json:"hue_factor"`
}

func init() {
	nn.Register("keras.layers>RandomColorJitter", func() nn.Layer { return &RandomColorJitterLayer{} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomColorJitterLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
}

// Call implements [nn.Layer].
func (l *RandomColorJitterLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomColorJitterLayer) Draw(d Draw) Transformation {
	l.values("RandomColorJitter")
	var parts []Transformation
	if len(l.BrightnessFactor) > 0 {
		parts = append(parts, (&RandomBrightnessLayer{Valued: l.Valued, Factor: l.BrightnessFactor}).Draw(d))
	}
	if len(l.ContrastFactor) > 0 {
		parts = append(parts, (&RandomContrastLayer{Valued: l.Valued, Factor: l.ContrastFactor}).Draw(d))
	}
	if len(l.SaturationFactor) > 0 {
		parts = append(parts, (&RandomSaturationLayer{Valued: l.Valued, Factor: l.SaturationFactor}).Draw(d))
	}
	if len(l.HueFactor) > 0 {
		parts = append(parts, (&RandomHueLayer{Valued: l.Valued, Factor: l.HueFactor}).Draw(d))
	}
	if !d.Training {
		return Transformation{}
	}
	return changed(func(x *graph.Node) *graph.Node {
		for _, t := range parts {
			x = t.Images(x)
		}
		return x
	})
}
