package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// isView reports whether the elements of n are elements of its input at regular strides:
// n takes no step unless a reader needs them without gaps.
func isView(n *graph.Node) bool {
	switch op := n.Op.(type) {
	case ops.ReshapeOp, ops.TransposeOp, ops.SplitOp:
		return true
	case ops.SliceOp:
		for i := range op.Step.Rank() {
			if op.Step.At(i) < 0 && op.Size.At(i) > 1 {
				return false
			}
		}
		return true
	}
	return false
}

// viewed returns where result i of view n begins in an input of some strides, in
// elements, and the strides of the view. It is not ok if no strides describe the
// elements, which happens to a reshape.
func viewed(n *graph.Node, i int, strides tensor.Dims) (offset int, to tensor.Dims, ok bool) {
	to = strides
	switch op := n.Op.(type) {
	case ops.TransposeOp:
		for axis := range to.Rank() {
			to = to.With(axis, strides.At(op.Perm.At(axis)))
		}
	case ops.SliceOp:
		for axis := range to.Rank() {
			offset += op.Start.At(axis) * strides.At(axis)
			to = to.With(axis, strides.At(axis)*max(op.Step.At(axis), 0))
		}
	case ops.SplitOp:
		for _, part := range n.Specs()[:i] {
			offset += part.Shape.At(op.Axis) * strides.At(op.Axis)
		}
	case ops.ReshapeOp:
		to, ok = reshaped(n.In[0].Shape(), strides, op.Shape)
		return 0, to, ok
	}
	return offset, to, true
}

// reshaped returns the strides of the elements of a tensor in another shape; not ok if no
// strides describe them.
func reshaped(from, strides, to tensor.Dims) (steps tensor.Dims, ok bool) {
	if to.Size() == 0 {
		return to.Strides(), true
	}
	var runs []axisRun // axes that one stride walks through, the last first
	for i := from.Rank() - 1; i >= 0; i-- {
		n, step := from.At(i), strides.At(i)
		switch last := len(runs) - 1; {
		case n == 1:
		case last >= 0 && step == runs[last].step*runs[last].n:
			runs[last].n *= n
		default:
			runs = append(runs, axisRun{n, step})
		}
	}
	steps = to
	left, step := 1, 1
	for j := to.Rank() - 1; j >= 0; j-- {
		n := to.At(j)
		if left == 1 && n != 1 {
			left, step, runs = runs[0].n, runs[0].step, runs[1:]
		}
		if left%n != 0 {
			return steps, false
		}
		steps = steps.With(j, step)
		step *= n
		left /= n
	}
	return steps, true
}

// axisRun is an axis: its length and stride.
type axisRun struct{ n, step int }

// gapless reports whether a tensor of these strides lies in memory row by row.
func gapless(shape, strides tensor.Dims) bool {
	n := 1
	for i := shape.Rank() - 1; i >= 0; i-- {
		if shape.At(i) != 1 && strides.At(i) != n {
			return false
		}
		n *= shape.At(i)
	}
	return true
}

// viewOf adds the value of a result of a view.
func (l *lowering) viewOf(r result) int {
	in, spec := r.node.In[0], r.node.Specs()[r.i]
	base := l.valueOf(in)
	offset, strides, ok := viewed(r.node, r.i, l.stridesOf(base))
	if !ok {
		base = l.gapless(in)
		offset, strides = 0, spec.Shape.Strides()
	}
	v := l.define(r, spec)
	l.put(v, base, offset, strides)
	return v
}

// put makes v a part of base: offset elements from its beginning on.
func (l *lowering) put(v, base, offset int, strides tensor.Dims) {
	val := &l.values[v]
	val.alias = base
	if val.spec.Shape.Size() == 0 {
		return
	}
	val.offset = offset * val.spec.DType.Size()
	if !gapless(val.spec.Shape, strides) {
		val.strides = strides
	}
}

// stridesOf returns the strides of a value.
func (p *Plan) stridesOf(v int) tensor.Dims {
	if p.gaps(v) {
		return p.values[v].strides
	}
	return p.values[v].spec.Shape.Strides()
}

// gaps reports whether the elements of a value do not follow each other in memory.
func (p *Plan) gaps(v int) bool { return p.values[v].strides.Rank() > 0 }

