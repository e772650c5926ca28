package backend

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Strided is an operation some of whose inputs and results have gaps: they are parts
// of larger tensors, or have their axes in another order, and are read and written
// where they are. A plan asks for its kernel and makes copies where it does not exist.
// [Data] of such a value begins with its first element.
type Strided struct {
	Op graph.Op
	// In and Out are the distances of elements along each axis, in elements and not
	// negative; the zero Dims are those of a value without gaps.
	In, Out []tensor.Dims
}

// Name implements graph.Op.
func (s *Strided) Name() string { return s.Op.Name() }

// Infer implements graph.Op.
func (s *Strided) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return s.Op.Infer(in) }

// String prints the operation and the strides.
func (s *Strided) String() string {
	return fmt.Sprintf("%s of strides %v to %v", graph.Describe(s.Op), s.In, s.Out)
}
