package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// padInConv lets a convolution, and its gradient by the kernel, pad the images that they read
// with zeros.
func padInConv(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	pad, ok := in0[ops.PadOp](in)
	if !ok || pad.Value != 0 || !onlyPlaces(pad.Before) || !onlyPlaces(pad.After) {
		return nil
	}
	x := in[0].In[0]
	low, high := ops.Places(pad.Before), ops.Places(pad.After)
	switch op := n.Op.(type) {
	case ops.ConvOp:
		if in[1].Shape().To(x.Rank()-2).Size() == 1 { // a product of matrices
			return nil
		}
		op.Low, op.High = plus(op.Low, low), plus(op.High, high)
		return s.applyIfFits(op, x, in[1])
	case ops.ConvKernelGradOp:
		if op.Size.Size() == 1 {
			return nil
		}
		op.Low, op.High = plus(op.Low, low), plus(op.High, high)
		return s.applyIfFits(op, x, in[1])
	}
	return nil
}

// sliceInConv lets the gradient of a convolution by its input leave out places that are cut off
// it: those that were padding.
func sliceInConv(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	cut, ok := n.Op.(ops.SliceOp)
	if !ok {
		return nil
	}
	op, ok := in0[ops.ConvInputGradOp](in)
	if !ok || s.uses[n.In[0]] > 1 || slices.Max(cut.Step.Slice()) > 1 {
		return nil
	}
	whole, last := in[0].Shape(), in[0].Rank()-1
	if cut.Size.At(0) != whole.At(0) || cut.Size.At(last) != whole.At(last) || in[0].In[1].Shape().To(last-1).Size() == 1 {
		return nil
	}
	start, size := ops.Places(cut.Start), ops.Places(cut.Size)
	for i := range size.Rank() {
		op.Low = op.Low.With(i, op.Low.At(i)+start.At(i))
		op.High = op.High.With(i, op.High.At(i)+op.Size.At(i)-start.At(i)-size.At(i))
	}
	op.Size = size
	return s.applyIfFits(op, in[0].In...)
}

// in0 returns the operation of the first input, if it is of a type.
func in0[O graph.Op](in []*graph.Node) (op O, ok bool) {
	if len(in) > 0 {
		op, ok = in[0].Op.(O)
	}
	return op, ok
}

// onlyPlaces reports whether padding is of places alone, not of images or channels.
func onlyPlaces(pad tensor.Dims) bool {
	return pad.Rank() > 2 && pad.At(0) == 0 && pad.At(-1) == 0
}

// plus returns the sums of the numbers of two lists.
func plus(a, b tensor.Dims) tensor.Dims {
	for i := range a.Rank() {
		a = a.With(i, a.At(i)+b.At(i))
	}
	return a
}

// applyIfFits applies an operation, or returns nil if it does not take such inputs.
func (s *rewriter) applyIfFits(op graph.Op, in ...*graph.Node) *graph.Node {
	if _, err := op.Infer(specsOf(in)); err != nil {
		return nil
	}
	return s.g.Apply(op, in...)
}
