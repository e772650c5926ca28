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
		return fusesRows(r, in[0])
	}
	for _, s := range append(out[:1:1], in...) {
		if !computed(s.DType) {
			return false
		}
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
	register(func(p *backend.Program, _, _ []tensor.Spec) backend.Kernel { return newProgram(p) })
	overwrites(func(p *backend.Program, result, input int) bool { return p.Overwrites(result, input) })
}

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

// reduceHalfRows is [reduceRows] for rows of bfloat16, or of float16.
func reduceHalfRows(op graph.Op, cols int, bf16 bool) func(dst []float32, x []uint16) {
	f := sumOf
	switch op.(type) {
	case ops.ReduceMaxOp:
		f = greatestOf
	case ops.ReduceMinOp:
		f = leastOf
	}
	fold := halfFolder(f, bf16).rows
	_, mean := op.(ops.ReduceMeanOp)
	return func(dst []float32, x []uint16) {
		fold(dst, x, len(dst), cols)
		if mean {
			kern.DivScalar(dst, dst, float32(cols))
		}
	}
}

// program is the kernel of a backend.Program.
type program struct {
	size    int
	cols    int // length of a row, 1 if there are none
	tile    int // elements at a time: whole rows
	piece   int // elements of a piece: whole tiles
	period  int // after which all loads that are the same for all tiles begin again
	loads   []load
	consts  []instr
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
	half        bool // its bits, not converted
	period      int  // after which it begins again, in elements of the program
	once        bool // the same for all tiles, if they begin with a period
	src         walk
}

// store writes a value to a result that it could not be computed in.
type store struct {
	result int
	row    bool
	half   bool // from has bits
	from   place
}

func newProgram(p *backend.Program) *program {
	cols := 1
	for i := range p.Axes {
		cols *= p.Shape.At(-1 - i)
	}
	k := lower(p, cols).place()
	k.setTiles()
	return k
}

// setTiles chooses the length of tiles: whole rows, and whole periods of what inputs
// repeat where that is possible, so that it is loaded once. Halves take less memory, and
// for what is done row by row calls weigh more.
func (k *program) setTiles() {
	unit, length := k.cols, tileLen
	if k.cols > 1 || slices.ContainsFunc(k.code, func(c instr) bool { _, ok := c.op.(mapBits); return ok }) {
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
	k.run(w.Scratch(k.scratch()), i*k.piece, min((i+1)*k.piece, k.size))
}

// run runs the program for elements [lo,hi), which are whole rows.
func (k *program) run(mem []byte, lo, hi int) {
	steady := lo%k.period == 0
	k.fill(mem, steady).tilesOf(lo, hi, steady)
}

// slotLen returns the elements that a slot has room for.
func (k *program) slotLen() int { return max(k.tile, tileLen) }

// scratch returns the bytes that the slots take.
func (k *program) scratch() int { return k.slots * k.slotLen() * 4 }

// frame says where the places of a run are.
type frame struct {
	*program
	tiles    []float32 // the slots
	gathered *patches  // or nil: inputs and results are in slots of these
}

// fill returns a frame on mem with the slots filled that are the same for all tiles.
// Those that are the same only for tiles that begin with a period it fills if the spans
// to come do: are steady.
func (k *program) fill(mem []byte, steady bool) frame {
	f := frame{program: k, tiles: backend.Data[float32](backend.Buf{Mem: mem})}
	n := min(k.tile, k.size)
	for i := range k.loads {
		if l := &k.loads[i]; k.still(l, steady) {
			if l.row {
				f.load(l, 0, 0, n/k.cols)
			} else {
				f.load(l, 0, 0, n)
			}
		}
	}
	for i := range k.consts {
		k.consts[i].op.run(f, &k.consts[i], 0, n)
	}
	return f
}

// still reports whether a load is not done again for every tile.
func (k *program) still(l *load, steady bool) bool { return l.once && (steady || l.period == 1) }

// tilesOf goes over the tiles of elements [lo,hi).
func (f frame) tilesOf(lo, hi int, steady bool) {
	for at := lo; at < hi; at += f.tile {
		n := min(f.tile, hi-at)
		rowAt, rows := at, n
		if f.cols > 1 {
			rowAt, rows = at/f.cols, n/f.cols
		}
		for i := range f.loads {
			switch l := &f.loads[i]; {
			case f.still(l, steady):
			case l.row:
				f.load(l, 0, rowAt, rows)
			default:
				f.load(l, 0, at, n)
			}
		}
		for i := range f.code {
			if c := &f.code[i]; c.row {
				c.op.run(f, c, rowAt, rows)
			} else {
				c.op.run(f, c, at, n)
			}
		}
		for _, s := range f.stores {
			if s.row {
				f.store(s, rowAt, rows)
			} else {
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
		return floats(f.in[p.index])[at : at+n]
	}
	return floats(f.out[p.index])[at : at+n]
}

// bits returns the bits of n halves of a place from element at on.
func (f frame) bits(p place, at, n int) []uint16 {
	switch {
	case p.kind == inSlot:
		return f.slotBits(p.index, n)
	case f.gathered != nil:
		return f.slotBits(f.gathered.slotOf(p), n)
	case p.kind == fromInput:
		return bits16(f.in[p.index])[at : at+n]
	}
	return bits16(f.out[p.index])[at : at+n]
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
