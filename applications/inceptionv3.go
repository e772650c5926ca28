package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// InceptionV3 returns the network of blocks with several branches, for pictures of 299x299
// prepared by [TFPreparation].
//
// Shapes: x [B 299 299 3] -> y [B classes]. Parameters: 23,851,784.
// Source: keras.applications.InceptionV3; Szegedy et al. 2015, arXiv:1512.00567.
func InceptionV3(opts ...Option) (*nn.Network, error) {
	f := family{name: "InceptionV3", network: "inception_v3", size: 299, least: 75}
	return settingsOf(opts, Option.set).make(f, func(n *net, x maps) maps {
		x = n.path(x, c(32, 3).by(2), c(32, 3).valid(), c(64, 3))
		x = n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2)))
		x = n.path(x, c(80, 1).valid(), c(192, 3).valid())
		x = n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2)))
		for i, pooled := range []int{32, 64, 64} {
			x = n.concat(fmt.Sprintf("mixed%d", i), 3,
				n.path(x, c(64, 1)),
				n.path(x, c(48, 1), c(64, 5)),
				n.path(x, c(64, 1), c(96, 3), c(96, 3)),
				n.averaged(x, pooled))
		}
		x = n.concat("mixed3", 3,
			n.path(x, c(384, 3).by(2)),
			n.path(x, c(64, 1), c(96, 3), c(96, 3).by(2)),
			n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2))))
		for i, f := range []int{128, 160, 160, 192} {
			x = n.concat(fmt.Sprintf("mixed%d", i+4), 3,
				n.path(x, c(192, 1)),
				n.path(x, c(f, 1), c(f, 1, 7), c(192, 7, 1)),
				n.path(x, c(f, 1), c(f, 7, 1), c(f, 1, 7), c(f, 7, 1), c(192, 1, 7)),
				n.averaged(x, 192))
		}
		x = n.concat("mixed8", 3,
			n.path(x, c(192, 1), c(320, 3).by(2)),
			n.path(x, c(192, 1), c(192, 1, 7), c(192, 7, 1), c(192, 3).by(2)),
			n.pooling(x, "", nn.MaxPooling2D(3, nn.Strides(2))))
		for i := range 2 {
			one := n.path(x, c(320, 1))
			three := n.forked(n.path(x, c(384, 1)), fmt.Sprintf("mixed9_%d", i))
			double := n.forked(n.path(x, c(448, 1), c(384, 3)), "")
			x = n.concat(fmt.Sprintf("mixed%d", i+9), 3, one, three, double, n.averaged(x, 192))
		}
		average := "avg_pool"
		if n.noTop {
			average = ""
		}
		return n.top(x, average, "")
	})
}

// step is a convolution of a branch.
type step struct {
	filters int
	size    nn.Sizes
	stride  int
	padding nn.Padding
}

// c returns a step with a square window, or one of rows and columns, that keeps the shape.
func c(filters int, size ...int) step {
	if len(size) == 1 {
		size = append(size, size[0])
	}
	return step{filters, size, 1, nn.Same}
}

// valid leaves out windows that reach beyond the input.
func (s step) valid() step {
	s.padding = nn.Valid
	return s
}

// by leaves out such windows, too, and moves the window by more than 1.
func (s step) by(stride int) step {
	s.stride = stride
	return s.valid()
}

// path adds convolutions, each with a normalization and a rectifier.
func (n *net) path(x maps, steps ...step) maps {
	for _, s := range steps {
		x = n.conv(x, "", s.filters, 1, s.size, nn.Strides(s.stride), s.padding, nn.NoBias)
		x = n.act(n.norm(x, "", nn.Axis(3), nn.NoScale), "", nn.ReLU)
	}
	return x
}

// averaged adds a branch of means of neighbours.
func (n *net) averaged(x maps, filters int) maps {
	return n.path(n.pooling(x, "", nn.AveragePooling2D(3, nn.Strides(1), nn.Same)), c(filters, 1))
}

// forked joins two convolutions of x, along rows and along columns.
func (n *net) forked(x maps, name string) maps {
	return n.concat(name, 3, n.path(x, c(384, 1, 3)), n.path(x, c(384, 3, 1)))
}
