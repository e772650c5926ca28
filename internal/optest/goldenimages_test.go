package optest

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// axesOf returns the permutation of n axes that begins with the axes from one on, up to another,
// and goes on with others.
func axesOf(first []int, from, to int, last ...int) []int {
	axes := append([]int{}, first...)
	for i := from; i < to; i++ {
		axes = append(axes, i)
	}
	return append(axes, last...)
}

// channelsLast returns x [N C S...] as [N S... C], channelsFirst the other way round.
func channelsLast(x *graph.Node) *graph.Node {
	return ops.Transpose(x, axesOf([]int{0}, 2, x.Rank(), 1)...)
}

func channelsFirst(x *graph.Node) *graph.Node {
	return ops.Transpose(x, axesOf([]int{0, x.Rank() - 1}, 1, x.Rank()-1)...)
}

// kernelLast returns a kernel [O I K...] as [K... I O].
func kernelLast(w *graph.Node) *graph.Node {
	return ops.Transpose(w, axesOf(nil, 2, w.Rank(), 1, 0)...)
}

// each returns the numbers of an attribute, one for each of n axes: none is of all.
func each(v any, n int, none int) tensor.Dims {
	d := tensor.Dims{}
	list := flatten(v)
	for i := range n {
		switch {
		case len(list) == 0:
			d = d.Append(none)
		default:
			d = d.Append(int(list[i%len(list)]))
		}
	}
	return d
}

// window returns the window of a case over n axes.
func (c goldenCase) window(n int) ops.Window {
	pad := each(c.Attrs.Padding, n, 0)
	return ops.Window{Strides: each(c.Attrs.Stride, n, 1), Dilations: each(c.Attrs.Dilation, n, 1), Low: pad, High: pad}
}

// withBias adds a bias of the last axis, if the case has one.
func withBias(c goldenCase, y *graph.Node, in func(string) *graph.Node) *graph.Node {
	if _, ok := c.Arrays["in.b"]; ok {
		y = ops.Add(y, in("b"))
	}
	return y
}

func convolved(c goldenCase, in func(string) *graph.Node) *graph.Node {
	x, w := channelsLast(in("x")), kernelLast(in("w"))
	y := ops.Conv(x, w, c.window(x.Rank()-2), max(1, c.Attrs.Groups))
	return channelsFirst(withBias(c, y, in))
}

func convolvedLast(c goldenCase, in func(string) *graph.Node) *graph.Node {
	x, w := in("x"), in("w")
	window := ops.Valid(2)
	window.Dilations = each(c.Attrs.Dilation, 2, 1)
	y := ops.Conv(x, w, window.Padded(ops.Places(x.Shape()), w.Shape().To(2)), 1)
	return ops.Add(y, in("b"))
}

func transposed(c goldenCase, in func(string) *graph.Node) *graph.Node {
	x, w := channelsLast(in("x")), kernelLast(in("w"))
	n := x.Rank() - 2
	window, more, size := c.window(n), each(c.Attrs.OutputPadding, n, 0), tensor.Dims{}
	for i := range n {
		size = size.Append((x.Shape().At(1+i)-1)*window.Strides.At(i) - 2*window.Low.At(i) + window.Dilations.At(i)*(w.Shape().At(i)-1) + more.At(i) + 1)
	}
	return channelsFirst(withBias(c, ops.ConvInputGrad(x, w, size, window, max(1, c.Attrs.Groups)), in))
}

// maximum makes a model of a maximum of windows.
func maximum(size, stride, pad tensor.Dims) model {
	return on1(func(x *graph.Node) *graph.Node {
		w := ops.Window{Strides: stride, Dilations: ops.Valid(size.Rank()).Strides, Low: pad, High: pad}
		return channelsFirst(ops.MaxPool(channelsLast(x), size, w))
	})
}

// normalized returns x less mean, over the deviation, times gamma plus beta, along the last axis.
func normalized(c goldenCase, x, mean, variance, gamma, beta *graph.Node) *graph.Node {
	y := ops.Mul(ops.Sub(x, mean), ops.Rsqrt(ops.Offset(variance, c.Attrs.Epsilon)))
	if gamma != nil {
		y = ops.Add(ops.Mul(y, gamma), beta)
	}
	return y
}

