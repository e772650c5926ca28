package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

const (
	tileLen  = 1024         // elements that an instruction handles at a time: 4 KB
	pieceLen = 16 * tileLen // elements of a program that one thread takes at a time
)

// Fuses implements backend.Backend: programs compute in float32. Truth values are
// 1 and 0 inside, and other inputs are converted as they are loaded.
func (Backend) Fuses(op graph.Op, out, in []tensor.Spec) bool {
	switch o := op.(type) {
	case ops.CastOp:
		if in[0].DType == tensor.Float32 || in[0].DType == tensor.Bool {
			return storable(o.To)
		}
		return o.To == tensor.Float32 && loadable(in[0].DType)
	case ops.BroadcastOp:
		return in[0].DType == tensor.Float32
	}
	if r, ok := op.(ops.Reducing); ok {
		return fusesRows(r, in[0])
	}
	if out[0].DType != tensor.Float32 && out[0].DType != tensor.Bool {
		return false
	}
	for _, s := range in {
		if s.DType != tensor.Float32 && s.DType != tensor.Bool {
			return false
		}
	}
	_, ok := tileOf(op)
	return ok
}

// storable reports whether a program's value can leave it as dtype dt.
func storable(dt tensor.DType) bool {
	switch dt {
	case tensor.Float32, tensor.Bool, tensor.Float16, tensor.BFloat16:
		return true
	}
	return false
}

// loadable reports whether a program's input can be of dtype dt.
func loadable(dt tensor.DType) bool {
	switch dt {
	case tensor.Float32, tensor.Bool, tensor.Uint8, tensor.Int32, tensor.Float16, tensor.BFloat16:
		return true
	}
	return false
}

func init() {
	register(func(p *backend.Program, _, _ []tensor.Spec) backend.Kernel { return newProgram(p) })
}

// maxRow is the longest row that programs reduce.
const maxRow = 4 * tileLen

// fusesRows reports whether a reduction goes along rows, the last axes, that a
// program can hold whole.
func fusesRows(r ops.Reducing, in tensor.Spec) bool {
	over := r.Over()
	cols, axes := over.Count(in.Shape), over.Axes.Rank()
	if in.DType != tensor.Float32 || in.Shape.Size() == 0 || cols < 2 || cols > maxRow || over.Axes.At(0) != in.Rank()-axes {
		return false
	}
	return over.KeepDims && reduceRows(r, cols) != nil
}

// reduceRows returns the function that reduces rows of the given length.
func reduceRows(op graph.Op, cols int) func(dst, x []float32) {
	by := func(f func(dst, x []float32, rows, cols, ld int)) func(dst, x []float32) {
		return func(dst, x []float32) { f(dst, x, len(dst), cols, cols) }
	}
	switch op.(type) {
	case ops.ReduceSumOp:
		return by(kern.SumRows)
	case ops.ReduceMeanOp:
		return func(dst, x []float32) {
			kern.SumRows(dst, x, len(dst), cols, cols)
			kern.DivScalar(dst, dst, float32(cols))
		}
	case ops.ReduceMaxOp:
		return by(kern.MaxRows)
	case ops.ReduceMinOp:
		return by(kern.MinRows)
	}
	return nil
}

// program is the kernel of a backend.Program.
type program struct {
	size    int
	cols    int // length of a row, 1 if there are none
	tile    int // elements at a time: whole rows
	piece   int // elements of a piece: whole tiles
	loads   []load
	code    []instr
	stores  []store
	slots   int
	out, in []backend.Buf
	self    par.Worker
}

// load expands or converts an input into a slot.
type load struct {
	input, slot int
	row         bool
	once        bool // the same for all tiles
	src         walk
}

// instr is an instruction with its places.
type instr struct {
	do   action
	f    tile
	rows func(dst, x []float32)
	fill float32
	row  bool // dst is a row's, and what f reads
	dst  operand
	args [3]operand
}

// action is what an instruction does.
type action uint8

const (
	mapping   action = iota // f on elements
	constant                // fill, once
	reducing                // rows, from elements to rows
	expanding               // from rows to elements
)

// store writes a value to a result that it could not be computed in.
type store struct {
	result int
	row    bool
	from   operand
}

// operand is a tile's place: a slot, an input's or a result's own memory.
type operand struct {
	kind  operandKind
	index int
}

type operandKind uint8

const (
	nowhere operandKind = iota
	inSlot
	fromInput
	toResult
)

