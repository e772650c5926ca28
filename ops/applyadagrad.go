package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAdagrad returns w and the sum of squared gradients after a step of Adagrad:
//
//	w    = w - decay·w
//	acc' = acc + g²
//	w'   = w - lr·g / √(acc' + eps)
//
// decay is the weight decay times lr.
//
// Shapes: w, acc, g [...], lr, decay [] -> newW, newAcc [...]. DTypes: floats, one
// for all. No gradient. Panics with *graph.Error if a shape or dtype differs from
// this.
//
// Source: Duchi, Hazan, Singer 2011, "Adaptive Subgradient Methods for Online Learning
// and Stochastic Optimization"; as in keras.optimizers.Adagrad.
func ApplyAdagrad(o ApplyAdagradOp, w, acc, g, lr, decay *graph.Node) (newW, newAcc *graph.Node) {
	n := graph.Apply(o, w, acc, g, lr, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// ApplyAdagradOp is the operation behind [ApplyAdagrad].
type ApplyAdagradOp struct {
	Eps float64
}

// Name implements graph.Op.
func (ApplyAdagradOp) Name() string { return "ApplyAdagrad" }

// Compose implements [Composed].
func (o ApplyAdagradOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, lr, decay := in[0], in[2], in[3], in[4]
	acc := Add(in[1], Square(g))
	return []*graph.Node{Sub(decayed(w, decay), Div(Mul(g, lr), Sqrt(Offset(acc, o.Eps)))), acc}
}

// Sweepable implements [Sweepable].
func (ApplyAdagradOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAdagradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 3, 2, 2)
}

// Ref implements [Referenced].
func (o ApplyAdagradOp) Ref(out, in []Array) {
	lr, decay := in[3].V[0], in[4].V[0]
	for i, g := range in[2].V {
		w, acc := in[0].V[i], in[1].V[i]+g*g
		out[0].V[i], out[1].V[i] = w-w*decay-g*lr/math.Sqrt(acc+o.Eps), acc
	}
}
