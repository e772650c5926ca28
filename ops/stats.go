package ops

import "github.com/glia-ml/glia/graph"

// Var returns the variance of x over the axes, all of them when none is given: the
// mean of the squared distance from the mean. Times n/(n-1) it is unbiased.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: floats. Gradient: x. Panics with
// *graph.Error unless x is float and has each axis once.
func Var(x *graph.Node, axes ...int) *graph.Node {
	return ReduceMean(Square(Sub(x, ReduceMeanKeep(x, axes...))), axes...)
}

// Std returns the standard deviation of x over the axes, the root of [Var].
//
// Shapes: x [... A ...] -> [... ...]. DTypes: floats. Gradient: x; zero where the
// result is 0. Panics with *graph.Error unless x is float and has each axis once.
func Std(x *graph.Node, axes ...int) *graph.Node { return rootOrZero(Var(x, axes...)) }

// Norm returns the Euclidean length of x over the axes, all of them when none is
// given.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: floats. Gradient: x; zero where the
// result is 0. Panics with *graph.Error unless x is float and has each axis once.
func Norm(x *graph.Node, axes ...int) *graph.Node {
	return rootOrZero(ReduceSum(Square(x), axes...))
}

// rootOrZero returns √x with slope 0 at 0.
func rootOrZero(x *graph.Node) *graph.Node {
	zero := ScalarLike(x, 0)
	return Where(Equal(x, zero), zero, Sqrt(nonzero(x)))
}

// LogSumExp returns ln Σ e^x over the axes, all of them when none is given, without
// overflow on the way.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: floats. Gradient: x. Panics with
// *graph.Error unless x is float and has each axis once.
//
// Source: scipy.special.logsumexp.
func LogSumExp(x *graph.Node, axes ...int) *graph.Node {
	r := reduceOver("LogSumExp", x, axes, false)
	if r.Count(x.Shape()) == 0 {
		return Log(ReduceSum(Exp(x), axes...))
	}
	// The maximum cancels, so its gradient is not needed; an infinite maximum would
	// give ∞-∞.
	top := StopGradient(ReduceMaxKeep(x, axes...))
	top = Where(IsFinite(top), top, ScalarLike(x, 0))
	sum := Log(ReduceSum(Exp(Sub(x, top)), axes...))
	return Add(sum, Reshape(top, sum.Shape().Slice()...))
}

// Dot returns Σ a·b.
//
// Shapes: a [N], b [N] -> []. DTypes: numbers, one for both. Gradient: a, b. Panics
// with *graph.Error if a shape or dtype differs from this.
func Dot(a, b *graph.Node) *graph.Node {
	if a.Rank() != 1 || a.Shape() != b.Shape() {
		panic(graph.Errorf("ops.Dot: a %v, b %v: want two vectors of one length", a.Shape(), b.Shape()))
	}
	return Reshape(MatMul(Reshape(a, 1, -1), Reshape(b, -1, 1)))
}

// MatVec returns the product of matrices and a vector.
//
// Shapes: a [... M K], x [K] -> [... M]. DTypes: numbers, one for both. Gradient: a,
// x. Panics with *graph.Error if a shape or dtype differs from this.
func MatVec(a, x *graph.Node) *graph.Node {
	if x.Rank() != 1 {
		panic(graph.Errorf("ops.MatVec: x %v: want a vector", x.Shape()))
	}
	return Squeeze(MatMul(a, Reshape(x, -1, 1)), -1)
}
