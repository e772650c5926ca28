// Package cpu is the backend for the processor that glia runs on: a table from
// operation types to kernels. What the table lacks, the plan computes with the
// operation's reference.
package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Backend is the processor.
type Backend struct{}

// Name implements backend.Backend.
func (Backend) Name() string { return "cpu" }

// maker makes a kernel of an operation for results and inputs of given specs,
// or returns nil if it does not cover them.
type maker func(op graph.Op, out, in []tensor.Spec) backend.Kernel

var makers = map[reflect.Type]maker{}

// register adds the kernel of one operation type.
func register[O graph.Op](f func(op O, out, in []tensor.Spec) backend.Kernel) {
	makers[reflect.TypeFor[O]()] = func(op graph.Op, out, in []tensor.Spec) backend.Kernel {
		return f(op.(O), out, in)
	}
}

// Kernel implements backend.Backend.
func (Backend) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if m := makers[reflect.TypeOf(op)]; m != nil {
		if k := m(op, out, in); k != nil {
			return k
		}
	}
	return newElementwise(op, out, in)
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
