package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyScaledOp is an optimizer's update by a gradient times its last input, a scalar of
// the gradient's dtype, and then limited to a size. It clips and unscales gradients
// without a pass of its own.
type ApplyScaledOp struct {
	Op Sweepable
	// Limit is the greatest size of an element; 0 for none.
	Limit float64
}

// Name implements graph.Op.
func (o ApplyScaledOp) Name() string { return o.Op.Name() }

// Compose implements [Composed].
func (o ApplyScaledOp) Compose(in []*graph.Node) []*graph.Node {
	last := len(in) - 1
	at := len(resultsOf(o.Op, in[:last])) // the gradient follows on what is updated
	g := Mul(in[at], in[last])
	if o.Limit > 0 {
		g = graph.Apply(ClipOp{Lo: -o.Limit, Hi: o.Limit}, g)
	}
	return picks(graph.Apply(o.Op, slices.Concat(in[:at], []*graph.Node{g}, in[at+1:last])...))
}

// Sweepable implements [Sweepable].
func (ApplyScaledOp) Sweepable() {}

// Infer implements graph.Op.
func (o ApplyScaledOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	last := len(in) - 1
	if want := tensor.S(in[0].DType); in[last] != want {
		return nil, fmt.Errorf("input %d is %v: want the scalar %v", last, in[last], want)
	}
	return o.Op.Infer(in[:last])
}

// Ref implements [Referenced].
func (o ApplyScaledOp) Ref(out, in []Array) {
	last, at := len(in)-1, len(out) // the gradient follows on what is updated
	g := NewArray(in[at].Spec)
	for i, x := range in[at].V {
		g.V[i] = x * in[last].V[0]
		if o.Limit > 0 {
			g.V[i] = ClipOp{Lo: -o.Limit, Hi: o.Limit}.Eval(g.V[i])
		}
	}
	Reference(o.Op, out, slices.Concat(in[:at], []Array{g}, in[at+1:last]))
}
