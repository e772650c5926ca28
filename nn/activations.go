package nn

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
)

// The activations with parameters. Those of ELU, LeakyReLU, ReLU and Softmax are layers
// of Keras's and can be saved; the others can be saved with Keras's defaults only, since
// its files store nothing but their names.

// ReLUWith is max(x, 0) with a slope below, a limit above and a threshold:
//
//	y = min(x, maxValue)                       where x > threshold
//	y = negativeSlope·(x - threshold)          elsewhere
//
// Without a limit maxValue is math.Inf(1). The slope at the threshold and at the
// limit is that from below and from above.
//
// Panics with *graph.Error, when used, if a number is negative or NaN.
func ReLUWith(negativeSlope, maxValue, threshold float64) Activation {
	top := &maxValue
	if math.IsInf(maxValue, 1) {
		top = nil
	}
	return rectifier(negativeSlope, top, threshold)
}

// rectifier is [ReLUWith], without a limit if that is nil.
func rectifier(slope float64, limit *float64, over float64) Activation {
	top := vocab.Or(limit, math.Inf(1))
	a := Activation{name: "relu", f: func(x *graph.Node) *graph.Node {
		if !(slope >= 0 && top >= 0 && over >= 0) || math.IsInf(slope+over, 1) {
			panic(graph.Errorf("nn.ReLU: negative slope %g, limit %g, threshold %g: want 0 or more, and finite but for the limit", slope, top, over))
		}
		return rectify(x, slope, limit, over)
	}}
	return a.as("ReLU", map[string]any{"negative_slope": slope, "max_value": limit, "threshold": over})
}

func rectify(x *graph.Node, slope float64, limit *float64, over float64) *graph.Node {
	switch {
	case over == 0 && limit == nil && slope == 0:
		return ops.Relu(x)
	case over == 0 && limit == nil:
		return ops.LeakyRelu(x, slope)
	case over == 0 && slope == 0:
		return ops.Clip(x, 0, *limit)
	}
	at := ops.ScalarLike(x, over)
	y := ops.Where(ops.LessEqual(x, at), ops.Zeros(x), x) // NaN stays NaN
	if limit != nil {
		y = ops.Clip(y, 0, *limit)
	}
	if slope == 0 {
		return y
	}
	return ops.Sub(y, ops.Scale(ops.Relu(ops.Sub(at, x)), slope))
}

// LeakyReLUSlope is x where x > 0, else slope·x. The default slope of Keras's layer
// LeakyReLU is 0.3; that of its function, and of [LeakyReLU], is 0.2.
//
// Source: Maas, Hannun, Ng 2013, "Rectifier Nonlinearities Improve Neural Network
// Acoustic Models".
func LeakyReLUSlope(slope float64) Activation {
	return known("leaky_relu", func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, slope) }).
		as("LeakyReLU", map[string]any{"negative_slope": slope})
}

// ELUAlpha is x where x > 0, else alpha·(e^x - 1).
//
// Source: Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289, section 3.
func ELUAlpha(alpha float64) Activation {
	return known("elu", func(x *graph.Node) *graph.Node { return ops.Elu(x, alpha) }).
		as("ELU", map[string]any{"alpha": alpha})
}

// CELUAlpha is max(x, 0) + min(alpha·(e^(x/alpha) - 1), 0), of slope 1 at 0.
//
// Panics with *graph.Error, when used, unless alpha is finite and over 0.
//
// Source: Barron 2017, arXiv:1704.07483.
func CELUAlpha(alpha float64) Activation {
	return with("celu", alpha, 1, func(x *graph.Node) *graph.Node {
		wantOver0("CELU", "alpha", alpha)
		return ops.Scale(ops.Elu(ops.Scale(x, 1/alpha), 1), alpha)
	})
}

// SquareplusB is (x + √(x² + b))/2.
//
// Panics with *graph.Error, when used, unless b is finite and over 0.
//
// Source: Barron 2021, arXiv:2112.11687.
func SquareplusB(b float64) Activation {
	return with("squareplus", b, 4, func(x *graph.Node) *graph.Node {
		wantOver0("Squareplus", "b", b)
		root := ops.Sqrt(ops.Offset(ops.Square(x), b))
		return ops.Scale(ops.Add(x, root), 0.5)
	})
}

