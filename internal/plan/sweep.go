package plan

import (
	"reflect"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// sweep joins updates of one type into one step, the last of them, unless a step before
// that reads a result.
func (l *lowering) sweep() {
	firstRead := map[int]int{}     // the step, after joining, that reads a value first
	last := map[reflect.Type]int{} // the step that the others join
	joins := map[int][]int{}       // the steps of a sweep, the last first
	joined := make([]bool, len(l.steps))
	for i, s := range slices.Backward(l.steps) {
		at := i
		if _, ok := s.op.(ops.Sweepable); ok {
			t := reflect.TypeOf(s.op)
			j, ok := last[t]
			free := ok && !slices.ContainsFunc(s.out, func(v int) bool {
				r, read := firstRead[v]
				return read && r <= j
			})
			if free {
				at, joined[i] = j, true
			} else {
				last[t] = i
			}
			joins[at] = append(joins[at], i)
		}
		for _, v := range s.in {
			if r, read := firstRead[v]; !read || at < r {
				firstRead[v] = at
			}
		}
	}
	var kept []step
	for i, s := range l.steps {
		switch {
		case joined[i]:
		case joins[i] != nil:
			kept = append(kept, l.join(joins[i]))
		default:
			kept = append(kept, s)
		}
	}
	l.steps = kept
}

// join returns one step in the place of several, the last of which comes first.
func (l *lowering) join(updates []int) step {
	sw := &backend.Sweep{}
	joined := step{op: sw}
	for _, i := range slices.Backward(updates) {
		s := l.steps[i]
		sw.Ops, sw.Ins, sw.Outs = append(sw.Ops, s.op), append(sw.Ins, len(s.in)), append(sw.Outs, len(s.out))
		joined.in, joined.out = append(joined.in, s.in...), append(joined.out, s.out...)
	}
	return joined
}

// widenInSweeps lets sweeps read gradients of a half type themselves: it removes a step
// that only converts one to float32 and that only updates read.
func (l *lowering) widenInSweeps(roots []*graph.Node) {
	readers := map[int]int{} // of values, other than updates that read half types
	for _, s := range l.steps {
		for pos, v := range s.in {
			if _, ok := s.op.(ops.Sweepable); !ok || pos < len(s.out) {
				readers[v]++
			}
		}
	}
	for _, v := range l.values {
		if v.alias >= 0 {
			readers[v.alias]++
		}
	}
	for _, r := range roots {
		readers[l.gapless(r)]++
	}
	narrow := map[int]int{} // the value that replaces another
	l.steps = slices.DeleteFunc(l.steps, func(s step) bool {
		if !widens(s.op) || l.values[s.in[0]].spec.Shape != l.values[s.out[0]].spec.Shape || readers[s.out[0]] > 0 || l.values[s.out[0]].alias >= 0 {
			return false
		}
		narrow[s.out[0]] = s.in[0]
		return true
	})
	for _, s := range l.steps {
		for pos, v := range s.in {
			if half, ok := narrow[v]; ok {
				s.in[pos] = half
			}
		}
	}
}

// widens reports whether op is the conversion of a half type to float32.
func widens(op graph.Op) bool {
	p, ok := op.(*backend.Program)
	if !ok || len(p.Code) != 1 || len(p.In) != 1 || len(p.Results) != 1 || p.Results[0] != 1 {
		return false
	}
	_, cast := p.Code[0].Op.(ops.CastOp)
	return cast && p.Code[0].Out == tensor.Float32 && isHalf(p.In[0].DType)
}

func isHalf(dt tensor.DType) bool { return dt == tensor.Float16 || dt == tensor.BFloat16 }
