package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyLion returns w and the moment m after a step of Lion:
//
//	w  = w - decay·w
//	w' = w - lr·sign(β1·m + (1-β1)·g)
//	m' = β2·m + (1-β2)·g
//
// decay is the weight decay times lr.
//
// Shapes: w, m, g [...], lr, decay [] -> newW, newM [...]. DTypes: floats, one for
// all. No gradient. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: Chen et al. 2023, arXiv:2302.06675, program 1; as in keras.optimizers.Lion.
func ApplyLion(o ApplyLionOp, w, m, g, lr, decay *graph.Node) (newW, newM *graph.Node) {
	n := graph.Apply(o, w, m, g, lr, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// ApplyLionOp is the operation behind [ApplyLion].
type ApplyLionOp struct {
	Beta1, Beta2 float64
}

// Name implements graph.Op.
func (ApplyLionOp) Name() string { return "ApplyLion" }

// Compose implements [Composed].
func (o ApplyLionOp) Compose(in []*graph.Node) []*graph.Node {
	w, m, g, lr, decay := in[0], in[1], in[2], in[3], in[4]
	step := Sign(Add(Scale(m, o.Beta1), Scale(g, 1-o.Beta1)))
	return []*graph.Node{Sub(decayed(w, decay), Mul(lr, step)), Add(Scale(m, o.Beta2), Scale(g, 1-o.Beta2))}
}

// Sweepable implements [Sweepable].
func (ApplyLionOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyLionOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 3, 2, 2)
}

// Ref implements [Referenced].
func (o ApplyLionOp) Ref(out, in []Array) {
	lr, decay := in[3].V[0], in[4].V[0]
	for i, g := range in[2].V {
		w, m := in[0].V[i], in[1].V[i]
		out[0].V[i] = w - w*decay - lr*SignOp{}.Eval(m*o.Beta1+g*(1-o.Beta1))
		out[1].V[i] = m*o.Beta2 + g*(1-o.Beta2)
	}
}
