package hdf5

import "math/bits"

// extensible array: elements in an index block, then in data blocks that grow.
// Super block number u has 2^(u/2) data blocks of 2^((u+1)/2) times as many
// elements as the smallest; the first few have their data blocks listed in the
// index block, which lists the other super blocks behind those.
type extensible struct {
	*chunkArray
	client     byte
	maxBits    int // of the number of elements
	inIndex    uint64
	blockMin   uint64 // elements of the smallest data block
	superMin   uint64 // data blocks of the smallest super block
	pageBits   int
	offsetSize int
}

// extensible reads the array:
//
//	EAHD, version 0, type, element size, bits, elements of the index block and of
//	the smallest data block, data blocks of the smallest super block, page bits,
//	six statistics, address of the index block
func (a *chunkArray) extensible() error {
	if _, err := a.number(true); err != nil {
		return err
	}
	e := &extensible{chunkArray: a}
	c := a.w.block("extensible array", a.d.layout.addr, 16+uint64(6*a.w.lengthSize+a.w.offsetSize))
	c.head("EAHD", 0)
	e.client = c.u8()
	a.setElementSize(c, e.client, int(c.u8()))
	e.maxBits = int(c.u8())
	e.inIndex, e.blockMin, e.superMin = uint64(c.u8()), uint64(c.u8()), uint64(c.u8())
	e.pageBits = int(c.u8())
	c.bytes(uint64(6 * a.w.lengthSize))
	index := c.addr()
	c.checksum()
	power := func(v uint64) bool { return bits.OnesCount64(v) == 1 }
	if c.err == nil && (e.maxBits > 63 || !power(e.blockMin) || !power(e.superMin) || e.pageBits > 32 || log2(e.blockMin) > e.maxBits) {
		c.failf("got %d bits, data blocks of %d, super blocks of %d and pages of %d bits: want powers of two", e.maxBits, e.blockMin, e.superMin, e.pageBits)
	}
	if c.err != nil || index == undefined {
		return c.err
	}
	e.offsetSize = (e.maxBits + 7) / 8
	return e.index(index)
}

// blocks returns how many data blocks super block u has, and of how many elements.
func (e *extensible) blocks(u int) (n, elements uint64) {
	return 1 << (u / 2), e.blockMin << ((u + 1) / 2)
}

// index reads the index block.
func (e *extensible) index(addr uint64) error {
	supers := 1 + e.maxBits - log2(e.blockMin)
	listed := min(2*log2(e.superMin), supers)
	var dataBlocks uint64
	for u := range listed {
		n, _ := e.blocks(u)
		dataBlocks += n
	}
	o := uint64(e.w.offsetSize)
	size := 6 + o + e.inIndex*uint64(e.elementSize) + (dataBlocks+uint64(supers-listed))*o + 4
	c := e.w.block("extensible array index", addr, min(size, e.w.size))
	e.blockHead(c, "EAIB", e.client, 0)
	if c.verify() != nil {
		return c.err
	}
	if err := e.elements(c, 0, e.inIndex); err != nil {
		return err
	}
	i := e.inIndex
	for u := range supers {
		n, elements := e.blocks(u)
		if u >= listed {
			super := c.addr()
			if c.err != nil {
				return c.err
			}
			if super != undefined {
				if err := e.super(super, u, i); err != nil {
					return err
				}
			}
			i += n * elements
			continue
		}
		for range n {
			block := c.addr()
			if c.err != nil {
				return c.err
			}
			if err := e.data(block, i, elements, nil, 0); err != nil {
				return err
			}
			i += elements
		}
	}
	return nil
}

// super reads super block u, whose first element has number i.
func (e *extensible) super(addr uint64, u int, i uint64) error {
	n, elements := e.blocks(u)
	pages := e.pagesOf(elements)
	bitmap := n * ((pages + 7) / 8)
	o := uint64(e.w.offsetSize)
	if n > e.w.size || bitmap > e.w.size {
		return (&cursor{what: "super block", at: addr}).failf("got %d data blocks, which the file cannot hold", n)
	}
	c := e.w.block("super block", addr, 6+o+uint64(e.offsetSize)+bitmap+n*o+4)
	e.blockHead(c, "EASB", e.client, e.offsetSize)
	written := c.bytes(bitmap)
	if c.verify() != nil {
		return c.err
	}
	for k := range n {
		block := c.addr()
		if c.err != nil {
			return c.err
		}
		if err := e.data(block, i, elements, written, k*pages); err != nil {
			return err
		}
		i += elements
	}
	return nil
}

// pagesOf returns in how many pages the elements of a data block are, 0 for none.
func (e *extensible) pagesOf(elements uint64) uint64 {
	if elements <= 1<<e.pageBits {
		return 0
	}
	return elements >> e.pageBits
}

// data reads a data block, whose first element has number i. Its pages are those
// from bit on that are written.
func (e *extensible) data(addr, i, elements uint64, written []byte, bit uint64) error {
	if addr == undefined {
		return nil
	}
	pages := e.pagesOf(elements)
	head := 6 + uint64(e.w.offsetSize+e.offsetSize)
	if pages == 0 {
		c := e.w.block("data block", addr, min(head+elements*uint64(e.elementSize)+4, e.w.size))
		e.blockHead(c, "EADB", e.client, e.offsetSize)
		if c.verify() != nil {
			return c.err
		}
		return e.elements(c, i, elements)
	}
	c := e.w.block("data block", addr, head+4)
	e.blockHead(c, "EADB", e.client, e.offsetSize)
	if c.verify() != nil {
		return c.err
	}
	if uint64(len(written))*8 < bit+pages {
		return c.failf("got pages, want a block without")
	}
	return e.pages(written, bit, addr+head+4, i, elements, 1<<e.pageBits)
}
