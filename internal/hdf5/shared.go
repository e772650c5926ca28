package hdf5

import "fmt"

// sharedMessage reads where a message of a kind is and returns its body: it is
// the one of its kind in the header of a named type, or in the heap of the file.
func (f *file) sharedMessage(c *cursor, kind byte, what string) (*cursor, error) {
	version, where := c.u8(), c.u8()
	switch {
	case c.err != nil:
		return nil, c.err
	case version < 1 || version > 3:
		return nil, c.failf("got version %d, want 1 to 3", version)
	case version == 3 && where == 1:
		id := c.bytes(8)
		if c.err != nil {
			return nil, c.err
		}
		return f.sharedObject(id, kind, what)
	case version == 1:
		c.bytes(6)
		c.length()
	}
	addr := c.addr()
	if c.err != nil {
		return nil, c.err
	}
	h, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	for _, m := range h.msgs {
		if m.kind == kind {
			if m.flags&flagShared != 0 {
				return nil, fmt.Errorf("%s at %#x: got one that is shared in turn", what, m.at)
			}
			return f.cursor(what, m), nil
		}
	}
	return nil, fmt.Errorf("object header at %#x: got no %s, want one that is shared", addr, what)
}

// sharedIndex is one heap of messages that many objects share.
type sharedIndex struct {
	kinds uint16 // a bit for each kind of message
	heap  uint64
}

// sharedObject returns the message with an id in the file's heap of messages of its
// kind.
func (f *file) sharedObject(id []byte, kind byte, what string) (*cursor, error) {
	f.sharedOnce.Do(func() { f.shared, f.sharedErr = f.readShared() })
	if f.sharedErr != nil {
		return nil, f.sharedErr
	}
	for _, s := range f.shared {
		if s.kinds>>kind&1 == 0 {
			continue
		}
		heap, err := f.walk().fractalHeap(s.heap)
		if err != nil {
			return nil, err
		}
		b, err := heap.object(id)
		if err != nil {
			return nil, err
		}
		return &cursor{f: f, what: what, at: s.heap, b: b}, nil
	}
	return nil, fmt.Errorf("shared %s %x: got no heap of messages of type %#x", what, id, kind)
}

// readShared reads where shared messages are, from the extension of the
// superblock:
//
//	SMTB
//	for each index: version, kind, uint16 kinds of messages, uint32 least size,
//	uint16 three times, address of the index, heap
func (f *file) readShared() ([]sharedIndex, error) {
	if f.extension == undefined {
		return nil, nil
	}
	h, err := f.header(f.extension)
	if err != nil {
		return nil, fmt.Errorf("superblock extension: %w", err)
	}
	for _, m := range h.msgs {
		if m.kind != msgSharedTable {
			continue
		}
		c := f.cursor("shared message table", m)
		c.bytes(1)
		addr, n := c.addr(), uint64(c.u8())
		if c.err != nil {
			return nil, c.err
		}
		c = f.block("shared message table", addr, 4+n*uint64(14+2*f.offsetSize)+4)
		if b := c.bytes(4); c.err == nil && string(b) != "SMTB" {
			c.failf("got % x, want SMTB", b)
		}
		all := make([]sharedIndex, n)
		for i := range all {
			c.bytes(2)
			all[i].kinds = c.u16()
			c.bytes(10)
			c.addr()
			all[i].heap = c.addr()
		}
		c.checksum()
		return all, c.err
	}
	return nil, nil
}
