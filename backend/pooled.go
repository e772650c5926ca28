package backend

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Pooled is a convolution, alone or in a [Fused] without a program, whose result a maximum of
// windows alone reads: that is never in memory as a whole.
//
// Inputs: the convolution's. Results: the maximum's.
type Pooled struct {
	Conv graph.Op
	Pool ops.MaxPoolOp
}

// Name implements graph.Op: the convolution's.
func (p *Pooled) Name() string { return p.Conv.Name() }

// String prints both operations.
func (p *Pooled) String() string { return describe(p.Conv) + ", " + describe(p.Pool) }

// Infer implements graph.Op.
func (p *Pooled) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := p.Conv.Infer(in)
	if err != nil {
		return nil, err
	}
	return p.Pool.Infer(x)
}

// Ref implements ops.Referenced.
func (p *Pooled) Ref(out, in []ops.Array) {
	x := resultOf(p.Conv, in)
	ops.Reference(p.Pool, out, []ops.Array{x})
}

// Unpooled is a gradient of a convolution, alone or the head of a [Fused], whose input At is the
// gradient of a maximum of windows: 0 nearly everywhere, and never in memory as a whole.
//
// Inputs: the operation's, with those of Grad instead of input At. Results: the operation's.
type Unpooled struct {
	Op   graph.Op
	Grad ops.MaxPoolGradOp
	At   int
}

// Name implements graph.Op: the convolution's.
func (u *Unpooled) Name() string { return u.Op.Name() }

// String prints both operations.
func (u *Unpooled) String() string { return describe(u.Op) + " of " + describe(u.Grad) }

// Ins returns the inputs of the operation with one for that which Grad computes, made by it.
func Ins[T any](u *Unpooled, in []T, by T) []T {
	return slices.Concat(in[:u.At], []T{by}, in[u.At+2:])
}

// Infer implements graph.Op.
func (u *Unpooled) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	dy, err := u.Grad.Infer(in[u.At:][:2])
	if err != nil {
		return nil, err
	}
	return u.Op.Infer(Ins(u, in, dy[0]))
}

// Overwrites reports whether result r may have the memory of input in.
func (u *Unpooled) Overwrites(r, in int) bool {
	f, ok := u.Op.(*Fused)
	return ok && in >= u.At+2 && f.Overwrites(r, in-1)
}

// Ref implements ops.Referenced.
func (u *Unpooled) Ref(out, in []ops.Array) {
	ops.Reference(u.Op, out, Ins(u, in, resultOf(u.Grad, in[u.At:][:2])))
}

// resultOf returns the result of the reference of an operation of one, as it would be in memory.
func resultOf(op graph.Op, in []ops.Array) ops.Array {
	specs := make([]tensor.Spec, len(in))
	for i, x := range in {
		specs[i] = x.Spec
	}
	spec, err := op.Infer(specs)
	if err != nil {
		panic(err)
	}
	y := ops.NewArray(spec[0])
	ops.Reference(op, []ops.Array{y}, in)
	return rounded(y)
}