// newProgram gives every value a place: float32 inputs of full shape are read
// where they are, float32 results computed where they belong; any other value
// has a slot until its last use.
func newProgram(p *backend.Program) *program {
	k := &program{size: p.Shape.Size(), cols: 1}
	for i := range p.Axes {
		k.cols *= p.Shape.At(-1 - i)
	}
	k.tile = max(1, tileLen/k.cols) * k.cols
	k.piece = max(1, pieceLen/k.tile) * k.tile
	l := layout{
		Program: p, k: k, last: lastUses(p), home: homes(p),
		elements: make([]operand, len(p.In)+len(p.Code)),
		rows:     make([]operand, len(p.In)+len(p.Code)),
	}
	for i := range p.Code {
		l.instr(i)
	}
	for r, v := range p.Results {
		if from := l.place(v, p.Row(v)); from != (operand{toResult, r}) {
			k.stores = append(k.stores, store{r, p.Row(v), from})
		}
	}
	return k
}

// layout finds places for the values of a program: for their elements, and for
// those that are a row's, for one value a row.
type layout struct {
	*backend.Program
	k              *program
	last           []int
	home           map[int]int
	elements, rows []operand
	idle           []int // slots
}

// instr adds instruction i and frees the slots of values that it is the last to read.
func (l *layout) instr(i int) {
	c, v := l.Code[i], len(l.In)+i
	reduce, reduces := c.Op.(ops.Reducing)
	if isLoad(c.Op) { // the value under another name
		*l.of(v, c.Row) = l.place(c.Args[0], c.Row)
		return
	}
	in := instr{row: c.Row}
	for j, a := range c.Args {
		in.args[j] = l.place(a, c.Row && !reduces)
	}
	for _, a := range c.Args {
		if l.last[a] == i && a >= len(l.In) && !isConst(l.Code[a-len(l.In)].Op) && !isLoad(l.Code[a-len(l.In)].Op) {
			l.last[a] = -1
			l.free(l.elements[a])
			l.free(l.rows[a])
		}
	}
	switch full, ok := c.Op.(ops.FullOp); {
	case ok:
		in.do, in.fill = constant, float32(full.Value())
		in.dst = l.fresh()
		l.rows[v] = in.dst
	case reduces:
		in.do, in.rows = reducing, reduceRows(reduce, l.k.cols)
	default:
		in.f, _ = tileOf(c.Op)
	}
	if r, ok := l.home[v]; ok {
		in.dst = operand{toResult, r}
	} else if in.do != constant {
		in.dst = l.slot()
	}
	*l.of(v, c.Row) = in.dst
	l.k.code = append(l.k.code, in)
}

func (l *layout) of(v int, row bool) *operand {
	if row {
		return &l.rows[v]
	}
	return &l.elements[v]
}

// place returns where the elements of value v are, or its rows' values. Inputs are
// loaded, and rows expanded, when that is first asked for.
func (l *layout) place(v int, row bool) operand {
	at := l.of(v, row)
	switch {
	case at.kind != nowhere:
	case v < len(l.In):
		*at = l.load(v, row)
	default: // a row's value as elements
		*at = l.slot()
		l.k.code = append(l.k.code, instr{do: expanding, dst: *at, args: [3]operand{l.rows[v]}})
	}
	return *at
}

func (l *layout) load(v int, row bool) operand {
	s, shape := l.In[v], l.Shape
	if row {
		shape = l.RowShape()
	}
	if s.DType == tensor.Float32 && s.Shape.Size() == shape.Size() {
		return operand{fromInput, v}
	}
	at := l.fresh()
	l.k.loads = append(l.k.loads, load{v, at.index, row, s.Shape.Size() == 1, newWalk(ops.BroadcastStrides(s.Shape, shape), shape)})
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

// isLoad reports whether op does no more than how its input is loaded: as
// float32, broadcast.
func isLoad(op graph.Op) bool {
	switch o := op.(type) {
	case ops.CastOp:
		return o.To == tensor.Float32
	case ops.BroadcastOp:
		return true
	}
	return false
}

func isConst(op graph.Op) bool { _, ok := op.(ops.FullOp); return ok }

// lastUses returns the last instruction that reads each value; a value that is a
// result, or is read under another name, is read until the end.
func lastUses(p *backend.Program) []int {
	last := make([]int, len(p.In)+len(p.Code))
	for i, c := range p.Code {
		for _, a := range c.Args {
			last[a] = max(last[a], i)
			if isLoad(c.Op) {
				last[a] = len(p.Code)
			}
		}
	}
	for _, v := range p.Results {
		last[v] = len(p.Code)
	}
	return last
}

// homes chooses, for every value that is a float32 result, the result that it is
// computed in.
func homes(p *backend.Program) map[int]int {
	home := map[int]int{}
	for r, v := range p.Results {
		if v < len(p.In) || p.DType(v) != tensor.Float32 {
			continue
		}
		op := p.Code[v-len(p.In)].Op
		if _, taken := home[v]; !taken && !isLoad(op) && !isConst(op) {
			home[v] = r
		}
	}
	return home
}

// Run implements backend.Kernel.
func (k *program) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	if n := (k.size + k.piece - 1) / k.piece; n == 1 {
		k.Piece(0, &k.self)
	} else {
		par.Do(n, k)
	}
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *program) Piece(i int, w *par.Worker) {
	tiles := k.begin(w.Scratch(k.scratch()))
	k.span(i*k.piece, min((i+1)*k.piece, k.size), tiles)
}

