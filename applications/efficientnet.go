package applications

import (
	"fmt"
	"math"
	"strings"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// EfficientNetB0 returns the first of the networks that grow in width, depth and size together,
// for pictures of 224x224 with values from 0 to 255. Keras's weights are those of the network
// with [Published].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 5,330,571.
// Source: keras.applications.EfficientNetB0; Tan, Le 2019, arXiv:1905.11946.
func EfficientNetB0(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB0", 1, 1, 224, 0.2, opts)
}

// EfficientNetB1 returns [EfficientNetB0] grown for pictures of 240x240.
//
// Shapes: x [B 240 240 3] -> y [B classes]. Parameters: 7,856,239.
// Source: keras.applications.EfficientNetB1.
func EfficientNetB1(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB1", 1, 1.1, 240, 0.2, opts)
}

// EfficientNetB2 returns [EfficientNetB0] grown for pictures of 260x260.
//
// Shapes: x [B 260 260 3] -> y [B classes]. Parameters: 9,177,569.
// Source: keras.applications.EfficientNetB2.
func EfficientNetB2(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB2", 1.1, 1.2, 260, 0.3, opts)
}

// EfficientNetB3 returns [EfficientNetB0] grown for pictures of 300x300.
//
// Shapes: x [B 300 300 3] -> y [B classes]. Parameters: 12,320,535.
// Source: keras.applications.EfficientNetB3.
func EfficientNetB3(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB3", 1.2, 1.4, 300, 0.3, opts)
}

// EfficientNetB4 returns [EfficientNetB0] grown for pictures of 380x380.
//
// Shapes: x [B 380 380 3] -> y [B classes]. Parameters: 19,466,823.
// Source: keras.applications.EfficientNetB4.
func EfficientNetB4(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB4", 1.4, 1.8, 380, 0.4, opts)
}

// EfficientNetB5 returns [EfficientNetB0] grown for pictures of 456x456.
//
// Shapes: x [B 456 456 3] -> y [B classes]. Parameters: 30,562,527.
// Source: keras.applications.EfficientNetB5.
func EfficientNetB5(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB5", 1.6, 2.2, 456, 0.4, opts)
}

// EfficientNetB6 returns [EfficientNetB0] grown for pictures of 528x528.
//
// Shapes: x [B 528 528 3] -> y [B classes]. Parameters: 43,265,143.
// Source: keras.applications.EfficientNetB6.
func EfficientNetB6(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB6", 1.8, 2.6, 528, 0.5, opts)
}

// EfficientNetB7 returns [EfficientNetB0] grown for pictures of 600x600.
//
// Shapes: x [B 600 600 3] -> y [B classes]. Parameters: 66,658,687.
// Source: keras.applications.EfficientNetB7.
func EfficientNetB7(opts ...Option) (*nn.Network, error) {
	return efficientNet("EfficientNetB7", 2, 3.1, 600, 0.5, opts)
}

func efficientNet(name string, width, depth float64, size int, dropout float64, opts []Option) (*nn.Network, error) {
	f := family{name: name, network: strings.ToLower(name), size: size, least: 32}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.then(x, "", preprocess.Rescaling(1.0/255, 0))
		x = n.then(x, "", preprocess.Normalization(preprocess.PerAxis(3)))
		if n.published {
			scale := make([]float64, len(imageNetDeviation))
			for i, d := range imageNetDeviation {
				scale[i] = 1 / math.Sqrt(d)
			}
			x = n.then(x, "rescaling_1", preprocess.RescalingChannels(scale, []float64{0}))
		}
		x = n.padOdd(x, "stem_conv_pad", 3)
		x = n.conv(x, "stem_conv", divisible(32*width), 3, nn.Strides(2), nn.NoBias, fanOut)
		x = n.act(n.norm(x, "stem_bn", nn.Axis(3)), "stem_activation", nn.SiLU)
		groups := []struct{ blocks, filters, expand, size, stride int }{
			{1, 16, 1, 3, 1}, {2, 24, 6, 3, 2}, {2, 40, 6, 5, 2}, {3, 80, 6, 3, 2}, {3, 112, 6, 5, 1}, {4, 192, 6, 5, 2}, {1, 320, 6, 3, 1},
		}
		all, done := 0, 0
		for _, g := range groups {
			all += repeated(g.blocks, depth)
		}
		for i, g := range groups {
			for j := range repeated(g.blocks, depth) {
				if j > 0 {
					g.stride = 1
				}
				b := efficientBlock{name: blockName(i, j), filters: divisible(float64(g.filters) * width), expand: g.expand, size: g.size, stride: g.stride,
					squeeze: true, drop: 0.2 * float64(done) / float64(all)}
				x = n.efficient(x, b)
				done++
			}
		}
		x = n.conv(x, "top_conv", divisible(1280*width), 1, nn.Same, nn.NoBias, fanOut)
		x = n.act(n.norm(x, "top_bn", nn.Axis(3)), "top_activation", nn.SiLU)
		return n.efficientTop(x, dropout)
	})
}

