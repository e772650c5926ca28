package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/tensor"
)

// Dropout sets elements of x to 0, each with probability rate, and divides the
// others by 1-rate: those where the element of [RandomUniform] with the same seed
// and stream is less than float32(rate) go.
//
// Shapes: x [...], seed [2] -> [...]. DTypes: x float, seed Uint64. Gradient: x.
// Panics with *graph.Error unless 0 <= rate < 1, or if a shape or dtype differs from
// this.
//
// Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks
// from Overfitting".
func Dropout(x, seed *graph.Node, rate float64, stream uint32) *graph.Node {
	if rate == 0 {
		return x
	}
	return graph.Apply(DropoutOp{rate, stream}, x, seed)
}

// DropoutOp is the operation behind [Dropout].
type DropoutOp struct {
	Rate   float64
	Stream uint32
}

// Name implements graph.Op.
func (DropoutOp) Name() string { return "Dropout" }

// Compose implements [Composed].
func (o DropoutOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	u := RandomUniform(in[1], tensor.Spec{DType: tensor.Float32, Shape: x.Shape()}, o.Stream)
	kept := GreaterEqual(u, ScalarLike(u, float64(float32(o.Rate))))
	scale := float64(1 / (1 - float32(o.Rate)))
	return []*graph.Node{Where(kept, Scale(x, scale), ScalarLike(x, 0))}
}

// Infer implements graph.Op.
func (o DropoutOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if !(o.Rate >= 0 && o.Rate < 1) || float32(o.Rate) == 1 {
		return nil, fmt.Errorf("rate %g: want 0 to 1, less than 1", o.Rate)
	}
	if err := wantFloat("x", in[0]); err != nil {
		return nil, err
	}
	return in[:1], wantSeed(in[1])
}

// Ref implements [Referenced].
func (o DropoutOp) Ref(out, in []Array) {
	key, stream := seedOf(in[1], o.Stream)
	setFloat32(out[0].V, func(v []float32) { kern.DropoutMask(v, key, stream, 0, float32(o.Rate)) })
	for i, mask := range out[0].V {
		if mask != 0 { // 0·∞ is NaN
			out[0].V[i] = in[0].V[i] * mask
		}
	}
}

// VJP: the gradient passes where x did.
func (o DropoutOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(o, dy, n.In[1]), nil}
}
