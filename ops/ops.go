// Package ops holds the operations of a graph, one file each: the function that
// applies it, its shape rule, its gradient, and its reference in plain float64
// loops, against which every fast kernel is tested.
//
// Functions panic with *graph.Error when the inputs do not fit. Operations of
// two inputs broadcast as NumPy does; their dtypes must be equal.
package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Differentiable is an operation of one result with a gradient.
type Differentiable interface {
	graph.Op
	// VJP returns, for every input of n, the product of the gradient dy of n's
	// result with n's Jacobian; nil where there is none. A product may keep the
	// broadcast shape of n: autodiff sums it down to the shape of the input.
	VJP(n, dy *graph.Node) []*graph.Node
}

// DifferentiableTuple is an operation of several results with a gradient.
// Gradients that are nil are zero.
type DifferentiableTuple interface {
	graph.Op
	VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node
}

// Array is a tensor in the reference: every dtype as float64, row-major.
type Array struct {
	tensor.Spec
	V []float64
}

// NewArray returns an array of zeros.
func NewArray(s tensor.Spec) Array { return Array{s, make([]float64, s.Shape.Size())} }

// Unary is an elementwise operation of one input.
type Unary interface {
	graph.Op
	Eval(x float64) float64
}

// Binary is an elementwise operation of two inputs that broadcast.
type Binary interface {
	graph.Op
	Eval(a, b float64) float64
}

// Ternary is an elementwise operation of three inputs that broadcast.
type Ternary interface {
	graph.Op
	Eval(a, b, c float64) float64
}

// Referenced is an operation with a reference of its own.
type Referenced interface {
	graph.Op
	Ref(out, in []Array)
}

// Reference runs the reference of op. Results are not yet rounded to their dtypes.
func Reference(op graph.Op, out, in []Array) {
	switch o := op.(type) {
	case Referenced:
		o.Ref(out, in)
	case Unary:
		for i, x := range in[0].V {
			out[0].V[i] = o.Eval(x)
		}
	case Binary:
		a, b := broadcastIndex(in[0].Shape, out[0].Shape), broadcastIndex(in[1].Shape, out[0].Shape)
		for i := range out[0].V {
			out[0].V[i] = o.Eval(in[0].V[a(i)], in[1].V[b(i)])
		}
	case Ternary:
		a, b, c := broadcastIndex(in[0].Shape, out[0].Shape), broadcastIndex(in[1].Shape, out[0].Shape), broadcastIndex(in[2].Shape, out[0].Shape)
		for i := range out[0].V {
			out[0].V[i] = o.Eval(in[0].V[a(i)], in[1].V[b(i)], in[2].V[c(i)])
		}
	default:
		panic(fmt.Sprintf("ops: %s has no reference", op.Name()))
	}
}

// broadcastIndex returns the function from a flat index into shape to to the
// flat index of the element of shape from that NumPy's broadcasting puts there.
func broadcastIndex(from, to tensor.Dims) func(int) int {
	if from == to {
		return func(i int) int { return i }
	}
	strides := BroadcastStrides(from, to)
	return func(i int) int {
		j := 0
		for a := to.Rank() - 1; a >= 0; a-- {
			d := to.At(a)
			j += i % d * strides.At(a)
			i /= d
		}
		return j
	}
}

// BroadcastStrides returns, for every axis of shape to, how far a step along it
// moves in a row-major array of shape from: 0 along axes that are broadcast.
func BroadcastStrides(from, to tensor.Dims) tensor.Dims {
	s, own := to, from.Strides()
	for a := range to.Rank() {
		s = s.With(a, 0)
		if b := a - (to.Rank() - from.Rank()); b >= 0 && from.At(b) != 1 {
			s = s.With(a, own.At(b))
		}
	}
	return s
}

// Broadcast returns the shape that a and b have after NumPy's broadcasting.
func Broadcast(a, b tensor.Dims) (tensor.Dims, error) {
	if a == b {
		return a, nil
	}
	if a.Rank() < b.Rank() {
		a, b = b, a
	}
	out, off := a, a.Rank()-b.Rank()
	for i := range b.Rank() {
		switch x, y := a.At(off+i), b.At(i); {
		case x == y || y == 1:
		case x == 1:
			out = out.With(off+i, y)
		default:
			return out, fmt.Errorf("shapes %v and %v do not broadcast: axes %d and %d", a, b, x, y)
		}
	}
	return out, nil
}

// one is the result of Infer for operations of a single result.
func one(dt tensor.DType, shape tensor.Dims) ([]tensor.Spec, error) {
	return []tensor.Spec{{DType: dt, Shape: shape}}, nil
}

// unary is the shape rule of elementwise operations on one float: same spec out.
type unary struct{}

// Infer implements graph.Op.
func (unary) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if !in[0].DType.IsFloat() {
		return nil, fmt.Errorf("x is %v: want a float dtype", in[0])
	}
	return in, nil
}

// numeric is the shape rule of elementwise operations on one number of any kind.
type numeric struct{}

// Infer implements graph.Op.
func (numeric) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if in[0].DType == tensor.Bool {
		return nil, fmt.Errorf("x is %v: want a number", in[0])
	}
	return in, nil
}

// identity is the shape rule of operations that keep any spec.
type identity struct{}

// Infer implements graph.Op.
func (identity) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return in, nil }

// binary is the shape rule of elementwise operations on two numbers of one dtype.
type binary struct{}

// Infer implements graph.Op.
func (binary) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferBinary(in, in[0].DType)
}

// comparison is the shape rule of elementwise questions about two values of one dtype.
type comparison struct{}

// Infer implements graph.Op.
func (comparison) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferBinary(in, tensor.Bool)
}

func inferBinary(in []tensor.Spec, out tensor.DType) ([]tensor.Spec, error) {
	a, b := in[0], in[1]
	if a.DType != b.DType {
		return nil, fmt.Errorf("a is %v, b is %v: want one dtype; ops.Cast converts", a, b)
	}
	shape, err := Broadcast(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	return one(out, shape)
}

// Scale returns c·x for a number c known now.
func Scale(x *graph.Node, c float64) *graph.Node { return Mul(x, constLike(x, c)) }

// Offset returns x+c for a number c known now.
func Offset(x *graph.Node, c float64) *graph.Node { return Add(x, constLike(x, c)) }

// constLike returns the scalar c of x's dtype.
func constLike(x *graph.Node, c float64) *graph.Node {
	return Full(x.Graph(), tensor.Spec{DType: x.DType()}, c)
}
