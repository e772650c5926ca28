package cpu

import (
	"reflect"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// newProgram gives every value a place: inputs of full shape are read where they are,
// results computed where they belong, if they are float32 or halves; any other value
// has a slot until its last use.
//
// A value of a half type may be there as float32, which is what most functions take, as
// bits, which is what there is a function in one pass for, or both. Each comes into
// being when an instruction asks for it.
func newProgram(p *backend.Program) *program {
	k := &program{size: p.Shape.Size(), cols: 1, period: 1}
	for i := range p.Axes {
		k.cols *= p.Shape.At(-1 - i)
	}
	l := layout{Program: p, k: k, last: lastUses(p), home: homes(p)}
	for v := range len(p.In) + len(p.Code) {
		l.spots = append(l.spots, &spot{value: v})
	}
	for i := range p.Code {
		l.instr(i)
	}
	for r, v := range p.Results {
		l.result(r, v)
	}
	k.setTiles()
	return k
}

// setTiles chooses the length of tiles: whole rows, and whole periods of what inputs
// repeat where that is possible, so that it is loaded once. Halves take less memory, and
// for what is done row by row calls weigh more.
func (k *program) setTiles() {
	unit, length := k.cols, tileLen
	if k.cols > 1 || slices.ContainsFunc(k.code, func(c instr) bool { return c.do == halfMapping }) {
		length *= 2
	}
	for i := range k.loads {
		if p := k.loads[i].period; p > unit && p <= length && p%unit == 0 && p < k.size {
			unit = p
		}
	}
	k.tile = max(1, length/unit) * unit
	k.piece = max(1, pieceLen/k.tile) * k.tile
	for i := range k.loads {
		if l := &k.loads[i]; k.tile%l.period == 0 {
			l.once = true
			k.period *= l.period / gcd(k.period, l.period)
		}
	}
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// layout finds places for the values of a program.
type layout struct {
	*backend.Program
	k     *program
	last  []int
	home  map[int]int
	spots []*spot
	idle  []int // slots
}

// spot is where a value is.
type spot struct {
	value  int     // or, of values that are one under several names, the first
	floats operand // elements, as float32
	raw    bool    // floats are not yet rounded to the value's half type
	half   operand // elements, as bits
	rows   operand // one float32 for each row
}

// instr adds instruction i and frees the slots of values that it is the last to read.
func (l *layout) instr(i int) {
	c, v := &l.Code[i], len(l.In)+i
	switch {
	case isConst(c.Op): // filled when it is first asked for
	case isAlias(l.Program, c):
		l.alias(c, v)
	case !c.Row && isCast(c.Op) && isHalf(c.Out):
		l.spots[v].half = l.narrow(l.floats(c.Args[0]), v)
		l.release(i)
	default:
		if op, ok := l.inHalves(c); ok {
			l.mapHalves(i, op)
		} else {
			l.mapFloats(i)
		}
	}
}

// alias makes v another name of what instruction c reads.
func (l *layout) alias(c *backend.Instr, v int) {
	a := c.Args[0]
	if c.Out == l.DType(a) {
		l.spots[v] = l.spots[a]
		return
	}
	if c.Row {
		l.spots[v].rows = l.rows(a)
		return
	}
	s := l.spots[a]
	r, leaves := l.home[v]
	if leaves && l.asBits(a) {
		s.floats = operand{toResult, r}
		l.emit(instr{do: widening, dst: s.floats, args: [3]operand{l.halves(a)}, bf16: l.DType(a) == tensor.BFloat16})
	}
	l.spots[v].floats = l.floats(a)
}

// mapFloats adds an instruction on float32.
func (l *layout) mapFloats(i int) {
	c, v := &l.Code[i], len(l.In)+i
	in := instr{row: c.Row}
	reduce, reduces := c.Op.(ops.Reducing)
	switch {
	case reduces && l.asBits(c.Args[0]):
		in.do, in.bits = halfReducing, reduceHalfRows(reduce, l.k.cols, l.DType(c.Args[0]) == tensor.BFloat16)
		in.args[0] = l.halves(c.Args[0])
	case reduces:
		in.do, in.rows = reducing, reduceRows(reduce, l.k.cols)
		in.args[0] = l.floats(c.Args[0])
	default:
		in.f, _ = tileOf(c.Op)
		for j, a := range c.Args {
			if c.Row {
				in.args[j] = l.rows(a)
			} else {
				in.args[j] = l.floats(a)
			}
		}
	}
	l.release(i)
	s := l.spots[v]
	if r, ok := l.home[v]; ok && c.Out == tensor.Float32 {
		in.dst = operand{toResult, r}
	} else {
		in.dst = l.slot()
	}
	l.emit(in)
	raw := isHalf(c.Out) && !keepsHalves(c.Op)
	if !c.Row {
		s.floats, s.raw = in.dst, raw
		return
	}
	s.rows = in.dst
	if raw {
		l.round(s.rows, c.Out, true)
	}
}

// mapHalves adds an instruction on bits.
func (l *layout) mapHalves(i int, in instr) {
	c, v := &l.Code[i], len(l.In)+i
	for j, a := range c.Args {
		in.args[j] = l.halves(a)
	}
	l.release(i)
	in.dst = l.halfHome(v)
	l.emit(in)
	l.spots[v].half = in.dst
}

// inHalves returns the instruction on bits that does c, if there is one and it costs no
// more passes than one on float32.
func (l *layout) inHalves(c *backend.Instr) (instr, bool) {
	f, ok := halfFuncs[reflect.TypeOf(c.Op)]
	if !ok || c.Row || !isHalf(c.Out) {
		return instr{}, false
	}
	bits, wide := 0, 1 // the result is rounded
	if keepsHalves(c.Op) {
		wide = 0
	}
	for _, a := range c.Args {
		if l.DType(a) != c.Out {
			return instr{}, false
		}
		switch s := l.spots[a]; {
		case s.half.kind == nowhere && s.floats.kind != nowhere:
			bits++
			if s.raw {
				wide++
			}
		case l.asBits(a):
			wide++
		}
	}
	return instr{do: halfMapping, half: f(c.Op), bf16: c.Out == tensor.BFloat16}, bits <= wide
}

// asBits reports whether value v is there as bits, and not as float32.
func (l *layout) asBits(v int) bool {
	s := l.spots[v]
	return isHalf(l.DType(v)) && s.floats.kind == nowhere && (s.half.kind != nowhere || l.whole(s.value, l.Shape))
}

// release frees the slots of values that instruction i is the last to read.
func (l *layout) release(i int) {
	for _, a := range l.Code[i].Args {
		if l.last[a] == i && a >= len(l.In) {
			l.last[a] = -1
			if c := &l.Code[a-len(l.In)]; !isConst(c.Op) && !isAlias(l.Program, c) {
				l.free(l.spots[a].floats)
				l.free(l.spots[a].half)
				l.free(l.spots[a].rows)
			}
		}
	}
}

// floats returns where the elements of value v are as float32.
func (l *layout) floats(v int) operand {
	s := l.spots[v]
	switch from := s.value; {
	case s.floats.kind != nowhere:
		if s.raw {
			s.raw = false
			l.round(s.floats, l.DType(from), false)
		}
	case from < len(l.In):
		s.floats = l.load(from, l.Shape, false)
	case isConst(l.Code[from-len(l.In)].Op):
		s.floats = l.fill(from)
	case s.half.kind != nowhere:
		s.floats = l.slot()
		l.emit(instr{do: widening, dst: s.floats, args: [3]operand{s.half}, bf16: l.DType(from) == tensor.BFloat16})
	default: // a row's value as elements
		s.floats = l.slot()
		l.emit(instr{do: expanding, dst: s.floats, args: [3]operand{s.rows}})
	}
	return s.floats
}

// halves returns where the elements of value v are as bits.
func (l *layout) halves(v int) operand {
	s := l.spots[v]
	bf16 := l.DType(s.value) == tensor.BFloat16
	switch from := s.value; {
	case s.half.kind != nowhere:
	case from < len(l.In):
		s.half = l.load(from, l.Shape, true)
	case isConst(l.Code[from-len(l.In)].Op):
		s.half = l.fresh()
		l.k.consts = append(l.k.consts, instr{do: halfFilling, fill: l.constant(from), dst: s.half, bf16: bf16})
	case s.floats.kind != nowhere:
		s.half = l.narrow(s.floats, from)
	default:
		s.half = l.slot()
		l.emit(instr{do: halfExpanding, dst: s.half, args: [3]operand{s.rows}, bf16: bf16})
	}
	return s.half
}

// rows returns where the values of rows of v are.
func (l *layout) rows(v int) operand {
	s := l.spots[v]
	switch from := s.value; {
	case s.rows.kind != nowhere:
	case from < len(l.In):
		s.rows = l.load(from, l.RowShape(), false)
	default:
		s.rows = l.fill(from)
	}
	return s.rows
}

// result sees to it that value v reaches result r.
func (l *layout) result(r, v int) {
	s := store{result: r, row: l.Row(v)}
	switch {
	case s.row:
		s.from = l.rows(v)
	case isHalf(l.DType(v)):
		s.half, s.from = true, l.halves(v)
	default:
		s.from = l.floats(v)
	}
	if s.from != (operand{toResult, r}) {
		l.k.stores = append(l.k.stores, s)
	}
}

// narrow converts float32 elements to the half type of v.
func (l *layout) narrow(from operand, v int) operand {
	dst := l.halfHome(v)
	l.emit(instr{do: narrowing, dst: dst, args: [3]operand{from}, bf16: l.DType(v) == tensor.BFloat16})
	return dst
}

// round rounds float32 to a half type, in place.
func (l *layout) round(at operand, dt tensor.DType, row bool) {
	l.emit(instr{do: rounding, dst: at, args: [3]operand{at}, bf16: dt == tensor.BFloat16, row: row})
}

// halfHome returns where the bits of v are to be computed.
func (l *layout) halfHome(v int) operand {
	if r, ok := l.home[v]; ok {
		return operand{toResult, r}
	}
	return l.slot()
}

// fill returns a slot with the number that v is everywhere.
func (l *layout) fill(v int) operand {
	at := l.fresh()
	l.k.consts = append(l.k.consts, instr{do: filling, fill: l.constant(v), dst: at})
	return at
}

// constant returns the number that v is everywhere, rounded to its dtype.
func (l *layout) constant(v int) float32 {
	x := l.Code[v-len(l.In)].Op.(ops.FullOp).Value()
	switch l.DType(v) {
	case tensor.Float16:
		return tensor.F16FromFloat64(x).Float32()
	case tensor.BFloat16:
		return tensor.BF16FromFloat64(x).Float32()
	}
	return float32(x)
}

func (l *layout) emit(in instr) { l.k.code = append(l.k.code, in) }

// whole reports whether v is an input with an element for each of a shape, in order.
func (l *layout) whole(v int, shape tensor.Dims) bool {
	return v < len(l.In) && l.In[v].Shape.Size() == shape.Size()
}

// load returns where input v is, broadcast to shape, as float32 or as bits.
func (l *layout) load(v int, shape tensor.Dims, half bool) operand {
	s := l.In[v]
	if l.whole(v, shape) && (half || s.DType == tensor.Float32) {
		return operand{fromInput, v}
	}
	at := l.fresh()
	ld := load{input: v, slot: at.index, half: half, row: shape != l.Shape, src: newWalk(ops.BroadcastStrides(s.Shape, shape), shape)}
	ld.period = ld.src.period()
	if ld.row {
		ld.period *= l.k.cols
	}
	l.k.loads = append(l.k.loads, ld)
	return at
}

// fresh returns a slot of its own.
func (l *layout) fresh() operand {
	l.k.slots++
	return operand{inSlot, l.k.slots - 1}
}

// slot returns a slot that may be used again.
func (l *layout) slot() operand {
	if n := len(l.idle); n > 0 {
		at := operand{inSlot, l.idle[n-1]}
		l.idle = l.idle[:n-1]
		return at
	}
	return l.fresh()
}

func (l *layout) free(at operand) {
	if at.kind == inSlot {
		l.idle = append(l.idle, at.index)
	}
}

// isAlias reports whether instruction c does no more than how its input is loaded: as
// a type that holds all its values, broadcast.
func isAlias(p *backend.Program, c *backend.Instr) bool {
	switch c.Op.(type) {
	case ops.CastOp:
		from := p.DType(c.Args[0])
		return c.Out == tensor.Float32 || c.Out == from || isHalf(c.Out) && (from == tensor.Bool || from == tensor.Uint8)
	case ops.BroadcastOp:
		return true
	}
	return false
}

func isCast(op graph.Op) bool { _, ok := op.(ops.CastOp); return ok }

func isConst(op graph.Op) bool { _, ok := op.(ops.FullOp); return ok }

// lastUses returns the last instruction that reads each value; a value that is a
// result, or is read under another name, is read until the end.
func lastUses(p *backend.Program) []int {
	last := make([]int, len(p.In)+len(p.Code))
	for i := range p.Code {
		c := &p.Code[i]
		for _, a := range c.Args {
			last[a] = max(last[a], i)
			if isAlias(p, c) {
				last[a] = len(p.Code)
			}
		}
	}
	for _, v := range p.Results {
		last[v] = len(p.Code)
	}
	return last
}

// homes chooses, for every value that is a result of float32 or of a half type, the
// result that it is computed in.
func homes(p *backend.Program) map[int]int {
	home := map[int]int{}
	for r, v := range p.Results {
		if dt := p.DType(v); v < len(p.In) || dt != tensor.Float32 && (!isHalf(dt) || p.Row(v)) {
			continue
		}
		c := &p.Code[v-len(p.In)]
		_, taken := home[v]
		if same := isAlias(p, c) && c.Out == p.DType(c.Args[0]); !taken && !same && !isConst(c.Op) {
			home[v] = r
		}
	}
	return home
}
