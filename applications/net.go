package applications

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// maps are maps of features: c channels of h rows and w columns, which are [nn.Any] if they
// follow from those of the picture.
type maps struct {
	*nn.Symbol
	h, w, c int
}

// net is a network that grows layer by layer.
type net struct {
	settings
	count map[string]int // layers of a class without a name so far
}

// named gives a layer a name, Keras's if it is empty: the class, with a number from the second
// on.
func (n *net) named(name string, l nn.Layer) nn.Layer {
	if name == "" {
		kind := nn.SnakeCase(nn.ClassOf(l))
		if name = kind; n.count[kind] > 0 {
			name = fmt.Sprintf("%s_%d", kind, n.count[kind])
		}
		n.count[kind]++
	}
	nn.BaseOf(l).Name = name
	return l
}

// add applies a layer that has a name, or gets Keras's, and returns its output, of the shape of
// like.
func (n *net) add(like maps, l nn.Layer, in ...maps) maps {
	symbols := make([]*nn.Symbol, len(in))
	for i, x := range in {
		symbols[i] = x.Symbol
	}
	like.Symbol = nn.Apply(n.named(nn.BaseOf(l).Name, l), symbols...)
	return like
}

// then applies a layer that keeps the shape.
func (n *net) then(x maps, name string, l nn.Layer) maps { return n.add(x, n.named(name, l), x) }

// slid returns the shape that a window leaves of x.
func slid(x maps, size nn.Sizes, w nn.Window) maps {
	x.h, x.w = slide(x.h, of(size, 0), of(w.Strides, 0), w.Padding), slide(x.w, of(size, 1), of(w.Strides, 1), w.Padding)
	return x
}

// of returns the size for an axis: 1 if there are none, or one for all.
func of(s nn.Sizes, axis int) int {
	if len(s) == 0 {
		return 1
	}
	return s[min(axis, len(s)-1)]
}

func slide(length, size, step int, p nn.Padding) int {
	switch {
	case length == nn.Any:
		return nn.Any
	case p == nn.Same:
		return (length + step - 1) / step
	case length < size:
		panic(graph.Errorf("a window of %d in %d rows or columns: want a larger picture", size, length))
	default:
		return (length-size)/step + 1
	}
}

// conv adds a convolution.
func (n *net) conv(x maps, name string, filters, size int, opts ...nn.ConvOption) maps {
	l := nn.Conv2D(filters, size, opts...)
	y := slid(x, l.KernelSize, l.Window)
	y.c = filters
	return n.add(y, n.named(name, l), x)
}

// depthwise adds a depthwise convolution.
func (n *net) depthwise(x maps, name string, size int, opts ...nn.ConvOption) maps {
	l := nn.DepthwiseConv2D(size, opts...)
	y := slid(x, l.KernelSize, l.Window)
	y.c *= max(l.DepthMultiplier, 1)
	return n.add(y, n.named(name, l), x)
}

// separable adds a separable convolution without a bias.
func (n *net) separable(x maps, name string, filters, size int, opts ...nn.ConvOption) maps {
	l := nn.SeparableConv2D(filters, size, append(opts, nn.NoBias)...)
	y := slid(x, l.KernelSize, l.Window)
	y.c = filters
	return n.add(y, n.named(name, l), x)
}

// pooling adds a layer of nn.MaxPooling2D or nn.AveragePooling2D.
func (n *net) pooling(x maps, name string, l *nn.PoolingLayer) maps {
	w := l.Window
	if len(w.Strides) == 0 {
		w.Strides = l.PoolSize
	}
	return n.add(slid(x, l.PoolSize, w), n.named(name, l), x)
}

// pad adds zeros above, below, left and right.
func (n *net) pad(x maps, name string, top, bottom, left, right int) maps {
	return n.add(grown(x, top+bottom, left+right), n.named(name, nn.ZeroPadding2D(top, bottom, left, right)), x)
}

// crop removes rows above and below, and columns left and right.
func (n *net) crop(x maps, name string, top, bottom, left, right int) maps {
	return n.add(grown(x, -top-bottom, -left-right), n.named(name, nn.Cropping2D(top, bottom, left, right)), x)
}

func grown(x maps, rows, columns int) maps {
	if x.h != nn.Any {
		x.h += rows
	}
	if x.w != nn.Any {
		x.w += columns
	}
	return x
}

// padOdd pads x for a convolution of an odd size and strides of 2, as TensorFlow pads with Same:
// less above and on the left where a length is even, or unknown.
func (n *net) padOdd(x maps, name string, size int) maps {
	half := size / 2
	before := func(length int) int {
		if length == nn.Any {
			return half - 1
		}
		return half - 1 + length%2
	}
	return n.pad(x, name, before(x.h), half, before(x.w), half)
}

// norm adds a batch normalization.
func (n *net) norm(x maps, name string, opts ...nn.BatchNormalizationOption) maps {
	return n.then(x, name, nn.BatchNormalization(opts...))
}

// act adds an activation, as Keras's Activation layer.
func (n *net) act(x maps, name string, a nn.Activation) maps { return n.then(x, name, a.Layer()) }

// rectify adds Keras's ReLU layer, with a greatest value unless it is 0.
func (n *net) rectify(x maps, name string, most float64) maps {
	config := "{}"
	if most > 0 {
		config = fmt.Sprintf(`{"max_value": %g}`, most)
	}
	l, err := nn.LayerFromConfig("ReLU", []byte(config))
	if err != nil {
		panic(graph.Errorf("%v", err))
	}
	return n.then(x, name, l)
}

// merge adds a layer that merges maps of one shape, such as nn.Add.
func (n *net) merge(name string, l nn.Layer, x ...maps) maps {
	return n.add(x[0], n.named(name, l), x...)
}

// concat joins maps along their channels. The axis is Keras's number for the last.
func (n *net) concat(name string, axis nn.Axis, x ...maps) maps {
	y := x[0]
	for _, more := range x[1:] {
		y.c += more.c
	}
	return n.add(y, n.named(name, nn.Concatenate(axis)), x...)
}

// mean adds the mean of each map, as the one element of a map with nn.KeepDims.
func (n *net) mean(x maps, name string, opts ...nn.GlobalPoolingOption) maps {
	return n.add(maps{h: 1, w: 1, c: x.c}, n.named(name, nn.GlobalAveragePooling2D(opts...)), x)
}

// top ends a network: with the means of the maps and the classes, or without a top with what
// the options say. Names are those of the layers of means and of the greatest.
func (n *net) top(x maps, average, greatest string) maps {
	if n.noTop {
		return n.pooled(x, average, greatest)
	}
	return n.classify(n.mean(x, average), "predictions")
}

// classify adds the classes.
func (n *net) classify(x maps, name string, opts ...nn.WeightsOption) maps {
	return n.then(x, name, nn.Dense(n.classes, append(opts, n.activation)...))
}

// pooled ends a network without a top.
func (n *net) pooled(x maps, average, greatest string) maps {
	if n.pool == nil {
		return x
	}
	l := n.pool()
	name := average
	if l.Class() == "GlobalMaxPooling2D" {
		name = greatest
	}
	return n.then(x, name, l)
}
