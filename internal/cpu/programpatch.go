package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/tensor"
)

// patches is a program on parts of rows, such as the blocks of a matrix product: rows
// of a block are gathered in slots, as many as a tile holds, and scattered again, since
// a pass over a few elements costs little more than one over a tile.
type patches struct {
	*program
	of          *backend.Program
	code        []instr // with slots in the place of inputs and results
	reads       []copied
	writes      []store
	slots       int
	inAt, outAt map[int]int // the slots of inputs and results
}

// copied is an input that is read where it is, and its slot.
type copied struct {
	input, slot int
	half        bool
}

func newPatches(p *backend.Program, k *program) *patches {
	b := &patches{program: k, of: p, slots: k.slots, inAt: map[int]int{}, outAt: map[int]int{}}
	for _, c := range k.code {
		c.dst = b.slotOf(c.dst)
		for i, a := range c.args {
			c.args[i] = b.slotOf(a)
		}
		b.code = append(b.code, c)
	}
	for _, s := range k.stores {
		s.from = b.slotOf(s.from)
		b.writes = append(b.writes, s)
	}
	return b
}

// slotOf returns the slot that stands for an operand.
func (b *patches) slotOf(o operand) operand {
	of := b.inAt
	switch o.kind {
	case toResult:
		of = b.outAt
	case nowhere, inSlot:
		return o
	}
	at, ok := of[o.index]
	if !ok {
		at = b.slots
		of[o.index] = at
		b.slots++
		if o.kind == fromInput {
			b.reads = append(b.reads, copied{o.index, at, isHalf(b.of.In[o.index].DType)})
		} else {
			b.writes = append(b.writes, store{result: o.index, half: isHalf(b.of.DType(b.of.Results[o.index])), from: operand{inSlot, at}})
		}
	}
	return operand{inSlot, at}
}

// scratch returns the bytes that the slots take.
func (b *patches) scratch() int { return b.slots * b.slotLen() * 4 }

// run runs the program for rows of cols elements, the first at at and the others ld
// apart.
func (b *patches) run(mem []byte, at, rows, cols, ld int) {
	tiles := b.fill(mem, false)
	if cols > b.tile {
		for r := range rows {
			b.span(at+r*ld, at+r*ld+cols, tiles)
		}
		return
	}
	most := b.tile / cols
	for r := 0; r < rows; r += most {
		n := min(most, rows-r)
		b.gather(tiles, at+r*ld, n, cols, ld)
		for i := range b.code {
			b.do(&b.code[i], tiles, 0, n*cols)
		}
		b.scatter(tiles, at+r*ld, n, cols, ld)
	}
}

// gather fills slots with rows of inputs.
func (b *patches) gather(tiles []float32, at, rows, cols, ld int) {
	for i := range b.loads {
		l := &b.loads[i]
		if b.still(l, false) {
			continue
		}
		again := rows // how many rows from the first on are not copies of it
		if ld%l.period == 0 {
			again = 1
		}
		for r := range again {
			b.loadAt(l, tiles, r*cols, at+r*ld, cols)
		}
		if l.half {
			repeatRows(b.halves(operand{inSlot, l.slot}, tiles, 0, rows*cols), again*cols)
		} else {
			repeatRows(b.slot(tiles, l.slot, rows*cols), again*cols)
		}
	}
	for _, c := range b.reads {
		if c.half {
			gatherRows(b.halves(operand{inSlot, c.slot}, tiles, 0, rows*cols), bits16(b.in[c.input])[at:], cols, ld)
		} else {
			gatherRows(b.slot(tiles, c.slot, rows*cols), floats(b.in[c.input])[at:], cols, ld)
		}
	}
}

// scatter writes slots to rows of results.
func (b *patches) scatter(tiles []float32, at, rows, cols, ld int) {
	for _, s := range b.writes {
		switch dst := b.out[s.result]; {
		case s.half:
			scatterRows(bits16(dst)[at:], b.halves(s.from, tiles, 0, rows*cols), cols, ld)
		case dst.DType == tensor.Float32:
			scatterRows(floats(dst)[at:], b.slot(tiles, s.from.index, rows*cols), cols, ld)
		default:
			for r := range rows {
				saveSpan(dst, at+r*ld, b.slot(tiles, s.from.index, rows*cols)[r*cols:][:cols])
			}
		}
	}
}

// gatherRows sets dst to rows of cols elements that lie ld apart.
func gatherRows[T any](dst, src []T, cols, ld int) {
	for r := 0; len(dst) > 0; r++ {
		copy(dst[:cols], src[r*ld:])
		dst = dst[cols:]
	}
}

// scatterRows sets rows of cols elements that lie ld apart to src.
func scatterRows[T any](dst, src []T, cols, ld int) {
	for r := 0; len(src) > 0; r++ {
		copy(dst[r*ld:], src[:cols])
		src = src[cols:]
	}
}

// repeatRows sets what follows the first n elements to copies of those.
func repeatRows[T any](dst []T, n int) {
	for ; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}
