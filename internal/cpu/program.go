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

// instr is an instruction with its places.
type instr struct {
	do   action
	f    tile
	half kern.HalfFunc
	bf16 bool // of the half types, not float16
	rows func(dst, x []float32)
	bits func(dst []float32, x []uint16) // rows, of bits
	fill float32
	row  bool // dst is a row's, and what f reads
	dst  operand
	args [3]operand
}

// action is what an instruction does.
type action uint8

const (
	mapping       action = iota // f on elements
	halfMapping                 // half on the bits of elements
	filling                     // fill, once
	halfFilling                 // fill as a half, once
	reducing                    // rows, from elements to rows
	expanding                   // from rows to elements
	halfReducing                // rows, from the bits of elements to rows
	halfExpanding               // from rows to the bits of elements
	rounding                    // from float32 to float32 that a half can hold
	narrowing                   // from float32 to a half
	widening                    // from a half to float32
)

// store writes a value to a result that it could not be computed in.
type store struct {
	result int
	row    bool
	half   bool // from has bits
	from   operand
}

// operand is a tile's place: a slot, an input's or a result's own memory. It holds
// float32, or the bits of halves.
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
	k.tilesOf(lo, hi, k.fill(mem, steady), steady)
}

// span is run for elements that begin anywhere, after fill.
func (k *program) span(lo, hi int, tiles []float32) { k.tilesOf(lo, hi, tiles, false) }

// slotLen returns the elements that a slot has room for.
func (k *program) slotLen() int { return max(k.tile, tileLen) }

// scratch returns the bytes that the slots take.
func (k *program) scratch() int { return k.slots * k.slotLen() * 4 }

// fill fills the slots that are the same for all tiles. Those that are the same only
// for tiles that begin with a period it fills if the spans to come do: are steady.
func (k *program) fill(mem []byte, steady bool) []float32 {
	tiles := backend.Data[float32](backend.Buf{Mem: mem})
	n := min(k.tile, k.size)
	for i := range k.loads {
		if l := &k.loads[i]; k.still(l, steady) {
			if l.row {
				k.load(l, tiles, 0, n/k.cols)
			} else {
				k.load(l, tiles, 0, n)
			}
		}
	}
	for i := range k.consts {
		if c := &k.consts[i]; c.do == filling {
			kern.Fill(k.slot(tiles, c.dst.index, n), c.fill)
		} else {
			fillHalf(k.halves(c.dst, tiles, 0, n), c.fill, c.bf16)
		}
	}
	return tiles
}

// still reports whether a load is not done again for every tile.
func (k *program) still(l *load, steady bool) bool { return l.once && (steady || l.period == 1) }

// tilesOf goes over the tiles of elements [lo,hi).
func (k *program) tilesOf(lo, hi int, tiles []float32, steady bool) {
	for at := lo; at < hi; at += k.tile {
		n := min(k.tile, hi-at)
		rowAt, rows := at, n
		if k.cols > 1 {
			rowAt, rows = at/k.cols, n/k.cols
		}
		for i := range k.loads {
			switch l := &k.loads[i]; {
			case k.still(l, steady):
			case l.row:
				k.load(l, tiles, rowAt, rows)
			default:
				k.load(l, tiles, at, n)
			}
		}
		for i := range k.code {
			if c := &k.code[i]; c.row {
				k.do(c, tiles, rowAt, rows)
			} else {
				k.do(c, tiles, at, n)
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

// load does a load of n elements, or rows, from at on.
func (k *program) load(l *load, tiles []float32, at, n int) { k.loadAt(l, tiles, 0, at, n) }

// loadAt loads into a slot from its element to on.
func (k *program) loadAt(l *load, tiles []float32, to, at, n int) {
	if l.half {
		loadBits(k.halves(operand{inSlot, l.slot}, tiles, 0, to+n)[to:], k.in[l.input], &l.src, at)
	} else {
		loadWalk(k.slot(tiles, l.slot, to+n)[to:], k.in[l.input], &l.src, at)
	}
}

// do runs an instruction on n elements, or rows, from at on.
func (k *program) do(c *instr, tiles []float32, at, n int) {
	switch c.do {
	case mapping:
		k.apply(c, tiles, at, n)
	case halfMapping:
		k.applyHalf(c, tiles, at, n)
	case reducing:
		c.rows(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at*k.cols, n*k.cols))
	case halfReducing:
		c.bits(k.at(c.dst, tiles, at, n), k.halves(c.args[0], tiles, at*k.cols, n*k.cols))
	case expanding:
		expandRows(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at/k.cols, n/k.cols), k.cols)
	case halfExpanding:
		dst := k.halves(c.dst, tiles, at, n)
		for i, v := range k.at(c.args[0], tiles, at/k.cols, n/k.cols) {
			fillHalf(dst[i*k.cols:][:k.cols], v, c.bf16)
		}
	case rounding:
		roundTo(c.bf16, k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n))
	case narrowing:
		narrowTo(c.bf16, k.halves(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n))
	case widening:
		widenFrom(c.bf16, k.at(c.dst, tiles, at, n), k.halves(c.args[0], tiles, at, n))
	}
}

// apply runs an elementwise function on float32.
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

// applyHalf runs an elementwise function on halves.
func (k *program) applyHalf(c *instr, tiles []float32, at, n int) {
	var b []uint16
	if c.half.Op.Binary() {
		b = k.halves(c.args[1], tiles, at, n)
	}
	dst, a := k.halves(c.dst, tiles, at, n), k.halves(c.args[0], tiles, at, n)
	if c.bf16 {
		c.half.BF16(dst, a, b)
	} else {
		c.half.F16(dst, a, b)
	}
}

// expandRows repeats the value of each row along it.
func expandRows(dst, rows []float32, cols int) {
	for i, v := range rows {
		kern.Fill(dst[i*cols:][:cols], v)
	}
}

// at returns n float32 elements of an operand from element at on.
func (k *program) at(o operand, tiles []float32, at, n int) []float32 {
	switch o.kind {
	case fromInput:
		return floats(k.in[o.index])[at : at+n]
	case toResult:
		return floats(k.out[o.index])[at : at+n]
	}
	return k.slot(tiles, o.index, n)
}

// halves returns the bits of n halves of an operand from element at on.
func (k *program) halves(o operand, tiles []float32, at, n int) []uint16 {
	switch o.kind {
	case fromInput:
		return bits16(k.in[o.index])[at : at+n]
	case toResult:
		return bits16(k.out[o.index])[at : at+n]
	}
	return view[uint16](tiles[o.index*k.slotLen():][:k.slotLen()])[:n:n]
}

func (k *program) store(s store, tiles []float32, at, n int) {
	dst := k.out[s.result]
	if s.half {
		copy(bits16(dst)[at:at+n], k.halves(s.from, tiles, at, n))
	} else {
		saveSpan(dst, at, k.at(s.from, tiles, at, n))
	}
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

func (k *program) slot(tiles []float32, slot, n int) []float32 {
	return tiles[slot*k.slotLen():][:n:n]
}
