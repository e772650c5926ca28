package hdf5

// The messages of an object header that are read.
const (
	msgSpace        = 0x01
	msgLinkInfo     = 0x02
	msgType         = 0x03
	msgOldFill      = 0x04
	msgFill         = 0x05
	msgLink         = 0x06
	msgExternal     = 0x07
	msgLayout       = 0x08
	msgGroupInfo    = 0x0a
	msgFilters      = 0x0b
	msgAttr         = 0x0c
	msgSharedTable  = 0x0f
	msgContinuation = 0x10
	msgSymbols      = 0x11
	msgAttrInfo     = 0x15
	msgLast         = 0x18
)

// Flags of a message.
const (
	flagShared        = 0x02
	flagFailIfUnknown = 0x80
)

// message is one message of an object header.
type message struct {
	kind  byte
	flags byte
	at    uint64
	body  []byte
}

// header holds the content of an object header of any version.
type header struct {
	addr uint64
	msgs []message
}

// header reads an object header with its continuations.
func (f *file) header(addr uint64) (*header, error) {
	w := f.walk()
	start := w.block("object header", addr, 4)
	if start.err != nil {
		return nil, start.err
	}
	h := &header{addr: addr}
	switch {
	case string(start.b) == "OHDR":
		return h, h.readV2(w)
	case start.b[0] == 1:
		return h, h.readV1(w)
	}
	return nil, start.failf("got % x, want a header of version 1 or 2", start.b)
}

// readV1 reads a header of version 1. How many messages there are is told by the
// sizes of the blocks.
func (h *header) readV1(w *walk) error {
	c := w.block("object header", h.addr, 16)
	c.bytes(8) // version, messages, references
	size := c.u32()
	if c.err != nil {
		return c.err
	}
	blocks := []*cursor{w.block("object header", h.addr+16, uint64(size))}
	for i := 0; i < len(blocks); i++ {
		c := blocks[i]
		for c.left() >= 8 {
			kind, size, flags := c.u16(), c.u16(), c.u8()
			c.bytes(3)
			at := c.at + uint64(c.off)
			m := message{byte(kind), flags, at, c.bytes(uint64(size))}
			if kind > 0xff {
				m.kind = 0xff
			}
			more, err := h.add(w, c, m)
			if err != nil {
				return err
			}
			if more != nil {
				blocks = append(blocks, more)
			}
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// readV2 reads a header of version 2.
func (h *header) readV2(w *walk) error {
	c := w.block("object header", h.addr, min(w.size-h.addr, 34))
	c.head("OHDR", 2)
	flags := c.u8()
	if flags&0x20 != 0 {
		c.bytes(16) // times
	}
	if flags&0x10 != 0 {
		c.bytes(4) // when attributes move
	}
	size := c.uint(1 << (flags & 3))
	if c.err != nil {
		return c.err
	}
	if err := w.check(h.addr, size); err != nil {
		return c.failf("%w", err)
	}
	prefix := c.off
	blocks := []*cursor{w.block("object header", h.addr, uint64(prefix)+size+4)}
	if c = blocks[0]; c.err == nil {
		c.off = prefix
	}
	for i := 0; i < len(blocks); i++ {
		c := blocks[i]
		if err := c.verify(); err != nil {
			return err
		}
		if i > 0 {
			if b := c.bytes(4); string(b) != "OCHK" {
				return c.failf("got % x, want OCHK", b)
			}
		}
		prefix := uint64(4)
		if flags&4 != 0 {
			prefix = 6
		}
		for c.left() >= prefix { // less is a gap
			kind, size, mflags := c.u8(), c.u16(), c.u8()
			c.bytes(prefix - 4) // order of creation
			at := c.at + uint64(c.off)
			m := message{kind, mflags, at, c.bytes(uint64(size))}
			more, err := h.add(w, c, m)
			if err != nil {
				return err
			}
			if more != nil {
				blocks = append(blocks, more)
			}
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// verify checks the checksum at the end of a whole block and takes it off.
func (c *cursor) verify() error {
	if c.err != nil {
		return c.err
	}
	if len(c.b) < c.off+4 {
		return c.failf("got %d bytes, want more", len(c.b))
	}
	off := c.off
	c.off = len(c.b) - 4
	c.checksum()
	c.off, c.b = off, c.b[:len(c.b)-4]
	return c.err
}

// add keeps a message. For a continuation it returns the block, with a checksum
// and not looked at.
func (h *header) add(w *walk, c *cursor, m message) (*cursor, error) {
	switch m.kind {
	case msgContinuation:
		b := w.cursor("continuation message", m)
		addr, size := b.addr(), b.length()
		if b.err != nil {
			return nil, b.err
		}
		b = w.block("continuation block", addr, size)
		return b, b.err
	case msgSpace, msgLinkInfo, msgType, msgOldFill, msgFill, msgLink, msgExternal, msgLayout, msgGroupInfo, msgFilters, msgAttr, msgSharedTable, msgSymbols, msgAttrInfo:
		h.msgs = append(h.msgs, m)
	default:
		if m.kind >= msgLast && m.flags&flagFailIfUnknown != 0 {
			return nil, c.failf("got a message of type %#x that must be understood", m.kind)
		}
	}
	return nil, c.err
}

// cursor reads the body of a message.
func (f *file) cursor(what string, m message) *cursor {
	return &cursor{f: f, what: what, at: m.at, b: m.body}
}

// has reports whether there is a message of a kind.
func (h *header) has(kind byte) bool {
	for _, m := range h.msgs {
		if m.kind == kind {
			return true
		}
	}
	return false
}

// find returns the first message of a kind, or nil if there is no such message. A shared
// message is resolved.
func (f *file) find(h *header, kind byte, what string) (*cursor, error) {
	for _, m := range h.msgs {
		if m.kind == kind {
			c, err := f.resolve(m, what)
			return c, err
		}
	}
	return nil, nil
}

// resolve returns the body of a message, which may be in another place.
func (f *file) resolve(m message, what string) (*cursor, error) {
	if m.flags&flagShared == 0 {
		return f.cursor(what, m), nil
	}
	return f.sharedMessage(f.cursor("shared "+what, m), m.kind, what)
}
