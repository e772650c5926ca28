package ops

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceProd returns the product of x over the axes, all of them when none is
// given. Negative axes count from the end. The axes vanish from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: numbers; float16 and bfloat16
// accumulate in float32. Gradient: x, right where elements are zero, too. Panics with
// *graph.Error if x is Bool or does not have each axis once.
func ReduceProd(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceProdOp{reduceOver("ReduceProd", x, axes, false)}, x)
}

// ReduceProdKeep returns [ReduceProd] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> [... 1 ...]. DTypes: numbers; float16 and bfloat16
// accumulate in float32. Gradient: x, right where elements are zero, too. Panics with
// *graph.Error if x is Bool or does not have each axis once.
func ReduceProdKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceProdOp{reduceOver("ReduceProd", x, axes, true)}, x)
}

// ReduceProdOp is the operation behind [ReduceProd].
type ReduceProdOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceProdOp) Name() string { return "ReduceProd" }

// Primitive implements [Primitive].
func (ReduceProdOp) Primitive() {}

// Infer implements graph.Op.
func (o ReduceProdOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return o.infer(in[0], wantNumber("x", in[0]))
}

// Ref implements [Referenced].
func (o ReduceProdOp) Ref(out, in []Array) {
	fill(out[0].V, 1)
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] *= in[0].V[i] })
}

// VJP: every element gets dy times the product of the others. Dividing the result
// by the element fails at zeros, so the products are formed by halving: up a tree
// of products of pairs, and down again with the gradient.
func (o ReduceProdOp) VJP(n, dy *graph.Node) []*graph.Node {
	x := n.In[0]
	if x.Shape().Size() == 0 {
		return []*graph.Node{Zeros(x)}
	}
	perm, back := o.toEnd(x.Rank())
	moved := Transpose(x, perm...)
	rows := Reshape(moved, -1, o.Count(x.Shape()))
	dx := prodGrad(rows, Reshape(dy, -1, 1))
	return []*graph.Node{Transpose(Reshape(dx, moved.Shape().Slice()...), back...)}
}

// toEnd returns the permutation that moves the axes behind the others, and its inverse.
func (r Reduction) toEnd(rank int) (perm, back []int) {
	for i := range rank {
		if !r.Axes.Contains(i) {
			perm = append(perm, i)
		}
	}
	perm = append(perm, r.Axes.Slice()...)
	back = make([]int, rank)
	for i, p := range perm {
		back[p] = i
	}
	return perm, back
}

// prodGrad returns the gradient of the products of the rows x [R C] for dy [R 1].
func prodGrad(x, dy *graph.Node) *graph.Node {
	type level struct{ left, right *graph.Node }
	var levels []level
	for c := x.Shape().At(1); c > 1; c = (c + 1) / 2 {
		parts := Split(x, 1, c/2, c/2, c%2)
		levels = append(levels, level{parts[0], parts[1]})
		x = join(1, Mul(parts[0], parts[1]), parts[2])
	}
	for _, l := range slices.Backward(levels) {
		h := l.left.Shape().At(1)
		d := Split(dy, 1, h, dy.Shape().At(1)-h)
		dy = join(1, Mul(d[0], l.right), Mul(d[0], l.left), d[1])
	}
	return dy
}
