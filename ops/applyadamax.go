package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAdamax returns w, the moment m and the norm u after a step of Adamax:
//
//	w  = w - decay·w
//	m' = m + (g - m)·(1-β1)
//	u' = max(β2·u, |g|)
//	w' = w - alpha·m' / (u' + eps)
//
// alpha is lr/(1-β1^t) for step t = 1, 2, ...; decay is the weight decay times lr.
//
// Shapes: w, m, u, g [...], alpha, decay [] -> newW, newM, newU [...]. DTypes:
// floats, one for all. No gradient. Panics with *graph.Error if a shape or dtype
// differs from this.
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 7.1; as in keras.optimizers.Adamax.
func ApplyAdamax(o ApplyAdamaxOp, w, m, u, g, alpha, decay *graph.Node) (newW, newM, newU *graph.Node) {
	n := graph.Apply(o, w, m, u, g, alpha, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyAdamaxOp is the operation behind [ApplyAdamax].
type ApplyAdamaxOp struct {
	OneMinusBeta1, Beta2, Eps float64
}

// Name implements graph.Op.
func (ApplyAdamaxOp) Name() string { return "ApplyAdamax" }

// Compose implements [Composed].
func (o ApplyAdamaxOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, alpha, decay := in[0], in[3], in[4], in[5]
	m, u := toward(in[1], g, o.OneMinusBeta1), Maximum(Scale(in[2], o.Beta2), Abs(g))
	return []*graph.Node{Sub(decayed(w, decay), Div(Mul(m, alpha), Offset(u, o.Eps))), m, u}
}

// Sweepable implements [Sweepable].
func (ApplyAdamaxOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAdamaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 2, 3)
}

// Ref implements [Referenced].
func (o ApplyAdamaxOp) Ref(out, in []Array) {
	alpha, decay := in[4].V[0], in[5].V[0]
	for i, g := range in[3].V {
		w, m := in[0].V[i], in[1].V[i]
		m += (g - m) * o.OneMinusBeta1
		u := max(in[2].V[i]*o.Beta2, math.Abs(g))
		out[0].V[i], out[1].V[i], out[2].V[i] = w-w*decay-m*alpha/(u+o.Eps), m, u
	}
}
