package main

import "github.com/glia-ml/glia/nn"

// convolutions returns the features of pictures by blocks of a convolution and a pooling, until
// they are 8 by 8 or smaller.
func convolutions(x *nn.Symbol, size int, penalty nn.WeightsSetting) *nn.Symbol {
	for filters := 32; ; filters = min(2*filters, 256) {
		x = nn.Apply(nn.ReLU, convolution(x, filters, 3, 1, penalty))
		if size <= 8 {
			return x
		}
		x = nn.Apply(nn.MaxPooling2D(2), x)
		size /= 2
	}
}

// convolution returns x convolved, with batch normalization in place of a bias.
func convolution(x *nn.Symbol, filters, kernel, stride int, penalty nn.WeightsSetting) *nn.Symbol {
	return normalized(nn.Apply(nn.Conv2D(filters, kernel, nn.Strides(stride), nn.Same, nn.NoBias, nn.KernelInitializer(nn.HeNormal), penalty), x))
}

// normalized returns x with batch normalization, whose averages follow within some ten steps:
// a folder may be small.
func normalized(x *nn.Symbol) *nn.Symbol {
	return nn.Apply(nn.BatchNormalization(nn.Momentum(0.8)), x)
}

// residual returns the features of the network of 20 layers for images of 32 by 32, with more
// strides in front for larger ones.
//
// Source: He et al. 2015, arXiv:1512.03385, section 4.2.
func residual(x *nn.Symbol, size int, penalty nn.WeightsSetting) *nn.Symbol {
	conv := func(x *nn.Symbol, filters, kernel, stride int) *nn.Symbol {
		return convolution(x, filters, kernel, stride, penalty)
	}
	for ; size > 48; size /= 2 {
		x = nn.Apply(nn.ReLU, conv(x, 16, 3, 2))
	}
	x = nn.Apply(nn.ReLU, conv(x, 16, 3, 1))
	for i, filters := range []int{16, 32, 64} {
		for block := range 3 {
			stride, short := 1, x
			if i > 0 && block == 0 {
				stride, short = 2, conv(x, filters, 1, 2)
			}
			y := conv(nn.Apply(nn.ReLU, conv(x, filters, 3, stride)), filters, 3, 1)
			x = nn.Apply(nn.ReLU, nn.Apply(nn.Add(), y, short))
		}
	}
	return x
}

// bottlenecks returns the features of MobileNetV2: inverted bottlenecks with linear ends.
//
// Source: Sandler et al. 2018, arXiv:1801.04381, table 2.
func bottlenecks(x *nn.Symbol, penalty nn.WeightsSetting) *nn.Symbol {
	conv := func(x *nn.Symbol, filters, kernel, stride int) *nn.Symbol {
		return convolution(x, filters, kernel, stride, penalty)
	}
	channels := 32
	x = nn.Apply(nn.ReLU6, conv(x, channels, 3, 2))
	for _, stage := range []struct{ expansion, filters, blocks, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	} {
		for block := range stage.blocks {
			stride, y := stage.stride, x
			if block > 0 {
				stride = 1
			}
			if stage.expansion > 1 {
				y = nn.Apply(nn.ReLU6, conv(x, stage.expansion*channels, 1, 1))
			}
			y = normalized(nn.Apply(nn.DepthwiseConv2D(3, nn.Strides(stride), nn.Same, nn.NoBias), y))
			y = conv(nn.Apply(nn.ReLU6, y), stage.filters, 1, 1)
			if stride == 1 && channels == stage.filters {
				y = nn.Apply(nn.Add(), x, y)
			}
			x, channels = y, stage.filters
		}
	}
	return nn.Apply(nn.ReLU6, conv(x, 1280, 1, 1))
}
