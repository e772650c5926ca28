package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// MobileNetV3Option is an option of [MobileNetV3Small] and [MobileNetV3Large]: [Alpha],
// [Minimalistic], [DropoutRate], [NoPreparation], or an [Option].
type MobileNetV3Option interface{ setMobileNetV3(*settings) }

// MobileNetV3Setting is an option of [MobileNetV3Small] and [MobileNetV3Large].
type MobileNetV3Setting func(*settings)

func (f MobileNetV3Setting) setMobileNetV3(s *settings) { f(s) }
func (f Setting) setMobileNetV3(s *settings)            { f(s) }
func (a Alpha) setMobileNetV3(s *settings)              { a.set(s) }
func (r DropoutRate) setMobileNetV3(s *settings)        { s.dropout = float64(r) }

// Minimalistic has no squeezed excitation, no hard swish and no kernels of 5x5.
var Minimalistic MobileNetV3Setting = func(s *settings) { s.minimalistic = true }

// mobileBlock is a row of the tables of MobileNetV3.
type mobileBlock struct {
	expand  float64
	filters int
	wide    bool // a kernel of 5x5
	halve   bool // strides of 2
	squeeze bool // with squeezed excitation
	hard    bool // hard swish instead of a rectifier
}

// MobileNetV3Small returns the small network of a search for what phones run, for pictures of
// any size, with values from 0 to 255.
//
// Shapes: x [B H W 3] -> y [B classes]. Parameters: 2,554,968.
// Source: keras.applications.MobileNetV3Small; Howard et al. 2019, arXiv:1905.02244.
func MobileNetV3Small(opts ...MobileNetV3Option) (*nn.Network, error) {
	const wide, halve, squeeze, hard = true, true, true, true
	return mobileNetV3("MobileNetV3Small", 1024, opts, []mobileBlock{
		{1, 16, !wide, halve, squeeze, !hard},
		{72.0 / 16, 24, !wide, halve, !squeeze, !hard}, {88.0 / 24, 24, !wide, !halve, !squeeze, !hard},
		{4, 40, wide, halve, squeeze, hard}, {6, 40, wide, !halve, squeeze, hard}, {6, 40, wide, !halve, squeeze, hard},
		{3, 48, wide, !halve, squeeze, hard}, {3, 48, wide, !halve, squeeze, hard},
		{6, 96, wide, halve, squeeze, hard}, {6, 96, wide, !halve, squeeze, hard}, {6, 96, wide, !halve, squeeze, hard},
	})
}

// MobileNetV3Large returns the large network: see [MobileNetV3Small].
//
// Shapes: x [B H W 3] -> y [B classes]. Parameters: 5,507,432.
// Source: keras.applications.MobileNetV3Large.
func MobileNetV3Large(opts ...MobileNetV3Option) (*nn.Network, error) {
	const wide, halve, squeeze, hard = true, true, true, true
	return mobileNetV3("MobileNetV3Large", 1280, opts, []mobileBlock{
		{1, 16, !wide, !halve, !squeeze, !hard},
		{4, 24, !wide, halve, !squeeze, !hard}, {3, 24, !wide, !halve, !squeeze, !hard},
		{3, 40, wide, halve, squeeze, !hard}, {3, 40, wide, !halve, squeeze, !hard}, {3, 40, wide, !halve, squeeze, !hard},
		{6, 80, !wide, halve, !squeeze, hard}, {2.5, 80, !wide, !halve, !squeeze, hard},
		{2.3, 80, !wide, !halve, !squeeze, hard}, {2.3, 80, !wide, !halve, !squeeze, hard},
		{6, 112, !wide, !halve, squeeze, hard}, {6, 112, !wide, !halve, squeeze, hard},
		{6, 160, wide, halve, squeeze, hard}, {6, 160, wide, !halve, squeeze, hard}, {6, 160, wide, !halve, squeeze, hard},
	})
}

