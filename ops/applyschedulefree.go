package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyScheduleFree returns the parameters y, the sequence z and the mean square v
// after a step of schedule-free AdamW:
//
//	z  = y in the first step
//	y  = y - decay·y
//	v' = v + (g² - v)·(1-β2)
//	z' = z - lr·g / (√(unbias·v') + eps)
//	x  = (y - (1-β1)·z) / β1
//	x' = (1-part)·x + part·z'
//	y' = (1-β1)·z' + β1·x'
//
// unbias is 1/(1-β2^t) and part is 1/t for step t = 1, 2, ..., first is 1 in step 1
// and 0 later, decay is the weight decay times lr.
//
// Shapes: y, z, v, g [...], lr, unbias, part, decay, first [] -> newY, newZ, newV
// [...]. DTypes: floats, one for all. No gradient. Panics with *graph.Error if a
// shape or dtype differs from this.
//
// Source: Defazio et al. 2024, arXiv:2405.15682, algorithm 1; as in
// keras.optimizers.ScheduleFreeAdamW.
func ApplyScheduleFree(o ApplyScheduleFreeOp, y, z, v, g, lr, unbias, part, decay, first *graph.Node) (newY, newZ, newV *graph.Node) {
	n := graph.Apply(o, y, z, v, g, lr, unbias, part, decay, first)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyScheduleFreeOp is the operation behind [ApplyScheduleFree].
type ApplyScheduleFreeOp struct {
	Beta1, OneMinusBeta2, Eps float64
}

// Name implements graph.Op.
func (ApplyScheduleFreeOp) Name() string { return "ApplyScheduleFree" }

// Compose implements [Composed].
func (o ApplyScheduleFreeOp) Compose(in []*graph.Node) []*graph.Node {
	y, g, lr, unbias, part := in[0], in[3], in[4], in[5], in[6]
	z := Where(NotEqual(in[8], ScalarLike(y, 0)), y, in[1])
	y = decayed(y, in[7])
	v := toward(in[2], Square(g), o.OneMinusBeta2)
	next := Sub(z, Div(Mul(g, lr), Offset(Sqrt(Mul(v, unbias)), o.Eps)))
	x := Scale(Sub(y, Scale(z, 1-o.Beta1)), 1/o.Beta1)
	x = Add(Mul(x, Offset(Neg(part), 1)), Mul(next, part))
	return []*graph.Node{Add(Scale(next, 1-o.Beta1), Scale(x, o.Beta1)), next, v}
}

// Sweepable implements [Sweepable].
func (ApplyScheduleFreeOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyScheduleFreeOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 5, 3)
}

// Ref implements [Referenced].
func (o ApplyScheduleFreeOp) Ref(out, in []Array) {
	lr, unbias, part, decay, first := in[4].V[0], in[5].V[0], in[6].V[0], in[7].V[0], in[8].V[0]
	for i, g := range in[3].V {
		y, z, v := in[0].V[i], in[1].V[i], in[2].V[i]
		if first != 0 {
			z = y
		}
		y -= y * decay
		v += (g*g - v) * o.OneMinusBeta2
		next := z - g*lr/(math.Sqrt(v*unbias)+o.Eps)
		x := (y - z*(1-o.Beta1)) / o.Beta1
		x = x*(1-part) + next*part
		out[0].V[i], out[1].V[i], out[2].V[i] = next*(1-o.Beta1)+x*o.Beta1, next, v
	}
}
