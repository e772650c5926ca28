package plan

import (
	"cmp"
	"slices"

	"github.com/glia-ml/glia/graph"
)

// alignment is that of buffers in the arena: a cache line.
const alignment = 64

// span is the live range of a buffer in the arena, in steps.
type span struct {
	value      int
	size       int
	born, dies int
	offset     int
}

// placing is the last pass: it gives every value its memory.
type placing struct {
	*lowering
	producer []int            // the first step that computes a value or a part of it, or -1
	result   []int            // which of that step's results it is, or -1 for a part
	dies     []int            // the last step that reads the memory of a value, or -1
	reads    map[place][]read // of the memory of variables and inputs, in the order of the steps
	kept     map[int]bool     // the values that final copies take, or views of them
}

// read is an input of a step.
type read struct{ step, pos int }

// place gives every value its memory: outputs are computed in the caller's tensors, and
// new values of variables in the variables unless a later step reads the old value.
// Outputs may likewise take the memory of inputs where replaces allows it. All other
// values share the arena.
func (l *lowering) place(outputs []*graph.Node, replaces []bool, updates []graph.Update, news []*graph.Node) {
	newValues, results := l.valuesOf(news), l.valuesOf(outputs)
	p := l.newPlacing()
	for i, u := range updates {
		v := newValues[i]
		if p.producer[v] >= 0 && p.values[v].place.kind == nowhere && p.replaces(v, place{kind: inVar, v: u.Var}) {
			p.values[v].place = place{kind: inVar, v: u.Var}
			continue
		}
		p.finish(v, place{kind: inVar, v: u.Var})
	}
	l.overwrites = make([]bool, len(replaces))
	for i, v := range results {
		old := place{kind: inInput, index: i}
		if i < len(replaces) && replaces[i] && p.producer[v] >= 0 && p.values[v].place.kind == nowhere && !p.anyAt(old, results) && p.replaces(v, old) {
			p.values[v].place, l.overwrites[i] = old, true
			continue
		}
		if p.producer[v] >= 0 && p.values[v].place.kind == nowhere && !p.kept[v] {
			p.values[v].place = place{kind: inOutput, index: i}
			continue
		}
		p.finish(v, place{kind: inOutput, index: i})
	}
	p.copyOldValues()
	p.fillArena()
}

func (l *lowering) valuesOf(nodes []*graph.Node) []int {
	values := make([]int, len(nodes))
	for i, n := range nodes {
		values[i] = l.gapless(n)
	}
	return values
}

// newPlacing records, in one walk over the steps, the producer and the readers of every
// value.
func (l *lowering) newPlacing() *placing {
	p := &placing{
		lowering: l,
		producer: slices.Repeat([]int{-1}, len(l.values)),
		result:   make([]int, len(l.values)),
		dies:     slices.Repeat([]int{-1}, len(l.values)),
		reads:    map[place][]read{},
		kept:     map[int]bool{},
	}
	for i, s := range l.steps {
		for pos, v := range s.in {
			b := l.base(v)
			p.dies[b] = i
			if at := l.values[b].place; at.kind == inVar || at.kind == inInput {
				p.reads[at] = append(p.reads[at], read{i, pos})
			}
		}
		for r, v := range s.out {
			p.producer[v], p.result[v] = i, r
			if b := l.base(v); b != v && p.producer[b] < 0 {
				p.producer[b], p.result[b] = i, -1
			}
		}
	}
	return p
}

// base returns the value whose memory v is a view of, or v.
func (p *Plan) base(v int) int {
	for p.values[v].alias >= 0 {
		v = p.values[v].alias
	}
	return v
}

// finish copies v to a place after the last step: until then its memory lives.
func (p *placing) finish(v int, to place) {
	b := p.base(v)
	p.dies[b], p.kept[b] = len(p.steps), true
	p.finals = append(p.finals, final{v, to})
}

// anyAt reports whether one of values has its memory at a place.
func (p *placing) anyAt(at place, values []int) bool {
	return slices.ContainsFunc(values, func(v int) bool { return p.values[p.base(v)].place == at })
}