// GLUAxis is a·sigmoid(b), a and b being the halves of x along an axis: the gated
// linear unit.
//
// Shapes: x [... 2n ...] -> y [... n ...].
// Panics with *graph.Error, when used, unless the axis has an even length.
//
// Source: Dauphin et al. 2016, arXiv:1612.08083, section 2.
func GLUAxis(axis int) Activation {
	return with("glu", float64(axis), -1, func(x *graph.Node) *graph.Node {
		wantAxis("GLU", x, axis)
		n := x.Shape().At(axis)
		if n%2 != 0 {
			panic(graph.Errorf("nn.GLU: x is %v: want an even length of axis %d", x.Spec(), axis))
		}
		half := ops.Split(x, axis, n/2, n/2)
		return ops.Mul(half[0], ops.Sigmoid(half[1]))
	})
}

// HardShrinkAt is x where |x| > threshold, else 0. The slope at ±threshold is 0.
//
// Panics with *graph.Error, when used, unless the threshold is 0 or more.
// Source: keras.activations.hard_shrink.
func HardShrinkAt(threshold float64) Activation {
	return with("hard_shrink", threshold, 0.5, func(x *graph.Node) *graph.Node {
		wantThreshold("HardShrink", threshold)
		return ops.Where(ops.LessEqual(ops.Abs(x), ops.ScalarLike(x, threshold)), ops.Zeros(x), x)
	})
}

// SoftShrinkAt is x less threshold where x > threshold, x plus threshold where
// x < -threshold, else 0. The slope at ±threshold is 0.
//
// Panics with *graph.Error, when used, unless the threshold is 0 or more.
// Source: keras.activations.soft_shrink.
func SoftShrinkAt(threshold float64) Activation {
	return with("soft_shrink", threshold, 0.5, func(x *graph.Node) *graph.Node {
		wantThreshold("SoftShrink", threshold)
		return ops.Sub(x, ops.Clip(x, -threshold, threshold))
	})
}

// Threshold is x where x > at, else value. The slope at the threshold is 0.
//
// Source: keras.activations.threshold.
func Threshold(at, value float64) Activation {
	return Activation{name: fmt.Sprintf("threshold(%g, %g)", at, value), f: func(x *graph.Node) *graph.Node {
		return ops.Where(ops.LessEqual(x, ops.ScalarLike(x, at)), ops.Full(x.Graph(), x.Spec(), value), x)
	}}
}

// SoftmaxAxis is e^x divided by its sum over the axes; [Softmax] takes the last one.
// Axis 0 is the batch.
//
// Panics with *graph.Error, when used, unless there are axes and x has them.
// Source: keras.layers.Softmax.
func SoftmaxAxis(axes ...int) Activation {
	a := known("softmax", func(x *graph.Node) *graph.Node {
		if len(axes) == 1 {
			return ops.Softmax(x, axes[0])
		}
		return ops.Exp(logSoftmaxOver(x, axes))
	})
	return a.as("Softmax", map[string]any{"axis": axisConfig(axes)})
}

// LogSoftmaxAxis is the logarithm of [SoftmaxAxis].
//
// Panics with *graph.Error, when used, unless there are axes and x has them.
// Source: keras.activations.log_softmax.
func LogSoftmaxAxis(axes ...int) Activation {
	f := func(x *graph.Node) *graph.Node { return logSoftmaxOver(x, axes) }
	if len(axes) == 1 && axes[0] == -1 {
		return known("log_softmax", f)
	}
	return Activation{name: fmt.Sprintf("log_softmax%v", axes), f: f}
}

func logSoftmaxOver(x *graph.Node, axes []int) *graph.Node {
	if len(axes) == 0 {
		panic(graph.Errorf("nn.Softmax: no axes: want one or more"))
	}
	if len(axes) == 1 {
		return ops.LogSoftmax(x, axes[0])
	}
	sum := ops.LogSumExp(x, axes...)
	return ops.Sub(x, ops.Reshape(sum, ops.ReduceMaxKeep(x, axes...).Shape().Slice()...))
}

