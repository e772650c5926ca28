package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyIf returns the results of an optimizer's update where on, a bool scalar, is
// true; else the values of the inputs that it updates. on may be nil for true.
//
// Shapes: on [], in as o takes them -> results as those of o. DTypes: on Bool, the
// others as o takes them. No gradient. Panics with *graph.Error unless on is a Bool
// scalar and o takes the inputs.
func ApplyIf(on *graph.Node, o Sweepable, in ...*graph.Node) []*graph.Node {
	var op graph.Op = o
	if on != nil {
		op, in = ApplyIfOp{Op: o}, append(in, on)
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

// ApplyIfOp is the operation behind [ApplyIf]: an update that happens only where its
// last input, a bool scalar, is true.
type ApplyIfOp struct {
	Op Sweepable
	// Over is how many gradients are added up for an update, whose gradient is their
	// mean; 0 for one. Their sum is one more input before the gradient, and one more
	// result, the last: without an update the gradient is added to it, with one it
	// becomes 0.
	Over int
}

// Name implements graph.Op.
func (o ApplyIfOp) Name() string { return o.Op.Name() + "If" }

// Compose implements [Composed].
func (o ApplyIfOp) Compose(in []*graph.Node) []*graph.Node {
	last := len(in) - 1
	on, in := in[last], in[:last]
	updated := in
	var sum *graph.Node
	if o.Over > 0 {
		at := len(resultsOf(o.Op, in[1:])) // of the sum
		sum = Add(in[at], in[at+1])
		mean := Scale(sum, 1/float64(o.Over))
		updated = slices.Concat(in[:at], []*graph.Node{mean}, in[at+2:])
	}
	out := picks(graph.Apply(o.Op, updated...))
	for i, n := range out {
		out[i] = Where(on, n, in[i])
	}
	if sum != nil {
		out = append(out, Where(on, ScalarLike(sum, 0), sum))
	}
	return out
}

// Sweepable implements [Sweepable].
func (ApplyIfOp) Sweepable() {}

// Infer implements graph.Op.
func (o ApplyIfOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	last := len(in) - 1
	if want := tensor.S(tensor.Bool); in[last] != want {
		return nil, fmt.Errorf("input %d is %v: want the scalar %v", last, in[last], want)
	}
	in = in[:last]
	if o.Over < 0 {
		return nil, fmt.Errorf("gradients of %d steps: want 0 or more", o.Over)
	}
	if o.Over == 0 {
		return o.Op.Infer(in)
	}
	if len(in) < 2 || in[1] != in[0] {
		return nil, fmt.Errorf("inputs %v: want a parameter, its slots and the sum of its gradients, of one spec", in)
	}
	out, err := o.Op.Infer(in[1:]) // of which one is the sum
	if err != nil {
		return nil, err
	}
	return append(out, in[0]), nil
}

// Ref implements [Referenced].
func (o ApplyIfOp) Ref(out, in []Array) {
	last := len(in) - 1
	on := in[last].V[0] != 0
	in = in[:last]
	if !on {
		for i := range out {
			copy(out[i].V, in[i].V)
		}
	}
	if o.Over > 0 {
		at := len(out) - 1 // of the sum
		sum := NewArray(in[at].Spec)
		for i, x := range in[at].V {
			sum.V[i] = x + in[at+1].V[i]
		}
		if !on {
			copy(out[at].V, sum.V)
			return
		}
		for i := range sum.V {
			sum.V[i] /= float64(o.Over)
			out[at].V[i] = 0
		}
		out, in = out[:at], slices.Concat(in[:at], []Array{sum}, in[at+2:])
	}
	if on {
		Reference(o.Op, out, in)
	}
}
