package cpu

import (
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// place is where the tiles of a lowered value lie: in a slot, or at their elements of
// an input or a result. They are float32, or the bits of halves.
type place struct {
	kind  placeKind
	index int
}

type placeKind uint8

const (
	inSlot placeKind = iota
	fromInput
	toResult
)

// slots is the last pass over a program: it gives each lowered value its place, by live
// ranges. Inputs in the wanted form are read in place, results computed in place; other
// values have a slot until their last use.
type slots struct {
	*lowering
	last   []int // the last instruction that reads a value
	places []place
	idle   []int // slots
	count  int
}

// place returns the kernel of the lowered program.
func (l *lowering) place() *program {
	s := &slots{lowering: l, last: l.lastUses(), places: make([]place, len(l.refs))}
	for x, r := range l.refs {
		switch {
		case r.input >= 0:
			s.places[x] = place{fromInput, r.input}
		case r.fixed:
			s.places[x] = s.fresh()
		}
	}
	inResults := l.inResults()
	k := &program{size: l.Shape.Size(), cols: l.cols, period: 1, loads: l.loads, columns: l.columns}
	for i := range k.loads {
		k.loads[i].slot = s.places[k.loads[i].slot].index
	}
	for _, c := range l.consts {
		k.consts = append(k.consts, instr{op: c.op, dst: s.at(c.dst)})
	}
	for i, c := range l.code {
		args := s.at(c.args)
		if worksInPlace(c.op) {
			s.free(c.args, i)
		}
		for _, x := range c.dst {
			if r, ok := inResults[x]; ok {
				s.places[x] = place{toResult, r}
			} else {
				s.places[x] = s.slot()
			}
		}
		k.code = append(k.code, instr{op: c.op, row: c.row, dst: s.at(c.dst), args: args})
		if !worksInPlace(c.op) {
			s.free(c.args, i)
		}
		s.free(c.dst, i)
	}
	for r, x := range l.results {
		if from := s.places[x]; from != (place{toResult, r}) {
			k.stores = append(k.stores, store{result: r, row: l.Row(l.Results[r]), half: l.refs[x].half, from: from})
		}
	}
	k.slots = s.count
	return k
}

// lastUses returns the last instruction that reads each value; results are read at the
// end, values without a reader never: -1.
func (l *lowering) lastUses() []int {
	last := make([]int, len(l.refs))
	for x := range last {
		last[x] = -1
	}
	for i, c := range l.code {
		for _, x := range c.args {
			last[x] = i
		}
	}
	for _, x := range l.results {
		last[x] = len(l.code)
	}
	return last
}

// inResults returns the results in whose memory values are computed: values of the same
// form as the result. A value that is computed for an earlier instruction than the
// result's is not among them: the memory may be an input's, which is read until then.
func (l *lowering) inResults() map[ref]int {
	of := map[ref]int{}
	for r, x := range l.results {
		v := l.Results[r]
		i, _ := l.Source(v)
		dt := l.DType(v)
		if l.refs[x].fixed || l.refs[x].born < i || dt != tensor.Float32 && (!isHalf(dt) || l.Row(v)) {
			continue
		}
		if _, taken := of[x]; !taken {
			of[x] = r
		}
	}
	return of
}

func (s *slots) at(refs []ref) []place {
	places := make([]place, len(refs))
	for i, x := range refs {
		places[i] = s.places[x]
	}
	return places
}

// free frees the slots of values that instruction i, or none, is the last to read.
func (s *slots) free(refs []ref, i int) {
	for j, x := range refs {
		if s.last[x] <= i && !s.refs[x].fixed && s.places[x].kind == inSlot && !slices.Contains(refs[:j], x) {
			s.idle = append(s.idle, s.places[x].index)
		}
	}
}

// slot returns a slot that may have been another value's.
func (s *slots) slot() place {
	if n := len(s.idle); n > 0 {
		at := place{inSlot, s.idle[n-1]}
		s.idle = s.idle[:n-1]
		return at
	}
	return s.fresh()
}

// fresh returns a new slot.
func (s *slots) fresh() place {
	s.count++
	return place{inSlot, s.count - 1}
}
