package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// joinColumns lets heads reduce their results along columns while these are in the cache: the
// statistics of batch normalization, and the sums of its gradient and of a bias's. A reduction
// that reads results of several steps joins the last of them.
func (l *lowering) joinColumns() {
	by := slices.Repeat([]int{-1}, len(l.values)) // the step that computes a value, or a part of it
	gone := make([]bool, len(l.steps))
	for i := range l.steps {
		s := &l.steps[i]
		for _, v := range s.out {
			by[v], by[l.base(v)] = i, i
		}
		p := l.columnsOf(s)
		if p == nil {
			continue
		}
		at := -1
		for _, v := range s.in {
			at = max(at, by[v], by[l.base(v)])
		}
		if at < 0 || !l.joinColumn(&l.steps[at], s, p) {
			continue
		}
		gone[i] = true
		for _, v := range s.out {
			by[v], by[l.base(v)] = at, at
		}
	}
	kept := l.steps[:0]
	for i, s := range l.steps {
		if !gone[i] {
			kept = append(kept, s)
		}
	}
	l.steps = kept
}

// columnsOf returns the program of a step that reduces along columns, or nil.
func (l *lowering) columnsOf(s *step) *backend.Program {
	switch op := s.op.(type) {
	case *backend.Program:
		if op.Columns {
			return op
		}
	case ops.Reducing:
		out, in := l.specs(s.out), l.specs(s.in)
		if !op.Over().KeepDims && l.kernels.Fuses(op, out, in) {
			return backend.ProgramOf(op, out, in)
		}
	}
	return nil
}

// joinColumn lets the step of a head reduce its results by the program of another step. It
// reports whether the backend has that.
func (l *lowering) joinColumn(head, s *step, p *backend.Program) bool {
	joint := backend.Fused{Head: head.op, Ins: len(head.in)}
	switch op := head.op.(type) {
	case *backend.Fused:
		joint = *op
	case graph.Op:
		if !l.kernels.Heads(op, l.specs(head.out), l.specs(head.in)) {
			return false
		}
	}
	if joint.Then != nil {
		return false
	}
	joint.Then = p
	in := slices.Clone(head.in)
	for _, v := range s.in {
		r := slices.Index(head.out, v)
		if r < 0 {
			in = append(in, v)
		}
		joint.Reads = append(joint.Reads, r)
	}
	whole := func(v int) bool { return l.values[v].spec.Shape == p.Shape && !l.gaps(v) }
	if !slices.ContainsFunc(head.out, whole) || !slices.ContainsFunc(joint.Reads, func(r int) bool { return r >= 0 && whole(head.out[r]) }) {
		return false
	}
	join := step{op: &joint, in: in, out: slices.Concat(head.out, s.out)}
	if l.kernels.Kernel(join.op, l.specs(join.out), l.specs(join.in)) == nil {
		return false
	}
	*head = join
	return true
}
