package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// form is how the numbers of a value are held. A value of a half type may be held in
// several: as float32, which most kernels take, or as bits, for which some exist. Each
// form is made when an instruction first needs it.
type form uint8

const (
	exact form = iota // float32
	raw               // float32, not yet rounded to the value's half type
	bits              // the bits of a half
	line              // one float32 for each row
	forms
)

// ref is a value of a lowered program: one form of one value.
type ref int

// none stands for no value.
const none ref = -1

// held lists the forms in which a value is held.
type held [forms]ref

// refInfo describes a lowered value.
type refInfo struct {
	input int  // read where it is, or -1
	half  bool // its elements are bits
	born  int  // the instruction of the program for which it is computed
	fixed bool // loaded or filled, not computed: it keeps its slot
}

// lowered is an instruction on lowered values.
type lowered struct {
	op        op
	row       bool // it computes one number for each row
	dst, args []ref
}

// lowering is the first pass over a program: it chooses the form in which each
// instruction computes, and makes an instruction of each conversion.
type lowering struct {
	*backend.Program
	strides []tensor.Dims // of inputs with gaps
	cols    int
	columns *columns // or nil
	same    []int    // for each value, the first of its aliases
	held    []held
	refs    []refInfo
	loads   []load // their slots are refs
	consts  []lowered
	code    []lowered
	results []ref
	at      int // the instruction of the program at hand
}

// lower lowers a program whose rows are cols elements long, or that has so many columns.
func lower(p *backend.Program, cols int, strides []tensor.Dims) *lowering {
	l := &lowering{Program: p, cols: cols, strides: strides}
	if p.Columns {
		l.columns = newColumns(cols)
	}
	for v := range p.Values() {
		l.same = append(l.same, v)
		l.held = append(l.held, held{none, none, none, none})
	}
	v := len(p.In)
	for l.at = range p.Code {
		l.instr(&p.Code[l.at], v)
		v += p.Code[l.at].Outs()
	}
	l.at = len(p.Code)
	for _, v := range p.Results {
		l.results = append(l.results, l.want(v, l.resultForm(v)))
	}
	return l
}

// resultForm returns the form in which value v leaves the program.
func (l *lowering) resultForm(v int) form {
	switch {
	case l.Row(v):
		return line
	case isHalf(l.DType(v)):
		return bits
	}
	return exact
}

// instr lowers instruction c, whose first result is value v.
func (l *lowering) instr(c *backend.Instr, v int) {
	switch {
	case isConst(c.Op): // filled when it is first needed
	case isAlias(l.Program, c):
		l.alias(c, v)
	case !c.Row && isCast(c.Op) && isHalf(c.Out):
		l.held[v][bits] = l.emit(narrow(c.Out), false, l.want(c.Args[0], exact))
	default:
		if op, ok := l.onBits(c); ok {
			l.held[v][bits] = l.emit(op, false, l.wantAll(c.Args, bits)...)
		} else {
			l.onFloats(c, v)
		}
	}
}

// alias makes v an alias of the value that c reads.
func (l *lowering) alias(c *backend.Instr, v int) {
	switch a := c.Args[0]; {
	case c.Out == l.DType(a):
		l.same[v] = l.same[a]
	case c.Row:
		l.held[v][line] = l.want(a, line)
	default:
		l.held[v][exact] = l.want(a, exact)
	}
}

// onFloats lowers an instruction that computes in float32.
func (l *lowering) onFloats(c *backend.Instr, v int) {
	f := exact
	if c.Row {
		f = line
	}
	var dst []ref
	r, reduces := c.Op.(ops.Reducing)
	t, several := c.Op.(ops.Tuple)
	switch {
	case reduces && l.columns != nil:
		dst = l.foldColumns(foldOf(r), c.Outs(), l.want(c.Args[0], exact))
	case reduces && c.Outs() == 1 && l.asBits(c.Args[0]):
		dst = l.emitAll(foldBits{halfFolder(foldOf(r), l.DType(c.Args[0]) == tensor.BFloat16), foldOf(r) == meanOf}, true, 1, l.want(c.Args[0], bits))
	case reduces:
		dst = l.emitAll(foldRows{foldOf(r)}, true, c.Outs(), l.want(c.Args[0], exact))
	case several:
		dst = l.emitAll(mapTuple{tupleOf(t)}, c.Row, c.Outs(), l.wantAll(c.Args, f)...)
	default:
		t, _ := tileOf(c.Op)
		dst = l.emitAll(mapFloats{t}, c.Row, c.Outs(), l.wantAll(c.Args, f)...)
	}
	for i, x := range dst {
		switch unrounded := isHalf(c.DType(i)) && !keepsHalves(c.Op); {
		case unrounded && c.Row:
			l.held[v+i][line] = l.emit(round(c.DType(i)), true, x)
		case unrounded:
			l.held[v+i][raw] = x
		default:
			l.held[v+i][f] = x
		}
	}
}

