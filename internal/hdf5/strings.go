package hdf5

import (
	"encoding/binary"
	"strings"
)

// decodeStrings returns the strings in raw elements of type t. They share memory
// with each other.
func (f *file) decodeStrings(t *datatype, raw []byte) ([]string, error) {
	if t.vlenString {
		return f.heapStrings(t, raw)
	}
	all := string(raw)
	out := make([]string, 0, len(raw)/int(t.size))
	for ; len(all) > 0; all = all[t.size:] {
		out = append(out, trim(all[:t.size], t.pad))
	}
	return out, nil
}

// trim removes the padding of a fixed string.
func trim(s string, pad byte) string {
	switch pad {
	case padTerm:
		s, _, _ = strings.Cut(s, "\x00")
		return s
	case padNull:
		return strings.TrimRight(s, "\x00")
	}
	return strings.TrimRight(s, " ")
}

// heapStrings returns the strings that elements of variable length refer to:
//
//	length    uint32
//	address   of a collection of the global heap
//	index     uint32, in the collection
func (f *file) heapStrings(t *datatype, raw []byte) ([]string, error) {
	w := f.walk()
	collections := map[uint64]map[uint16]string{}
	out := make([]string, 0, len(raw)/int(t.size))
	for ; len(raw) > 0; raw = raw[t.size:] {
		c := &cursor{f: f, b: raw}
		n, addr, index := c.u32(), c.addr(), c.u32()
		if n == 0 {
			out = append(out, "")
			continue
		}
		objects, ok := collections[addr]
		if !ok {
			var err error
			if objects, err = w.globalHeap(addr); err != nil {
				return nil, err
			}
			collections[addr] = objects
		}
		s, ok := objects[uint16(index)]
		if !ok || index > 0xffff || uint64(n) > uint64(len(s)) {
			at := &cursor{what: "global heap", at: addr}
			return nil, at.failf("want %d bytes in object %d, got %d", n, index, len(s))
		}
		s, _, _ = strings.Cut(s[:n], "\x00")
		out = append(out, s)
	}
	return out, nil
}

// globalHeap reads a collection of the global heap: its objects by their index.
func (w *walk) globalHeap(addr uint64) (map[uint16]string, error) {
	c := w.block("global heap", addr, 8+uint64(w.lengthSize))
	c.head("GCOL", 1)
	c.bytes(3)
	size := c.length()
	if c.err != nil {
		return nil, c.err
	}
	if c = w.block("global heap", addr, size); c.err != nil {
		return nil, c.err
	}
	c.bytes(uint64(8 + w.lengthSize))
	c.pad(0)
	all := string(c.b)
	objects := map[uint16]string{}
	for c.left() >= 16 {
		head := c.bytes(8) // index, references, reserved
		size := c.length()
		c.pad(0)
		index := binary.LittleEndian.Uint16(head)
		if index == 0 {
			break // free up to the end
		}
		at := c.off
		if c.bytes(size); c.err != nil {
			return nil, c.err
		}
		objects[index] = all[at : at+int(size)]
		c.bytes(min(-size&7, c.left()))
	}
	return objects, c.err
}
