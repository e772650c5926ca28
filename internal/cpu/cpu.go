// Package cpu holds the kernels for the processor that glia runs on: a table from
// operation types to kernels. Operations without one are computed by their references.
package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Kernels is the table of this package's kernels.
type Kernels struct{}

// Name implements backend.Kernels.
func (Kernels) Name() string { return "cpu" }

// maker returns a kernel of an operation for results and inputs of given specs, or nil if
// it does not support them.
type maker func(op graph.Op, out, in []tensor.Spec) backend.Kernel

var makers = map[reflect.Type]maker{}

// register adds the kernel of one operation type.
func register[O graph.Op](f func(op O, out, in []tensor.Spec) backend.Kernel) {
	makers[reflect.TypeFor[O]()] = func(op graph.Op, out, in []tensor.Spec) backend.Kernel {
		return f(op.(O), out, in)
	}
}

// Kernel implements backend.Kernels.
func (Kernels) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if m := makers[reflect.TypeOf(op)]; m != nil {
		if k := m(op, out, in); k != nil {
			return k
		}
	}
	return newElementwise(op, out, in)
}

// inPlace maps operation types to the functions that InPlace asks.
var inPlace = map[reflect.Type]func(op graph.Op, result, input int) bool{}

// overwrites registers one operation type whose kernel may compute a result in the memory
// of an input: f is its InPlace.
func overwrites[O graph.Op](f func(op O, result, input int) bool) {
	inPlace[reflect.TypeFor[O]()] = func(op graph.Op, result, input int) bool { return f(op.(O), result, input) }
}

// InPlace implements backend.Kernels. Elementwise kernels work in place, updates on their
// parameters and slots, others as registered by overwrites.
func (Kernels) InPlace(op graph.Op, result, input int) bool {
	if f := inPlace[reflect.TypeOf(op)]; f != nil {
		return f(op, result, input)
	}
	switch op.(type) {
	case ops.Sweepable:
		return input == result
	case ops.Unary, ops.Binary, ops.Ternary:
		return true
	}
	return false
}

func floats(b backend.Buf) []float32 { return backend.Data[float32](b) }

// all reports whether every spec has dtype dt.
func all(dt tensor.DType, specs ...[]tensor.Spec) bool {
	for _, list := range specs {
		for _, s := range list {
			if s.DType != dt {
				return false
			}
		}
	}
	return true
}
