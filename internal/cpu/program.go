package cpu

import (
	"slices"

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

// Fuses implements backend.Kernels: programs compute in float32, and round after every
// operation whose result is a half. Truth values are 1 and 0 inside, and other inputs
// are converted as they are loaded.
func (Kernels) Fuses(op graph.Op, out, in []tensor.Spec) bool {
	switch o := op.(type) {
	case ops.CastOp:
		switch in[0].DType {
		case tensor.Int32: // to a half it would be rounded twice
			return o.To == tensor.Float32
		case tensor.Uint8:
			return o.To == tensor.Float32 || isHalf(o.To)
		}
		return computed(in[0].DType) && computed(o.To)
	case ops.BroadcastOp:
		return in[0].DType == tensor.Float32 || isHalf(in[0].DType)
	}
	if r, ok := op.(ops.Reducing); ok {
		return fusesRows(r, in[0]) || fusesColumns(r, in[0])
	}
	for _, s := range append(out[:len(out):len(out)], in...) {
		if !computed(s.DType) {
			return false
		}
	}
	if _, ok := op.(ops.Tuple); ok {
		return true
	}
	_, ok := tileOf(op)
	return ok
}

// computed reports whether a program can compute values of dtype dt.
func computed(dt tensor.DType) bool {
	return dt == tensor.Float32 || dt == tensor.Bool || isHalf(dt)
}

// isHalf reports whether dt is one of the types that are computed in float32 and rounded.
func isHalf(dt tensor.DType) bool { return dt == tensor.Float16 || dt == tensor.BFloat16 }

func init() {
	registerStrided(func(p *backend.Program, out, in []layout) backend.Kernel {
		strides := make([]tensor.Dims, len(in))
		for i, l := range in {
			if l.gaps() {
				strides[i] = l.strides
			}
			if l.gaps() && (p.Columns || l.Rank() == 0 || l.strides.At(-1) != 1 || l.Shape.At(-1) < leastRun) {
				return nil // a copy, which goes by blocks, is faster
			}
		}
		for _, l := range out {
			if l.gaps() {
				return nil
			}
		}
		return newProgram(p, strides)
	})
	overwrites(func(p *backend.Program, result, input int) bool { return p.Overwrites(result, input) })
}

// leastRun is the least number of adjacent elements in an input with gaps that a program
// reads.
const leastRun = 16

// maxRow is the longest row that programs reduce.
const maxRow = 4 * tileLen

// fusesRows reports whether a reduction goes along rows, the last axes, that a
// program can hold whole.
func fusesRows(r ops.Reducing, in tensor.Spec) bool {
	over := r.Over()
	cols, axes := over.Count(in.Shape), over.Axes.Rank()
	if in.DType != tensor.Float32 && !isHalf(in.DType) || in.Shape.Size() == 0 || cols < 2 || cols > maxRow || over.Axes.At(0) != in.Rank()-axes {
		return false
	}
	return over.KeepDims && foldOf(r) != noFold
}

// program is the kernel of a backend.Program.
type program struct {
	size    int
	cols    int // length of a row, 1 if there are none; or number of columns
	tile    int // elements at a time: whole rows
	piece   int // elements of a piece: whole tiles
	period  int // after which all loads that are the same for all tiles begin again
	loads   []load
	consts  []instr
	code    []instr
	stores  []store
	slots   int
	single  bool     // one instruction from an input to a result: tiles are of no use
	columns *columns // or nil: reductions go along rows, or there are none
	out, in []backend.Buf
	self    par.Worker
}

// load expands or converts an input into a slot.
type load struct {
	input, slot int
	row         bool
	half        bool // its bits, not converted
	period      int  // after which it begins again, in elements of the program
	once        bool // the same for all tiles, if they begin with a period
	src         walk
}

// store writes a value to a result, if it cannot be computed in the result's memory.
type store struct {
	result int
	row    bool
	half   bool // from has bits
	from   place
}

// newProgram returns the kernel of p for inputs of some strides: none, or the zero Dims,
// for those without gaps.
func newProgram(p *backend.Program, strides []tensor.Dims) *program {
	cols := 1
	switch {
	case p.Columns:
		cols = p.RowShape().Size()
	default:
		for i := range p.Axes {
			cols *= p.Shape.At(-1 - i)
		}
	}
	k := lower(p, cols, strides).foldProducts().chain().place()
	k.setTiles()
	if k.columns != nil {
		k.columns.setPieces(k)
	}
	return k
}

// setTiles chooses the length of tiles: whole rows, and where possible whole periods of
// inputs that repeat, so that they are loaded once. Tiles are longer for halves, which
// take less memory, and for work done row by row, where calls weigh more. Tiles of
// columns depend on the shape alone, so that sums along them have one order, whatever
// else the program does.
func (k *program) setTiles() {
	unit, length := k.cols, tileLen
	if k.columns == nil {
		if k.cols > 1 || slices.ContainsFunc(k.code, func(c instr) bool { _, ok := c.op.(mapBits); return ok }) {
			length *= 2
		}
		for i := range k.loads {
			if p := k.loads[i].period; !k.isAfterPass(k.loads[i].row) && p > unit && p <= length && p%unit == 0 && p < k.size {
				unit = p
			}
		}
	}
	k.single = k.columns == nil && k.slots == 0 && len(k.code) == 1 && !k.code[0].row && len(k.loads)+len(k.stores) == 0
	k.tile = max(1, length/unit) * unit
	k.piece = max(1, pieceLen/k.tile) * k.tile
	for i := range k.loads {
		if l := &k.loads[i]; k.tile%l.period == 0 && !k.isAfterPass(l.row) {
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

// Run implements backend.Kernel.
func (k *program) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	if n := (k.size + k.piece - 1) / k.piece; n == 1 {
		k.Piece(0, &k.self)
	} else {
		par.Do(n, k)
	}
	if k.columns != nil {
		k.finish(k.self.Scratch(k.scratch()))
	}
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *program) Piece(i int, w *par.Worker) { k.runPiece(i, w.Scratch(k.scratch())) }

// runPiece runs the program for the elements of piece i.
func (k *program) runPiece(i int, mem []byte) {
	f := k.run(mem, i*k.piece, min((i+1)*k.piece, k.size))
	if k.columns != nil {
		k.columns.end(f, i)
	}
}

// run runs the program for elements [lo,hi), which are whole rows, and returns the frame
// in which it did.
func (k *program) run(mem []byte, lo, hi int) frame {
	steady := lo%k.period == 0
	f := k.fill(mem, steady)
	f.tilesOf(lo, hi, steady)
	return f
}

// isAfterPass reports whether a load, an instruction or a store is done once, after the
// pass over tiles. row tells whether it is of rows.
func (k *program) isAfterPass(row bool) bool { return row && k.columns != nil }

// slotLen returns the elements that a slot has room for.
func (k *program) slotLen() int { return max(k.tile, tileLen) }

// scratch returns the bytes that the slots take, and the lanes of columns.
func (k *program) scratch() int {
	n := k.slots * k.slotLen()
	if k.columns != nil {
		n += k.columns.lanes
	}
	return n * 4
}

// frame holds the memory of a run.
type frame struct {
	*program
	tiles    []float32 // the slots
	gathered *patches  // or nil: inputs and results are in slots of these
	first    bool      // this is the first tile of a piece
}

// fill returns a frame on mem with the slots filled that are the same for all tiles.
// Slots that are the same only for tiles that begin with a period are filled if steady:
// if all later spans do.
func (k *program) fill(mem []byte, steady bool) frame {
	f := frame{program: k, tiles: backend.Data[float32](backend.Buf{Mem: mem})}
	n := min(k.tile, k.size)
	for i := range k.loads {
		if l := &k.loads[i]; k.isLoadedOnce(l, steady) {
			if l.row {
				f.load(l, 0, 0, n/k.cols)
			} else {
				f.repeat(l, n)
			}
		}
	}
	for i := range k.consts {
		k.consts[i].op.run(f, &k.consts[i], 0, n)
	}
	return f
}

// repeat loads n elements, of which the first begin a period, into a slot.
func (f frame) repeat(l *load, n int) {
	done := min(n, l.period)
	f.load(l, 0, 0, done)
	if l.half {
		repeatRows(f.slotBits(l.slot, n), done)
	} else {
		repeatRows(f.slot(l.slot, n), done)
	}
}

// isLoadedOnce reports whether a load is done once instead of for every tile.
func (k *program) isLoadedOnce(l *load, steady bool) bool { return l.once && (steady || l.period == 1) }

// tilesOf goes over the tiles of elements [lo,hi).
func (f frame) tilesOf(lo, hi int, steady bool) {
	if f.single {
		f.code[0].op.run(f, &f.code[0], lo, hi-lo)
		return
	}
	for at := lo; at < hi; at += f.tile {
		n := min(f.tile, hi-at)
		f.first = at == lo
		rowAt, rows := at, n
		if f.cols > 1 {
			rowAt, rows = at/f.cols, n/f.cols
		}
		for i := range f.loads {
			switch l := &f.loads[i]; {
			case f.isLoadedOnce(l, steady), f.isAfterPass(l.row):
			case l.row:
				f.load(l, 0, rowAt, rows)
			default:
				f.load(l, 0, at, n)
			}
		}
		for i := range f.code {
			switch c := &f.code[i]; {
			case f.isAfterPass(c.row):
			case c.row:
				c.op.run(f, c, rowAt, rows)
			default:
				c.op.run(f, c, at, n)
			}
		}
		for _, s := range f.stores {
			switch {
			case f.isAfterPass(s.row):
			case s.row:
				f.store(s, rowAt, rows)
			default:
				f.store(s, at, n)
			}
		}
	}
}

// load loads n elements, or rows, from at on into a slot from its element to on.
func (f frame) load(l *load, to, at, n int) {
	if l.half {
		loadBits(f.slotBits(l.slot, to+n)[to:], f.in[l.input], &l.src, at)
	} else {
		loadWalk(f.slot(l.slot, to+n)[to:], f.in[l.input], &l.src, at)
	}
}

func (f frame) store(s store, at, n int) {
	dst := f.out[s.result]
	if s.half {
		copy(bits16(dst)[at:at+n], f.bits(s.from, at, n))
	} else {
		saveSpan(dst, at, f.f32(s.from, at, n))
	}
}

// f32 returns n float32 elements of a place from element at on.
func (f frame) f32(p place, at, n int) []float32 {
	switch {
	case p.kind == inSlot:
		return f.slot(p.index, n)
	case f.gathered != nil:
		return f.slot(f.gathered.slotOf(p), n)
	case p.kind == fromInput:
		return view[float32](f.in[p.index].Mem)[at : at+n]
	}
	return view[float32](f.out[p.index].Mem)[at : at+n]
}

// bits returns the bits of n halves of a place from element at on.
func (f frame) bits(p place, at, n int) []uint16 {
	switch {
	case p.kind == inSlot:
		return f.slotBits(p.index, n)
	case f.gathered != nil:
		return f.slotBits(f.gathered.slotOf(p), n)
	case p.kind == fromInput:
		return view[uint16](f.in[p.index].Mem)[at : at+n]
	}
	return view[uint16](f.out[p.index].Mem)[at : at+n]
}

func (f frame) slot(slot, n int) []float32 { return f.tiles[slot*f.slotLen():][:n:n] }

func (f frame) slotBits(slot, n int) []uint16 {
	return view[uint16](f.tiles[slot*f.slotLen():][:f.slotLen()])[:n:n]
}

// saveSpan writes float32 to elements from at on, as the dtype of dst.
func saveSpan(dst backend.Buf, at int, src []float32) {
	n := len(src)
	switch dst.DType {
	case tensor.Bool:
		kern.F32ToBool(backend.Data[bool](dst)[at:at+n], src)
	case tensor.Float32:
		copy(floats(dst)[at:at+n], src)
	default:
		narrowTo(dst.DType == tensor.BFloat16, bits16(dst)[at:at+n], src)
	}
}
