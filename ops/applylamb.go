package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyLamb returns w and the moments m and v after a step of Lamb:
//
//	w  = w - decay·w
//	m' = m + (g - m)·(1-β1)
//	v' = v + (g² - v)·(1-β2)
//	x  = unbiasM·m' / (√(unbiasV·v') + eps)
//	w' = w - lr·|w|/|x|·x
//
// |w| and |x| are the Euclidean norms of the whole tensors; without |w|/|x| if one of
// them is 0. unbiasM is 1/(1-β1^t) and unbiasV is 1/(1-β2^t) for step t = 1, 2, ...,
// decay is the weight decay times lr.
//
// Shapes: w, m, v, g [...], lr, unbiasM, unbiasV, decay [] -> newW, newM, newV [...].
// DTypes: floats, one for all. No gradient. Panics with *graph.Error if a shape or
// dtype differs from this.
//
// Source: You et al. 2019, arXiv:1904.00962, algorithm 2; as in keras.optimizers.Lamb.
func ApplyLamb(o ApplyLambOp, w, m, v, g, lr, unbiasM, unbiasV, decay *graph.Node) (newW, newM, newV *graph.Node) {
	n := graph.Apply(o, w, m, v, g, lr, unbiasM, unbiasV, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyLambOp is the operation behind [ApplyLamb].
type ApplyLambOp struct {
	OneMinusBeta1, OneMinusBeta2, Eps float64
}

// Name implements graph.Op.
func (ApplyLambOp) Name() string { return "ApplyLamb" }

// Compose implements [Composed].
func (o ApplyLambOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, lr, unbiasM, unbiasV := decayed(in[0], in[7]), in[3], in[4], in[5], in[6]
	m, v := toward(in[1], g, o.OneMinusBeta1), toward(in[2], Square(g), o.OneMinusBeta2)
	x := Div(Mul(m, unbiasM), Offset(Sqrt(Mul(v, unbiasV)), o.Eps))
	ww, xx := ReduceSum(Square(w)), ReduceSum(Square(x))
	zero, one := ScalarLike(w, 0), ScalarLike(w, 1)
	ratio := Where(And(Greater(ww, zero), Greater(xx, zero)), Div(Sqrt(ww), Sqrt(xx)), one)
	return []*graph.Node{Sub(w, Mul(Mul(lr, ratio), x)), m, v}
}

// Sweepable implements [Sweepable].
func (ApplyLambOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyLambOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 4, 3)
}

// Ref implements [Referenced].
func (o ApplyLambOp) Ref(out, in []Array) {
	lr, unbiasM, unbiasV, decay := in[4].V[0], in[5].V[0], in[6].V[0], in[7].V[0]
	var ww, xx float64
	x := make([]float64, len(in[3].V))
	for i, g := range in[3].V {
		w, m, v := in[0].V[i], in[1].V[i], in[2].V[i]
		w -= w * decay
		m += (g - m) * o.OneMinusBeta1
		v += (g*g - v) * o.OneMinusBeta2
		x[i] = m * unbiasM / (math.Sqrt(v*unbiasV) + o.Eps)
		ww, xx = ww+w*w, xx+x[i]*x[i]
		out[0].V[i], out[1].V[i], out[2].V[i] = w, m, v
	}
	for i := range x {
		out[0].V[i] -= lr * TrustRatio(ww, xx) * x[i]
	}
}

// TrustRatio returns the root of ww/xx, the ratio of the norms of a parameter and of
// its update by their squares, or 1 if one of them is 0.
func TrustRatio(ww, xx float64) float64 {
	if ww > 0 && xx > 0 {
		return math.Sqrt(ww) / math.Sqrt(xx)
	}
	return 1
}
