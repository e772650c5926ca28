package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// logical is the shape rule of elementwise operations on Bool.
type logical struct{}

// Infer implements graph.Op.
func (logical) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	for _, s := range in {
		if s.DType != tensor.Bool {
			return nil, fmt.Errorf("got %v: want bool; a comparison gives one", s)
		}
	}
	if len(in) == 1 {
		return in, nil
	}
	return inferBinary(in, tensor.Bool)
}

// And returns whether each of a and b is true, elementwise.
//
// Shapes: a, b broadcast. DTypes: Bool. No gradient. Panics with *graph.Error if a
// and b do not broadcast, or are not Bool.
func And(a, b *graph.Node) *graph.Node { return graph.Apply(AndOp{}, a, b) }

// AndOp is the operation behind [And].
type AndOp struct{ logical }

// Name implements graph.Op.
func (AndOp) Name() string { return "And" }

// Primitive implements [Primitive].
func (AndOp) Primitive() {}

// Eval implements [Binary].
func (AndOp) Eval(a, b float64) float64 { return a * b }

// Or returns whether one of a and b, or both, is true, elementwise.
//
// Shapes: a, b broadcast. DTypes: Bool. No gradient. Panics with *graph.Error if a
// and b do not broadcast, or are not Bool.
func Or(a, b *graph.Node) *graph.Node { return graph.Apply(OrOp{}, a, b) }

// OrOp is the operation behind [Or].
type OrOp struct{ logical }

// Name implements graph.Op.
func (OrOp) Name() string { return "Or" }

// Primitive implements [Primitive].
func (OrOp) Primitive() {}

// Eval implements [Binary].
func (OrOp) Eval(a, b float64) float64 { return max(a, b) }

// Xor returns whether one of a and b, but not both, is true, elementwise.
//
// Shapes: a, b broadcast. DTypes: Bool. No gradient. Panics with *graph.Error if a
// and b do not broadcast, or are not Bool.
func Xor(a, b *graph.Node) *graph.Node { return graph.Apply(XorOp{}, a, b) }

// XorOp is the operation behind [Xor].
type XorOp struct{ logical }

// Name implements graph.Op.
func (XorOp) Name() string { return "Xor" }

// Compose implements [Composed].
func (XorOp) Compose(in []*graph.Node) []*graph.Node {
	a, b := in[0], in[1]
	return []*graph.Node{NotEqual(a, b)}
}

// Eval implements [Binary].
func (XorOp) Eval(a, b float64) float64 { return truth(a != b) }

// Not returns whether x is false, elementwise.
//
// Shapes: x [...] -> [...]. DTypes: Bool. No gradient. Panics with *graph.Error
// unless x is Bool.
func Not(x *graph.Node) *graph.Node { return graph.Apply(NotOp{}, x) }

// NotOp is the operation behind [Not].
type NotOp struct{ logical }

// Name implements graph.Op.
func (NotOp) Name() string { return "Not" }

// Primitive implements [Primitive].
func (NotOp) Primitive() {}

// Eval implements [Unary].
func (NotOp) Eval(x float64) float64 { return 1 - x }