func batchNormalized(c goldenCase, in func(string) *graph.Node) *graph.Node {
	x := channelsLast(in("x"))
	mean, variance := in("running_mean"), in("running_var")
	if c.Attrs.Training {
		mean, variance = ops.Moments(x, axesOf(nil, 0, x.Rank()-1)...)
	}
	return channelsFirst(normalized(c, x, mean, variance, in("gamma"), in("beta")))
}

// groupNormalized normalizes groups of channels; none means one for each channel.
func groupNormalized(c goldenCase, in func(string) *graph.Node) *graph.Node {
	x := in("x")
	shape := x.Shape().Slice()
	groups := c.Attrs.Groups
	if groups == 0 {
		groups = shape[1]
	}
	y := ops.Reshape(x, append([]int{shape[0], groups, -1}, shape[2:]...)...)
	mean, variance := ops.MomentsKeep(y, axesOf(nil, 2, y.Rank())...)
	y = channelsLast(ops.Reshape(normalized(c, y, mean, variance, nil, nil), shape...))
	return channelsFirst(ops.Add(ops.Mul(y, in("g")), in("b")))
}

func init() {
	d := tensor.D
	for id, f := range map[string]model{
		"conv1d/d2": convolved, "conv1d/nobias_k1": convolved, "conv2d/d2": convolved, "conv2d/d21_s2_p2": convolved, "conv2d/g2": convolved,
		"conv2d/depthwise": convolved, "conv2d/k5_p2": convolved, "conv3d/s2p1": convolved, "conv2d_nhwc/d2": convolvedLast,
		"conv_transpose1d/basic": transposed, "conv_transpose1d/s2p1op1": transposed, "conv_transpose2d/basic": transposed,
		"conv_transpose2d/s2": transposed, "conv_transpose3d/s2": transposed,

		"pool/max1d_k2": maximum(d(2), d(2), d(0)), "pool/max2d_k2": maximum(d(2, 2), d(2, 2), d(0, 0)),
		"pool/max2d_k3s2p1": maximum(d(3, 3), d(2, 2), d(1, 1)), "pool/max2d_k3s1": maximum(d(3, 3), d(1, 1), d(0, 0)),
		"pool/adaptive_avg2d_3x2": on1(func(x *graph.Node) *graph.Node {
			return channelsFirst(ops.AdaptiveAvgPool(channelsLast(x), d(3, 2)))
		}),
		"pool/lp2_k2": on1(func(x *graph.Node) *graph.Node {
			w := ops.Valid(2)
			w.Strides = d(2, 2)
			return channelsFirst(ops.Sqrt(ops.Scale(ops.AvgPool(ops.Square(channelsLast(x)), d(2, 2), w, false), 4)))
		}),

		"resize/up_nearest2": on1(func(x *graph.Node) *graph.Node {
			return channelsFirst(ops.Resize(channelsLast(x), d(2*x.Shape().At(2), 2*x.Shape().At(3)), ops.Nearest, false))
		}),
		"resize/down_bilinear_half_pixel": on1(func(x *graph.Node) *graph.Node {
			return channelsFirst(ops.Resize(channelsLast(x), d(2, 2), ops.Bilinear, false))
		}),

		"batchnorm/train2d": batchNormalized, "batchnorm/train4d": batchNormalized, "batchnorm/eval4d": batchNormalized,
		"groupnorm/g2": groupNormalized, "instancenorm/affine": groupNormalized,
		"layernorm/noaffine": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
			mean, variance := ops.MomentsKeep(in("x"), -1)
			return normalized(c, in("x"), mean, variance, nil, nil)
		},
		"rmsnorm/last": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
			x := in("x")
			scale := ops.Rsqrt(ops.Offset(ops.ReduceMeanKeep(ops.Square(x), -1), c.Attrs.Epsilon))
			return ops.Mul(ops.Mul(x, scale), in("g"))
		},
	} {
		golden[id] = f
	}
}
