package hdf5

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// eachChunk calls fn for every chunk that is in the file and not beyond the shape.
func (d *Dataset) eachChunk(fn func(chunk) error) error {
	l := &d.layout
	if l.addr == undefined || len(l.chunk) == 0 || slices.Contains(d.space.dims, 0) {
		return nil
	}
	w := d.f.chunkWalk()
	within := func(c chunk) error {
		if c.addr == undefined {
			return nil
		}
		for i, at := range c.at {
			if at > (d.space.dims[i]-1)/l.chunk[i] {
				return nil
			}
		}
		return fn(c)
	}
	switch l.index {
	case indexBTree1:
		return d.eachInBTree1(w, within)
	case indexBTree2:
		return d.eachInBTree2(w, within)
	case indexSingle:
		return d.single(within)
	}
	size, err := product(append(slices.Clone(l.chunk), d.typ.size))
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	a := &chunkArray{d: d, w: w, size: size, fn: within}
	switch l.index {
	case indexImplicit:
		return a.implicit()
	case indexFixed:
		return a.fixed()
	}
	return a.extensible()
}

// ascending wants the places of chunks in order, each once.
type ascending struct{ last []uint64 }

func (a *ascending) next(at []uint64) error {
	if a.last != nil && slices.Compare(a.last, at) >= 0 {
		return fmt.Errorf("chunk %v: got it behind %v, want them in order", at, a.last)
	}
	a.last = append(a.last[:0], at...)
	return nil
}

// eachInBTree1 reads a B-tree of version 1, with keys of
//
//	uint32 size, uint32 mask, the first element's uint64 on each axis, 0
func (d *Dataset) eachInBTree1(w *walk, fn func(chunk) error) error {
	rank := len(d.layout.chunk)
	var order ascending
	c := chunk{at: make([]uint64, rank)}
	return w.btree1(d.layout.addr, 1, uint64(16+8*rank), func(key []byte, child uint64) error {
		c.addr = child
		c.size = uint64(binary.LittleEndian.Uint32(key))
		c.mask = binary.LittleEndian.Uint32(key[4:])
		for i, n := range d.layout.chunk {
			first := binary.LittleEndian.Uint64(key[8+8*i:])
			if first%n != 0 {
				return fmt.Errorf("chunk at %#x: got element %d of axis %d first, want a multiple of %d", child, first, i, n)
			}
			c.at[i] = first / n
		}
		if err := order.next(c.at); err != nil {
			return err
		}
		return fn(c)
	})
}

// eachInBTree2 reads a B-tree of version 2, with records of
//
//	address, [size, uint32 mask if there are filters,] place as uint64 on each axis
func (d *Dataset) eachInBTree2(w *walk, fn func(chunk) error) error {
	rank := len(d.layout.chunk)
	var order ascending
	c := chunk{at: make([]uint64, rank)}
	kind, least := byte(10), w.offsetSize+8*rank
	size, err := product(append(slices.Clone(d.layout.chunk), d.typ.size))
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	if len(d.filters) > 0 {
		kind, least = 11, least+5
	}
	return w.btree2(d.layout.addr, kind, least, func(record []byte) error {
		r := &cursor{f: d.f, what: "chunk record", at: d.layout.addr, b: record}
		c.addr, c.size = r.addr(), size
		if kind == 11 {
			c.size, c.mask = r.uint(min(8, len(record)-least+1)), r.u32()
		}
		for i := range c.at {
			c.at[i] = r.u64()
		}
		if r.err != nil {
			return r.err
		}
		if err := order.next(c.at); err != nil {
			return err
		}
		return fn(c)
	})
}

// single reads the only chunk.
func (d *Dataset) single(fn func(chunk) error) error {
	l := &d.layout
	size, err := product(append(slices.Clone(l.chunk), d.typ.size))
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	c := chunk{at: make([]uint64, len(l.chunk)), addr: l.addr, size: size}
	if len(d.filters) > 0 && l.filteredLen > 0 {
		c.size, c.mask = l.filteredLen, l.mask
	}
	return fn(c)
}