// fanOut and fanOutUniform are the initializers of kernels in EfficientNet.
var (
	fanOut        = nn.KernelInitializer(nn.VarianceScaling(2, nn.FanOut, nn.Truncated))
	fanOutUniform = nn.KernelInitializer(nn.VarianceScaling(1.0/3, nn.FanOut, nn.Uniform))
)

// repeated returns a number of blocks times a depth, rounded up.
func repeated(blocks int, depth float64) int { return int(math.Ceil(depth * float64(blocks))) }

// blockName returns the beginning of the names in block j of group i.
func blockName(i, j int) string { return fmt.Sprintf("block%d%c_", i+1, 'a'+j) }

// efficientBlock holds what differs between the blocks of EfficientNet and V2.
type efficientBlock struct {
	name                          string
	filters, expand, size, stride int
	squeeze                       bool
	drop                          float64 // rate of dropping the block
	second                        bool    // of V2
}

// efficient adds a block that widens its input before a depthwise convolution, weighs the
// channels, and is added to its input if that has the same shape.
func (n *net) efficient(x maps, b efficientBlock) maps {
	in, width, norm, depthwise := x, x.c*b.expand, n.efficientNorm(b), "dwconv"
	if b.expand > 1 {
		x = n.conv(x, b.name+"expand_conv", width, 1, nn.Same, nn.NoBias, fanOut)
		x = n.act(norm(x, "expand_bn"), b.name+"expand_activation", nn.SiLU)
	}
	padding := nn.Same
	if b.second {
		depthwise = "dwconv2"
	} else if b.stride > 1 {
		x = n.padOdd(x, b.name+"dwconv_pad", b.size)
		padding = nn.Valid
	}
	x = n.depthwise(x, b.name+depthwise, b.size, nn.Strides(b.stride), padding, nn.NoBias, fanOut)
	x = n.act(norm(x, "bn"), b.name+"activation", nn.SiLU)
	if b.squeeze {
		x = n.excited(x, b.name, in.c)
	}
	x = n.conv(x, b.name+"project_conv", b.filters, 1, nn.Same, nn.NoBias, fanOut)
	return n.droppedAdd(norm(x, "project_bn"), in, b)
}

// efficientNorm returns a function that adds a normalization with the block's name.
func (n *net) efficientNorm(b efficientBlock) func(x maps, name string) maps {
	opts := []nn.BatchNormalizationOption{nn.Axis(3)}
	if b.second {
		opts = append(opts, nn.Momentum(0.9))
	}
	return func(x maps, name string) maps { return n.norm(x, b.name+name, opts...) }
}

// excited weighs the channels of x by a small network of their means, of a quarter of the
// channels that the block has got.
func (n *net) excited(x maps, prefix string, channels int) maps {
	w := n.mean(x, prefix+"se_squeeze")
	w = n.then(w, prefix+"se_reshape", nn.Reshape(1, 1, x.c))
	w = n.conv(w, prefix+"se_reduce", max(1, channels/4), 1, nn.Same, nn.SiLU, fanOut)
	w = n.conv(w, prefix+"se_expand", x.c, 1, nn.Same, nn.Sigmoid, fanOut)
	return n.merge(prefix+"se_excite", nn.Multiply(), x, w)
}

// droppedAdd adds a block to its input if that has the same shape. In training the block is
// dropped for some samples.
func (n *net) droppedAdd(x, in maps, b efficientBlock) maps {
	if b.stride > 1 || in.c != b.filters {
		return x
	}
	if b.drop > 0 {
		x = n.then(x, b.name+"drop", nn.Dropout(b.drop, nn.NoiseShape(-1, 1, 1, 1)))
	}
	return n.merge(b.name+"add", nn.Add(), x, in)
}

// efficientTop ends a network of EfficientNet and V2.
func (n *net) efficientTop(x maps, dropout float64, opts ...nn.WeightsOption) maps {
	if n.noTop {
		return n.pooled(x, "avg_pool", "max_pool")
	}
	x = n.then(n.mean(x, "avg_pool"), "top_dropout", nn.Dropout(dropout))
	return n.classify(x, "predictions", append(opts, fanOutUniform)...)
}