// SparsemaxAxis is [ops.Sparsemax]: the probabilities along an axis that are nearest to
// x, some of them 0. It cannot be saved: the sparsemax of Keras's files is
// [KerasSparsemax], which gives other numbers than the paper.
//
// Source: Martins, Astudillo 2016, arXiv:1602.02068, section 2.
func SparsemaxAxis(axis int) Activation {
	a := with("sparsemax", float64(axis), -1, func(x *graph.Node) *graph.Node { return ops.Sparsemax(x, axis) })
	a.unlike = "what Keras up to 3.15 calls so gives other numbers, those of nn.KerasSparsemax"
	return a
}

// KerasSparsemaxAxis is the sparsemax of Keras 3.7 to 3.15 along an axis, on all of its
// backends. With the elements in descending order, s their running sums, and k the number
// of elements that are greater than (s - 1)/i, i counting from 1,
//
//	y = max(x - τ, 0), τ = (the sum of the first k of s - 1)/k
//
// The paper, and Keras after that, has the last of these sums instead. With k = 1 the
// two are the same; with more, the results here sum to less than 1, and may all be 0.
//
// Shapes: x [...] -> y [...]. DTypes: floats. Panics with *graph.Error, when used, unless x
// has the axis. Source: Keras 3.15, activations.sparsemax.
func KerasSparsemaxAxis(axis int) Activation {
	return with("sparsemax", float64(axis), -1, func(x *graph.Node) *graph.Node {
		wantAxis("KerasSparsemax", x, axis)
		return kerasSparsemax(x, (axis+x.Rank())%x.Rank())
	})
}

func kerasSparsemax(x *graph.Node, axis int) *graph.Node {
	last := x.Rank() - 1
	if axis != last {
		x = swapAxes(x, axis, last)
		return swapAxes(kerasSparsemax(x, last), axis, last)
	}
	sorted, _ := ops.TopK(x, x.Shape().At(last))
	sums, one := ops.CumSum(sorted, last), ops.ScalarLike(x, 1)
	i := ops.Add(ops.Iota(x.Graph(), x.Spec(), last), one)
	stays := ops.Greater(ops.Sub(sorted, ops.Div(ops.Sub(sums, one), i)), ops.Zeros(x))
	k := ops.ReduceSumKeep(ops.Cast(stays, x.DType()), last)
	sum := ops.ReduceSumKeep(ops.Where(stays, sums, ops.Zeros(x)), last)
	return ops.Maximum(ops.Sub(x, ops.Div(ops.Sub(sum, one), k)), ops.ScalarLike(x, 0))
}

// swapAxes returns x with two axes in each other's place.
func swapAxes(x *graph.Node, i, j int) *graph.Node {
	axes := make([]int, x.Rank())
	for a := range axes {
		axes[a] = a
	}
	axes[i], axes[j] = j, i
	return ops.Transpose(x, axes...)
}

// sparsePlus is 0 where x <= -1, x where x >= 1, and (x+1)²/4 between.
func sparsePlus(x *graph.Node) *graph.Node {
	arc := ops.Scale(ops.Square(ops.Offset(ops.Clip(x, -1, 1), 1)), 0.25)
	return ops.Where(ops.Less(x, ops.ScalarLike(x, 1)), arc, x)
}

func sparseSigmoid(x *graph.Node) *graph.Node {
	return ops.Clip(ops.Scale(ops.Offset(x, 1), 0.5), 0, 1)
}

func hardSigmoid(x *graph.Node) *graph.Node {
	return ops.Clip(ops.Offset(ops.Scale(x, 1.0/6), 0.5), 0, 1)
}

// with returns an activation that its name describes if v is Keras's default.
func with(name string, v, def float64, f func(x *graph.Node) *graph.Node) Activation {
	if v != def {
		name = fmt.Sprintf("%s(%g)", name, v)
	}
	return known(name, f)
}

func wantOver0(what, name string, v float64) {
	if !(v > 0) || math.IsInf(v, 1) {
		panic(graph.Errorf("nn.%s: %s %g: want a finite number over 0", what, name, v))
	}
}

func wantThreshold(what string, v float64) {
	if !(v >= 0) {
		panic(graph.Errorf("nn.%s: threshold %g: want 0 or more", what, v))
	}
}

// wantAxis panics unless x has the axis, which may count from the end.
func wantAxis(what string, x *graph.Node, axis int) {
	if r := x.Rank(); axis < -r || axis >= r {
		panic(graph.Errorf("nn.%s: axis %d of x %v: want %d to %d", what, axis, x.Shape(), -r, r-1))
	}
}
