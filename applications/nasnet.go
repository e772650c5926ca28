package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// NASNetMobile returns the small network of a search over cells, for pictures of 224x224
// prepared by [TFPreparation].
//
// Shapes: x [B 224 224 3] -> y [B classes]. Parameters: 5,326,716.
// Source: keras.applications.NASNetMobile; Zoph et al. 2017, arXiv:1707.07012.
func NASNetMobile(opts ...Option) (*nn.Network, error) {
	f := family{name: "NASNetMobile", network: "nasnet_mobile", size: 224, least: 32, sized: true}
	return nasnet(f, opts, 32, 1056/24, 4, false)
}

// NASNetLarge returns the large network of a search over cells, for pictures of 331x331: see
// [NASNetMobile].
//
// Shapes: x [B 331 331 3] -> y [B classes]. Parameters: 88,949,818.
// Source: keras.applications.NASNetLarge.
func NASNetLarge(opts ...Option) (*nn.Network, error) {
	f := family{name: "NASNetLarge", network: "nasnet_large", size: 331, least: 32, sized: true}
	return nasnet(f, opts, 96, 4032/24, 6, true)
}

// nasnet makes three groups of cells, with twice the filters from one to the next, whose inputs
// are the outputs of the two cells before. Skip takes no cell that reduces for the second.
func nasnet(f family, opts []Option, stem, filters, blocks int, skip bool) (*nn.Network, error) {
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.conv(x, "stem_conv1", stem, 3, nn.Strides(2), nn.NoBias, nn.KernelInitializer(nn.HeNormal))
		x = n.nasNorm(x, "stem_bn1")
		p := maps{}
		x, p = n.reduction(x, p, filters/4, "stem_1")
		x, p = n.reduction(x, p, filters/2, "stem_2")
		for group := range 3 {
			if group > 0 {
				filters *= 2
				var before maps
				if x, before = n.reduction(x, p, filters, fmt.Sprintf("reduce_%d", group*blocks)); !skip {
					p = before
				}
			}
			for i := range blocks {
				number := group*blocks + i
				if group > 0 {
					number++
				}
				x, p = n.normal(x, p, filters, fmt.Sprint(number))
			}
		}
		return n.top(n.act(x, "", nn.ReLU), "", "")
	})
}

func (n *net) nasNorm(x maps, name string) maps { return n.norm(x, name, nn.Momentum(0.9997)) }

// nasConv adds a rectifier and a pointwise convolution.
func (n *net) nasConv(x maps, relu, conv string, filters int) maps {
	return n.pointwise(n.act(x, relu, nn.ReLU), conv, filters)
}

func (n *net) pointwise(x maps, name string, filters int) maps {
	return n.conv(x, name, filters, 1, nn.Same, nn.NoBias, nn.KernelInitializer(nn.HeNormal))
}

// separated adds two separable convolutions, the first of which may halve the maps.
func (n *net) separated(x maps, filters, size int, halve bool, id string) maps {
	x = n.act(x, "", nn.ReLU)
	padding, stride := nn.Same, 1
	if halve {
		x = n.padOdd(x, "separable_conv_1_pad_"+id, size)
		padding, stride = nn.Valid, 2
	}
	x = n.separable(x, "separable_conv_1_"+id, filters, size, nn.Strides(stride), padding)
	x = n.act(n.nasNorm(x, "separable_conv_1_bn_"+id), "", nn.ReLU)
	x = n.separable(x, "separable_conv_2_"+id, filters, size, nn.Same)
	return n.nasNorm(x, "separable_conv_2_bn_"+id)
}

// adjusted brings the second input of a cell to the rows and columns of the first, and to as
// many filters. Without a second input it is the first.
func (n *net) adjusted(p, x maps, filters int, id string) maps {
	switch {
	case p.Symbol == nil:
		return x
	case p.w != x.w:
		p = n.act(p, "adjust_relu_1_"+id, nn.ReLU)
		a := n.pooling(p, "adjust_avg_pool_1_"+id, nn.AveragePooling2D(1, nn.Strides(2)))
		a = n.pointwise(a, "adjust_conv_1_"+id, filters/2)
		b := n.crop(n.pad(p, "", 0, 1, 0, 1), "", 1, 0, 1, 0)
		b = n.pooling(b, "adjust_avg_pool_2_"+id, nn.AveragePooling2D(1, nn.Strides(2)))
		b = n.pointwise(b, "adjust_conv_2_"+id, filters/2)
		return n.nasNorm(n.concat("", -1, a, b), "adjust_bn_"+id)
	case p.c != filters:
		return n.nasNorm(n.nasConv(p, "", "adjust_conv_projection_"+id, filters), "adjust_bn_"+id)
	}
	return p
}

// normal adds a cell that keeps rows and columns, and returns its output and its first input.
func (n *net) normal(x, p maps, filters int, id string) (y, before maps) {
	p = n.adjusted(p, x, filters, id)
	h := n.nasNorm(n.nasConv(x, "", "normal_conv_1_"+id, filters), "normal_bn_1_"+id)
	average := func(x maps, name string) maps {
		return n.pooling(x, name+id, nn.AveragePooling2D(3, nn.Strides(1), nn.Same))
	}
	add := func(i int, a, b maps) maps { return n.merge(fmt.Sprintf("normal_add_%d_%s", i, id), nn.Add(), a, b) }
	x1 := add(1, n.separated(h, filters, 5, false, "normal_left1_"+id), n.separated(p, filters, 3, false, "normal_right1_"+id))
	x2 := add(2, n.separated(p, filters, 5, false, "normal_left2_"+id), n.separated(p, filters, 3, false, "normal_right2_"+id))
	x3 := add(3, average(h, "normal_left3_"), p)
	x4 := add(4, average(p, "normal_left4_"), average(p, "normal_right4_"))
	x5 := add(5, n.separated(h, filters, 3, false, "normal_left5_"+id), h)
	return n.concat("normal_concat_"+id, -1, p, x1, x2, x3, x4, x5), x
}

// reduction adds a cell that halves rows and columns, and returns its output and its first
// input.
func (n *net) reduction(x, p maps, filters int, id string) (y, before maps) {
	p = n.adjusted(p, x, filters, id)
	h := n.nasNorm(n.nasConv(x, "", "reduction_conv_1_"+id, filters), "reduction_bn_1_"+id)
	padded := n.padOdd(h, "reduction_pad_1_"+id, 3)
	add := func(name string, a, b maps) maps { return n.merge(name, nn.Add(), a, b) }
	x1 := add("reduction_add_1_"+id, n.separated(h, filters, 5, true, "reduction_left1_"+id), n.separated(p, filters, 7, true, "reduction_right1_"+id))
	x2 := add("reduction_add_2_"+id, n.pooling(padded, "reduction_left2_"+id, nn.MaxPooling2D(3, nn.Strides(2))), n.separated(p, filters, 7, true, "reduction_right2_"+id))
	x3 := add("reduction_add3_"+id, n.pooling(padded, "reduction_left3_"+id, nn.AveragePooling2D(3, nn.Strides(2))), n.separated(p, filters, 5, true, "reduction_right3_"+id))
	x4 := add("", x2, n.pooling(x1, "reduction_left4_"+id, nn.AveragePooling2D(3, nn.Strides(1), nn.Same)))
	x5 := add("reduction_add4_"+id, n.separated(x1, filters, 3, false, "reduction_left4_"+id), n.pooling(padded, "reduction_right5_"+id, nn.MaxPooling2D(3, nn.Strides(2))))
	return n.concat("reduction_concat_"+id, -1, x2, x3, x4, x5), x
}
