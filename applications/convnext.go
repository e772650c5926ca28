package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// ConvNeXtTiny returns the least of the convolutional networks in the manner of transformers,
// for pictures of 224x224 with values from 0 to 255.
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 28,589,128.
// Source: keras.applications.ConvNeXtTiny; Liu et al. 2022, arXiv:2201.03545.
func ConvNeXtTiny(opts ...PreparingOption) (*nn.Network, error) {
	return convNeXt("ConvNeXtTiny", "convnext_tiny", 9, 96, opts)
}

// ConvNeXtSmall returns the deeper network: see [ConvNeXtTiny].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 50,223,688.
// Source: keras.applications.ConvNeXtSmall.
func ConvNeXtSmall(opts ...PreparingOption) (*nn.Network, error) {
	return convNeXt("ConvNeXtSmall", "convnext_small", 27, 96, opts)
}

// ConvNeXtBase returns the deeper network with more channels: see [ConvNeXtTiny].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 88,591,464.
// Source: keras.applications.ConvNeXtBase.
func ConvNeXtBase(opts ...PreparingOption) (*nn.Network, error) {
	return convNeXt("ConvNeXtBase", "convnext_base", 27, 128, opts)
}

// ConvNeXtLarge returns the large network: see [ConvNeXtTiny].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 197,767,336.
// Source: keras.applications.ConvNeXtLarge.
func ConvNeXtLarge(opts ...PreparingOption) (*nn.Network, error) {
	return convNeXt("ConvNeXtLarge", "convnext_large", 27, 192, opts)
}

// ConvNeXtXLarge returns the largest network: see [ConvNeXtTiny].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 350,196,968.
// Source: keras.applications.ConvNeXtXLarge.
func ConvNeXtXLarge(opts ...PreparingOption) (*nn.Network, error) {
	return convNeXt("ConvNeXtXLarge", "convnext_xlarge", 27, 256, opts)
}

func convNeXt(name, network string, third, channels int, opts []PreparingOption) (*nn.Network, error) {
	f := family{name: name, network: network, size: 224, least: 32}
	return settingsOf(opts, PreparingOption.setPreparing).make(f, func(n *net, x maps) maps {
		const small = nn.Epsilon(1e-6)
		norm := func(name string) nn.Layer { return nn.LayerNormalization(small, nn.Name(network+name)) }
		if !n.raw && x.c == 3 {
			x = n.then(x, network+"_prestem_normalization", preprocess.Normalization(preprocess.Moments(times255(imageNetMean[:]), squares(times255(imageNetDeviation[:])))))
		}
		for i, blocks := range []int{3, 3, third, 3} {
			width := channels << i
			if i == 0 {
				conv := nn.Conv2D(width, 4, nn.Strides(4), nn.Name(network+"_stem_conv"))
				x = n.chain(x, network+"_stem", conv, conv, norm("_stem_layernorm"))
			} else {
				conv := nn.Conv2D(width, 2, nn.Strides(2), nn.Name(fmt.Sprintf("%s_downsampling_conv_%d", network, i-1)))
				x = n.chain(x, fmt.Sprintf("%s_downsampling_block_%d", network, i-1), conv, norm(fmt.Sprintf("_downsampling_layernorm_%d", i-1)), conv)
			}
			for j := range blocks {
				x = n.convNeXtBlock(x, fmt.Sprintf("%s_stage_%d_block_%d", network, i, j), small)
			}
		}
		if n.noTop {
			return n.then(n.pooled(x, "", ""), "", nn.LayerNormalization(small))
		}
		x = n.mean(x, network+"_head_gap")
		return n.classify(n.add(x, norm("_head_layernorm"), x), network+"_head_dense")
	})
}

// chain adds layers as one, a Sequential, of which conv changes the shape.
func (n *net) chain(x maps, name string, conv *nn.ConvLayer, layers ...nn.Layer) maps {
	y := slid(x, conv.KernelSize, conv.Window)
	y.c = conv.Filters
	in := n.named("", nn.Input(x.h, x.w, x.c))
	return n.add(y, nn.Sequential(append([]nn.Layer{in}, layers...)...).With(nn.Name(name)), x)
}

// convNeXtBlock adds a block of a wide depthwise convolution and two dense layers to its input.
func (n *net) convNeXtBlock(x maps, name string, epsilon nn.Epsilon) maps {
	y := n.conv(x, name+"_depthwise_conv", x.c, 7, nn.Same, nn.Groups(x.c))
	y = n.then(y, name+"_layernorm", nn.LayerNormalization(epsilon))
	y = n.then(y, name+"_pointwise_conv_1", nn.Dense(4*x.c))
	y = n.act(y, name+"_gelu", nn.GELU)
	y = n.then(y, name+"_pointwise_conv_2", nn.Dense(x.c))
	y = n.then(y, name+"_layer_scale", nn.LayerScale(1e-6, x.c))
	y = n.act(y, name+"_identity", nn.Linear)
	y.Symbol = x.Add(y.Symbol)
	return y
}
