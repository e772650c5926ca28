package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/tensor"
)

// patches lets a program run on parts of rows, such as the blocks of a matrix product:
// rows of a block are gathered in slots, as many as a tile holds, and scattered again,
// since a pass over a few elements costs little more than one over a tile. The slots
// stand for the inputs and results that the program reads and computes where they are.
type patches struct {
	*program
	slots       int
	inAt, outAt []int // slots, -1 for inputs and results without one
	half        []bool
	writes      []store
}

func newPatches(p *backend.Program, k *program) *patches {
	b := &patches{program: k, slots: k.slots, writes: k.stores[:len(k.stores):len(k.stores)]}
	for range p.In {
		b.inAt = append(b.inAt, -1)
	}
	for _, s := range p.In {
		b.half = append(b.half, isHalf(s.DType))
	}
	for range p.Results {
		b.outAt = append(b.outAt, -1)
	}
	for _, c := range k.code {
		for _, at := range append(c.args[:len(c.args):len(c.args)], c.dst...) {
			b.add(p, at)
		}
	}
	for _, s := range k.stores {
		b.add(p, s.from)
	}
	return b
}

// add gives a slot to an input or a result that is read or computed in place.
func (b *patches) add(p *backend.Program, at place) {
	switch {
	case at.kind == fromInput && b.inAt[at.index] < 0:
		b.inAt[at.index] = b.slots
	case at.kind == toResult && b.outAt[at.index] < 0:
		b.outAt[at.index] = b.slots
		b.writes = append(b.writes, store{result: at.index, half: isHalf(p.DType(p.Results[at.index])), from: at})
	default:
		return
	}
	b.slots++
}

// slotOf returns the slot that stands for an input or a result.
func (b *patches) slotOf(p place) int {
	if p.kind == fromInput {
		return b.inAt[p.index]
	}
	return b.outAt[p.index]
}

// scratch returns the bytes that the slots take.
func (b *patches) scratch() int { return b.slots * b.slotLen() * 4 }

// run runs the program for rows of cols elements, the first at at and the others ld
// apart.
func (b *patches) run(mem []byte, at, rows, cols, ld int) {
	f := b.fill(mem, false)
	if cols > b.tile {
		for r := range rows {
			f.tilesOf(at+r*ld, at+r*ld+cols, false)
		}
		return
	}
	f.gathered = b
	most := b.tile / cols
	for r := 0; r < rows; r += most {
		n := min(most, rows-r)
		f.gather(at+r*ld, n, cols, ld)
		for i := range b.code {
			b.code[i].op.run(f, &b.code[i], 0, n*cols)
		}
		f.scatter(at+r*ld, n, cols, ld)
	}
}

// gather fills slots with rows of inputs.
func (f frame) gather(at, rows, cols, ld int) {
	for i := range f.loads {
		l := &f.loads[i]
		if f.isLoadedOnce(l, false) {
			continue
		}
		again := rows // how many rows from the first on are not copies of it
		if ld%l.period == 0 {
			again = 1
		}
		for r := range again {
			f.load(l, r*cols, at+r*ld, cols)
		}
		if l.half {
			repeatRows(f.slotBits(l.slot, rows*cols), again*cols)
		} else {
			repeatRows(f.slot(l.slot, rows*cols), again*cols)
		}
	}
	for i, slot := range f.gathered.inAt {
		switch {
		case slot < 0:
		case f.gathered.half[i]:
			gatherRows(f.slotBits(slot, rows*cols), bits16(f.in[i])[at:], cols, ld)
		default:
			gatherRows(f.slot(slot, rows*cols), floats(f.in[i])[at:], cols, ld)
		}
	}
}

// scatter writes slots to rows of results.
func (f frame) scatter(at, rows, cols, ld int) {
	for _, s := range f.gathered.writes {
		switch dst := f.out[s.result]; {
		case s.half:
			scatterRows(bits16(dst)[at:], f.bits(s.from, 0, rows*cols), cols, ld)
		case dst.DType == tensor.Float32:
			scatterRows(floats(dst)[at:], f.f32(s.from, 0, rows*cols), cols, ld)
		default:
			for r := range rows {
				saveSpan(dst, at+r*ld, f.f32(s.from, 0, rows*cols)[r*cols:][:cols])
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

// repeatRows sets all elements after the first n to copies of those.
func repeatRows[T any](dst []T, n int) {
	for ; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}
