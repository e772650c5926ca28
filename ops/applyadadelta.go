package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAdadelta returns w and the moving means of the squared gradients, v, and of
// the squared updates, d, after a step of Adadelta:
//
//	w  = w - decay·w
//	v' = rho·v + (1-rho)·g²
//	x  = g·√(d + eps) / √(v' + eps)
//	d' = rho·d + (1-rho)·x²
//	w' = w - lr·x
//
// decay is the weight decay times lr.
//
// Shapes: w, v, d, g [...], lr, decay [] -> newW, newV, newD [...]. DTypes: floats,
// one for all. No gradient. Panics with *graph.Error if a shape or dtype differs from
// this.
//
// Source: Zeiler 2012, arXiv:1212.5701, algorithm 1; as in keras.optimizers.Adadelta.
func ApplyAdadelta(o ApplyAdadeltaOp, w, v, d, g, lr, decay *graph.Node) (newW, newV, newD *graph.Node) {
	n := graph.Apply(o, w, v, d, g, lr, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2)
}

// ApplyAdadeltaOp is the operation behind [ApplyAdadelta].
type ApplyAdadeltaOp struct {
	Rho, Eps float64
}

// Name implements graph.Op.
func (ApplyAdadeltaOp) Name() string { return "ApplyAdadelta" }

// Compose implements [Composed].
func (o ApplyAdadeltaOp) Compose(in []*graph.Node) []*graph.Node {
	w, d, g, lr, decay := in[0], in[2], in[3], in[4], in[5]
	v := Add(Scale(in[1], o.Rho), Scale(Square(g), 1-o.Rho))
	x := Div(Mul(g, Sqrt(Offset(d, o.Eps))), Sqrt(Offset(v, o.Eps)))
	d = Add(Scale(d, o.Rho), Scale(Square(x), 1-o.Rho))
	return []*graph.Node{Sub(decayed(w, decay), Mul(x, lr)), v, d}
}

// Sweepable implements [Sweepable].
func (ApplyAdadeltaOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAdadeltaOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 4, 2, 3)
}

// Ref implements [Referenced].
func (o ApplyAdadeltaOp) Ref(out, in []Array) {
	lr, decay := in[4].V[0], in[5].V[0]
	for i, g := range in[3].V {
		w, d := in[0].V[i], in[2].V[i]
		v := in[1].V[i]*o.Rho + g*g*(1-o.Rho)
		x := g * math.Sqrt(d+o.Eps) / math.Sqrt(v+o.Eps)
		out[0].V[i], out[1].V[i], out[2].V[i] = w-w*decay-x*lr, v, d*o.Rho+x*x*(1-o.Rho)
	}
}
