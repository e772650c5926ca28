package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// Xception returns the network of separable convolutions, for pictures of 299x299 prepared by
// [TFPreparation].
//
// Shapes: x [B 299 299 3] -> y [B classes]. Parameters: 22,910,480.
// Source: keras.applications.Xception; Chollet 2016, arXiv:1610.02357.
func Xception(opts ...Option) (*nn.Network, error) {
	f := family{name: "Xception", network: "xception", size: 299, least: 71}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.conv(x, "block1_conv1", 32, 3, nn.Strides(2), nn.NoBias)
		x = n.act(n.norm(x, "block1_conv1_bn"), "block1_conv1_act", nn.ReLU)
		x = n.conv(x, "block1_conv2", 64, 3, nn.NoBias)
		x = n.act(n.norm(x, "block1_conv2_bn"), "block1_conv2_act", nn.ReLU)
		for i, filters := range []int{128, 256, 728} {
			x = n.halved(x, fmt.Sprintf("block%d", i+2), i > 0, filters, filters)
		}
		for i := range 8 {
			in := x
			for j := range 3 {
				name := fmt.Sprintf("block%d_sepconv%d", i+5, j+1)
				x = n.act(x, name+"_act", nn.ReLU)
				x = n.separableNorm(x, name, 728)
			}
			x = n.merge("", nn.Add(), x, in)
		}
		x = n.halved(x, "block13", true, 728, 1024)
		x = n.act(n.separableNorm(x, "block14_sepconv1", 1536), "block14_sepconv1_act", nn.ReLU)
		x = n.act(n.separableNorm(x, "block14_sepconv2", 2048), "block14_sepconv2_act", nn.ReLU)
		average := "avg_pool"
		if n.noTop {
			average = ""
		}
		return n.top(x, average, "")
	})
}

// halved adds two separable convolutions and a pooling, beside a convolution of the input. The
// first block is of an input that is rectified.
func (n *net) halved(x maps, block string, rectify bool, first, second int) maps {
	residual := n.conv(x, "", second, 1, nn.Strides(2), nn.Same, nn.NoBias)
	residual = n.norm(residual, "")
	if rectify {
		x = n.act(x, block+"_sepconv1_act", nn.ReLU)
	}
	x = n.separableNorm(x, block+"_sepconv1", first)
	x = n.act(x, block+"_sepconv2_act", nn.ReLU)
	x = n.separableNorm(x, block+"_sepconv2", second)
	x = n.pooling(x, block+"_pool", nn.MaxPooling2D(3, nn.Strides(2), nn.Same))
	return n.merge("", nn.Add(), x, residual)
}

func (n *net) separableNorm(x maps, name string, filters int) maps {
	return n.norm(n.separable(x, name, filters, 3, nn.Same), name+"_bn")
}
