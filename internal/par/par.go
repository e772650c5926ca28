// Package par spreads independent pieces of work over the processors.
//
// How work is cut into pieces depends on the work alone, never on the number of
// workers, and no piece sees what another does: so results are the same bits at
// any GOMAXPROCS.
package par

import "unsafe"

// Task is work that falls into pieces which do not depend on each other.
type Task interface {
	// Piece does piece i. Memory that it needs on the side comes from w.
	Piece(i int, w *Worker)
}

// Worker is the memory of one thread of work.
type Worker struct{ scratch []byte }

// Align is the alignment of scratch memory in bytes: one cache line, and the widest vector.
const Align = 64

// Scratch returns n bytes, aligned to Align, of undefined content. They are
// valid until the piece ends; every call hands out the same memory.
func (w *Worker) Scratch(n int) []byte {
	if cap(w.scratch) < n+Align {
		w.scratch = make([]byte, n+Align)
	}
	s := w.scratch[:cap(w.scratch)]
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(s))) & (Align - 1))
	return s[off : off+n : off+n]
}

// Do does pieces 0 to n-1 of t and returns when all are done.
func Do(n int, t Task) {
	var w Worker
	for i := range n {
		t.Piece(i, &w)
	}
}
