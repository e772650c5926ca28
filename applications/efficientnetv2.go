package applications

import (
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// EfficientNetV2B0 returns the first of the networks that grow like [EfficientNetB0], with
// blocks of plain convolutions first, for pictures of 224x224 with values from 0 to 255.
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 7,200,312.
// Source: keras.applications.EfficientNetV2B0; Tan, Le 2021, arXiv:2104.00298.
func EfficientNetV2B0(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2B0", "efficientnetv2-b0", 1, 1, 224, v2Base, opts)
}

// EfficientNetV2B1 returns [EfficientNetV2B0] grown for pictures of 240x240.
//
// Shapes: x [B 240 240 3] -> y [B classes]. Parameters: 8,212,124.
// Source: keras.applications.EfficientNetV2B1.
func EfficientNetV2B1(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2B1", "efficientnetv2-b1", 1, 1.1, 240, v2Base, opts)
}

// EfficientNetV2B2 returns [EfficientNetV2B0] grown for pictures of 260x260.
//
// Shapes: x [B 260 260 3] -> y [B classes]. Parameters: 10,178,374.
// Source: keras.applications.EfficientNetV2B2.
func EfficientNetV2B2(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2B2", "efficientnetv2-b2", 1.1, 1.2, 260, v2Base, opts)
}

// EfficientNetV2B3 returns [EfficientNetV2B0] grown for pictures of 300x300.
//
// Shapes: x [B 300 300 3] -> y [B classes]. Parameters: 14,467,622.
// Source: keras.applications.EfficientNetV2B3.
func EfficientNetV2B3(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2B3", "efficientnetv2-b3", 1.2, 1.4, 300, v2Base, opts)
}

// EfficientNetV2S returns the small network of the search, for pictures of 384x384: see
// [EfficientNetV2B0].
//
// Shapes: x [B 384 384 3] -> y [B classes]. Parameters: 21,612,360.
// Source: keras.applications.EfficientNetV2S.
func EfficientNetV2S(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2S", "efficientnetv2-s", 1, 1, 384, v2Group{
		{2, 24, 24, 1, 1, fused}, {4, 24, 48, 4, 2, fused}, {4, 48, 64, 4, 2, fused},
		{6, 64, 128, 4, 2, squeezed}, {9, 128, 160, 6, 1, squeezed}, {15, 160, 256, 6, 2, squeezed},
	}, opts)
}

// EfficientNetV2M returns the middle network of the search, for pictures of 480x480: see
// [EfficientNetV2B0].
//
// Shapes: x [B 480 480 3] -> y [B classes]. Parameters: 54,431,388.
// Source: keras.applications.EfficientNetV2M.
func EfficientNetV2M(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2M", "efficientnetv2-m", 1, 1, 480, v2Group{
		{3, 24, 24, 1, 1, fused}, {5, 24, 48, 4, 2, fused}, {5, 48, 80, 4, 2, fused},
		{7, 80, 160, 4, 2, squeezed}, {14, 160, 176, 6, 1, squeezed}, {18, 176, 304, 6, 2, squeezed}, {5, 304, 512, 6, 1, squeezed},
	}, opts)
}

// EfficientNetV2L returns the large network of the search, for pictures of 480x480: see
// [EfficientNetV2B0].
//
// Shapes: x [B 480 480 3] -> y [B classes]. Parameters: 119,027,848.
// Source: keras.applications.EfficientNetV2L.
func EfficientNetV2L(opts ...PreparingOption) (*nn.Network, error) {
	return efficientNetV2("EfficientNetV2L", "efficientnetv2-l", 1, 1, 480, v2Group{
		{4, 32, 32, 1, 1, fused}, {7, 32, 64, 4, 2, fused}, {7, 64, 96, 4, 2, fused},
		{10, 96, 192, 4, 2, squeezed}, {19, 192, 224, 6, 1, squeezed}, {25, 224, 384, 6, 2, squeezed}, {7, 384, 640, 6, 1, squeezed},
	}, opts)
}

// v2Group is a table of groups of blocks.
type v2Group []struct{ blocks, from, filters, expand, stride, kind int }

// The kinds of blocks: a plain convolution, or a depthwise one with weighed channels.
const (
	squeezed = iota
	fused
)

// v2Base is the table of B0 to B3.
var v2Base = v2Group{
	{1, 32, 16, 1, 1, fused}, {2, 16, 32, 4, 2, fused}, {2, 32, 48, 4, 2, fused},
	{3, 48, 96, 4, 2, squeezed}, {5, 96, 112, 6, 1, squeezed}, {8, 112, 192, 6, 2, squeezed},
}

func efficientNetV2(name, network string, width, depth float64, size int, groups v2Group, opts []PreparingOption) (*nn.Network, error) {
	f := family{name: name, network: network, size: size, least: 32}
	return settingsOf(opts, PreparingOption.setPreparing).make(f, func(n *net, x maps) maps {
		switch {
		case n.raw:
		case &groups[0] == &v2Base[0] && x.c == 3:
			x = n.then(x, "", preprocess.Rescaling(1.0/255, 0))
			x = n.then(x, "", preprocess.Normalization(preprocess.PerAxis(3),
				preprocess.Moments(imageNetMean[:], squares(imageNetDeviation[:]))))
		default:
			x = n.then(x, "", preprocess.Rescaling(1.0/128, -1))
		}
		norm := n.efficientNorm(efficientBlock{second: true})
		x = n.conv(x, "stem_conv", rounded(groups[0].from, width), 3, nn.Strides(2), nn.Same, nn.NoBias, fanOut)
		x = n.act(norm(x, "stem_bn"), "stem_activation", nn.SiLU)
		all, done := 0, 0
		for _, g := range groups {
			all += g.blocks
		}
		for i, g := range groups {
			for j := range repeated(g.blocks, depth) {
				if j > 0 {
					g.stride = 1
				}
				b := efficientBlock{name: blockName(i, j), filters: rounded(g.filters, width), expand: g.expand, size: 3, stride: g.stride,
					squeeze: g.kind == squeezed, drop: 0.2 * float64(done) / float64(all), second: true}
				if g.kind == fused {
					x = n.fused(x, b)
				} else {
					x = n.efficient(x, b)
				}
				done++
			}
		}
		x = n.conv(x, "top_conv", rounded(1280, width), 1, nn.Same, nn.NoBias, fanOut)
		x = n.act(norm(x, "top_bn"), "top_activation", nn.SiLU)
		return n.efficientTop(x, 0.2, nn.BiasInitializer(nn.Constant(0)))
	})
}

// rounded returns a number of filters times a width, as a multiple of 8.
func rounded(filters int, width float64) int {
	const by = 8
	return max(by, int(float64(filters)*width+by/2)/by*by)
}

// fused adds a block whose one convolution widens the input, or keeps it and makes the output.
func (n *net) fused(x maps, b efficientBlock) maps {
	in, norm := x, n.efficientNorm(b)
	size, stride := b.size, b.stride
	if b.expand > 1 {
		x = n.conv(x, b.name+"expand_conv", x.c*b.expand, size, nn.Strides(stride), nn.Same, nn.NoBias, fanOut)
		x = n.act(norm(x, "expand_bn"), b.name+"expand_activation", nn.SiLU)
		size, stride = 1, 1
	}
	x = norm(n.conv(x, b.name+"project_conv", b.filters, size, nn.Strides(stride), nn.Same, nn.NoBias, fanOut), "project_bn")
	if b.expand == 1 {
		x = n.act(x, b.name+"project_activation", nn.SiLU)
	}
	return n.droppedAdd(x, in, b)
}
