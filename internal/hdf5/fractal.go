package hdf5

import "math/bits"

// fractalHeap holds links and attributes of groups that have many. Its objects
// have offsets in a space that is cut into blocks: rows of width blocks each, of
// the smallest size in the first two rows and twice that of the row before in all
// others. A block too large for objects is cut again in the same way.
type fractalHeap struct {
	w                   *walk
	addr                uint64
	idSize              int
	summed              bool // direct blocks have checksums
	hugeTree            uint64
	width               uint64
	start, maxDirect    uint64
	offsetSize, lenSize int
	root                uint64
	rows                int // of the root, 0 if that holds objects

	blocks map[extent]*cursor // read so far
	huge   map[uint64][]byte  // by number
}

// extent is a piece of the file.
type extent struct{ addr, size uint64 }

// fractalHeap reads the head of a heap:
//
//	FRHP, version 0, uint16 id size, uint16 filter size, flags, uint32 largest
//	object, next huge number, B-tree of huge objects, free space and where it is
//	kept, eight statistics, uint16 width, smallest and largest direct block,
//	uint16 bits of an offset, uint16, root, uint16 rows
func (w *walk) fractalHeap(addr uint64) (*fractalHeap, error) {
	h := &fractalHeap{w: w, addr: addr, blocks: map[extent]*cursor{}}
	c := w.block("fractal heap", addr, 26+uint64(12*w.lengthSize+3*w.offsetSize))
	c.head("FRHP", 0)
	h.idSize = int(c.u16())
	filters, flags := c.u16(), c.u8()
	maxObject := uint64(c.u32())
	c.length()
	h.hugeTree = c.addr()
	c.length()
	c.addr()
	c.bytes(uint64(8 * w.lengthSize))
	h.width = uint64(c.u16())
	h.start, h.maxDirect = c.length(), c.length()
	offsetBits := int(c.u16())
	c.u16() // rows at first
	h.root, h.rows = c.addr(), int(c.u16())
	if c.err == nil && filters != 0 {
		c.failf("got filters, want a heap without")
	}
	c.checksum()
	power := func(v uint64) bool { return bits.OnesCount64(v) == 1 && v < 1<<48 }
	if c.err == nil && (!power(h.width) || !power(h.start) || !power(h.maxDirect) || h.start > h.maxDirect || offsetBits < 1 || offsetBits > 64) {
		c.failf("got rows of %d blocks of %d to %d bytes, offsets of %d bits: want powers of two", h.width, h.start, h.maxDirect, offsetBits)
	}
	h.summed = flags&2 != 0
	h.offsetSize = (offsetBits + 7) / 8
	h.lenSize = min((log2(h.maxDirect)+7)/8, (bits.Len64(max(maxObject, 1))-1)/8+1)
	return h, c.err
}

// object returns the object with an id:
//
//	byte      bits 4 and 5: 0 managed, 1 huge, 2 tiny
//	managed   offset, length
//	huge      its address and length if they fit, or its number
//	tiny      length-1 in the lowest bits, then the object
func (h *fractalHeap) object(id []byte) ([]byte, error) {
	at := &cursor{f: h.w.file, what: "fractal heap", at: h.addr}
	if len(id) < h.idSize || h.idSize < 1 {
		return nil, at.failf("got an id of %d bytes, want %d", len(id), h.idSize)
	}
	id = id[:h.idSize]
	at.b, at.off = id, 1
	switch {
	case id[0]>>6 != 0:
	case id[0]>>4 == 0:
		offset, n := at.uint(h.offsetSize), at.uint(h.lenSize)
		if at.err != nil {
			return nil, at.err
		}
		return h.managed(offset, n)
	case id[0]>>4 == 1:
		return h.hugeObject(at)
	case id[0]>>4 == 2:
		n := uint64(id[0]&0xf) + 1
		if h.idSize > 17 {
			n = uint64(id[0]&0xf)<<8 | uint64(at.u8()) + 1
		}
		b := at.bytes(n)
		return b, at.err
	}
	return nil, at.failf("got an id of type %#x", id[0])
}

