package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyIf returns the results of an optimizer's update where on, a bool scalar, is
// true; else the values of the inputs that it updates. on may be nil for true.
func ApplyIf(on *graph.Node, o Sweepable, in ...*graph.Node) []*graph.Node {
	var op graph.Op = o
	if on != nil {
		op, in = ApplyIfOp{o}, append(in, on)
	}
	n := graph.Apply(op, in...)
	if len(n.Specs()) == 1 {
		return []*graph.Node{n}
	}
	out := make([]*graph.Node, len(n.Specs()))
	for i := range out {
		out[i] = graph.Pick(n, i)
	}
	return out
}

// ApplyIfOp is the operation behind [ApplyIf]: an update that its last input, a bool
// scalar, can hold back.
type ApplyIfOp struct{ Op Sweepable }

// Name implements graph.Op.
func (o ApplyIfOp) Name() string { return o.Op.Name() + "If" }

// Sweepable implements [Sweepable].
func (ApplyIfOp) Sweepable() {}

// Infer implements graph.Op.
func (o ApplyIfOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	last := len(in) - 1
	if want := tensor.S(tensor.Bool); in[last] != want {
		return nil, fmt.Errorf("input %d is %v: want the scalar %v", last, in[last], want)
	}
	return o.Op.Infer(in[:last])
}

// Ref implements [Referenced].
func (o ApplyIfOp) Ref(out, in []Array) {
	last := len(in) - 1
	if in[last].V[0] != 0 {
		Reference(o.Op, out, in[:last])
		return
	}
	for i := range out {
		copy(out[i].V, in[i].V)
	}
}
