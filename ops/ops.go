// Package ops holds the operations of a graph, one file each: the function that
// applies it, its shape rule, its gradient, and its reference in plain float64
// loops, against which every fast kernel is tested.
//
// Functions panic with *graph.Error when the inputs do not fit, as each one says, and
// when an input is nil or of another graph or a result would exceed any memory.
// "Shapes: a, b broadcast" is NumPy's broadcasting. Shapes name axes: x [... N ...] has
// an axis N anywhere, [] is a scalar. Elementwise operations keep the dtype, and compute
// float16 and bfloat16 in float32, rounded once.
package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Differentiable is an operation of one result with a gradient.
type Differentiable interface {
	graph.Op
	// VJP returns, for every input of n, the product of the gradient dy of n's result
	// with n's Jacobian; nil for an input without a gradient. A product may keep the
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

// UnaryInt is a [Unary] operation that also takes integers. EvalInt is exact:
// it wraps around as Go's int64 does, and the low bits of its result are right
// for every narrower integer dtype, signed or not.
type UnaryInt interface {
	Unary
	EvalInt(x int64) int64
}

// UnaryUint is a [UnaryInt] operation that needs a function of its own for uint64, since
// it treats values above the greatest int64 unlike the int64 of the same bits.
type UnaryUint interface {
	UnaryInt
	EvalUint(x uint64) uint64
}

// BinaryInt is [UnaryInt] for two inputs. Comparisons return 0 or 1.
type BinaryInt interface {
	Binary
	EvalInt(a, b int64) int64
}

// BinaryUint is [UnaryUint] for two inputs.
type BinaryUint interface {
	BinaryInt
	EvalUint(a, b uint64) uint64
}

// Ternary is an elementwise operation of three inputs that broadcast.
type Ternary interface {
	graph.Op
	Eval(a, b, c float64) float64
}

// Tuple is an elementwise operation of several results: its inputs broadcast, and each
// result has the shape that they give.
type Tuple interface {
	graph.Op
	// EvalAll returns one element of each result for one of each input.
	EvalAll(x Elements) Elements
}

// Elements holds one element of each input, or of each result, of a [Tuple].
type Elements [8]float64

// Referenced is an operation whose reference is not a function of single elements.
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
		f := evalUnary(o, in[0].DType)
		for i, x := range in[0].V {
			out[0].V[i] = f(x)
		}
	case Binary:
		f := evalBinary(o, in[0].DType)
		a, b := broadcastIndex(in[0].Shape, out[0].Shape), broadcastIndex(in[1].Shape, out[0].Shape)
		for i := range out[0].V {
			out[0].V[i] = f(in[0].V[a(i)], in[1].V[b(i)])
		}
	case Ternary:
		a, b, c := broadcastIndex(in[0].Shape, out[0].Shape), broadcastIndex(in[1].Shape, out[0].Shape), broadcastIndex(in[2].Shape, out[0].Shape)
		for i := range out[0].V {
			out[0].V[i] = o.Eval(in[0].V[a(i)], in[1].V[b(i)], in[2].V[c(i)])
		}
	case Tuple:
		at := make([]func(int) int, len(in))
		for j, a := range in {
			at[j] = broadcastIndex(a.Shape, out[0].Shape)
		}
		for i := range out[0].V {
			var x Elements
			for j, a := range in {
				x[j] = a.V[at[j](i)]
			}
			y := o.EvalAll(x)
			for r := range out {
				out[r].V[i] = y[r]
			}
		}
	default:
		panic(fmt.Sprintf("ops: %s has no reference", op.Name()))
	}
}

// evalUnary returns the function of o for numbers of dtype dt.
func evalUnary(o Unary, dt tensor.DType) func(float64) float64 {
	if u, ok := o.(UnaryUint); ok && dt == tensor.Uint64 {
		return func(x float64) float64 { return float64(u.EvalUint(uint64(x))) }
	}
	if n, ok := o.(UnaryInt); ok && dt.IsInt() {
		return func(x float64) float64 { return float64(n.EvalInt(int64(x))) }
	}
	return o.Eval
}

// evalBinary returns the function of o for numbers of dtype dt.
func evalBinary(o Binary, dt tensor.DType) func(a, b float64) float64 {
	if u, ok := o.(BinaryUint); ok && dt == tensor.Uint64 {
		return func(a, b float64) float64 { return float64(u.EvalUint(uint64(a), uint64(b))) }
	}
	if n, ok := o.(BinaryInt); ok && dt.IsInt() {
		return func(a, b float64) float64 { return float64(n.EvalInt(int64(a), int64(b))) }
	}
	return o.Eval
}

// Wrap returns v converted to the integer dtype dt by keeping its low bits.
func Wrap(dt tensor.DType, v float64) float64 {
	turn := math.Ldexp(1, 8*dt.Size())
	least, most := -turn/2, turn/2
	if dt.IsUnsigned() {
		least, most = 0, turn
	}
	if v >= least && v < most {
		return v
	}
	v = math.Mod(v, turn)
	switch {
	case v < least:
		v += turn
	case v >= most:
		v -= turn
	}
	return v
}

// Scale returns c·x for a number c known now.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x. Panics with *graph.Error if
// x is Bool.
func Scale(x *graph.Node, c float64) *graph.Node { return Mul(x, ScalarLike(x, c)) }

// Offset returns x+c for a number c known now.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x. Panics with *graph.Error if
// x is Bool.
func Offset(x *graph.Node, c float64) *graph.Node { return Add(x, ScalarLike(x, c)) }

// ScalarLike returns the scalar c of x's dtype: a number to broadcast against x.
//
// Shapes: x [...] -> []. DTypes: any. No gradient. Never panics.
func ScalarLike(x *graph.Node, c float64) *graph.Node {
	return Full(x.Graph(), tensor.Spec{DType: x.DType()}, c)
}
