package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// MobileNetOption is an option of [MobileNet]: [Alpha], [DepthMultiplier], [DropoutRate], or an
// [Option].
type MobileNetOption interface{ setMobileNet(*settings) }

// Alpha scales the number of filters of each layer of a MobileNet. Keras publishes weights for
// some from 0.25 to 1.4.
type Alpha float64

// DropoutRate is that before the classes: 0.001 by default in [MobileNet], 0.2 in
// [MobileNetV3Small] and [MobileNetV3Large].
type DropoutRate float64

// DepthMultiplier is the number of filters of each channel in the depthwise convolutions of
// [MobileNet], 1 by default.
type DepthMultiplier int

func (f Setting) setMobileNet(s *settings)         { f(s) }
func (a Alpha) setMobileNet(s *settings)           { a.set(s) }
func (r DropoutRate) setMobileNet(s *settings)     { s.dropout = float64(r) }
func (m DepthMultiplier) setMobileNet(s *settings) { s.multiplier = int(m) }

func (a Alpha) set(s *settings) {
	if s.alpha = float64(a); !(a > 0 && a <= 100) {
		s.bad = fmt.Errorf("alpha %g: want a number over 0, and at most 100", a)
	}
}

// MobileNet returns the network of depthwise and pointwise convolutions, for pictures of 224x224
// prepared by [TFPreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 4,253,864.
// Source: keras.applications.MobileNet; Howard et al. 2017, arXiv:1704.04861.
func MobileNet(opts ...MobileNetOption) (*nn.Network, error) {
	s := settingsOf(opts, MobileNetOption.setMobileNet)
	f := family{name: "MobileNet", size: 224, least: 32}
	f.network = fmt.Sprintf("mobilenet_%.2f_%s", s.alpha, s.rows(f))
	return s.make(f, func(n *net, x maps) maps {
		x = n.conv(x, "conv1", n.scaled(32), 3, nn.Strides(2), nn.Same, nn.NoBias)
		x = n.rectify(n.norm(x, "conv1_bn"), "conv1_relu", 6)
		for i, filters := range []int{64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024} {
			halve := i == 1 || i == 3 || i == 5 || i == 11
			x = n.depthwisePair(x, i+1, n.scaled(filters), halve)
		}
		if n.noTop {
			return n.pooled(x, "", "")
		}
		x = n.mean(x, "", nn.KeepDims)
		x = n.then(x, "dropout", nn.Dropout(n.dropoutOr(0.001)))
		x = n.conv(x, "conv_preds", n.classes, 1, nn.Same)
		x = n.then(x, "reshape_2", nn.Reshape(n.classes))
		return n.act(x, "predictions", n.activation)
	})
}

// depthwisePair adds a depthwise convolution and a pointwise one.
func (n *net) depthwisePair(x maps, block, filters int, halve bool) maps {
	padding, stride := nn.Same, 1
	if halve {
		x = n.pad(x, fmt.Sprintf("conv_pad_%d", block), 0, 1, 0, 1)
		padding, stride = nn.Valid, 2
	}
	name := fmt.Sprintf("conv_dw_%d", block)
	x = n.depthwise(x, name, 3, padding, nn.Strides(stride), nn.NoBias, nn.DepthMultiplier(n.multiplier))
	x = n.rectify(n.norm(x, name+"_bn"), name+"_relu", 6)
	name = fmt.Sprintf("conv_pw_%d", block)
	x = n.conv(x, name, filters, 1, nn.Same, nn.NoBias)
	return n.rectify(n.norm(x, name+"_bn"), name+"_relu", 6)
}

// scaled returns a number of filters times alpha.
func (s *settings) scaled(filters int) int { return int(float64(filters) * s.alpha) }

// dropoutOr returns the rate of dropout that an option set, or a default.
func (s *settings) dropoutOr(rate float64) float64 {
	if s.dropout >= 0 {
		return s.dropout
	}
	return rate
}

// rows returns the number of a picture's rows as it stands in the name of a network.
func (s *settings) rows(f family) string {
	shape, err := s.input(f)
	if err != nil || shape[0] == nn.Any {
		return "None"
	}
	return fmt.Sprint(shape[0])
}

// divisible returns a number of filters as a multiple of 8, not less than nine tenths of it.
func divisible(filters float64) int {
	const by = 8
	n := max(by, int(filters+by/2)/by*by)
	if float64(n) < 0.9*filters {
		n += by
	}
	return n
}
