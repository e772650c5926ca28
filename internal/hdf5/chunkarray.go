package hdf5

import (
	"fmt"
	"math/bits"
	"slices"
)

// chunkArray reads the indexes that number chunks: row-major, by the shape that
// the dataset may grow to.
type chunkArray struct {
	d    *Dataset
	w    *walk
	size uint64 // of a chunk without filters
	fn   func(chunk) error

	counts      []uint64 // chunks on each axis; 0 for an unlimited first one
	first       int      // the axis that is numbered as if it were the first
	elementSize int      // of the index
}

// number sets the counts. Only the extensible array has an unlimited axis.
func (a *chunkArray) number(extensible bool) (n uint64, err error) {
	s := &a.d.space
	free := 0
	for i, c := range a.d.layout.chunk {
		count := uint64(1)
		if s.max[i] == unlimited {
			a.first, count = i, 0
			free++
		} else if s.max[i] > 0 {
			count = (s.max[i]-1)/c + 1
		}
		a.counts = append(a.counts, count)
	}
	if extensible != (free == 1) || free > 1 {
		return 0, fmt.Errorf("layout: got %d unlimited axes with index type %d of chunks", free, a.d.layout.index)
	}
	if a.first > 0 { // to the front
		c := slices.Delete(slices.Clone(a.counts), a.first, a.first+1)
		a.counts = slices.Insert(c, 0, a.counts[a.first])
	}
	return product(a.counts)
}

// place returns the place of chunk number i.
func (a *chunkArray) place(i uint64) []uint64 {
	at := make([]uint64, len(a.counts))
	for k := len(at) - 1; k > 0; k-- {
		at[k] = i % a.counts[k]
		i /= a.counts[k]
	}
	at[0] = i
	if a.first > 0 {
		front := at[0]
		at = slices.Insert(at[1:], a.first, front)
	}
	return at
}

// implicit has the chunks one behind the other.
func (a *chunkArray) implicit() error {
	n, err := a.number(false)
	if err != nil {
		return err
	}
	at := a.d.layout.addr
	total, err := product([]uint64{n, a.size})
	if err == nil {
		err = a.w.check(at, total)
	}
	if err != nil {
		return fmt.Errorf("chunks: %w", err)
	}
	for i := range n {
		if err := a.fn(chunk{at: a.place(i), addr: at + i*a.size, size: a.size}); err != nil {
			return err
		}
	}
	return nil
}

// setElementSize wants room for an address, and for size and mask beside it if
// there are filters.
func (a *chunkArray) setElementSize(c *cursor, client byte, size int) {
	a.elementSize = size
	want, most := a.w.offsetSize, a.w.offsetSize
	filtered := byte(0)
	if len(a.d.filters) > 0 {
		want, most, filtered = want+5, want+12, 1
	}
	if c.err == nil && (client != filtered || size < want || size > most) {
		c.failf("got elements of type %d in %d bytes, want type %d in %d to %d", client, size, filtered, want, most)
	}
}

// elements reads n elements of the index, the first of which has number i. There
// may be more elements than chunks.
func (a *chunkArray) elements(c *cursor, i, n uint64) error {
	if n > c.left()/uint64(a.elementSize) {
		return c.failf("got %d bytes left, want %d elements of %d", c.left(), n, a.elementSize)
	}
	for k := range n {
		ch := chunk{addr: c.addr(), size: a.size}
		if len(a.d.filters) > 0 {
			ch.size, ch.mask = c.uint(a.elementSize-a.w.offsetSize-4), c.u32()
		}
		if ch.addr == undefined {
			continue
		}
		ch.at = a.place(i + k)
		if err := a.fn(ch); err != nil {
			return err
		}
	}
	return c.err
}

// fixed reads a fixed array:
//
//	FAHD, version 0, type, element size, page bits, count, address of the block
//	FADB, version 0, type, header, [bits of pages,] elements or pages of them
func (a *chunkArray) fixed() error {
	n, err := a.number(false)
	if err != nil {
		return err
	}
	c := a.w.block("fixed array", a.d.layout.addr, 12+uint64(a.w.lengthSize+a.w.offsetSize))
	c.head("FAHD", 0)
	client := c.u8()
	a.setElementSize(c, client, int(c.u8()))
	pageBits, count, addr := c.u8(), c.length(), c.addr()
	c.checksum()
	if c.err == nil && (count != n || pageBits > 32) {
		c.failf("got %d chunks in pages of %d bits, want %d", count, pageBits, n)
	}
	if c.err != nil || addr == undefined {
		return c.err
	}
	head := 6 + uint64(a.w.offsetSize)
	perPage := uint64(1) << pageBits
	if n <= perPage {
		c = a.w.block("fixed array block", addr, min(a.w.size, head+n*uint64(a.elementSize)+4))
		a.blockHead(c, "FADB", client, 0)
		if c.verify() != nil {
			return c.err
		}
		return a.elements(c, 0, n)
	}
	pages := (n-1)/perPage + 1
	c = a.w.block("fixed array block", addr, min(a.w.size, head+(pages+7)/8+4))
	a.blockHead(c, "FADB", client, 0)
	if c.verify() != nil {
		return c.err
	}
	bitmap := c.bytes((pages + 7) / 8)
	if c.err != nil {
		return c.err
	}
	return a.pages(bitmap, 0, addr+uint64(len(c.b))+4, 0, n, perPage)
}

// blockHead reads the head that the blocks of both arrays have.
func (a *chunkArray) blockHead(c *cursor, sign string, client byte, offsetSize int) {
	c.head(sign, 0)
	got := c.u8()
	head := c.addr()
	c.uint(offsetSize)
	if c.err == nil && (got != client || head != a.d.layout.addr) {
		c.failf("got type %d of the array at %#x, want type %d of that at %#x", got, head, client, a.d.layout.addr)
	}
}

// pages reads n elements in pages that lie at addr, one behind the other. The
// first element has number i. A page whose bit, from bit on, is not set was never
// written.
func (a *chunkArray) pages(bitmap []byte, bit, addr, i, n, perPage uint64) error {
	for ; n > 0; bit++ {
		count := min(n, perPage)
		size := count*uint64(a.elementSize) + 4
		if bitmap[bit/8]&(0x80>>(bit%8)) != 0 {
			c := a.w.block("page of chunk addresses", addr, size)
			if c.verify() != nil {
				return c.err
			}
			if err := a.elements(c, i, count); err != nil {
				return err
			}
		}
		addr += perPage*uint64(a.elementSize) + 4
		i += count
		n -= count
	}
	return nil
}

// log2 returns the logarithm of a power of two.
func log2(v uint64) int { return bits.Len64(v) - 1 }