// gapless returns the value of n without gaps: that of [lowering.valueOf] or a copy of
// it, made by the first reader that needs it.
func (l *lowering) gapless(n *graph.Node) int {
	v := l.valueOf(n)
	if !l.gaps(v) {
		return v
	}
	if c, ok := l.copies[v]; ok {
		return c
	}
	l.values = append(l.values, value{spec: n.Spec(), alias: -1})
	c := len(l.values) - 1
	l.copies[v] = c
	switch op := n.Op.(type) {
	case ops.ReshapeOp:
		l.put(c, l.gapless(n.In[0]), 0, n.Shape().Strides())
	case graph.PickOp:
		l.copy(c, part(n.In[0], op.Result), n.In[0].In[0])
	default:
		l.copy(c, op, n.In[0])
	}
	return c
}

// copy adds the step that computes value c: op of x.
func (l *lowering) copy(c int, op graph.Op, x *graph.Node) {
	out := []tensor.Spec{l.values[c].spec}
	l.steps = append(l.steps, step{op: op, in: l.read(op, out, []*graph.Node{x}), out: []int{c}})
}

// part returns the slice that result i of a split is.
func part(split *graph.Node, i int) ops.SliceOp {
	axis, shape := split.Op.(ops.SplitOp).Axis, split.Specs()[i].Shape
	o := ops.SliceOp{Start: shape, Size: shape, Step: shape}
	for j := range shape.Rank() {
		o.Start, o.Step = o.Start.With(j, 0), o.Step.With(j, 1)
	}
	for _, before := range split.Specs()[:i] {
		o.Start = o.Start.With(axis, o.Start.At(axis)+before.Shape.At(axis))
	}
	return o
}

// read returns the values of op's inputs: with gaps where a kernel takes them so.
func (l *lowering) read(op graph.Op, out []tensor.Spec, in []*graph.Node) []int {
	values := make([]int, len(in))
	var gaps []int
	for i, n := range in {
		if values[i] = l.valueOf(n); l.gaps(values[i]) {
			gaps = append(gaps, i)
		}
	}
	if len(gaps) == 0 {
		return values
	}
	specs := specsOf(in)
	taken := &backend.Strided{Op: op, In: make([]tensor.Dims, len(in)), Out: make([]tensor.Dims, len(out))}
	for _, i := range gaps {
		taken.In[i] = l.values[values[i]].strides
	}
	if l.kernels.Kernel(taken, out, specs) != nil {
		return values
	}
	clear(taken.In)
	for _, i := range gaps {
		taken.In[i] = l.values[values[i]].strides
		if len(gaps) == 1 || l.kernels.Kernel(taken, out, specs) == nil {
			taken.In[i] = tensor.Dims{}
			values[i] = l.gapless(in[i])
		}
	}
	return values
}

// strided returns the operation of a step whose values have gaps, or the step's.
func (p *Plan) strided(s step) graph.Op {
	has := func(v int) bool { return p.gaps(v) }
	if !slices.ContainsFunc(s.in, has) && !slices.ContainsFunc(s.out, has) {
		return s.op
	}
	op := &backend.Strided{Op: s.op}
	for _, v := range s.in {
		op.In = append(op.In, p.values[v].strides)
	}
	for _, v := range s.out {
		op.Out = append(op.Out, p.values[v].strides)
	}
	return op
}

// extent returns the bytes from the first element of a value to the last.
func (p *Plan) extent(v int) int {
	spec, strides := p.values[v].spec, p.values[v].strides
	if !p.gaps(v) {
		return spec.Bytes()
	}
	last := 0
	for i := range strides.Rank() {
		last += (spec.Shape.At(i) - 1) * strides.At(i)
	}
	return (last + 1) * spec.DType.Size()
}

// offset returns where a value begins in the memory of its base, in bytes.
func (p *Plan) offset(v int) int {
	offset := 0
	for ; p.values[v].alias >= 0; v = p.values[v].alias {
		offset += p.values[v].offset
	}
	return offset
}

// whole reports whether a value is all of its base, without gaps.
func (p *Plan) whole(v int) bool {
	return !p.gaps(v) && p.values[v].spec.Bytes() == p.values[p.base(v)].spec.Bytes()
}
