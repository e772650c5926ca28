package ops

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Split cuts x along an axis into parts of these sizes, which must add up to its
// length.
//
// Shapes: x [... N ...] -> part i [... sizes[i] ...]. DTypes: any. Gradient: x.
// Panics with *graph.Error unless x has the axis, and the sizes are not negative and
// add up to N.
//
// Source: ONNX Split.
func Split(x *graph.Node, axis int, sizes ...int) []*graph.Node {
	axis = axisOf("Split", x, axis, 0)
	if len(sizes) == 1 && sizes[0] == x.Shape().At(axis) {
		return []*graph.Node{x}
	}
	n := graph.Apply(SplitOp{axis, SizesOf(sizes...)}, x)
	parts := make([]*graph.Node, len(sizes))
	for i := range parts {
		parts[i] = graph.Pick(n, i)
	}
	return parts
}

// Sizes is a list of sizes: comparable as [tensor.Dims], but of any length.
type Sizes struct{ list string }

// SizesOf returns sizes as a Sizes.
func SizesOf(sizes ...int) Sizes {
	var b strings.Builder
	for i, n := range sizes {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return Sizes{b.String()}
}

// Slice returns the sizes as a fresh slice.
func (s Sizes) Slice() []int {
	fields := strings.Fields(s.list)
	sizes := make([]int, len(fields))
	for i, f := range fields {
		sizes[i], _ = strconv.Atoi(f)
	}
	return sizes
}

// String prints the sizes: [2 3], or [1×200] for many that are equal.
func (s Sizes) String() string {
	sizes := s.Slice()
	for _, n := range sizes {
		if len(sizes) <= tensor.MaxRank || n != sizes[0] {
			return "[" + s.list + "]"
		}
	}
	return fmt.Sprintf("[%d×%d]", sizes[0], len(sizes))
}

// SplitOp is the operation behind [Split]: one result for each of the sizes.
type SplitOp struct {
	Axis  int
	Sizes Sizes
}

// Name implements graph.Op.
func (SplitOp) Name() string { return "Split" }

// Compose implements [Composed].
func (o SplitOp) Compose(in []*graph.Node) []*graph.Node {
	x, at := in[0], 0
	var parts []*graph.Node
	for _, n := range o.Sizes.Slice() {
		parts = append(parts, SliceAxis(x, o.Axis, at, at+n))
		at += n
	}
	return parts
}

// Infer implements graph.Op.
func (o SplitOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x := in[0]
	if err := wantAxis(o.Axis, x); err != nil {
		return nil, err
	}
	sizes, length := o.Sizes.Slice(), x.Shape.At(o.Axis)
	specs, left := make([]tensor.Spec, len(sizes)), length
	for i, n := range sizes {
		specs[i] = tensor.Spec{DType: x.DType, Shape: x.Shape.With(o.Axis, n)}
		if left -= n; n < 0 || left < 0 {
			break
		}
	}
	if left != 0 || len(sizes) == 0 {
		return nil, fmt.Errorf("sizes %v on axis %d of x %v: want them to add up to %d", o.Sizes, o.Axis, x.Shape, length)
	}
	return specs, nil
}

// Ref implements [Referenced].
func (o SplitOp) Ref(out, in []Array) {
	row, at := in[0].Shape.From(o.Axis).Size(), 0
	for _, part := range out {
		n := part.Shape.From(o.Axis).Size()
		for i := range part.Shape.To(o.Axis).Size() {
			copy(part.V[i*n:][:n], in[0].V[i*row+at:])
		}
		at += n
	}
}

// VJPs implements [DifferentiableTuple]: the gradients of the parts, or zeros for a part
// without one, are joined again.
func (o SplitOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	parts := make([]*graph.Node, len(dy))
	for i, d := range dy {
		if parts[i] = d; d == nil {
			parts[i] = Full(n.Graph(), n.Specs()[i], 0)
		}
	}
	return []*graph.Node{Concat(o.Axis, parts...)}
}
