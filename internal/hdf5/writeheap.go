package hdf5

import (
	"fmt"
	"slices"
)

const (
	writeRefSize = 16 // of a reference to a string: length, collection, index

	// Collections are as large as the C library makes them: 4 KB at least, and
	// no more than 64 KB unless for one string.
	writeMinCollection = 4 << 10
	writeMaxCollection = 64 << 10

	writeCollectionHead = 16
	writeItemHead       = 16
)

// writeStrings are strings of variable length, the elements of a dataset or an
// attribute. They lie in the global heap, and references to them in their place.
type writeStrings struct {
	values []string
	at     []writeRef // of each value; the layout fills it
}

// writeRef says where in the global heap a string is.
type writeRef struct {
	collection int // offset in the heap
	index      int
}

// newWriteStrings returns a copy of values.
func newWriteStrings(values []string) (*writeStrings, error) {
	for i, s := range values {
		if err := writeTextError(s); err != nil {
			return nil, fmt.Errorf("string %d: %w", i, err)
		}
		if len(s) > 1<<32-1 {
			return nil, fmt.Errorf("string %d: %d bytes: want less than 4 GB", i, len(s))
		}
	}
	return &writeStrings{values: slices.Clone(values)}, nil
}

// place puts the strings into the heap.
func (s *writeStrings) place(h *writeHeap) {
	s.at = s.at[:0]
	for _, v := range s.values {
		s.at = append(s.at, h.add(v))
	}
}

// refs returns the references, for a heap that begins at base.
func (s *writeStrings) refs(base uint64) []byte {
	b := make([]byte, 0, len(s.at)*writeRefSize)
	for i, r := range s.at {
		b = wle.AppendUint32(b, uint32(len(s.values[i])))
		b = wle.AppendUint64(b, base+uint64(r.collection))
		b = wle.AppendUint32(b, uint32(r.index))
	}
	return b
}

// writeHeap is a global heap in the making: collections of strings, one behind
// the other, the last of which is open.
type writeHeap struct {
	b     []byte
	open  int // where the last collection begins
	items int // how many it has, 0 if there is none
}

// add puts s into the heap.
func (h *writeHeap) add(s string) writeRef {
	if h.items > 0 && len(h.b)-h.open+writeItemHead+writePad(len(s)) > writeMaxCollection {
		h.close()
	}
	if h.items == 0 {
		h.open = len(h.b)
		h.b = append(h.b, "GCOL\x01\x00\x00\x00"...)
		h.b = wle.AppendUint64(h.b, 0) // its size, as yet unknown
	}
	h.items++
	h.b = wle.AppendUint16(h.b, uint16(h.items))
	h.b = append(h.b, 0, 0, 0, 0, 0, 0) // a count of references, which nothing reads
	h.b = wle.AppendUint64(h.b, uint64(len(s)))
	h.b = writePadded(append(h.b, s...))
	return writeRef{h.open, h.items}
}

// close ends the last collection, if there is one.
func (h *writeHeap) close() {
	if h.items == 0 {
		return
	}
	if free := writeMinCollection - (len(h.b) - h.open); free > 0 {
		end := h.open + writeMinCollection
		if free >= writeItemHead { // item 0 is what is free
			h.b = append(h.b, 0, 0, 0, 0, 0, 0, 0, 0)
			h.b = wle.AppendUint64(h.b, uint64(free))
		}
		h.b = append(h.b, make([]byte, end-len(h.b))...)
	}
	wle.PutUint64(h.b[h.open+8:], uint64(len(h.b)-h.open))
	h.items = 0
}