// replaces reports whether v can take the memory of the value that is at a place before
// the run: no later step than the one that computes v reads that, and that step allows it.
func (p *placing) replaces(v int, old place) bool {
	at := p.producer[v]
	s := p.steps[at]
	for _, r := range slices.Backward(p.reads[old]) {
		if r.step < at {
			break
		}
		if in := s.in; r.step > at || p.result[v] < 0 || p.base(in[r.pos]) != in[r.pos] || !p.inPlace(s, p.result[v], r.pos) {
			return false
		}
	}
	return true
}

// copyOldValues copies old values of variables that outputs still need into the arena
// first, if another value replaces them in the variable's memory during the run.
func (p *placing) copyOldValues() {
	replaced := map[*graph.Var]bool{}
	for v, at := range p.producer {
		if at >= 0 && p.values[v].place.kind == inVar {
			replaced[p.values[v].place.v] = true
		}
	}
	for _, f := range p.finals {
		if f.to.kind == inVar {
			replaced[f.to.v] = true
		}
	}
	var copies []step
	for i, f := range p.finals {
		b := p.base(f.from)
		at := p.values[b].place
		if at.kind != inVar || !replaced[at.v] || p.producer[b] >= 0 {
			continue
		}
		p.values = append(p.values, value{spec: p.values[f.from].spec, alias: -1})
		c := len(p.values) - 1
		p.finals[i].from = c
		copies = append(copies, step{op: copyOp{}, in: []int{f.from}, out: []int{c}})
		p.producer, p.dies = append(p.producer, -1), append(p.dies, len(p.steps))
	}
	slices.Reverse(copies)
	p.steps = append(copies, p.steps...)
	for v := range p.dies {
		p.dies[v] += len(copies)
	}
}

// fillArena places all other values in the arena. Results first take the memory of inputs
// whose live range ends. Then the largest buffers are placed first, each at the lowest
// offset where no buffer is live at the same time.
func (p *placing) fillArena() {
	var spans []*span
	of := make([]*span, len(p.values))
	for i, s := range p.steps {
		for r, out := range s.out {
			v := p.base(out)
			if p.values[v].place.kind != nowhere || of[v] != nil {
				continue
			}
			if h := p.reusable(s, r, i, of); v == out && h != nil {
				h.dies = max(p.dies[v], i)
				of[v] = h
				continue
			}
			of[v] = &span{value: v, size: p.values[v].spec.Bytes(), born: i, dies: max(p.dies[v], i)}
			spans = append(spans, of[v])
		}
	}
	p.arena = pack(spans)
	for v, sp := range of {
		if sp != nil {
			p.values[v].place = place{kind: inArena, index: sp.offset}
		}
	}
}

// reusable returns the buffer that result r of step s can take over from an input that
// dies there, or nil if there is none.
func (p *placing) reusable(s step, r, at int, of []*span) *span {
	for pos, in := range s.in {
		b := p.base(in)
		sp := of[b]
		if sp == nil || sp.dies != at || !p.whole(in) || p.values[in].spec != p.values[s.out[r]].spec || !p.inPlace(s, r, pos) {
			continue
		}
		taken := slices.ContainsFunc(s.out, func(v int) bool { return of[v] == sp })
		again := 0
		for _, other := range s.in {
			if of[p.base(other)] == sp {
				again++
			}
		}
		if !taken && again == 1 {
			return sp
		}
	}
	return nil
}

// pack sets the offset of every span, so that spans that live at the same time do not
// overlap, and returns the size of the arena.
func pack(spans []*span) (size int) {
	order := slices.Clone(spans)
	slices.SortStableFunc(order, func(a, b *span) int { return b.size - a.size })
	var placed []span // by offset
	for _, s := range order {
		for i := range placed {
			p := &placed[i]
			if p.dies < s.born || s.dies < p.born {
				continue
			}
			if s.offset+s.size <= p.offset {
				break
			}
			s.offset = max(s.offset, align(p.offset+p.size))
		}
		i, _ := slices.BinarySearchFunc(placed, s.offset, func(p span, at int) int { return cmp.Compare(p.offset, at) })
		placed = slices.Insert(placed, i, *s)
		size = max(size, s.offset+s.size)
	}
	return size
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }
