package ops

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Sparsemax returns the probabilities along an axis that are nearest to x. Unlike those
// of [Softmax] some of them are 0: with τ so that they sum to 1,
//
//	y = max(x - τ, 0)
//
// Axis -1 is the last. A line with NaN or Inf, or of nothing but -Inf, gives NaN.
//
// Shapes: x [...] -> [...]. DTypes: floats, summed in float64. Gradient: x; the slope
// where x = τ is 0. Panics with *graph.Error unless x is float and has the axis.
//
// Source: Martins, Astudillo 2016, arXiv:1602.02068, algorithm 1 and proposition 1.
func Sparsemax(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(SparsemaxOp{axisOf("Sparsemax", x, axis, 0)}, x)
}

// SparsemaxOp is the operation behind [Sparsemax].
type SparsemaxOp struct{ Axis int }

// Name implements graph.Op.
func (SparsemaxOp) Name() string { return "Sparsemax" }

// Compose implements [Composed].
func (o SparsemaxOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	n := x.Shape().At(o.Axis)
	if n == 0 {
		return in
	}
	sorted, _ := TopK(SwapAxes(x, o.Axis, -1), n)
	rank := Offset(Iota(x.Graph(), tensor.S(x.DType(), n), 0), 1)
	among := Less(Sub(CumSum(sorted, -1), Mul(rank, sorted)), ScalarLike(x, 1))
	sum := ReduceSumKeep(Where(among, sorted, ScalarLike(x, 0)), -1)
	tau := Div(Offset(sum, -1), ReduceSumKeep(Cast(among, x.DType()), -1))
	tau = Where(IsFinite(SliceAxis(sorted, -1, 0, 1)), tau, ScalarLike(x, math.NaN()))
	return []*graph.Node{Maximum(Sub(x, SwapAxes(tau, o.Axis, -1)), ScalarLike(x, 0))}
}

// Infer implements graph.Op.
func (o SparsemaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferAlong(o.Axis, in) }

// Ref implements [Referenced]: the greatest k elements stay, k being the last for which
// the sum of the k greatest less k times the k-th is below 1.
func (o SparsemaxOp) Ref(out, in []Array) {
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		line := make([]float64, n)
		for i := range line {
			line[i] = in[0].V[start+i*step]
		}
		slices.SortFunc(line, descending)
		sum, tau := 0.0, math.NaN()
		for k, v := range line {
			if sum += v; sum-float64(k+1)*v < 1 {
				tau = (sum - 1) / float64(k+1)
			}
		}
		if n > 0 && math.IsInf(line[0], 0) {
			tau = math.NaN()
		}
		for i := range n {
			out[0].V[start+i*step] = max(in[0].V[start+i*step]-tau, 0)
		}
	})
}

// VJP: among the elements that are not 0, dy less its mean.
func (o SparsemaxOp) VJP(n, dy *graph.Node) []*graph.Node {
	in := Greater(n, ScalarLike(n, 0))
	kept := Where(in, dy, ScalarLike(dy, 0))
	mean := Div(ReduceSumKeep(kept, o.Axis), ReduceSumKeep(Cast(in, dy.DType()), o.Axis))
	return []*graph.Node{Where(in, Sub(dy, mean), ScalarLike(dy, 0))}
}
