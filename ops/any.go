package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Any returns whether an element of x over the axes is true; over all axes when
// none is given. Negative axes count from the end. The axes vanish from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: Bool. No gradient. Panics with
// *graph.Error unless x is Bool and has each axis once.
//
// Source: numpy.any.
func Any(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(AnyOp{reduceOver("Any", x, axes, false)}, x)
}

// AnyOp is the operation behind [Any].
type AnyOp struct{ Reduction }

// Name implements graph.Op.
func (AnyOp) Name() string { return "Any" }

// Compose implements [Composed].
func (o AnyOp) Compose(in []*graph.Node) []*graph.Node {
	sum := graph.Apply(ReduceSumOp(o), Cast(in[0], tensor.Int64))
	return []*graph.Node{NotEqual(sum, ScalarLike(sum, 0))}
}

// Infer implements graph.Op.
func (o AnyOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	_, err := logical{}.Infer(in[:1])
	return o.infer(in[0], err)
}

// Ref implements [Referenced].
func (o AnyOp) Ref(out, in []Array) {
	fill(out[0].V, 0)
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] = max(out[0].V[j], in[0].V[i]) })
}

// All returns whether every element of x over the axes is true; over all axes when
// none is given. Negative axes count from the end. The axes vanish from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: Bool. No gradient. Panics with
// *graph.Error unless x is Bool and has each axis once.
//
// Source: numpy.all.
func All(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(AllOp{reduceOver("All", x, axes, false)}, x)
}

// AllOp is the operation behind [All].
type AllOp struct{ Reduction }

// Name implements graph.Op.
func (AllOp) Name() string { return "All" }

// Compose implements [Composed].
func (o AllOp) Compose(in []*graph.Node) []*graph.Node {
	sum := graph.Apply(ReduceSumOp(o), Cast(Not(in[0]), tensor.Int64))
	return []*graph.Node{Equal(sum, ScalarLike(sum, 0))}
}

// Infer implements graph.Op.
func (o AllOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	_, err := logical{}.Infer(in[:1])
	return o.infer(in[0], err)
}

// Ref implements [Referenced].
func (o AllOp) Ref(out, in []Array) {
	fill(out[0].V, 1)
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] = min(out[0].V[j], in[0].V[i]) })
}