// slotLen returns the elements that a slot has room for.
func (k *program) slotLen() int { return max(k.tile, tileLen) }

// scratch returns the bytes that the slots take.
func (k *program) scratch() int { return k.slots * k.slotLen() * 4 }

// begin fills the slots that are the same for all tiles.
func (k *program) begin(mem []byte) []float32 {
	tiles := backend.Data[float32](backend.Buf{Mem: mem})
	for i := range k.loads {
		if l := &k.loads[i]; l.once {
			n := min(k.tile, k.size)
			if l.row {
				n /= k.cols
			}
			loadWalk(k.slot(tiles, l.slot, n), k.in[l.input], &l.src, 0)
		}
	}
	for i := range k.code {
		if c := &k.code[i]; c.do == constant {
			kern.Fill(k.slot(tiles, c.dst.index, min(k.tile, k.size)), c.fill)
		}
	}
	return tiles
}

// span runs the program for elements [lo,hi), which are whole rows.
func (k *program) span(lo, hi int, tiles []float32) {
	for at := lo; at < hi; at += k.tile {
		n := min(k.tile, hi-at)
		rowAt, rows := at, n
		if k.cols > 1 {
			rowAt, rows = at/k.cols, n/k.cols
		}
		for i := range k.loads {
			switch l := &k.loads[i]; {
			case l.once:
			case l.row:
				loadWalk(k.slot(tiles, l.slot, rows), k.in[l.input], &l.src, rowAt)
			default:
				loadWalk(k.slot(tiles, l.slot, n), k.in[l.input], &l.src, at)
			}
		}
		for i := range k.code {
			c := &k.code[i]
			at, n := at, n
			if c.row {
				at, n = rowAt, rows
			}
			switch c.do {
			case mapping:
				k.apply(c, tiles, at, n)
			case reducing:
				c.rows(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at*k.cols, n*k.cols))
			case expanding:
				expandRows(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, rowAt, rows), k.cols)
			}
		}
		for _, s := range k.stores {
			if s.row {
				k.store(s, tiles, rowAt, rows)
			} else {
				k.store(s, tiles, at, n)
			}
		}
	}
}

// apply runs an elementwise instruction on n elements, or rows, from at on.
func (k *program) apply(c *instr, tiles []float32, at, n int) {
	switch c.f.arity {
	case 1:
		c.f.one(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n))
	case 2:
		c.f.two(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n), k.at(c.args[1], tiles, at, n))
	case 3:
		c.f.three(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n), k.at(c.args[1], tiles, at, n), k.at(c.args[2], tiles, at, n))
	}
}

// expandRows repeats the value of each row along it.
func expandRows(dst, rows []float32, cols int) {
	for i, v := range rows {
		kern.Fill(dst[i*cols:][:cols], v)
	}
}

// at returns n elements of an operand from element at on.
func (k *program) at(o operand, tiles []float32, at, n int) []float32 {
	switch o.kind {
	case fromInput:
		return floats(k.in[o.index])[at : at+n]
	case toResult:
		return floats(k.out[o.index])[at : at+n]
	}
	return k.slot(tiles, o.index, n)
}

func (k *program) store(s store, tiles []float32, at, n int) {
	src, dst := k.at(s.from, tiles, at, n), k.out[s.result]
	switch dst.DType {
	case tensor.Bool:
		kern.F32ToBool(backend.Data[bool](dst)[at:at+n], src)
	case tensor.Float16:
		kern.F32ToF16(bits16(dst)[at:at+n], src)
	case tensor.BFloat16:
		kern.F32ToBF16(bits16(dst)[at:at+n], src)
	default:
		copy(floats(dst)[at:at+n], src)
	}
}

func (k *program) slot(tiles []float32, slot, n int) []float32 {
	return tiles[slot*k.slotLen():][:n:n]
}
