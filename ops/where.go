package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Where returns a where cond is true, else b, elementwise.
//
// Shapes: cond, a, b broadcast. DTypes: cond Bool, a and b any, one for both.
// Gradient: a, b. Panics with *graph.Error if they do not broadcast or a dtype
// differs from this.
//
// Source: numpy.where.
func Where(cond, a, b *graph.Node) *graph.Node { return graph.Apply(WhereOp{}, cond, a, b) }

// WhereOp is the operation behind [Where].
type WhereOp struct{}

// Name implements graph.Op.
func (WhereOp) Name() string { return "Where" }

// Primitive implements [Primitive].
func (WhereOp) Primitive() {}

// Infer implements graph.Op.
func (WhereOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if in[0].DType != tensor.Bool {
		return nil, fmt.Errorf("cond is %v: want bool; a comparison gives one", in[0])
	}
	ab, err := inferBinary(in[1:], in[1].DType)
	if err != nil {
		return nil, err
	}
	shape, err := Broadcast(in[0].Shape, ab[0].Shape)
	if err != nil {
		return nil, fmt.Errorf("cond and the choice: %w", err)
	}
	return one(in[1].DType, shape)
}

// Eval implements [Ternary].
func (WhereOp) Eval(cond, a, b float64) float64 {
	if cond != 0 {
		return a
	}
	return b
}

// VJP: the gradient goes to the side that was taken.
func (WhereOp) VJP(n, dy *graph.Node) []*graph.Node {
	zero := ScalarLike(dy, 0)
	return []*graph.Node{nil, Where(n.In[0], dy, zero), Where(n.In[0], zero, dy)}
}
