package glia

import (
	"bytes"
	"reflect"
	"slices"

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

// samplewise reports whether a graph, traced for few samples, gives them the same results
// as the graph for many samples does for its first few.
func samplewise(few, many *graph.Graph, fewOut, manyOut []*graph.Node) bool {
	a, b := few.Nodes(), many.Nodes()
	if len(a) != len(b) || len(fewOut) != len(manyOut) || len(many.Updates()) > 0 {
		return false
	}
	c := comparison{partner: map[*graph.Node]*graph.Node{}, axes: map[*graph.Node][]int{}}
	for i := range a {
		if !c.same(a[i], b[i]) {
			return false
		}
	}
	for i, n := range fewOut {
		if c.partner[n] != manyOut[i] || c.axes[manyOut[i]][0] != 0 {
			return false
		}
	}
	return true
}

// comparison is the state of a comparison of two graphs.
type comparison struct {
	partner map[*graph.Node]*graph.Node // of nodes for few samples
	axes    map[*graph.Node][]int       // of the samples in each result for many; -1: none

	few, many tensor.Dims // of the results of the nodes at hand
	axis      int         // of the samples there
}

// same compares a node for few samples with one for many.
func (c *comparison) same(few, many *graph.Node) bool {
	if len(few.In) != len(many.In) || len(few.Specs()) != len(many.Specs()) {
		return false
	}
	c.partner[few] = many
	axes := make([]int, len(many.Specs()))
	for r, s := range many.Specs() {
		var ok bool
		if axes[r], ok = sampleAxis(few.Specs()[r], s); !ok {
			return false
		}
	}
	c.axes[many] = axes
	in := make([]int, len(many.In))
	shared := -1 // the greatest axis
	for i, n := range many.In {
		if c.partner[few.In[i]] != n {
			return false
		}
		in[i] = c.axes[n][0]
		shared = max(shared, in[i])
	}
	switch op := many.Op.(type) {
	case graph.InputOp:
		return axes[0] == 0
	case graph.ConstOp:
		other, ok := few.Op.(graph.ConstOp)
		return ok && axes[0] < 0 && bytes.Equal(op.Tensor.Bytes(), other.Tensor.Bytes())
	case graph.PickOp:
		return few.Op == many.Op
	}
	if slices.Max(append(axes, shared)) < 0 {
		return few.Op == many.Op
	}
	for _, axis := range axes {
		if axis < 0 || !ops.IsPerSample(few, in, axis) || !ops.IsPerSample(many, in, axis) {
			return false
		}
	}
	c.few, c.many, c.axis = few.Specs()[0].Shape, many.Specs()[0].Shape, axes[0]
	return c.sameOp(reflect.ValueOf(few.Op), reflect.ValueOf(many.Op))
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