func mobileNetV3(name string, last int, opts []MobileNetV3Option, blocks []mobileBlock) (*nn.Network, error) {
	f := family{name: name, network: name, size: 224, least: 32, open: true}
	return settingsOf(opts, MobileNetV3Option.setMobileNetV3).make(f, func(n *net, x maps) maps {
		if !n.raw {
			x = n.then(x, "", preprocess.Rescaling(1/127.5, -1))
		}
		x = n.conv(x, "conv", 16, 3, nn.Strides(2), nn.Same, nn.NoBias)
		x = n.swish(n.norm(x, "conv_bn", mobileMomentum), !n.minimalistic)
		for i, b := range blocks {
			b.filters = divisible(float64(b.filters) * n.alpha)
			if n.minimalistic {
				b.wide, b.squeeze, b.hard = false, false, false
			}
			x = n.invertedV3(x, i, b)
		}
		x = n.conv(x, "conv_1", divisible(float64(6*x.c)), 1, nn.Same, nn.NoBias)
		x = n.swish(n.norm(x, "conv_1_bn", mobileMomentum), !n.minimalistic)
		if n.noTop {
			return n.pooled(x, "avg_pool", "max_pool")
		}
		if n.alpha > 1 {
			last = divisible(float64(last) * n.alpha)
		}
		x = n.conv(n.mean(x, "", nn.KeepDims), "conv_2", last, 1, nn.Same)
		x = n.swish(x, !n.minimalistic)
		if rate := n.dropoutOr(0.2); rate > 0 {
			x = n.then(x, "", nn.Dropout(rate))
		}
		x = n.then(n.conv(x, "logits", n.classes, 1, nn.Same), "", nn.Flatten())
		return n.act(x, "predictions", n.activation)
	})
}

// swish adds a hard swish, or a rectifier.
func (n *net) swish(x maps, hard bool) maps {
	if hard {
		return n.act(x, "", nn.HardSiLU)
	}
	return n.rectify(x, "", 0)
}

// invertedV3 adds a block that widens its input, but for the first, before a depthwise
// convolution, may weigh the channels, and is added to its input if that has the same shape.
func (n *net) invertedV3(x maps, i int, b mobileBlock) maps {
	in, prefix, width := x, "expanded_conv_", divisible(float64(x.c)*b.expand)
	if i > 0 {
		prefix = fmt.Sprintf("expanded_conv_%d_", i)
		x = n.conv(x, prefix+"expand", width, 1, nn.Same, nn.NoBias)
		x = n.swish(n.norm(x, prefix+"expand_bn", mobileMomentum), b.hard)
	}
	size, padding, stride := 3, nn.Same, 1
	if b.wide {
		size = 5
	}
	if b.halve {
		x = n.padOdd(x, prefix+"depthwise_pad", size)
		padding, stride = nn.Valid, 2
	}
	x = n.depthwise(x, prefix+"depthwise", size, nn.Strides(stride), padding, nn.NoBias)
	x = n.swish(n.norm(x, prefix+"depthwise_bn", mobileMomentum), b.hard)
	if b.squeeze {
		x = n.squeezed(x, prefix+"squeeze_excite_", width)
	}
	x = n.conv(x, prefix+"project", b.filters, 1, nn.Same, nn.NoBias)
	x = n.norm(x, prefix+"project_bn", mobileMomentum)
	if in.c == b.filters && !b.halve {
		x = n.merge(prefix+"add", nn.Add(), in, x)
	}
	return x
}

// squeezed weighs the channels of x by a hard sigmoid of a small network of their means.
func (n *net) squeezed(x maps, prefix string, channels int) maps {
	w := n.mean(x, prefix+"avg_pool", nn.KeepDims)
	w = n.conv(w, prefix+"conv", divisible(float64(channels)/4), 1, nn.Same)
	w = n.rectify(w, prefix+"relu", 0)
	w = n.conv(w, prefix+"conv_1", channels, 1, nn.Same)
	w.Symbol = w.Add(3.0)
	w = n.rectify(w, "", 6)
	w.Symbol = w.Mul(1.0 / 6)
	return n.merge(prefix+"mul", nn.Multiply(), x, w)
}
