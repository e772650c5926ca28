package flow

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// WhileOption is a setting of [While].
type WhileOption interface{ while(*WhileOp) }

type whileOption func(*WhileOp)

func (o whileOption) while(w *WhileOp) { o(w) }

// MaxSteps ends a loop after n steps at the latest, and gives it a gradient. While panics
// with *graph.Error unless n is 1 or more.
func MaxSteps(n int) WhileOption {
	return whileOption(func(w *WhileOp) {
		if n < 1 {
			panic(graph.Errorf("flow.While: at most %d steps: want one or more", n))
		}
		w.Max = n
	})
}

// While runs body as long as cond is true:
//
//	state = init
//	for cond(state) {
//		state = body(state)
//	}
//
// It returns the last state. Cond returns a scalar of dtype Bool, body as many nodes as
// init, of the same specs.
//
// DTypes: any. Gradient: with [MaxSteps] init and the nodes that cond and body read, in
// the memory and the time of that many steps; else none. Panics with *graph.Error if cond
// or body are nil or return anything else.
func While(init []*graph.Node, cond func(state []*graph.Node) *graph.Node, body func(state []*graph.Node) []*graph.Node, opts ...WhileOption) []*graph.Node {
	if cond == nil || body == nil {
		panic(graph.Errorf("flow.While: cond or body is nil: want two functions"))
	}
	op := WhileOp{State: len(init)}
	for i, o := range opts {
		if o == nil {
			panic(graph.Errorf("flow.While: option %d is nil", i))
		}
		o.while(&op)
	}
	if len(init) == 0 {
		panic(graph.Errorf("flow.While: got no state: want one or more"))
	}
	g, specs, names := init[0].Graph(), specsOf(init), named("state", len(init))
	c, fromC := g.Trace(names, specs, func(state []*graph.Node) []*graph.Node {
		on := cond(state)
		if want := tensor.S(tensor.Bool); on.Spec() != want {
			panic(graph.Errorf("flow.While: cond returns %v: want %v", on.Spec(), want))
		}
		return []*graph.Node{on}
	})
	b, fromB := g.Trace(names, specs, func(state []*graph.Node) []*graph.Node {
		next := body(state)
		wantStates("flow.While", "state", next, specs)
		return next
	})
	all, fs := together(init, []*graph.Func{c, b}, [][]*graph.Node{fromC, fromB})
	op.Cond, op.Body = fs[0], fs[1]
	n := g.Apply(op, all...)
	return picks(n, 0, op.State)
}

// WhileOp is the operation behind [While]. Its inputs, and those of both bodies, are
// states and then full inputs, which are the same in every step.
type WhileOp struct {
	Cond, Body *graph.Func
	State      int // the number of states among the inputs
	Max        int // the greatest number of steps; 0 for any
}

// Name implements graph.Op.
func (WhileOp) Name() string { return "While" }

// Bodies implements [graph.Control].
func (o WhileOp) Bodies() []*graph.Func { return []*graph.Func{o.Cond, o.Body} }

// String gives the numbers of inputs of each kind, and of steps.
func (o WhileOp) String() string {
	s := fmt.Sprintf("While{%d state, %d full", o.State, len(o.Body.In)-o.State)
	if o.Max > 0 {
		s += fmt.Sprintf(", at most %d steps", o.Max)
	}
	return s + "}"
}

// Infer implements graph.Op.
func (o WhileOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if o.State != len(o.Body.Out) || o.State > len(o.Body.In) || o.Max < 0 {
		return nil, fmt.Errorf("%v of a body with %d inputs and %d results: want them to add up", o, len(o.Body.In), len(o.Body.Out))
	}
	if err := sameStates(o.Body, o.State); err != nil {
		return nil, err
	}
	return specsOf(o.Body.Out), wantSpecs(in, specsOf(o.Body.In))
}

// Ref implements [ops.Referenced].
func (o WhileOp) Ref(out, in []ops.Array) {
	args := slices.Clone(in)
	for t := 0; (o.Max == 0 || t < o.Max) && evaluate(o.Cond, args)[0].V[0] != 0; t++ {
		copy(args, evaluate(o.Body, args))
	}
	for i, a := range args[:o.State] {
		copy(out[i].V, a.V)
	}
}

// VJPs implements [ops.DifferentiableTuple]: the gradient of a scan of Max steps, which
// keeps the state once the condition is false.
func (o WhileOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	if o.Max == 0 {
		panic(graph.Errorf("autodiff: While without flow.MaxSteps has no gradient; ops.StopGradient says that none is wanted"))
	}
	var given, wrt []int
	ins := n.In
	for i, d := range dy {
		if d != nil {
			given, ins = append(given, i), append(slices.Clip(ins), d)
		}
	}
	for i, x := range n.In {
		if x.DType().IsFloat() {
			wrt = append(wrt, i)
		}
	}
	g := n.Graph()
	f, _ := g.Trace(named("x", len(ins)), specsOf(ins), func(in []*graph.Node) []*graph.Node {
		in, d := cut(in, len(n.In))
		init, full := cut(in, o.State)
		last, _ := Scan(init, nil, func(state, _ []*graph.Node) (next, y []*graph.Node) {
			args := slices.Concat(state, full)
			return Cond(o.Cond.Inline(g, args)[0],
				func() []*graph.Node { return o.Body.Inline(g, args) },
				func() []*graph.Node { return state }), nil
		}, Steps(o.Max))
		var y, by []*graph.Node
		for _, i := range given {
			y = append(y, last[i])
		}
		for _, i := range wrt {
			by = append(by, in[i])
		}
		return autodiff.VJPs(y, d, by...)
	})
	dx := make([]*graph.Node, len(n.In))
	for k, d := range f.Inline(g, ins) {
		dx[wrt[k]] = d
	}
	return dx
}
