package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyFtrl returns w, the sum of squared gradients n and the linear term z after a
// step of Follow The Regularized Leader:
//
//	w  = w - decay·w
//	n' = n + g²
//	z' = z + g + shrink·w - inv·(n'^power - n^power)·w
//	w' = (clip(z', -l1, l1) - z') / (inv·n'^power + l2)
//
// inv is 1/lr, l2 is 2·(the L2 strength) + beta/lr, decay is the weight decay times lr.
//
// Shapes: w, n, z, g [...], inv, l2, decay [] -> newW, newN, newZ [...]. DTypes:
// floats, one for all. No gradient. Panics with *graph.Error if a shape or dtype
// differs from this.
//
// Source: McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches",
// algorithm 1; as in keras.optimizers.Ftrl.
func ApplyFtrl(o ApplyFtrlOp, w, n, z, g, inv, l2, decay *graph.Node) (newW, newN, newZ *graph.Node) {
	node := graph.Apply(o, w, n, z, g, inv, l2, decay)
	return graph.Pick(node, 0), graph.Pick(node, 1), graph.Pick(node, 2)
}

// ApplyFtrlOp is the operation behind [ApplyFtrl].
type ApplyFtrlOp struct {
	// Power is the exponent of the sums: minus Keras's learning_rate_power.
	Power float64
	// L1 is the L1 regularization strength.
	L1 float64
	// Shrink is twice the L2 shrinkage regularization strength.
	Shrink float64
}

// Name implements graph.Op.
func (ApplyFtrlOp) Name() string { return "ApplyFtrl" }

// Compose implements [Composed].
func (o ApplyFtrlOp) Compose(in []*graph.Node) []*graph.Node {
	w, g, inv, l2 := decayed(in[0], in[6]), in[3], in[4], in[5]
	power := ScalarLike(w, o.Power)
	n := Add(in[1], Square(g))
	before, after := Pow(in[1], power), Pow(n, power)
	z := Sub(Add(in[2], Add(g, Scale(w, o.Shrink))), Mul(Mul(Sub(after, before), inv), w))
	w = Div(Sub(graph.Apply(ClipOp{Lo: -o.L1, Hi: o.L1}, z), z), Add(Mul(after, inv), l2))
	return []*graph.Node{w, n, z}
}

// Sweepable implements [Sweepable].
func (ApplyFtrlOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyFtrlOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 3, 3)
}

// Ref implements [Referenced].
func (o ApplyFtrlOp) Ref(out, in []Array) {
	inv, l2, decay := in[4].V[0], in[5].V[0], in[6].V[0]
	for i, g := range in[3].V {
		w, n := in[0].V[i], in[1].V[i]
		w -= w * decay
		before := math.Pow(n, o.Power)
		n += g * g
		after := math.Pow(n, o.Power)
		z := in[2].V[i] + (g + w*o.Shrink) - (after-before)*inv*w
		out[0].V[i] = (min(max(z, -o.L1), o.L1) - z) / (after*inv + l2)
		out[1].V[i], out[2].V[i] = n, z
	}
}
