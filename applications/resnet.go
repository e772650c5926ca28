package applications

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/nn"
)

// ResNet50 returns the residual network of 50 layers, for pictures of 224x224 prepared by
// [CaffePreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 25,636,712.
// Source: keras.applications.ResNet50; He et al. 2015, arXiv:1512.03385.
func ResNet50(opts ...Option) (*nn.Network, error) {
	return resnet("ResNet50", []int{3, 4, 6, 3}, opts)
}

// ResNet101 returns the residual network of 101 layers: see [ResNet50].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 44,707,176.
// Source: keras.applications.ResNet101.
func ResNet101(opts ...Option) (*nn.Network, error) {
	return resnet("ResNet101", []int{3, 4, 23, 3}, opts)
}

// ResNet152 returns the residual network of 152 layers: see [ResNet50].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 60,419,944.
// Source: keras.applications.ResNet152.
func ResNet152(opts ...Option) (*nn.Network, error) {
	return resnet("ResNet152", []int{3, 8, 36, 3}, opts)
}

// ResNet50V2 returns the residual network of 50 layers that normalizes before its convolutions,
// for pictures of 224x224 prepared by [TFPreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 25,613,800.
// Source: keras.applications.ResNet50V2; He et al. 2016, arXiv:1603.05027.
func ResNet50V2(opts ...Option) (*nn.Network, error) {
	return resnetV2("ResNet50V2", []int{3, 4, 6, 3}, opts)
}

// ResNet101V2 returns the residual network of 101 layers that normalizes before its
// convolutions: see [ResNet50V2].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 44,675,560.
// Source: keras.applications.ResNet101V2.
func ResNet101V2(opts ...Option) (*nn.Network, error) {
	return resnetV2("ResNet101V2", []int{3, 4, 23, 3}, opts)
}

// ResNet152V2 returns the residual network of 152 layers that normalizes before its
// convolutions: see [ResNet50V2].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 60,380,648.
// Source: keras.applications.ResNet152V2.
func ResNet152V2(opts ...Option) (*nn.Network, error) {
	return resnetV2("ResNet152V2", []int{3, 8, 36, 3}, opts)
}

func resnet(name string, depths []int, opts []Option) (*nn.Network, error) {
	f := family{name: name, network: strings.ToLower(name), size: 224, least: 32}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.pad(x, "conv1_pad", 3, 3, 3, 3)
		x = n.conv(x, "conv1_conv", 64, 7, nn.Strides(2))
		x = n.residualNorm(x, "conv1")
		x = n.pad(x, "pool1_pad", 1, 1, 1, 1)
		x = n.pooling(x, "pool1_pool", nn.MaxPooling2D(3, nn.Strides(2)))
		for i, blocks := range depths {
			filters := 64 << i
			for j := range blocks {
				block, stride := fmt.Sprintf("conv%d_block%d", i+2, j+1), 1
				if i > 0 && j == 0 {
					stride = 2
				}
				x = n.bottleneck(x, block, filters, stride, j == 0)
			}
		}
		return n.top(x, "avg_pool", "max_pool")
	})
}

// bottleneck adds a block of three convolutions beside the input, or beside a convolution of
// it.
func (n *net) bottleneck(x maps, name string, filters, stride int, convolved bool) maps {
	shortcut := x
	if convolved {
		shortcut = n.conv(x, name+"_0_conv", 4*filters, 1, nn.Strides(stride))
		shortcut = n.norm(shortcut, name+"_0_bn", nn.Axis(3), residualEpsilon)
	}
	x = n.conv(x, name+"_1_conv", filters, 1, nn.Strides(stride))
	x = n.residualNorm(x, name+"_1")
	x = n.conv(x, name+"_2_conv", filters, 3, nn.Same)
	x = n.residualNorm(x, name+"_2")
	x = n.conv(x, name+"_3_conv", 4*filters, 1)
	x = n.norm(x, name+"_3_bn", nn.Axis(3), residualEpsilon)
	x = n.merge(name+"_add", nn.Add(), shortcut, x)
	return n.act(x, name+"_out", nn.ReLU)
}

func resnetV2(name string, depths []int, opts []Option) (*nn.Network, error) {
	f := family{name: name, network: strings.ToLower(name), size: 224, least: 32}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.pad(x, "conv1_pad", 3, 3, 3, 3)
		x = n.conv(x, "conv1_conv", 64, 7, nn.Strides(2))
		x = n.pad(x, "pool1_pad", 1, 1, 1, 1)
		x = n.pooling(x, "pool1_pool", nn.MaxPooling2D(3, nn.Strides(2)))
		for i, blocks := range depths {
			filters := 64 << i
			for j := range blocks {
				block, stride := fmt.Sprintf("conv%d_block%d", i+2, j+1), 1
				if i < 3 && j == blocks-1 {
					stride = 2
				}
				x = n.preactivated(x, block, filters, stride, j == 0)
			}
		}
		x = n.residualNorm(x, "post")
		return n.top(x, "avg_pool", "max_pool")
	})
}

// preactivated adds a block that normalizes its input before three convolutions, beside the
// input, of which it takes a part, or beside a convolution of it.
func (n *net) preactivated(x maps, name string, filters, stride int, convolved bool) maps {
	active := n.residualNorm(x, name+"_preact")
	shortcut := x
	switch {
	case convolved:
		shortcut = n.conv(active, name+"_0_conv", 4*filters, 1, nn.Strides(stride))
	case stride > 1:
		shortcut = n.pooling(x, "", nn.MaxPooling2D(1, nn.Strides(stride)))
	}
	x = n.conv(active, name+"_1_conv", filters, 1, nn.NoBias)
	x = n.residualNorm(x, name+"_1")
	x = n.pad(x, name+"_2_pad", 1, 1, 1, 1)
	x = n.conv(x, name+"_2_conv", filters, 3, nn.Strides(stride), nn.NoBias)
	x = n.residualNorm(x, name+"_2")
	x = n.conv(x, name+"_3_conv", 4*filters, 1)
	return n.merge(name+"_out", nn.Add(), shortcut, x)
}

// residualEpsilon is that of the normalizations of ResNet and DenseNet.
const residualEpsilon = nn.Epsilon(1.001e-5)

// residualNorm adds a normalization and a rectifier, with the name before _bn and _relu.
func (n *net) residualNorm(x maps, name string) maps {
	x = n.norm(x, name+"_bn", nn.Axis(3), residualEpsilon)
	return n.act(x, name+"_relu", nn.ReLU)
}
