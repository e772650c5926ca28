package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyNadam returns w and the moments m and v after a step of Nadam:
//
//	w  = w - decay·w
//	m' = m + (g - m)·(1-β1)
//	v' = v + (g² - v)·(1-β2)
//	w' = w - (ofM·m' + ofG·g) / (√(unbias·v') + eps)
//
// ofM and ofG are the learning rate with the corrections of the momentum that looks
// ahead, unbias is 1/(1-β2^t) for step t = 1, 2, ..., decay is the weight decay times
// lr.
//
// Shapes: w, m, v, g [...], ofM, ofG, unbias, decay [] -> newW, newM, newV [...].
// DTypes: floats, one for all. No gradient. Panics with *graph.Error if a shape or
// dtype differs from this.
//
// Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam"; as in
// keras.optimizers.Nadam.
func ApplyNadam(o ApplyNadamOp, w, m, v, g, ofM, ofG, unbias, decay *graph.Node) (newW, newM, newV *graph.Node) {
	n := graph.Apply(o, w, m, v, g, ofM, ofG, unbias, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyNadamOp is the operation behind [ApplyNadam].
type ApplyNadamOp struct {
	OneMinusBeta1, OneMinusBeta2, Eps float64
}

// Name implements graph.Op.
func (ApplyNadamOp) Name() string { return "ApplyNadam" }

// Compose implements [Composed].
func (o ApplyNadamOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, ofM, ofG, unbias, decay := in[0], in[3], in[4], in[5], in[6], in[7]
	m, v := toward(in[1], g, o.OneMinusBeta1), toward(in[2], Square(g), o.OneMinusBeta2)
	step := Div(Add(Mul(m, ofM), Mul(g, ofG)), Offset(Sqrt(Mul(v, unbias)), o.Eps))
	return []*graph.Node{Sub(decayed(w, decay), step), m, v}
}

// Sweepable implements [Sweepable].
func (ApplyNadamOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyNadamOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 4, 3)
}

// Ref implements [Referenced].
func (o ApplyNadamOp) Ref(out, in []Array) {
	ofM, ofG, unbias, decay := in[4].V[0], in[5].V[0], in[6].V[0], in[7].V[0]
	for i, g := range in[3].V {
		w, m, v := in[0].V[i], in[1].V[i], in[2].V[i]
		m += (g - m) * o.OneMinusBeta1
		v += (g*g - v) * o.OneMinusBeta2
		out[0].V[i] = w - w*decay - (m*ofM+g*ofG)/(math.Sqrt(v*unbias)+o.Eps)
		out[1].V[i], out[2].V[i] = m, v
	}
}
