package plan

import (
	"slices"

	"github.com/glia-ml/glia/graph"
)

// alignment of buffers in the arena: a cache line.
const alignment = 64

// span is the life of a buffer in the arena, in steps.
type span struct {
	value      int
	size       int
	born, dies int
}

// place gives every value its memory: results of the run are computed in the
// caller's tensors, new values of variables in the variables, where that harms
// no reader of the old value; the rest shares the arena.
func (l *lowering) place(outputs []*graph.Node, updates []graph.Update, news []*graph.Node) {
	dies := l.lastReads()
	for i, u := range updates {
		v := l.valueOf(news[i])
		if at := l.producer(v); at >= 0 && l.values[v].place.kind == nowhere && l.replaces(v, at, u.Var) {
			l.values[v].place = place{kind: inVar, v: u.Var}
			continue
		}
		l.keep(v, dies)
		l.finals = append(l.finals, final{v, place{kind: inVar, v: u.Var}})
	}
	for i, n := range outputs {
		v := l.valueOf(n)
		if l.producer(v) >= 0 && l.values[v].place.kind == nowhere && !l.finalReads(v) {
			l.values[v].place = place{kind: inOutput, index: i}
			continue
		}
		l.keep(v, dies)
		l.finals = append(l.finals, final{v, place{kind: inOutput, index: i}})
	}
	l.copyOldValues()
	l.arenaFor(dies)
}

// base follows views to the value that has the memory.
func (p *Plan) base(v int) int {
	for p.values[v].alias >= 0 {
		v = p.values[v].alias
	}
	return v
}

// lastReads returns the last step that reads the memory of each value, or -1.
func (l *lowering) lastReads() []int {
	dies := make([]int, len(l.values))
	for i := range dies {
		dies[i] = -1
	}
	for i, s := range l.steps {
		for _, v := range s.in {
			dies[l.base(v)] = i
		}
	}
	return dies
}

// keep makes the memory of v live until after the last step.
func (l *lowering) keep(v int, dies []int) { dies[l.base(v)] = len(l.steps) }

// finalReads reports whether a final copy takes v.
func (l *lowering) finalReads(v int) bool {
	return slices.ContainsFunc(l.finals, func(f final) bool { return l.base(f.from) == l.base(v) })
}

// producer returns the step that computes v itself, not a view of it, or -1.
func (l *lowering) producer(v int) int {
	for i, s := range l.steps {
		if slices.Contains(s.out, v) {
			return i
		}
	}
	return -1
}

// replaces reports whether v, computed at step at, can take the memory of
// variable w: no later step reads the old value, and step at allows it.
func (l *lowering) replaces(v, at int, w *graph.Var) bool {
	for i, s := range l.steps[at:] {
		for pos, in := range s.in {
			if p := l.values[l.base(in)].place; p.kind != inVar || p.v != w {
				continue
			}
			if i > 0 || l.base(in) != in || !l.kernels.InPlace(s.op, slices.Index(s.out, v), pos) {
				return false
			}
		}
	}
	return true
}

// copyOldValues puts final copies out of variables' memory first, into the
// arena, where another value replaces that memory during the run.
func (l *lowering) copyOldValues() {
	replaced := map[*graph.Var]bool{}
	for _, v := range l.values {
		if v.place.kind == inVar && l.producerOf(v.place.v) {
			replaced[v.place.v] = true
		}
	}
	for _, f := range l.finals {
		if f.to.kind == inVar {
			replaced[f.to.v] = true
		}
	}
	for i, f := range l.finals {
		b := l.base(f.from)
		p := l.values[b].place
		if p.kind != inVar || !replaced[p.v] || l.producer(b) >= 0 {
			continue
		}
		l.values = append(l.values, value{spec: l.values[f.from].spec, alias: -1})
		c := len(l.values) - 1
		l.finals[i].from = c
		l.steps = slices.Insert(l.steps, 0, step{op: copyOp{}, in: []int{f.from}, out: []int{c}})
	}
}

// producerOf reports whether some step computes a value in the memory of w.
func (l *lowering) producerOf(w *graph.Var) bool {
	for _, s := range l.steps {
		for _, v := range s.out {
			if p := l.values[v].place; p.kind == inVar && p.v == w {
				return true
			}
		}
	}
	return false
}

// arenaFor places the values without memory of their own in the arena: results
// first take the memory of inputs that die, then the largest buffers go first,
// each to the lowest place where no other lives at the same time.
func (l *lowering) arenaFor(dies []int) {
	var spans []*span
	of := map[int]*span{}
	shift := 0 // steps that copyOldValues put in front
	for shift < len(l.steps) && l.steps[shift].op == (copyOp{}) {
		shift++
	}
	dieAt := func(v int) int {
		if v < len(dies) {
			return dies[v] + shift
		}
		return len(l.steps)
	}
	for i, s := range l.steps {
		for r, v := range s.out {
			if l.values[v].place.kind != nowhere {
				continue
			}
			if h := l.heir(s, r, i, of); h != nil {
				h.dies = max(dieAt(v), i)
				of[v] = h
				continue
			}
			sp := &span{v, l.values[v].spec.Bytes(), i, max(dieAt(v), i)}
			spans = append(spans, sp)
			of[v] = sp
		}
	}
	offsets := pack(spans)
	for v, sp := range of {
		l.values[v].place = place{kind: inArena, index: offsets[sp]}
	}
	for _, sp := range spans {
		l.arena = max(l.arena, offsets[sp]+sp.size)
	}
}

// heir returns the buffer that result r of step s can take over from an input
// that dies there, or nil.
func (l *lowering) heir(s step, r, at int, of map[int]*span) *span {
	for pos, in := range s.in {
		b := l.base(in)
		sp := of[b]
		if sp == nil || sp.dies != at || l.values[in].spec != l.values[s.out[r]].spec || !l.kernels.InPlace(s.op, r, pos) {
			continue
		}
		taken := slices.ContainsFunc(s.out, func(v int) bool { return of[v] == sp })
		again := 0
		for _, other := range s.in {
			if of[l.base(other)] == sp {
				again++
			}
		}
		if !taken && again == 1 {
			return sp
		}
	}
	return nil
}

// pack returns an offset for every span, so that spans that live at the same
// time do not overlap.
func pack(spans []*span) map[*span]int {
	order := slices.Clone(spans)
	slices.SortStableFunc(order, func(a, b *span) int { return b.size - a.size })
	offsets := map[*span]int{}
	var placed []*span // by offset
	for _, s := range order {
		at := 0
		for _, p := range placed {
			if p.dies < s.born || s.dies < p.born {
				continue
			}
			if at+s.size <= offsets[p] {
				break
			}
			at = max(at, align(offsets[p]+p.size))
		}
		offsets[s] = at
		i, _ := slices.BinarySearchFunc(placed, at, func(p *span, at int) int { return offsets[p] - at })
		placed = slices.Insert(placed, i, s)
	}
	return offsets
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }
