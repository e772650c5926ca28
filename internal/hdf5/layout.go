package hdf5

import (
	"fmt"
	"io"
)

// The classes of layouts.
const (
	layoutCompact    = 0
	layoutContiguous = 1
	layoutChunked    = 2
	layoutVirtual    = 3
)

// The ways to find chunks.
const (
	indexBTree1 = iota
	indexSingle
	indexImplicit
	indexFixed
	indexExtensible
	indexBTree2
)

// layout says where the elements of a dataset are.
type layout struct {
	class   byte
	version byte
	data    []byte // compact
	addr    uint64 // of the elements, or the index of chunks
	size    uint64 // contiguous

	chunk       []uint64 // the shape of a chunk
	index       byte
	rawEdges    bool   // chunks that stick out are not filtered
	filteredLen uint64 // of a single chunk
	mask        uint32 // of a single chunk
	elementSize uint64
}

// readLayout reads a layout message.
func readLayout(c *cursor) (layout, error) {
	l := layout{version: c.u8(), addr: undefined}
	switch {
	case c.err != nil:
	case l.version < 1 || l.version > 5:
		c.failf("got version %d, want 1 to 5", l.version)
	case l.version < 3:
		l.readOld(c)
	default:
		l.readNew(c)
	}
	return l, c.err
}

// readOld reads versions 1 and 2.
func (l *layout) readOld(c *cursor) {
	rank := int(c.u8())
	l.class = c.u8()
	c.bytes(5)
	if l.class != layoutCompact {
		l.addr = c.addr()
	}
	dims := make([]uint64, 0, rank)
	for range rank {
		dims = append(dims, uint64(c.u32()))
	}
	switch l.class {
	case layoutCompact:
		l.data = c.bytes(uint64(c.u32()))
	case layoutContiguous:
		l.size = undefined // what the shape says
	case layoutChunked:
		l.setChunk(c, dims)
	default:
		c.failf("got class %d, want 0 to 2", l.class)
	}
}

// readNew reads versions 3 to 5.
func (l *layout) readNew(c *cursor) {
	l.class = c.u8()
	switch l.class {
	case layoutCompact:
		l.data = c.bytes(uint64(c.u16()))
	case layoutContiguous:
		l.addr, l.size = c.addr(), c.length()
	case layoutVirtual:
	case layoutChunked:
		if l.version == 3 {
			l.readChunked(c)
		} else {
			l.readChunkedNew(c)
		}
	default:
		c.failf("got class %d, want 0 to 3", l.class)
	}
}

func (l *layout) readChunked(c *cursor) {
	rank := int(c.u8())
	l.addr = c.addr()
	dims := make([]uint64, 0, rank)
	for range rank {
		dims = append(dims, uint64(c.u32()))
	}
	l.setChunk(c, dims)
}

func (l *layout) readChunkedNew(c *cursor) {
	flags, rank, size := c.u8(), int(c.u8()), int(c.u8())
	if c.err == nil && (size < 1 || size > 8) {
		c.failf("got axes of chunks in %d bytes, want 1 to 8", size)
		return
	}
	dims := make([]uint64, 0, rank)
	for range rank {
		dims = append(dims, c.uint(size))
	}
	l.setChunk(c, dims)
	l.rawEdges = flags&1 != 0
	l.index = c.u8()
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.filteredLen, l.mask = c.length(), c.u32()
		}
	case indexImplicit:
	case indexFixed:
		c.bytes(1)
	case indexExtensible:
		c.bytes(5)
	case indexBTree2:
		c.bytes(6)
	default:
		c.failf("got index type %d of chunks, want 1 to 5", l.index)
	}
	l.addr = c.addr()
}

// setChunk sets the shape of chunks: the last number is the size of an element.
func (l *layout) setChunk(c *cursor, dims []uint64) {
	if c.err != nil {
		return
	}
	if len(dims) < 2 {
		c.failf("got chunks of %d axes, want at least 1", len(dims)-1)
		return
	}
	for _, d := range dims {
		if d == 0 {
			c.failf("got chunks of shape %v, want no 0", dims)
			return
		}
	}
	l.chunk, l.elementSize = dims[:len(dims)-1], dims[len(dims)-1]
}

// readContiguous reads the elements of a contiguous dataset into b.
func (d *Dataset) readContiguous(b []byte) error {
	if d.layout.addr == undefined {
		d.fillIn(b)
		return nil
	}
	if err := d.f.readAt(b, d.layout.addr); err != nil {
		return fmt.Errorf("elements: %w", err)
	}
	return nil
}

// checkContiguous wants n bytes of elements to be in the file.
func (d *Dataset) checkContiguous(n uint64) error {
	l := &d.layout
	if l.addr == undefined {
		return checkFill(n)
	}
	if l.size != undefined && l.size < n {
		return fmt.Errorf("elements at %#x: got %d bytes, want %d", l.addr, l.size, n)
	}
	if err := d.f.check(l.addr, n); err != nil {
		return fmt.Errorf("elements: %w", err)
	}
	return nil
}

// MaxFill is how many bytes of a dataset may be absent from the file and stand
// for its fill value: a small file is not to ask for much memory.
const MaxFill = 64 << 20

func checkFill(n uint64) error {
	if n > MaxFill {
		return fmt.Errorf("got %d bytes of elements that are not in the file, want at most %d: %w", n, MaxFill, io.ErrUnexpectedEOF)
	}
	return nil
}

// fillIn sets all elements to the fill value.
func (d *Dataset) fillIn(b []byte) {
	if len(d.fill) == 0 {
		clear(b)
		return
	}
	n := copy(b, d.fill)
	for n < len(b) {
		n += copy(b[n:], b[:n])
	}
}

// readFill reads the fill value, nil for zeros. old tells the older message.
func readFill(c *cursor, old bool) []byte {
	if old {
		return c.bytes(uint64(c.u32()))
	}
	switch version := c.u8(); version {
	case 1, 2:
		c.bytes(2)
		if defined := c.u8(); defined == 0 && version == 2 {
			return nil
		}
	case 3:
		if c.u8()&0x20 == 0 {
			return nil
		}
	default:
		c.failf("got version %d, want 1 to 3", version)
	}
	return c.bytes(uint64(c.u32()))
}
