package applications

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/nn"
)

// VGG16 returns the network of 13 convolutions and three dense layers, for pictures of 224x224
// prepared by [CaffePreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 138,357,544.
// Source: keras.applications.VGG16; Simonyan, Zisserman 2014, arXiv:1409.1556.
func VGG16(opts ...Option) (*nn.Network, error) { return vgg("VGG16", []int{2, 2, 3, 3, 3}, opts) }

// VGG19 returns the network of 16 convolutions and three dense layers: see [VGG16].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 143,667,240.
// Source: keras.applications.VGG19.
func VGG19(opts ...Option) (*nn.Network, error) { return vgg("VGG19", []int{2, 2, 4, 4, 4}, opts) }

func vgg(name string, depths []int, opts []Option) (*nn.Network, error) {
	f := family{name: name, network: strings.ToLower(name), size: 224, least: 32}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		for i, filters := range []int{64, 128, 256, 512, 512} {
			block := fmt.Sprintf("block%d_", i+1)
			for j := range depths[i] {
				x = n.conv(x, fmt.Sprintf("%sconv%d", block, j+1), filters, 3, nn.ReLU, nn.Same)
			}
			x = n.pooling(x, block+"pool", nn.MaxPooling2D(2, nn.Strides(2)))
		}
		if n.noTop {
			return n.pooled(x, "", "")
		}
		x = n.then(x, "flatten", nn.Flatten())
		x = n.then(x, "fc1", nn.Dense(4096, nn.ReLU))
		x = n.then(x, "fc2", nn.Dense(4096, nn.ReLU))
		return n.classify(x, "predictions")
	})
}
