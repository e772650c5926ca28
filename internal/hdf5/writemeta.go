package hdf5

// Types of the messages in an object header.
const (
	writeSpaceMessage   = 0x01
	writeTypeMessage    = 0x03
	writeFillMessage    = 0x05
	writeLayoutMessage  = 0x08
	writeFilterMessage  = 0x0b
	writeAttrMessage    = 0x0c
	writeSymbolsMessage = 0x11
)

// writeMeta is metadata in the making: blocks whose addresses are known as soon
// as they are added.
type writeMeta struct {
	b    []byte
	base uint64 // address of b
	heap uint64 // address of the global heap
}

// end returns the address behind the last block, a multiple of 8.
func (m *writeMeta) end() uint64 { return m.base + uint64(len(m.b)) }

// add appends a block and returns its address.
func (m *writeMeta) add(block []byte) uint64 {
	at := m.end()
	m.b = writePadded(append(m.b, block...))
	return at
}

// writeHeader is an object header in the making.
type writeHeader struct {
	n int // messages
	b []byte
}

// message adds a message. A constant one is one that stays as it is for the
// object's life.
func (h *writeHeader) message(kind uint16, constant bool, data []byte) {
	flags := byte(0)
	if constant {
		flags = 1
	}
	h.n++
	h.b = wle.AppendUint16(h.b, kind)
	h.b = wle.AppendUint16(h.b, uint16(writePad(len(data))))
	h.b = append(h.b, flags, 0, 0, 0)
	h.b = writePadded(append(h.b, data...))
}

// header appends an object header, version 1, in one block, and returns its address.
func (m *writeMeta) header(h *writeHeader, attrs []*writeAttr) uint64 {
	for _, a := range attrs {
		h.message(writeAttrMessage, false, a.message(m.heap))
	}
	b := wle.AppendUint16([]byte{1, 0}, uint16(h.n))
	b = wle.AppendUint32(b, 1) // one link leads here
	b = wle.AppendUint32(b, uint32(len(h.b)))
	return m.add(append(writePadded(b), h.b...))
}

// writeGroupAt says where the parts of a group are.
type writeGroupAt struct{ header, tree, heap uint64 }

// symbol appends a symbol table entry of the group to b.
func (g writeGroupAt) symbol(b []byte, name uint64) []byte {
	return writeSymbol(b, name, g.header, 1, g.tree, g.heap)
}

// writeSymbol appends a symbol table entry to b: the offset of the name in the local
// heap, the address of the object, and two notes.
func writeSymbol(b []byte, name, header uint64, kind uint32, note1, note2 uint64) []byte {
	b = wle.AppendUint64(wle.AppendUint64(b, name), header)
	b = wle.AppendUint32(wle.AppendUint32(b, kind), 0)
	return wle.AppendUint64(wle.AppendUint64(b, note1), note2)
}

// emit appends the metadata of g and of all below.
func (g *GroupWriter) emit(m *writeMeta) writeGroupAt {
	var heap writeLocalHeap
	heap.add("")
	var entries []byte
	var names []uint64
	for _, link := range g.sorted() {
		name := heap.add(link.name)
		names = append(names, name)
		switch {
		case link.group != nil:
			entries = link.group.emit(m).symbol(entries, name)
		case link.dataset != nil:
			entries = writeSymbol(entries, name, link.dataset.emit(m), 0, 0, 0)
		default:
			entries = writeSymbol(entries, name, writeNone, 2, heap.add(link.target), 0)
		}
	}
	at := writeGroupAt{tree: m.symbols(entries, names), heap: m.localHeap(&heap)}
	var h writeHeader
	h.message(writeSymbolsMessage, false, wle.AppendUint64(wle.AppendUint64(nil, at.tree), at.heap))
	at.header = m.header(&h, g.attrs)
	return at
}

// emit appends the metadata of d and returns the address of its header.
func (d *DatasetWriter) emit(m *writeMeta) uint64 {
	// Version 2, memory taken late, the fill value written if one is set, and
	// it is: 0, in no bytes.
	fill := []byte{2, 2, 2, 1, 0, 0, 0, 0}
	var filters, layout []byte
	switch {
	case d.strings != nil:
		fill[2] = 0 // written when memory is taken, so that every reference is one
		refs := d.strings.refs(m.heap)
		layout = writeContiguous(m.add(refs), len(refs))
	case d.chunks != nil:
		fill[1] = 3 // memory is taken chunk by chunk
		filters, layout = d.chunks.filters(), d.chunks.emit(m)
	default:
		layout = writeContiguous(d.addr, d.source.Spec().Bytes())
	}
	var h writeHeader
	h.message(writeSpaceMessage, false, d.space)
	h.message(writeTypeMessage, true, d.typ)
	h.message(writeFillMessage, true, fill)
	if filters != nil {
		h.message(writeFilterMessage, true, filters)
	}
	h.message(writeLayoutMessage, false, layout)
	return m.header(&h, d.attrs)
}

// writeContiguous returns the layout message, version 3, of n bytes in one piece.
func writeContiguous(addr uint64, n int) []byte {
	if n == 0 {
		addr = writeNone
	}
	b := wle.AppendUint64([]byte{3, 1}, addr)
	return wle.AppendUint64(b, uint64(n))
}
