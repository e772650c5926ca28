package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ScanOption is a setting of [Scan].
type ScanOption interface{ scan(*ScanOp) }

type scanOption func(*ScanOp)

func (o scanOption) scan(s *ScanOp) { o(s) }

// Reverse makes a scan go from the last step to the first. Results keep the order of the
// sequences: the body's result for step t is at index t.
var Reverse ScanOption = scanOption(func(s *ScanOp) { s.Reverse = true })

// Steps gives the number of steps to a scan that reads no sequence.
func Steps(n int) ScanOption {
	return scanOption(func(s *ScanOp) {
		if n < 0 {
			panic(graph.Errorf("flow.Scan: %d steps: want 0 or more", n))
		}
		s.Steps = n
	})
}

// Scan runs body for every step of the sequences xs, one after another:
//
//	state = init
//	for t := range steps {
//		state, y[t] = body(state, x[t])
//	}
//
// It returns the state after the last step and the sequences of all y. Body gets nodes of
// the specs of init, and of xs without their first axis; it returns as many new states,
// of the same specs, and any number of y. Other nodes that it reads are the same in every
// step ("full", where state and x are "state" and "scanned").
//
// Shapes: xs[i] [T ...] -> ys[i] [T ...]. DTypes: any. Gradient: init, xs and the nodes
// that the body reads, of any order; it keeps the states of all steps, and computes the
// elementwise operations of the body again. Panics with *graph.Error if body is nil, if the
// sequences differ in length, or if the new states differ from init in number or spec.
//
// Source: the vocabulary is that of ONNX's Scan, and tract's.
func Scan(init, xs []*graph.Node, body func(state, x []*graph.Node) (next, y []*graph.Node), opts ...ScanOption) (last, ys []*graph.Node) {
	if body == nil {
		panic(graph.Errorf("flow.Scan: the body is nil"))
	}
	op := ScanOp{State: len(init), Scanned: len(xs), Steps: -1}
	for i, o := range opts {
		if o == nil {
			panic(graph.Errorf("flow.Scan: option %d is nil", i))
		}
		o.scan(&op)
	}
	specs := specsOf(init)
	for i, x := range specsOf(xs) {
		specs = append(specs, op.step(i, x))
	}
	if op.Steps < 0 {
		panic(graph.Errorf("flow.Scan: got no sequence: want one or flow.Steps"))
	}
	if len(init)+len(xs) == 0 {
		panic(graph.Errorf("flow.Scan: got no state and no sequence: want one or more"))
	}
	g := slices.Concat(init, xs)[0].Graph()
	names := slices.Concat(named("state", len(init)), named("x", len(xs)))
	f, full := g.Trace(names, specs, func(in []*graph.Node) []*graph.Node {
		next, y := body(in[:len(init)], in[len(init):])
		wantStates("flow.Scan", "state", next, specs[:len(init)])
		for i, n := range y {
			if _, err := stacked(n.Spec(), op.Steps); err != nil {
				panic(graph.Errorf("flow.Scan: y %d of the body: %v", i, err))
			}
		}
		return slices.Concat(next, y)
	})
	declared := len(f.Out)
	l := &loop{ScanOp: op, g: g, in: slices.Concat(init, xs, full)}
	l.Body = l.hoist(f)
	n := g.Apply(l.ScanOp, l.in...)
	return picks(n, 0, op.State), picks(n, op.State, declared)
}

// step returns the spec of one step of sequence i. It takes the number of steps from x if
// that is not known yet.
func (o *ScanOp) step(i int, x tensor.Spec) tensor.Spec {
	if x.Rank() == 0 {
		panic(graph.Errorf("flow.Scan: sequence %d is %v: want an axis of steps", i, x))
	}
	if o.Steps < 0 {
		o.Steps = x.Shape.At(0)
	}
	if n := x.Shape.At(0); n != o.Steps {
		panic(graph.Errorf("flow.Scan: sequence %d is %v, of %d steps: want %d", i, x, n, o.Steps))
	}
	return tensor.Spec{DType: x.DType, Shape: x.Shape.From(1)}
}

// ScanOp is the operation behind [Scan]. Its inputs, and those of the body, are first
// states, then sequences, of which the body gets one step, then the full inputs. Its
// results are the last states and then sequences; the body returns the new states and
// then one step of each sequence.
//
// There are more sequences than [Scan] returns: those that a gradient may ask for.
type ScanOp struct {
	Body           *graph.Func
	Steps          int
	State, Scanned int // the number of states and of sequences among the inputs
	Reverse        bool
}

// Name implements graph.Op.
func (ScanOp) Name() string { return "Scan" }

// Bodies implements [graph.Control].
func (o ScanOp) Bodies() []*graph.Func { return []*graph.Func{o.Body} }

// Full returns the number of inputs that are the same in every step.
func (o ScanOp) Full() int { return len(o.Body.In) - o.State - o.Scanned }

// Index returns the index in the sequences of step t, counted as the loop runs.
func (o ScanOp) Index(t int) int {
	if o.Reverse {
		return o.Steps - 1 - t
	}
	return t
}

// String gives the numbers of steps and of inputs of each kind.
func (o ScanOp) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Scan{%d steps, %d state, %d scanned, %d full", o.Steps, o.State, o.Scanned, o.Full())
	if o.Reverse {
		b.WriteString(", reverse")
	}
	return b.String() + "}"
}

// Infer implements graph.Op.
func (o ScanOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	want := specsOf(o.Body.In)
	if o.State < 0 || o.Scanned < 0 || o.Full() < 0 || o.Steps < 0 || o.State > len(o.Body.Out) {
		return nil, fmt.Errorf("%v of a body with %d inputs and %d results: want them to add up", o, len(want), len(o.Body.Out))
	}
	if err := sameStates(o.Body, o.State); err != nil {
		return nil, err
	}
	for i := o.State; i < o.State+o.Scanned; i++ {
		s, err := stacked(want[i], o.Steps)
		if err != nil {
			return nil, err
		}
		want[i] = s
	}
	if err := wantSpecs(in, want); err != nil {
		return nil, err
	}
	out := specsOf(o.Body.Out)
	for i := o.State; i < len(out); i++ {
		s, err := stacked(out[i], o.Steps)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// Ref implements [ops.Referenced].
func (o ScanOp) Ref(out, in []ops.Array) {
	args := slices.Clone(in)
	for t := range o.Steps {
		for i := o.State; i < o.State+o.Scanned; i++ {
			args[i] = at(in[i], o.Index(t))
		}
		res := evaluate(o.Body, args)
		copy(args, res[:o.State])
		for i, r := range res[o.State:] {
			copy(at(out[o.State+i], o.Index(t)).V, r.V)
		}
	}
	for i, a := range args[:o.State] {
		copy(out[i].V, a.V)
	}
}
