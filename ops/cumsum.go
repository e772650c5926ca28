package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// CumSum returns the sums of the elements of x up to each one, itself included,
// along an axis. Axis -1 is the last. [CumSumOp] has more choices.
//
// Shapes: x [...] -> [...]. DTypes: numbers. Gradient: x. Panics with *graph.Error if
// x is Bool or does not have the axis.
//
// Source: ONNX CumSum.
func CumSum(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(CumSumOp{Axis: axisOf("CumSum", x, axis, 0)}, x)
}

// CumSumOp is the operation behind [CumSum]. Exclusive excludes the element itself from
// its sum; Reverse sums from the end.
type CumSumOp struct {
	Axis               int
	Exclusive, Reverse bool
}

// Name implements graph.Op.
func (CumSumOp) Name() string { return "CumSum" }

// Primitive implements [Primitive].
func (CumSumOp) Primitive() {}

// Infer implements graph.Op.
func (o CumSumOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantAxis(o.Axis, in[0]); err != nil {
		return nil, err
	}
	return in, wantNumber("x", in[0])
}

// Ref implements [Referenced].
func (o CumSumOp) Ref(out, in []Array) {
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		var sum float64
		for i := range n {
			at := start + i*step
			if o.Reverse {
				at = start + (n-1-i)*step
			}
			if o.Exclusive {
				out[0].V[at] = sum
			}
			sum += in[0].V[at]
			if !o.Exclusive {
				out[0].V[at] = sum
			}
		}
	})
}

// VJP: an element counts in the sums behind it, so theirs are summed from the end.
func (o CumSumOp) VJP(_, dy *graph.Node) []*graph.Node {
	o.Reverse = !o.Reverse
	return []*graph.Node{graph.Apply(o, dy)}
}