// managed returns n bytes at an offset.
func (h *fractalHeap) managed(offset, n uint64) ([]byte, error) {
	addr, size := h.root, h.start
	for rows := h.rows; rows > 0; {
		c, err := h.indirect(addr, rows)
		if err != nil {
			return nil, err
		}
		row, block := 0, h.start
		first := uint64(0) // offset of the row
		if r := offset / (h.start * h.width); r > 0 {
			row = bits.Len64(r)
			block = h.start << (row - 1)
			first = block * h.width
		}
		column := (offset - first) / block
		if row >= rows {
			at := *c
			return nil, at.failf("got offset %d, want one in %d rows", offset, rows)
		}
		offset = (offset - first) % block
		slot := uint64(row)*h.width + column
		at := *c
		at.off += int(slot) * h.w.offsetSize
		addr, size = at.addr(), block
		if at.err != nil {
			return nil, at.err
		}
		if rows = 0; block > h.maxDirect {
			rows = log2(block) - log2(h.start*h.width) + 1
			if rows < 1 {
				return nil, c.failf("got a block of %d bytes in row %d, want one for a row of %d", block, row, h.start*h.width)
			}
		}
	}
	c, err := h.direct(addr, size)
	if err != nil {
		return nil, err
	}
	if size = uint64(len(c.b)); offset > size || n > size-offset {
		at := &cursor{what: c.what, at: addr}
		return nil, at.failf("want %d bytes at %d, got a block of %d", n, offset, size)
	}
	return c.b[offset : offset+n : offset+n], nil
}

// direct returns the direct block at an address.
func (h *fractalHeap) direct(addr, size uint64) (*cursor, error) {
	key := extent{addr, size}
	if c, ok := h.blocks[key]; ok {
		return c, c.err
	}
	c := h.w.block("fractal heap block", addr, size)
	h.blockHead(c, "FHDB")
	if at := c.off; h.summed && c.err == nil {
		// The checksum is of the block with zeros in its place.
		got := c.u32()
		if c.err != nil {
			return nil, c.err
		}
		clear(c.b[at : at+4])
		if want := lookup3(c.b); got != want && !h.w.unsummed {
			c.failf("got checksum %#08x, want %#08x", got, want)
		}
	}
	h.blocks[key] = c
	return c, c.err
}

// indirect returns the indirect block at an address, with the cursor at its first
// child.
func (h *fractalHeap) indirect(addr uint64, rows int) (*cursor, error) {
	n := uint64(rows) * h.width * uint64(h.w.offsetSize)
	key := extent{addr, 5 + uint64(h.w.offsetSize+h.offsetSize) + n + 4}
	if c, ok := h.blocks[key]; ok {
		return c, c.err
	}
	c := h.w.block("fractal heap indirect block", addr, key.size)
	h.blockHead(c, "FHIB")
	h.blocks[key] = c
	return c, c.verify()
}

func (h *fractalHeap) blockHead(c *cursor, sign string) {
	c.head(sign, 0)
	if heap := c.addr(); c.err == nil && heap != h.addr {
		c.failf("got a block of the heap at %#x, want one of that at %#x", heap, h.addr)
	}
	c.uint(h.offsetSize)
}

// hugeObject returns an object that is outside the blocks.
func (h *fractalHeap) hugeObject(id *cursor) ([]byte, error) {
	if h.idSize-1 >= h.w.offsetSize+h.w.lengthSize {
		addr, n := id.addr(), id.length()
		if id.err != nil {
			return nil, id.err
		}
		c := h.w.block("huge object", addr, n)
		return c.b, c.err
	}
	number := id.uint(min(8, h.idSize-1))
	if h.huge == nil {
		if err := h.readHuge(); err != nil {
			return nil, err
		}
	}
	b, ok := h.huge[number]
	if !ok {
		return nil, id.failf("got no huge object %d", number)
	}
	return b, nil
}

// readHuge reads all huge objects.
func (h *fractalHeap) readHuge() error {
	h.huge = map[uint64][]byte{}
	o, l := h.w.offsetSize, h.w.lengthSize
	return h.w.btree2(h.hugeTree, 1, o+2*l, func(record []byte) error {
		r := &cursor{f: h.w.file, b: record}
		addr, n, number := r.addr(), r.length(), r.length()
		c := h.w.block("huge object", addr, n)
		h.huge[number] = c.b
		return c.err
	})
}
