package hdf5

const (
	writeNone = 1<<64 - 1 // the address of what is not there

	writeGroupTree = 0 // what a tree leads to, and how many children its nodes have
	writeGroupFan  = 32
	writeChunkTree = 1
	writeChunkFan  = 64

	writeSymbols    = 8 // in a symbol table node
	writeSymbolSize = 40
)

// tree appends a B-tree of version 1 over children and returns its address. keys
// are of keySize bytes each: one before each child and one behind the last. Nodes
// are filled from the left and have the size of full ones.
func (m *writeMeta) tree(kind byte, fan, keySize int, keys []byte, children []uint64) uint64 {
	nodeSize := uint64(24 + fan*(keySize+8) + keySize)
	for level := byte(0); ; level++ {
		var nodes []uint64
		var nodeKeys []byte
		for first := 0; first == 0 || first < len(children); first += fan {
			n := min(fan, len(children)-first)
			left, right := uint64(writeNone), uint64(writeNone)
			if first > 0 {
				left = m.end() - nodeSize
			}
			if first+n < len(children) {
				right = m.end() + nodeSize
			}
			b := append(make([]byte, 0, nodeSize), "TREE"...)
			b = wle.AppendUint16(append(b, kind, level), uint16(n))
			b = wle.AppendUint64(wle.AppendUint64(b, left), right)
			for i := first; i < first+n; i++ {
				b = append(b, keys[i*keySize:][:keySize]...)
				b = wle.AppendUint64(b, children[i])
			}
			b = append(b, keys[(first+n)*keySize:][:keySize]...)
			nodes = append(nodes, m.add(b[:nodeSize]))
			nodeKeys = append(nodeKeys, keys[first*keySize:][:keySize]...)
		}
		if len(nodes) == 1 {
			return nodes[0]
		}
		keys = append(nodeKeys, keys[len(children)*keySize:]...)
		children = nodes
	}
}

// symbols appends a group's table of entries, sorted by name, and returns the
// address of the B-tree over it. ends are where in the local heap the names are.
func (m *writeMeta) symbols(entries []byte, names []uint64) uint64 {
	const full = writeSymbols * writeSymbolSize
	keys := make([]byte, 8) // the empty name
	var nodes []uint64
	for first := 0; first < len(names); first += writeSymbols {
		n := min(writeSymbols, len(names)-first)
		b := append(make([]byte, 0, 8+full), "SNOD\x01\x00"...)
		b = wle.AppendUint16(b, uint16(n))
		b = append(b, entries[first*writeSymbolSize:][:n*writeSymbolSize]...)
		nodes = append(nodes, m.add(b[:8+full]))
		keys = wle.AppendUint64(keys, names[first+n-1]) // no name in the node is greater
	}
	return m.tree(writeGroupTree, writeGroupFan, 8, keys, nodes)
}

// writeLocalHeap is the heap that holds a group's names. It begins with the
// empty name.
type writeLocalHeap struct{ b []byte }

// add puts s into the heap and returns where.
func (h *writeLocalHeap) add(s string) uint64 {
	at := len(h.b)
	h.b = writePadded(append(append(h.b, s...), 0))
	return uint64(at)
}

// localHeap appends a local heap without free space and returns its address.
func (m *writeMeta) localHeap(h *writeLocalHeap) uint64 {
	const full = 1 // in place of an offset: nothing is free
	data := m.add(h.b)
	b := append([]byte(nil), "HEAP\x00\x00\x00\x00"...)
	b = wle.AppendUint64(b, uint64(len(h.b)))
	b = wle.AppendUint64(b, full)
	return m.add(wle.AppendUint64(b, data))
}
