package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// MobileNetV2Option is an option of [MobileNetV2]: [Alpha], or an [Option].
type MobileNetV2Option interface{ setMobileNetV2(*settings) }

func (f Setting) setMobileNetV2(s *settings) { f(s) }
func (a Alpha) setMobileNetV2(s *settings)   { a.set(s) }

// MobileNetV2 returns the network of inverted residuals, for pictures of 224x224 prepared by
// [TFPreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 3,538,984.
// Source: keras.applications.MobileNetV2; Sandler et al. 2018, arXiv:1801.04381.
func MobileNetV2(opts ...MobileNetV2Option) (*nn.Network, error) {
	s := settingsOf(opts, MobileNetV2Option.setMobileNetV2)
	f := family{name: "MobileNetV2", size: 224, least: 32}
	f.network = fmt.Sprintf("mobilenetv2_%.2f_%s", s.alpha, s.rows(f))
	return s.make(f, func(n *net, x maps) maps {
		x = n.conv(x, "Conv1", divisible(32*n.alpha), 3, nn.Strides(2), nn.Same, nn.NoBias)
		x = n.rectify(n.norm(x, "bn_Conv1", mobileMomentum), "Conv1_relu", 6)
		block := 0
		for i, g := range []struct{ filters, blocks int }{{16, 1}, {24, 2}, {32, 3}, {64, 4}, {96, 3}, {160, 3}, {320, 1}} {
			for j := range g.blocks {
				halve := j == 0 && i > 0 && i != 4 && i != 6
				x = n.invertedV2(x, block, divisible(float64(n.scaled(g.filters))), halve)
				block++
			}
		}
		x = n.conv(x, "Conv_1", divisible(1280*max(n.alpha, 1)), 1, nn.NoBias)
		x = n.rectify(n.norm(x, "Conv_1_bn", mobileMomentum), "out_relu", 6)
		return n.top(x, "", "")
	})
}

// mobileMomentum is that of the normalizations of MobileNetV2 and V3.
var mobileMomentum = nn.Momentum(0.999)

// invertedV2 adds a block that widens its input six times, but for the first, before a depthwise
// convolution, and is added to its input if that has the same shape.
func (n *net) invertedV2(x maps, block, filters int, halve bool) maps {
	in, prefix := x, "expanded_conv_"
	if block > 0 {
		prefix = fmt.Sprintf("block_%d_", block)
		x = n.conv(x, prefix+"expand", 6*x.c, 1, nn.Same, nn.NoBias)
		x = n.rectify(n.norm(x, prefix+"expand_BN", mobileMomentum), prefix+"expand_relu", 6)
	}
	padding, stride := nn.Same, 1
	if halve {
		x = n.padOdd(x, prefix+"pad", 3)
		padding, stride = nn.Valid, 2
	}
	x = n.depthwise(x, prefix+"depthwise", 3, nn.Strides(stride), padding, nn.NoBias)
	x = n.rectify(n.norm(x, prefix+"depthwise_BN", mobileMomentum), prefix+"depthwise_relu", 6)
	x = n.conv(x, prefix+"project", filters, 1, nn.Same, nn.NoBias)
	x = n.norm(x, prefix+"project_BN", mobileMomentum)
	if in.c == filters && !halve {
		x = n.merge(prefix+"add", nn.Add(), in, x)
	}
	return x
}
