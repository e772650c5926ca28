// Package ops holds the operations of a graph, one file each: the function that
// applies it, its shape rule, its gradient, and its reference in plain float64
// loops, against which every fast kernel is tested.
//
// Functions panic with *graph.Error when the inputs do not fit. Operations of
// two inputs broadcast as NumPy does; their dtypes must be equal. Elementwise
// operations keep the dtype; unless they say otherwise they take floats only,
// and float16 and bfloat16 are computed in float32 and rounded once.
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

// UnaryInt is a [Unary] operation that also takes integers. EvalInt is exact:
// it wraps around as Go's int64 does, and the low bits of its result are right
// for every narrower integer dtype, signed or not.
type UnaryInt interface {
	Unary
	EvalInt(x int64) int64
}

// UnaryUint is a [UnaryInt] operation for which a uint64 that no int64 can hold
// is not the same as the int64 of those bits.
type UnaryUint interface {
	UnaryInt
	EvalUint(x uint64) uint64
}

// BinaryInt is what [UnaryInt] is, for two inputs. Questions answer 0 or 1.
type BinaryInt interface {
	Binary
	EvalInt(a, b int64) int64
}

// BinaryUint is what [UnaryUint] is, for two inputs.
type BinaryUint interface {
	BinaryInt
	EvalUint(a, b uint64) uint64
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

// broadcastIndex returns the function from a flat index into shape to to the
// flat index of the element of shape from that NumPy's broadcasting puts there.
func broadcastIndex(from, to tensor.Dims) func(int) int {
	if from == to {
		return func(i int) int { return i }
	}
	return stridedIndex(to, BroadcastStrides(from, to))
}

// stridedIndex returns the function from a flat index into shape to the sum of its
// coordinates, each times the stride of its axis.
func stridedIndex(shape, strides tensor.Dims) func(int) int {
	return func(i int) int {
		j := 0
		for a := shape.Rank() - 1; a >= 0; a-- {
			d := shape.At(a)
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
	return in, wantFloat("x", in[0])
}

// numeric is the shape rule of elementwise operations on one number of any kind.
type numeric struct{}

// Infer implements graph.Op.
func (numeric) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return in, wantNumber("x", in[0])
}

// identity is the shape rule of operations that keep any spec.
type identity struct{}

// Infer implements graph.Op.
func (identity) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return in, nil }

// question is the shape rule of elementwise questions about one float.
type question struct{}

// Infer implements graph.Op.
func (question) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantFloat("x", in[0]); err != nil {
		return nil, err
	}
	return one(tensor.Bool, in[0].Shape)
}

// binary is the shape rule of elementwise operations on two numbers of one dtype.
type binary struct{}

// Infer implements graph.Op.
func (binary) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantNumber("a", in[0]); err != nil {
		return nil, err
	}
	return inferBinary(in, in[0].DType)
}

// binaryFloat is the shape rule of elementwise operations on two floats of one dtype.
type binaryFloat struct{}

// Infer implements graph.Op.
func (binaryFloat) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantFloat("a", in[0]); err != nil {
		return nil, err
	}
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

func wantFloat(name string, s tensor.Spec) error {
	if !s.DType.IsFloat() {
		return fmt.Errorf("%s is %v: want a float dtype; ops.Cast converts", name, s)
	}
	return nil
}

func wantNumber(name string, s tensor.Spec) error {
	if s.DType == tensor.Bool {
		return fmt.Errorf("%s is %v: want a number; ops.Cast converts", name, s)
	}
	return nil
}

func wantInt(name string, s tensor.Spec) error {
	if !s.DType.IsInt() {
		return fmt.Errorf("%s is %v: want an integer dtype; ops.Cast converts", name, s)
	}
	return nil
}

// wantAxis is the error of an attribute that names an axis which s does not have.
func wantAxis(axis int, s tensor.Spec) error {
	if axis < 0 || axis >= s.Rank() {
		return fmt.Errorf("axis %d of x %v: want 0 to %d", axis, s.Shape, s.Rank()-1)
	}
	return nil
}

// axisOf returns axis of x, which may count from the end, as a number from 0.
// More is how many axes the result has beyond those of x.
func axisOf(op string, x *graph.Node, axis, more int) int {
	rank := x.Rank() + more
	a := axis
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		panic(graph.Errorf("ops.%s: axis %d of x %v: want %d to %d", op, axis, x.Shape(), -rank, rank-1))
	}
	return a
}

// dimsOf is tensor.MakeDims that panics with *graph.Error.
func dimsOf(op string, dims []int) tensor.Dims {
	d, err := tensor.MakeDims(dims)
	if err != nil {
		panic(graph.Errorf("ops.%s: %v", op, err))
	}
	return d
}

// truth is 1 for true and 0 for false.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// truthInt is [truth] for integers.
func truthInt[T int64 | uint64](b bool) T {
	if b {
		return 1
	}
	return 0
}

// Scale returns c·x for a number c known now.
func Scale(x *graph.Node, c float64) *graph.Node { return Mul(x, constLike(x, c)) }

// Offset returns x+c for a number c known now.
func Offset(x *graph.Node, c float64) *graph.Node { return Add(x, constLike(x, c)) }

// constLike returns the scalar c of x's dtype.
func constLike(x *graph.Node, c float64) *graph.Node {
	return Full(x.Graph(), tensor.Spec{DType: x.DType()}, c)
}
