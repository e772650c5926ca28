package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// result adds the value of n, the only result of op, which reads values in. If the only
// reader of n is a view that has to be without gaps, or a Concat, n is computed in the
// memory of that, with gaps if the kernel writes them: that saves a copy.
func (l *lowering) result(n *graph.Node, op graph.Op, in []int) int {
	v := l.define(result{n, 0}, n.Spec())
	last, views := l.onlyViews(n)
	if c, at, ok := l.joinedIn(last); ok {
		if strides, ok := backwards(views, c.Shape().Strides()); ok && l.writes(op, n, in, strides) {
			l.put(v, l.buffer(c), at, strides)
			if n != last {
				l.value[result{last, 0}] = l.partOf(c, at, last)
			}
			return v
		}
	}
	if n == last || !l.readGapless(last, l.viewFrom(n, views)) {
		return v
	}
	strides, ok := backwards(views, last.Shape().Strides())
	if ok && !gapless(n.Shape(), strides) && l.writes(op, n, in, strides) {
		l.put(v, l.define(result{last, 0}, last.Spec()), 0, strides)
	}
	return v
}

// onlyViews follows n to the last of the transposes and reshapes that alone read each
// other and it.
func (l *lowering) onlyViews(n *graph.Node) (last *graph.Node, views []*graph.Node) {
	for !l.gr.roots[n] && len(l.gr.users[n]) == 1 {
		u := l.gr.users[n][0]
		switch u.Op.(type) {
		case ops.TransposeOp, ops.ReshapeOp:
		default:
			return n, views
		}
		n, views = u, append(views, u)
	}
	return n, views
}

// joinedIn returns the Concat that alone reads n, and where n begins there, in elements.
func (l *lowering) joinedIn(n *graph.Node) (c *graph.Node, at int, ok bool) {
	if l.gr.roots[n] || len(l.gr.users[n]) != 1 || n.Shape().Size() == 0 {
		return nil, 0, false
	}
	c = l.gr.users[n][0]
	op, ok := c.Op.(ops.ConcatOp)
	if !ok {
		return nil, 0, false
	}
	step := c.Shape().Strides().At(op.Axis)
	for _, x := range c.In[:slices.Index(c.In, n)] {
		at += x.Shape().At(op.Axis) * step
	}
	return c, at, true
}

// buffer returns the value of Concat c, which may be there before its step.
func (l *lowering) buffer(c *graph.Node) int {
	r := result{c, 0}
	if v, ok := l.value[r]; ok {
		return v
	}
	return l.define(r, c.Spec())
}

// partOf adds the value of n as the part of c that begins at an element.
func (l *lowering) partOf(c *graph.Node, at int, n *graph.Node) int {
	v := l.define(result{n, 0}, n.Spec())
	l.put(v, l.buffer(c), at, c.Shape().Strides())
	return v
}

// backwards returns the strides of the tensor that views, each of the one before, are
// made of, given the strides of the last view.
func backwards(views []*graph.Node, strides tensor.Dims) (tensor.Dims, bool) {
	ok := true
	for _, u := range slices.Backward(views) {
		switch op := u.Op.(type) {
		case ops.TransposeOp:
			to := strides
			for axis := range to.Rank() {
				to = to.With(op.Perm.At(axis), strides.At(axis))
			}
			strides = to
		case ops.ReshapeOp:
			if strides, ok = reshaped(op.Shape, strides, u.In[0].Shape()); !ok {
				return strides, false
			}
		}
	}
	return strides, true
}

// viewFrom returns the strides of the last of views if n has no gaps, or the zero Dims if
// no strides describe it.
func (l *lowering) viewFrom(n *graph.Node, views []*graph.Node) tensor.Dims {
	strides, ok := n.Shape().Strides(), true
	for _, u := range views {
		if _, strides, ok = viewed(u, 0, strides); !ok {
			return tensor.Dims{}
		}
	}
	return strides
}

// readGapless reports whether a reader of n, a view with these strides, needs it without
// gaps. The zero Dims stand for a tensor that is not a view.
func (l *lowering) readGapless(n *graph.Node, strides tensor.Dims) bool {
	if strides.Rank() == 0 {
		return n.Rank() > 0
	}
	if gapless(n.Shape(), strides) {
		return false
	}
	return l.gr.roots[n] || slices.ContainsFunc(l.gr.users[n], func(u *graph.Node) bool { return l.needsGapless(u, n, strides) })
}

func (l *lowering) needsGapless(u, n *graph.Node, strides tensor.Dims) bool {
	switch op := u.Op.(type) {
	case ops.SplitOp:
		return slices.ContainsFunc(l.gr.users[u], func(p *graph.Node) bool {
			_, to, _ := viewed(u, p.Op.(graph.PickOp).Result, strides)
			return l.readGapless(p, to)
		})
	default:
		if isView(u) {
			if _, to, ok := viewed(u, 0, strides); ok {
				return l.readGapless(u, to)
			}
			return true
		}
		if g := l.gr.of[u]; g != nil && g.fused && g.head != u {
			return true
		}
		taken := &backend.Strided{Op: op, In: make([]tensor.Dims, len(u.In)), Out: make([]tensor.Dims, len(u.Specs()))}
		for i, x := range u.In {
			if x == n {
				taken.In[i] = strides
			}
		}
		return l.kernels.Kernel(taken, u.Specs(), specsOf(u.In)) == nil
	}
}

// writes reports whether there is a kernel of op that reads values in and writes n with
// some strides.
func (l *lowering) writes(op graph.Op, n *graph.Node, in []int, strides tensor.Dims) bool {
	if gapless(n.Shape(), strides) {
		return true
	}
	to := &backend.Strided{Op: op, In: make([]tensor.Dims, len(in)), Out: []tensor.Dims{strides}}
	for i, v := range in {
		to.In[i] = l.values[v].strides
	}
	return l.kernels.Kernel(to, n.Specs(), l.specs(in)) != nil
}

// emitConcat adds the steps of a Concat, some of whose parts may have been computed in place.
func (l *lowering) emitConcat(c *graph.Node) {
	op, at := c.Op.(ops.ConcatOp), 0
	buffer, early := l.value[result{c, 0}]
	if !early {
		in := l.read(op, c.Specs(), c.In)
		l.steps = append(l.steps, step{op: op, in: in, out: []int{l.result(c, op, in)}})
		return
	}
	step := c.Shape().Strides().At(op.Axis)
	for _, n := range c.In {
		if v := l.valueOf(n); l.base(v) != l.base(buffer) {
			l.steps = append(l.steps, l.copyInto(buffer, at, n, c.Shape().Strides()))
		}
		at += n.Shape().At(op.Axis) * step
	}
}

// copyInto returns the step that copies n to a part of a value.
func (l *lowering) copyInto(v, at int, n *graph.Node, strides tensor.Dims) step {
	l.values = append(l.values, value{spec: n.Spec(), alias: -1})
	to := len(l.values) - 1
	l.put(to, v, at, strides)
	return step{op: ops.ReshapeOp{Shape: n.Shape()}, in: []int{l.gapless(n)}, out: []int{to}}
}
