package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// joinPools lets convolutions compute the maxima of windows that alone read their results, and
// their gradients compute the gradients of such maxima: values of many places are never in
// memory as a whole.
func (l *lowering) joinPools(roots []*graph.Node) {
	readers := make([][]int, len(l.values)) // the steps that read a value, -1 for others
	by := make([]int, len(l.values))        // the step that computes it
	for i, s := range l.steps {
		for _, v := range s.in {
			readers[v] = append(readers[v], i)
		}
		for _, v := range s.out {
			by[v] = i
		}
	}
	for _, v := range l.values {
		if v.alias >= 0 {
			readers[v.alias] = append(readers[v.alias], -1)
		}
	}
	for _, r := range roots {
		v := l.gapless(r)
		readers[v] = append(readers[v], -1)
	}
	gone := make([]bool, len(l.steps))
	for i := range l.steps {
		s := &l.steps[i]
		switch op := s.op.(type) {
		case ops.MaxPoolOp:
			if v := s.in[0]; l.values[v].alias < 0 && slices.Equal(readers[v], []int{i}) {
				gone[by[v]] = l.joinPool(&l.steps[by[v]], s, op)
			}
		case ops.MaxPoolGradOp:
			v := s.out[0]
			if slices.Contains(readers[v], -1) {
				continue
			}
			var joined []step
			for _, r := range readers[v] {
				if joint, ok := l.unpooled(l.steps[r], s, op); ok {
					joined = append(joined, joint)
				}
			}
			if len(joined) == len(readers[v]) {
				for k, r := range readers[v] {
					l.steps[r] = joined[k]
				}
				gone[i] = true
			}
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

// joinPool makes one step, in the place of the maximum, of a convolution and a maximum of its
// result. It reports whether the backend has that.
func (l *lowering) joinPool(conv, pool *step, op ops.MaxPoolOp) bool {
	head := conv.op
	if f, ok := head.(*backend.Fused); ok && f.After == nil && f.Then == nil {
		head = f.Head
	}
	if p, ok := head.(backend.Packed); ok {
		head = p.Op
	}
	if _, ok := head.(ops.ConvOp); !ok {
		return false
	}
	s := step{op: &backend.Pooled{Conv: conv.op, Pool: op}, in: conv.in, out: pool.out}
	if l.kernels.Kernel(s.op, l.specs(s.out), l.specs(s.in)) == nil {
		return false
	}
	*pool = s
	return true
}

// unpooled returns the step of a gradient of a convolution that computes the gradient of a
// maximum, which it reads, and whether the backend has that.
func (l *lowering) unpooled(conv step, grad *step, op ops.MaxPoolGradOp) (step, bool) {
	at := 0
	switch c := conv.op.(type) {
	case ops.ConvInputGradOp:
	case ops.ConvKernelGradOp:
		at = 1
	case *backend.Fused:
		if _, ok := c.Head.(ops.ConvInputGradOp); !ok {
			return step{}, false
		}
	default:
		return step{}, false
	}
	v := grad.out[0]
	if conv.in[at] != v || slices.Contains(conv.in[:at], v) || slices.Contains(conv.in[at+1:], v) {
		return step{}, false
	}
	s := step{op: &backend.Unpooled{Op: conv.op, Grad: op, At: at}, out: conv.out}
	s.in = slices.Concat(conv.in[:at], grad.in, conv.in[at+1:])
	return s, l.kernels.Kernel(s.op, l.specs(s.out), l.specs(s.in)) != nil
}
