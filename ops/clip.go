package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Clip returns min(max(x, lo), hi), elementwise; NaN stays NaN. Either bound may be
// infinite.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x, where it is not clipped; at
// the bounds, too. Panics with *graph.Error unless lo <= hi and x is a number.
func Clip(x *graph.Node, lo, hi float64) *graph.Node {
	return graph.Apply(ClipOp{lo, hi}, x)
}

// ClipOp is the operation behind [Clip].
type ClipOp struct{ Lo, Hi float64 }

// Name implements graph.Op.
func (ClipOp) Name() string { return "Clip" }

// Compose implements [Composed].
func (o ClipOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	lo, hi := ScalarLike(x, o.Lo), ScalarLike(x, o.Hi)
	return []*graph.Node{Minimum(Maximum(x, lo), hi)}
}

// Infer implements graph.Op.
func (o ClipOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if !(o.Lo <= o.Hi) {
		return nil, fmt.Errorf("bounds %g and %g: want the first not above the second", o.Lo, o.Hi)
	}
	return in, wantNumber("x", in[0])
}

// Eval implements [Unary].
func (o ClipOp) Eval(x float64) float64 { return min(max(x, o.Lo), o.Hi) }

// EvalInt implements [UnaryInt].
func (o ClipOp) EvalInt(x int64) int64 {
	switch f := float64(x); {
	case f < o.Lo:
		return int64(o.Lo)
	case f > o.Hi:
		return int64(o.Hi)
	}
	return x
}

// EvalUint implements [UnaryUint].
func (o ClipOp) EvalUint(x uint64) uint64 {
	switch f := float64(x); {
	case f < o.Lo:
		return uint64(o.Lo)
	case f > o.Hi:
		return uint64(max(o.Hi, 0))
	}
	return x
}

// VJP: the slope is 1 from Lo to Hi, both included, and 0 outside.
func (o ClipOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(ClipGradOp{Lo: o.Lo, Hi: o.Hi}, n.In[0], dy)}
}

// ClipGradOp is dy where x is from Lo to Hi, both included, else 0: the gradient of [Clip] from
// what it clips.
type ClipGradOp struct {
	binaryFloat
	Lo, Hi float64
}

// Name implements graph.Op.
func (ClipGradOp) Name() string { return "ClipGrad" }

// Compose implements [Composed].
func (o ClipGradOp) Compose(in []*graph.Node) []*graph.Node {
	x, dy := in[0], in[1]
	inside := And(GreaterEqual(x, ScalarLike(x, o.Lo)), LessEqual(x, ScalarLike(x, o.Hi)))
	return []*graph.Node{Where(inside, dy, ScalarLike(dy, 0))}
}

// Eval implements [Binary].
func (o ClipGradOp) Eval(x, dy float64) float64 {
	if x >= o.Lo && x <= o.Hi {
		return dy
	}
	return 0
}

// VJP: linear in dy; as a step, it has no slope in x.
func (o ClipGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	return []*graph.Node{nil, graph.Apply(o, n.In[0], dz)}
}
