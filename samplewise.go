package glia

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Padding a batch gives the same numbers only if the network treats its samples one by
// one, and in the same way whatever their number. No layer can promise that, since it
// does not see the others. Instead the graphs traced for two batch sizes are compared
// node by node. If both have the same operations, whose shapes differ by the number of
// samples alone, and each of these operations treats samples one by one (see
// [ops.PerSample]), so does the network. A network is never padded whose graph takes a
// mean over the batch, or has a number computed from its length, or an operation without
// that property.
//
// Bodies of loops and branches are compared like graphs, with the samples of their inputs
// on the axes on which those of the operation lie. A loop over the samples is never equal:
// its number of steps differs.

// samplewise reports whether a graph, traced for few samples, gives them the same results
// as the graph for many samples does for its first few.
func samplewise(few, many *graph.Graph, fewOut, manyOut []*graph.Node) bool {
	a, b := few.Nodes(), many.Nodes()
	if len(a) != len(b) || len(fewOut) != len(manyOut) || len(many.Updates()) > 0 {
		return false
	}
	c := newComparison()
	for i := range a {
		if !c.same(a[i], b[i]) {
			return false
		}
	}
	for i, n := range fewOut {
		if l := c.places[manyOut[i]]; c.partner[n] != manyOut[i] || l[0].axis != 0 || !l[0].together() {
			return false
		}
	}
	return true
}

// place locates the samples in a result. An axis of -1 means that there are none: the
// result is the same for few samples and for many. Otherwise the axis is [outer samples
// inner], since the product of a sequence [steps samples ...] and a matrix is often one of
// its rows [steps·samples ...]: each outer part for many samples begins with that for few.
// Outer is 0 if all elements along the axis are the same.
type place struct{ axis, outer int }

// together reports whether the axis for many samples begins with that for few.
func (p place) together() bool { return p.outer <= 1 }

// comparison is the state of a comparison of two graphs.
type comparison struct {
	partner map[*graph.Node]*graph.Node // of nodes for few samples
	places  map[*graph.Node][]place     // of the samples in each result for many

	few, many tensor.Dims // of the results of the nodes at hand
	axis      int         // of the samples there
}

func newComparison() *comparison {
	return &comparison{partner: map[*graph.Node]*graph.Node{}, places: map[*graph.Node][]place{}}
}

// same compares a node for few samples with one for many.
func (c *comparison) same(few, many *graph.Node) bool {
	if len(few.In) != len(many.In) || len(few.Specs()) != len(many.Specs()) {
		return false
	}
	c.partner[few] = many
	places := make([]place, len(many.Specs()))
	for r, s := range many.Specs() {
		axis, ok := sampleAxis(few.Specs()[r], s)
		if !ok {
			return false
		}
		places[r] = place{axis, 1}
	}
	c.places[many] = places
	in := make([]place, len(many.In))
	for i, n := range many.In {
		if c.partner[few.In[i]] != n {
			return false
		}
		in[i] = c.places[n][0]
	}
	switch op := many.Op.(type) {
	case graph.InputOp:
		return places[0].axis == 0
	case graph.ConstOp:
		other, ok := few.Op.(graph.ConstOp)
		return ok && places[0].axis < 0 && bytes.Equal(op.Tensor.Bytes(), other.Tensor.Bytes())
	case graph.PickOp:
		places[0].outer = c.places[many.In[0]][op.Result].outer
		return few.Op == many.Op
	case graph.Control:
		return sameControl(few.Op, op, in, places)
	}
	sampled := func(p place) bool { return p.axis >= 0 }
	if !slices.ContainsFunc(places, sampled) && !slices.ContainsFunc(in, sampled) {
		return few.Op == many.Op
	}
	return c.perSample(few, many, in, places)
}

// perSample compares operations on samples and sets the outer parts of the results.
func (c *comparison) perSample(few, many *graph.Node, in, places []place) bool {
	outer, ok := outerOf(few, many, in, places[0].axis)
	if !ok {
		return false
	}
	axes := make([]int, len(in))
	for i, p := range in {
		axes[i] = p.axis
	}
	_, reshape := many.Op.(ops.ReshapeOp) // which outerOf knows better
	for r := range places {
		axis := places[r].axis
		if axis < 0 || !reshape && (!ops.IsPerSample(few, axes, axis) || !ops.IsPerSample(many, axes, axis)) {
			return false
		}
		places[r].outer = outer
	}
	c.few, c.many, c.axis = few.Specs()[0].Shape, many.Specs()[0].Shape, places[0].axis
	return c.sameOp(reflect.ValueOf(few.Op), reflect.ValueOf(many.Op))
}

