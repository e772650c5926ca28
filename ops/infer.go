package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// one returns the specs of a single result.
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

// wantAxis returns an error unless s has the axis.
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

// dimsOf returns dims as tensor.MakeDims does, but panics with *graph.Error.
func dimsOf(op string, dims []int) tensor.Dims {
	d, err := tensor.MakeDims(dims)
	if err != nil {
		panic(graph.Errorf("ops.%s: %v", op, err))
	}
	return d
}

// truth returns 1 for true and 0 for false.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// truthInt returns [truth] as an integer.
func truthInt[T int64 | uint64](b bool) T {
	if b {
		return 1
	}
	return 0
}

// wantSame returns an error unless all inputs have one spec.
func wantSame(in []tensor.Spec) error {
	for i, s := range in {
		if s != in[0] {
			return fmt.Errorf("input %d is %v: want %v, as input 0", i, s, in[0])
		}
	}
	return nil
}

// oneOf returns [one] of a shape joined from parts, or an error if it has too many axes.
func oneOf(dt tensor.DType, parts ...tensor.Dims) ([]tensor.Spec, error) {
	var all []int
	for _, p := range parts {
		all = append(all, p.Slice()...)
	}
	shape, err := tensor.MakeDims(all)
	return []tensor.Spec{{DType: dt, Shape: shape}}, err
}
