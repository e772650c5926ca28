package ops

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Primitive is an operation that is not made of others: every device and exporter has to
// support it. Every operation of this package is primitive or [Composed].
type Primitive interface {
	graph.Op
	// Primitive does nothing: it marks the operation.
	Primitive()
}

// Composed is an operation that others compute, primitive or composed in turn. A plan
// for a device without a kernel for it, and exporters without a counterpart, take those.
type Composed interface {
	graph.Op
	// Compose returns the results of the operation on inputs of its kind, made of other
	// operations: the same numbers but for rounding.
	Compose(in []*graph.Node) []*graph.Node
}

// Decompose returns the results of a composed operation on inputs, made of primitive
// operations and of those for which has reports true.
//
// Shapes and dtypes are those that op infers. Panics with *graph.Error unless op
// takes the inputs.
func Decompose(op Composed, in []*graph.Node, has func(op graph.Op, out, in []tensor.Spec) bool) []*graph.Node {
	d := decomposition{has: has, inputs: in, done: map[*graph.Node][]*graph.Node{}}
	out := op.Compose(in)
	for i, n := range out {
		out[i] = d.node(n)
	}
	return out
}

// decomposition replaces composed operations by primitive ones.
type decomposition struct {
	has    func(op graph.Op, out, in []tensor.Spec) bool
	inputs []*graph.Node
	done   map[*graph.Node][]*graph.Node // results
}

// node returns the node in the place of n, which has one result.
func (d *decomposition) node(n *graph.Node) *graph.Node {
	if slices.Contains(d.inputs, n) {
		return n
	}
	if p, ok := n.Op.(graph.PickOp); ok {
		return d.results(n.In[0])[p.Result]
	}
	return d.results(n)[0]
}

func (d *decomposition) results(n *graph.Node) []*graph.Node {
	if r, ok := d.done[n]; ok {
		return r
	}
	in := make([]*graph.Node, len(n.In))
	specs := make([]tensor.Spec, len(n.In))
	for i, x := range n.In {
		in[i] = d.node(x)
		specs[i] = x.Spec()
	}
	var out []*graph.Node
	if c, ok := n.Op.(Composed); ok && !d.has(n.Op, n.Specs(), specs) {
		out = Decompose(c, in, d.has)
	} else {
		out = picks(n.Graph().Apply(n.Op, in...))
	}
	d.done[n] = out
	return out
}

// picks returns the results of a node one by one.
func picks(n *graph.Node) []*graph.Node {
	out := make([]*graph.Node, len(n.Specs()))
	for i := range out {
		out[i] = graph.Pick(n, i)
	}
	return out
}

// resultsOf returns the specs of the results of op on inputs.
func resultsOf(op graph.Op, in []*graph.Node) []tensor.Spec {
	specs := make([]tensor.Spec, len(in))
	for i, n := range in {
		specs[i] = n.Spec()
	}
	out, err := op.Infer(specs)
	if err != nil {
		panic(graph.Errorf("ops.%s: %v", op.Name(), err))
	}
	return out
}

// logSoftmax returns x less the logarithm of the sum of e^x along an axis: NaN where
// all of a line are -Inf, or one is Inf or NaN.
func logSoftmax(x *graph.Node, axis int) *graph.Node {
	if x.Shape().At(axis) == 0 {
		return x
	}
	below := Sub(x, StopGradient(ReduceMaxKeep(x, axis)))
	return Sub(below, Log(ReduceSumKeep(Exp(below), axis)))
}

// timesShare returns x times a share of it, which is 0 at -Inf.
func timesShare(x, share *graph.Node) *graph.Node {
	return Where(Equal(x, ScalarLike(x, math.Inf(-1))), ScalarLike(x, 0), Mul(x, share))
}

// decayed returns w after its decay, of an optimizer.
func decayed(w, decay *graph.Node) *graph.Node { return Sub(w, Mul(w, decay)) }

// toward returns a moving mean after a step of some length toward x.
func toward(mean, x *graph.Node, step float64) *graph.Node {
	return Add(mean, Scale(Sub(x, mean), step))
}
