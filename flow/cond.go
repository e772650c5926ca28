package flow

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Cond returns the results of then if pred is true, those of els if it is false. Only one
// of the two is computed. Both return as many nodes, of the same specs.
//
// Shapes: pred [], any others. DTypes: pred Bool, any others. Gradient: the nodes that
// the branches read; the branch is computed again. Panics with *graph.Error if pred is
// not a scalar of dtype Bool, a branch is nil, or the results of the branches differ in
// number or spec.
func Cond(pred *graph.Node, then, els func() []*graph.Node) []*graph.Node {
	if want := tensor.S(tensor.Bool); pred.Spec() != want {
		panic(graph.Errorf("flow.Cond: pred is %v: want %v", pred.Spec(), want))
	}
	if then == nil || els == nil {
		panic(graph.Errorf("flow.Cond: a branch is nil: want two functions"))
	}
	none := func(f func() []*graph.Node) func([]*graph.Node) []*graph.Node {
		return func([]*graph.Node) []*graph.Node { return f() }
	}
	n := cond(pred, nil, none(then), none(els))
	return picks(n, 0, len(n.Specs()))
}

// cond applies a CondOp whose branches get the inputs in, and the nodes that they
// capture.
func cond(pred *graph.Node, in []*graph.Node, then, els func(in []*graph.Node) []*graph.Node) *graph.Node {
	g := pred.Graph()
	specs := specsOf(in)
	t, fromT := g.Trace(named("x", len(in)), specs, then)
	e, fromE := g.Trace(named("x", len(in)), specs, els)
	if len(t.Out) == 0 {
		panic(graph.Errorf("flow.Cond: the branches return nothing: want one node or more"))
	}
	if err := sameOut(t, e); err != nil {
		panic(graph.Errorf("flow.Cond: %v", err))
	}
	all, fs := together(in, []*graph.Func{t, e}, [][]*graph.Node{fromT, fromE})
	return g.Apply(CondOp{fs[0], fs[1]}, append([]*graph.Node{pred}, all...)...)
}

// sameOut returns an error unless two branches return the same specs.
func sameOut(then, els *graph.Func) error {
	if len(then.Out) != len(els.Out) {
		return fmt.Errorf("one branch returns %d results, the other %d: want the same", len(then.Out), len(els.Out))
	}
	for i, n := range then.Out {
		if n.Spec() != els.Out[i].Spec() {
			return fmt.Errorf("result %d of one branch is %v, of the other %v: want the same", i, n.Spec(), els.Out[i].Spec())
		}
	}
	return nil
}

// together gives bodies that were traced with inputs in, and each captured more, the
// inputs of all of them. It returns the nodes outside for these inputs.
func together(in []*graph.Node, fs []*graph.Func, captured [][]*graph.Node) ([]*graph.Node, []*graph.Func) {
	all := slices.Clone(in)
	for _, nodes := range captured {
		for _, n := range nodes {
			if !slices.Contains(all[len(in):], n) {
				all = append(all, n)
			}
		}
	}
	same := make([]*graph.Func, len(fs))
	for k, f := range fs {
		inputs := slices.Concat(f.In[:len(in)], all[len(in):]) // f does not read those of the others
		for i, n := range captured[k] {
			inputs[len(in)+slices.Index(all[len(in):], n)] = f.In[len(in)+i]
		}
		same[k] = graph.Extract(inputs, f.Out)
	}
	return all, same
}

// CondOp is the operation behind [Cond]. Its inputs are the condition and then the inputs
// of both branches.
type CondOp struct{ Then, Else *graph.Func }

// Name implements graph.Op: that of ONNX.
func (CondOp) Name() string { return "If" }

// Bodies implements [graph.Control].
func (o CondOp) Bodies() []*graph.Func { return []*graph.Func{o.Then, o.Else} }

// String gives the name alone.
func (o CondOp) String() string { return o.Name() }

// Infer implements graph.Op.
func (o CondOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	want := append([]tensor.Spec{tensor.S(tensor.Bool)}, specsOf(o.Then.In)...)
	if err := wantSpecs(in, want); err != nil {
		return nil, err
	}
	return specsOf(o.Then.Out), sameOut(o.Then, o.Else)
}

// Ref implements [ops.Referenced].
func (o CondOp) Ref(out, in []ops.Array) {
	f := o.Then
	if in[0].V[0] == 0 {
		f = o.Else
	}
	for i, a := range evaluate(f, in[1:]) {
		copy(out[i].V, a.V)
	}
}

// VJPs implements [ops.DifferentiableTuple]: the gradient of the branch that was taken.
func (o CondOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	var given []int
	var with []*graph.Node
	for i, d := range dy {
		if d != nil {
			given, with = append(given, i), append(with, d)
		}
	}
	var wrt []int
	for i, x := range o.Then.In {
		if x.DType().IsFloat() {
			wrt = append(wrt, i)
		}
	}
	dx := make([]*graph.Node, len(n.In))
	if len(wrt) == 0 {
		return dx
	}
	back := func(f *graph.Func) func(in []*graph.Node) []*graph.Node {
		return func(in []*graph.Node) []*graph.Node {
			x, d := cut(in, len(f.In))
			out := f.Inline(n.Graph(), x)
			var y, by []*graph.Node
			for _, i := range given {
				y = append(y, out[i])
			}
			for _, i := range wrt {
				by = append(by, x[i])
			}
			return autodiff.VJPs(y, d, by...)
		}
	}
	grads := cond(n.In[0], slices.Concat(n.In[1:], with), back(o.Then), back(o.Else))
	c := grads.Op.(CondOp)
	for k, i := range wrt {
		if !isZero(c.Then.Out[k]) || !isZero(c.Else.Out[k]) {
			dx[1+i] = graph.Pick(grads, k)
		}
	}
	return dx
}
