package hdf5

// denseLinks reads the links of a group that has many. c is the link info message:
//
//	version 0, flags, [int64,] heap, B-tree by name, [B-tree by order]
func (f *file) denseLinks(c *cursor, add func(link) error) error {
	return f.dense(c, 8, 5, func(record []byte) []byte { return record[4:] }, 5, func(l *cursor) error {
		ln, err := readLink(l)
		if err != nil {
			return err
		}
		return add(ln)
	})
}

// denseAttributes reads the attributes of an object that has many.
func (f *file) denseAttributes(h *header, add func(message) error) error {
	for _, m := range h.msgs {
		if m.kind != msgAttrInfo {
			continue
		}
		split := func(record []byte) []byte { return record[:8] }
		err := f.dense(f.cursor("attribute info", m), 2, 8, split, 13, func(a *cursor) error {
			return add(message{kind: msgAttr, at: a.at, body: a.b})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dense reads the objects of a heap that a B-tree of a kind lists. orderSize is the size
// of the order of creation that the message may have; id finds the heap's id in a record
// of at least least bytes.
func (f *file) dense(c *cursor, orderSize uint64, kind byte, id func([]byte) []byte, least int, add func(*cursor) error) error {
	if v := c.u8(); c.err == nil && v != 0 {
		return c.failf("got version %d, want 0", v)
	}
	if c.u8()&1 != 0 {
		c.bytes(orderSize)
	}
	heapAddr, tree := c.addr(), c.addr()
	if c.err != nil || heapAddr == undefined || tree == undefined {
		return c.err
	}
	w := f.walk()
	heap, err := w.fractalHeap(heapAddr)
	if err != nil {
		return err
	}
	return w.btree2(tree, kind, least, func(record []byte) error {
		if kind == 8 && record[8]&flagShared != 0 {
			a, err := f.sharedObject(id(record), msgAttr, "attribute")
			if err != nil {
				return err
			}
			return add(a)
		}
		b, err := heap.object(id(record))
		if err != nil {
			return err
		}
		return add(&cursor{f: f, what: "object in the fractal heap", at: heapAddr, b: b})
	})
}