// onBits returns the operation on bits that computes c, if it exists and costs no more
// passes than one on float32.
func (l *lowering) onBits(c *backend.Instr) (op, bool) {
	f, ok := halfFuncs[reflect.TypeOf(c.Op)]
	if !ok || c.Row || !isHalf(c.Out) {
		return nil, false
	}
	narrows, widens := 0, 1 // the result is rounded
	if keepsHalves(c.Op) {
		widens = 0
	}
	for _, a := range c.Args {
		if l.DType(a) != c.Out {
			return nil, false
		}
		switch h := &l.held[l.same[a]]; {
		case h[bits] == none && (h[exact] != none || h[raw] != none):
			narrows++
			if h[exact] == none {
				widens++
			}
		case l.asBits(a):
			widens++
		}
	}
	return mapBits{f(c.Op), c.Out == tensor.BFloat16}, narrows <= widens
}

// asBits reports whether value v is held as bits, and not as float32.
func (l *lowering) asBits(v int) bool {
	h := &l.held[l.same[v]]
	return isHalf(l.DType(v)) && h[exact] == none && h[raw] == none && (h[bits] != none || l.whole(l.same[v], l.Shape))
}

func (l *lowering) wantAll(values []int, f form) []ref {
	refs := make([]ref, len(values))
	for i, v := range values {
		refs[i] = l.want(v, f)
	}
	return refs
}

// want returns value v in form f, which it computes if it is not held yet.
func (l *lowering) want(v int, f form) ref {
	v = l.same[v]
	if h := &l.held[v]; h[f] == none {
		h[f] = l.make(v, h, f)
	}
	return l.held[v][f]
}

func (l *lowering) make(v int, h *held, f form) ref {
	dt := l.DType(v)
	i, _ := l.Source(v)
	switch {
	case i < 0:
		return l.load(v, f)
	case isConst(l.Code[i].Op):
		return l.fill(v, f)
	case f == exact && h[raw] != none:
		return l.emit(round(dt), false, h[raw])
	case f == exact && h[bits] != none:
		return l.emit(widen(dt), false, h[bits])
	case f == bits && h[exact] != none:
		return l.emit(narrow(dt), false, h[exact])
	case f == bits && h[raw] != none:
		return l.emit(narrow(dt), false, h[raw])
	}
	return l.emit(expand{l.cols, f == bits, dt == tensor.BFloat16}, false, h[line])
}

// fill returns the number that v is everywhere.
func (l *lowering) fill(v int, f form) ref {
	dt := l.DType(v)
	x := l.newRef(refInfo{input: -1, half: f == bits, fixed: true})
	l.consts = append(l.consts, lowered{op: setAll{l.constant(v), f == bits, dt == tensor.BFloat16}, dst: []ref{x}})
	return x
}

// constant returns the number that v is everywhere, rounded to its dtype.
func (l *lowering) constant(v int) float32 {
	i, _ := l.Source(v)
	x := l.Code[i].Op.(ops.FullOp).Value()
	switch l.DType(v) {
	case tensor.Float16:
		return tensor.F16FromFloat64(x).Float32()
	case tensor.BFloat16:
		return tensor.BF16FromFloat64(x).Float32()
	}
	return float32(x)
}

// load returns input v, broadcast to the shape of the form: in place, if the input is
// held in that form.
func (l *lowering) load(v int, f form) ref {
	s, shape := l.In[v], l.Shape
	if f == line {
		shape = l.RowShape()
	}
	if l.whole(v, shape) && (f == bits || s.DType == tensor.Float32) {
		return l.newRef(refInfo{input: v, half: f == bits, fixed: true})
	}
	x := l.newRef(refInfo{input: -1, half: f == bits, fixed: true})
	ld := load{input: v, slot: int(x), half: f == bits, row: shape != l.Shape, src: newWalk(l.stridesIn(v, shape), shape)}
	ld.period = ld.src.period()
	if ld.row {
		ld.period *= l.cols
	}
	l.loads = append(l.loads, ld)
	return x
}

// whole reports whether v is an input with an element for each of a shape, in order.
func (l *lowering) whole(v int, shape tensor.Dims) bool {
	return v < len(l.In) && l.In[v].Shape.Size() == shape.Size() && !l.gaps(v)
}

// gaps reports whether the elements of input v do not follow each other.
func (l *lowering) gaps(v int) bool { return v < len(l.strides) && l.strides[v].Rank() > 0 }

// stridesIn returns the strides of input v, broadcast to a shape.
func (l *lowering) stridesIn(v int, shape tensor.Dims) tensor.Dims {
	s := l.In[v].Shape
	if !l.gaps(v) {
		return ops.BroadcastStrides(s, shape)
	}
	return layout{l.In[v], l.strides[v]}.broadcast(shape)
}

func (l *lowering) newRef(r refInfo) ref {
	l.refs = append(l.refs, r)
	return ref(len(l.refs) - 1)
}

// emit adds an instruction of one result.
func (l *lowering) emit(o op, row bool, args ...ref) ref { return l.emitAll(o, row, 1, args...)[0] }

// emitAll adds an instruction of some results.
func (l *lowering) emitAll(o op, row bool, results int, args ...ref) []ref {
	c := lowered{op: o, row: row, args: args}
	for range results {
		c.dst = append(c.dst, l.newRef(refInfo{input: -1, half: givesBits(o), born: l.at}))
	}
	l.code = append(l.code, c)
	return c.dst
}

// isAlias reports whether loading the input of instruction c already does its work: it
// broadcasts, or converts to a type that holds all values.
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
