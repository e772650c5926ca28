package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RandomGaussianBlur returns a layer that, in training, blurs some pictures by [ops.GaussianBlur]:
// by a kernel for all pictures of a batch, whose deviations across and down are drawn. The
// probability that a picture is blurred is drawn for each; as in Keras, one number f of the factor
// or the deviation stands for 0 to f.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless factor and deviation are one number or two from 0
// to 1, and the sizes of the kernel odd.
// Options: [BlurSize], [Sigma], [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomGaussianBlur, whose factor is 1 by default.
func RandomGaussianBlur(factor Factor, opts ...nn.OptionOf[RandomGaussianBlurLayer]) *RandomGaussianBlurLayer {
	return nn.Setup(&RandomGaussianBlurLayer{Factor: factor}, opts...)
}

// BlurSize sets the size of the kernel of [RandomGaussianBlur], 3 and 3 by default.
func BlurSize(width, height int) nn.SettingOf[RandomGaussianBlurLayer] {
	return func(l *RandomGaussianBlurLayer) { l.KernelSize = nn.Sizes{width, height} }
}

// Sigma bounds the deviations of [RandomGaussianBlur], 0 to 1 by default.
func Sigma(f Factor) nn.SettingOf[RandomGaussianBlurLayer] {
	return func(l *RandomGaussianBlurLayer) { l.Sigma = f }
}

// RandomGaussianBlurLayer is the layer that [RandomGaussianBlur] makes.
type RandomGaussianBlurLayer struct {
	Image
	Seeded
	Valued
	// Factor bounds the probability that a picture is blurred.
	Factor Factor `json:"factor"`
	// KernelSize holds width and height of the kernel, 3 by default, or one number for both.
	KernelSize nn.Sizes `json:"kernel_size"`
	// Sigma bounds the deviations, 1 by default.
	Sigma Factor `json:"sigma"`
}

func init() {
	nn.Register("keras.layers>RandomGaussianBlur", func() nn.Layer {
		return &RandomGaussianBlurLayer{Factor: Factor{1}, KernelSize: nn.Sizes{3, 3}, Sigma: Factor{1}}
	})
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomGaussianBlurLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Valued.SetDefaults()
	if len(l.KernelSize) == 0 {
		l.KernelSize = nn.Sizes{3, 3}
	}
	if len(l.Sigma) == 0 {
		l.Sigma = Factor{1}
	}
}

// Call implements [nn.Layer].
func (l *RandomGaussianBlurLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomGaussianBlurLayer) Draw(d Draw) Transformation {
	const class = "RandomGaussianBlur"
	set := *l
	set.SetDefaults()
	low, high := set.Factor.around(class, "factor", 0, 1)
	least, most := set.Sigma.around(class, "sigma", 0, 1)
	r := set.values(class)
	width, height := set.KernelSize[0], set.KernelSize[len(set.KernelSize)-1]
	if len(set.KernelSize) > 2 || width < 1 || height < 1 || width%2 == 0 || height%2 == 0 || width > mostBlur || height > mostBlur {
		panic(graph.Errorf("preprocess.%s: kernel size %v: want one odd number or two, at most %d", class, []int(set.KernelSize), mostBlur))
	}
	if !d.Training {
		return Transformation{}
	}
	blurred := d.some(low, high)
	sigma := ops.Cast(ops.Offset(d.Uniform(least, most, 2), 1e-6), d.DType) // across, down
	return changed(func(x *graph.Node) *graph.Node {
		y := ops.GaussianBlur(x, tensor.D(height, width), ops.Flip(sigma, 0))
		return r.clip(ops.Where(blurred, y, x))
	})
}

// mostBlur bounds the size of a kernel.
const mostBlur = 9999
