package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// InceptionResNetV2 returns the network of residual blocks with several branches, for pictures
// of 299x299 prepared by [TFPreparation].
//
// Shapes: x [B 299 299 3] -> y [B classes]. Parameters: 55,873,736.
// Source: keras.applications.InceptionResNetV2; Szegedy et al. 2016, arXiv:1602.07261.
func InceptionResNetV2(opts ...Option) (*nn.Network, error) {
	f := family{name: "InceptionResNetV2", network: "inception_resnet_v2", size: 299, least: 75}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.path(x, c(32, 3).by(2), c(32, 3).valid(), c(64, 3))
		x = n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2)))
		x = n.path(x, c(80, 1).valid(), c(192, 3).valid())
		x = n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2)))
		x = n.concat("mixed_5b", 3,
			n.path(x, c(96, 1)),
			n.path(x, c(48, 1), c(64, 5)),
			n.path(x, c(64, 1), c(96, 3), c(96, 3)),
			n.averaged(x, 64))
		for i := range 10 {
			x = n.residual(x, "block35", i, 0.17, nn.ReLU,
				n.path(x, c(32, 1)),
				n.path(x, c(32, 1), c(32, 3)),
				n.path(x, c(32, 1), c(48, 3), c(64, 3)))
		}
		x = n.concat("mixed_6a", 3,
			n.path(x, c(384, 3).by(2)),
			n.path(x, c(256, 1), c(256, 3), c(384, 3).by(2)),
			n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2))))
		for i := range 20 {
			x = n.residual(x, "block17", i, 0.1, nn.ReLU,
				n.path(x, c(192, 1)),
				n.path(x, c(128, 1), c(160, 1, 7), c(192, 7, 1)))
		}
		x = n.concat("mixed_7a", 3,
			n.path(x, c(256, 1), c(384, 3).by(2)),
			n.path(x, c(256, 1), c(288, 3).by(2)),
			n.path(x, c(256, 1), c(288, 3), c(320, 3).by(2)),
			n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2))))
		for i := range 10 {
			scale, activation := 0.2, nn.ReLU
			if i == 9 {
				scale, activation = 1, nn.Linear
			}
			x = n.residual(x, "block8", i, scale, activation,
				n.path(x, c(192, 1)),
				n.path(x, c(192, 1), c(224, 1, 3), c(256, 3, 1)))
		}
		x = n.conv(x, "conv_7b", 1536, 1, nn.Same, nn.NoBias)
		x = n.act(n.norm(x, "conv_7b_bn", nn.Axis(3), nn.NoScale), "conv_7b_ac", nn.ReLU)
		average := "avg_pool"
		if n.noTop {
			average = ""
		}
		return n.top(x, average, "")
	})
}

// residual adds a part of the branches' joint convolution to the input.
func (n *net) residual(x maps, kind string, i int, scale float64, a nn.Activation, branches ...maps) maps {
	name := fmt.Sprintf("%s_%d", kind, i+1)
	up := n.conv(n.concat(name+"_mixed", 3, branches...), name+"_conv", x.c, 1, nn.Same)
	x = n.merge("", nn.ScaledAdd(scale), x, up)
	if a.String() == "linear" {
		return x
	}
	return n.act(x, name+"_ac", a)
}
