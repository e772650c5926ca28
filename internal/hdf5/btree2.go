package hdf5

import "math/bits"

// btree2 is a B-tree of version 2.
type btree2 struct {
	w          *walk
	kind       byte
	nodeSize   uint64
	recordSize uint64
	countSize  int   // bytes of a number of records
	totalSize  []int // bytes of a number of records below a node of a depth
	record     func([]byte) error
}

// btree2 calls record for every record of a B-tree, in order. Records have at
// least a number of bytes:
//
//	BTHD, version 0, type, uint32 node size, uint16 record size, uint16 depth,
//	two percentages, root, uint16 records of the root, records
func (w *walk) btree2(addr uint64, kind byte, least int, record func([]byte) error) error {
	c := w.block("B-tree", addr, 22+uint64(w.offsetSize+w.lengthSize))
	c.head("BTHD", 0)
	got := c.u8()
	t := &btree2{w: w, kind: kind, nodeSize: uint64(c.u32()), recordSize: uint64(c.u16()), record: record}
	depth := int(c.u16())
	c.bytes(2)
	root, n := c.addr(), uint64(c.u16())
	c.length()
	c.checksum()
	switch {
	case c.err != nil:
		return c.err
	case got != kind || t.recordSize < uint64(least):
		return c.failf("got type %d with records of %d bytes, want %d with at least %d", got, t.recordSize, kind, least)
	case t.nodeSize < nodeHead+t.recordSize || depth > 32:
		return c.failf("got nodes of %d bytes, %d deep, want room for a record of %d, and at most 32", t.nodeSize, depth, t.recordSize)
	}
	if root == undefined || n == 0 {
		return nil
	}
	t.sizes(depth)
	return t.node(root, n, depth)
}

// nodeHead is the size of a node without records: signature, version, type, checksum.
const nodeHead = 10

// sizes finds out in how many bytes nodes count records: as many as the largest
// possible number takes.
func (t *btree2) sizes(depth int) {
	size := func(n uint64) int { return (bits.Len64(n)-1)/8 + 1 }
	most := (t.nodeSize - nodeHead) / t.recordSize
	t.countSize = size(most)
	t.totalSize = []int{0}
	total := most
	for range depth {
		pointer := uint64(t.w.offsetSize + t.countSize + t.totalSize[len(t.totalSize)-1])
		most = 0
		if t.nodeSize > nodeHead+pointer {
			most = (t.nodeSize - nodeHead - pointer) / (t.recordSize + pointer)
		}
		total = (most+1)*total + most
		t.totalSize = append(t.totalSize, size(max(total, 1)))
	}
}

// node reads a node of n records.
func (t *btree2) node(addr, n uint64, depth int) error {
	sign, name := "BTLF", "B-tree leaf"
	size := nodeHead + n*t.recordSize
	if depth > 0 {
		sign, name = "BTIN", "B-tree node"
		size += (n + 1) * uint64(t.w.offsetSize+t.countSize+t.totalSize[depth-1])
	}
	if size > t.nodeSize {
		c := &cursor{what: name, at: addr}
		return c.failf("got %d records of %d bytes, want what a node of %d bytes holds", n, t.recordSize, t.nodeSize)
	}
	c := t.w.block(name, addr, size)
	c.head(sign, 0)
	if got := c.u8(); c.err == nil && got != t.kind {
		c.failf("got type %d, want %d", got, t.kind)
	}
	if c.verify() != nil {
		return c.err
	}
	records := c.bytes(n * t.recordSize)
	for i := uint64(0); ; i++ {
		if depth > 0 {
			child, count := c.addr(), c.uint(t.countSize)
			c.uint(t.totalSize[depth-1])
			if c.err != nil {
				return c.err
			}
			if err := t.node(child, count, depth-1); err != nil {
				return err
			}
		}
		if i == n || c.err != nil {
			return c.err
		}
		if err := t.record(records[i*t.recordSize : (i+1)*t.recordSize]); err != nil {
			return err
		}
	}
}
