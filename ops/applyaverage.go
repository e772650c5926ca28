package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAverage returns the moving average of w after a step, and w:
//
//	avg' = keep·avg + (1-keep)·w
//	w'   = avg' where replace is not 0, else w
//
// Shapes: avg, w [...], keep, replace [] -> newAvg, newW [...]. DTypes: floats, one
// for all. No gradient. Panics with *graph.Error if a shape or dtype differs from
// this.
//
// Source: Polyak, Juditsky 1992, "Acceleration of Stochastic Approximation by
// Averaging"; as in keras.optimizers.Optimizer with use_ema.
func ApplyAverage(avg, w, keep, replace *graph.Node) (newAvg, newW *graph.Node) {
	n := graph.Apply(ApplyAverageOp{}, avg, w, keep, replace)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// ApplyAverageOp is the operation behind [ApplyAverage].
type ApplyAverageOp struct {
	// Fixed keeps w: there is no input replace, and the average is the only result.
	Fixed bool
}

// Name implements graph.Op.
func (ApplyAverageOp) Name() string { return "ApplyAverage" }

// Compose implements [Composed].
func (o ApplyAverageOp) Compose(in []*graph.Node) []*graph.Node {
	w, keep := in[1], in[2]
	avg := Add(Mul(in[0], keep), Mul(w, Offset(Neg(keep), 1)))
	if o.Fixed {
		return []*graph.Node{avg}
	}
	return []*graph.Node{avg, Where(Equal(in[3], ScalarLike(w, 0)), w, avg)}
}

// Sweepable implements [Sweepable].
func (ApplyAverageOp) Sweepable() {}

// Infer implements graph.Op.
func (o ApplyAverageOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if o.Fixed {
		return inferSweep(in, 2, 1, 1)
	}
	return inferSweep(in, 2, 2, 2)
}

// Ref implements [Referenced].
func (o ApplyAverageOp) Ref(out, in []Array) {
	keep := in[2].V[0]
	for i, w := range in[1].V {
		avg := in[0].V[i]*keep + w*(1-keep)
		out[0].V[i] = avg
		if !o.Fixed {
			out[1].V[i] = w
			if in[3].V[0] != 0 {
				out[1].V[i] = avg
			}
		}
	}
}
