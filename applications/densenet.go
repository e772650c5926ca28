package applications

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/nn"
)

// DenseNet121 returns the densely connected network of 121 layers, for pictures of 224x224
// prepared by [TorchPreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 8,062,504.
// Source: keras.applications.DenseNet121; Huang et al. 2016, arXiv:1608.06993.
func DenseNet121(opts ...Option) (*nn.Network, error) {
	return densenet("DenseNet121", []int{6, 12, 24, 16}, opts)
}

// DenseNet169 returns the densely connected network of 169 layers: see [DenseNet121].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 14,307,880.
// Source: keras.applications.DenseNet169.
func DenseNet169(opts ...Option) (*nn.Network, error) {
	return densenet("DenseNet169", []int{6, 12, 32, 32}, opts)
}

// DenseNet201 returns the densely connected network of 201 layers: see [DenseNet121].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 20,242,984.
// Source: keras.applications.DenseNet201.
func DenseNet201(opts ...Option) (*nn.Network, error) {
	return densenet("DenseNet201", []int{6, 12, 48, 32}, opts)
}

func densenet(name string, depths []int, opts []Option) (*nn.Network, error) {
	f := family{name: name, network: strings.ToLower(name), size: 224, least: 32}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.pad(x, "", 3, 3, 3, 3)
		x = n.conv(x, "conv1_conv", 64, 7, nn.Strides(2), nn.NoBias)
		x = n.residualNorm(x, "conv1")
		x = n.pad(x, "", 1, 1, 1, 1)
		x = n.pooling(x, "pool1", nn.MaxPooling2D(3, nn.Strides(2)))
		for i, blocks := range depths {
			if i > 0 {
				x = n.transition(x, fmt.Sprintf("pool%d", i+1))
			}
			for j := range blocks {
				x = n.grow(x, fmt.Sprintf("conv%d_block%d", i+2, j+1))
			}
		}
		x = n.norm(x, "bn", nn.Axis(3), residualEpsilon)
		x = n.act(x, "relu", nn.ReLU)
		return n.top(x, "avg_pool", "max_pool")
	})
}

// grow adds 32 channels that are made of all before.
func (n *net) grow(x maps, name string) maps {
	const growth = 32
	y := n.residualNorm(x, name+"_0")
	y = n.conv(y, name+"_1_conv", 4*growth, 1, nn.NoBias)
	y = n.residualNorm(y, name+"_1")
	y = n.conv(y, name+"_2_conv", growth, 3, nn.Same, nn.NoBias)
	return n.concat(name+"_concat", 3, x, y)
}

// transition halves channels, rows and columns.
func (n *net) transition(x maps, name string) maps {
	x = n.residualNorm(x, name)
	x = n.conv(x, name+"_conv", x.c/2, 1, nn.NoBias)
	return n.pooling(x, name+"_pool", nn.AveragePooling2D(2, nn.Strides(2)))
}