// outerOf returns the outer part of the axis on which the samples of a result lie, which
// operations but a reshape take over from their inputs. It is not ok if these differ.
func outerOf(few, many *graph.Node, in []place, axis int) (outer int, ok bool) {
	for _, p := range in {
		switch {
		case p.axis < 0 || p.outer == 0 || p.outer == outer:
		case outer == 0:
			outer = p.outer
		default:
			return 0, false
		}
	}
	switch many.Op.(type) {
	case ops.IotaOp:
		return 1, true
	case ops.ReshapeOp:
		if axis < 0 || in[0].axis < 0 {
			return 0, false
		}
		before := many.In[0].Shape().To(in[0].axis).Size() * max(outer, 1)
		left := many.Shape().To(axis).Size()
		if left == 0 || before%left != 0 {
			return 0, false
		}
		outer = before / left
		return outer, outer > 0 && few.Shape().At(axis)%outer == 0 && many.Shape().At(axis)%outer == 0
	}
	return outer, true
}

// sameControl compares loops and branches on inputs whose samples lie in given places.
func sameControl(few, many graph.Op, in, places []place) bool {
	for _, p := range slices.Concat(in, places) {
		if p.axis >= 0 && !p.together() {
			return false
		}
	}
	a, b := few.(graph.Control).Bodies(), many.(graph.Control).Bodies()
	switch op := many.(type) {
	case flow.ScanOp:
		other, ok := few.(flow.ScanOp)
		other.Body = op.Body
		if !ok || other != op {
			return false
		}
		for i := range op.Scanned {
			if p := &in[op.State+i]; p.axis == 0 {
				return false
			} else if p.axis > 0 {
				p.axis--
			}
		}
	case flow.WhileOp:
		other, ok := few.(flow.WhileOp)
		other.Cond, other.Body = op.Cond, op.Body
		if !ok || other != op {
			return false
		}
	case flow.CondOp:
		if _, ok := few.(flow.CondOp); !ok || in[0].axis >= 0 {
			return false
		}
		in = in[1:]
	default:
		return false
	}
	for i := range b {
		if !sameBody(a[i], b[i], in) {
			return false
		}
	}
	return true
}

// sameBody compares bodies. A state has one spec, hence one axis of samples, in each step;
// the parts of results before their samples must be none, as those of the inputs are.
func sameBody(few, many *graph.Func, in []place) bool {
	if len(few.In) != len(many.In) || len(in) != len(many.In) || len(few.Out) != len(many.Out) {
		return false
	}
	c := newComparison()
	inputs := map[*graph.Node]bool{}
	for i, n := range many.In {
		if axis, ok := sampleAxis(few.In[i].Spec(), n.Spec()); !ok || axis != in[i].axis {
			return false
		}
		c.partner[few.In[i]], c.places[n] = n, []place{{in[i].axis, 1}}
		inputs[few.In[i]], inputs[n] = true, true
	}
	stop := func(n *graph.Node) bool { return inputs[n] }
	a, b := graph.Reachable(few.Out, stop), graph.Reachable(many.Out, stop)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !c.same(a[i], b[i]) {
			return false
		}
	}
	for i, n := range many.Out {
		if p := c.places[n][0]; c.partner[few.Out[i]] != n || p.axis >= 0 && !p.together() {
			return false
		}
	}
	return true
}

// sampleAxis returns the axis along which two specs differ, -1 if they are the same. It
// is not ok if they differ in more.
func sampleAxis(few, many tensor.Spec) (axis int, ok bool) {
	if few == many {
		return -1, true
	}
	axis = -1
	if few.DType != many.DType || few.Rank() != many.Rank() {
		return axis, false
	}
	for i := range few.Rank() {
		if few.Shape.At(i) != many.Shape.At(i) {
			if axis >= 0 {
				return axis, false
			}
			axis = i
		}
	}
	return axis, true
}

// sameOp reports whether two operations have the same attributes, apart from the numbers
// of samples in the shapes of results.
func (c *comparison) sameOp(few, many reflect.Value) bool {
	if few.Type() != many.Type() {
		return false
	}
	if few.Kind() != reflect.Struct || few.Equal(many) {
		return few.Equal(many)
	}
	if few.Type() == reflect.TypeFor[tensor.Dims]() {
		a, b := few.Interface().(tensor.Dims), many.Interface().(tensor.Dims)
		return a.Rank() == c.few.Rank() && b.Rank() == c.many.Rank() &&
			a.At(c.axis) == c.few.At(c.axis) && b.At(c.axis) == c.many.At(c.axis) && a.With(c.axis, 0) == b.With(c.axis, 0)
	}
	for i := range few.NumField() {
		if a, b := few.Field(i), many.Field(i); !a.Equal(b) && (!few.Type().Field(i).IsExported() || !c.sameOp(a, b)) {
			return false
		}
	}
	return true
}
