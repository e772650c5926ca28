// Package par spreads independent pieces of work over the processors.
//
// How work is cut into pieces depends on the work alone, never on the number of
// workers, and no piece sees another's work: so results are the same bits at any
// GOMAXPROCS.
package par

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Task is work that falls into pieces which do not depend on each other.
type Task interface {
	// Piece does piece i. Memory that it needs on the side comes from w.
	Piece(i int, w *Worker)
}

// Worker is the memory of one thread of work.
type Worker struct {
	// Kept tells what an earlier piece of the same Do has left in Scratch, where a piece that
	// asks for as many bytes finds it; 0 is nothing. Pieces set it.
	Kept int

	scratch, extra []byte
}

// Align is the alignment of scratch memory in bytes: one cache line, and the widest vector.
const Align = 64

// Scratch returns n bytes, aligned to Align, of undefined content. They are
// valid until the piece ends, or longer by Kept; every call hands out the same memory.
func (w *Worker) Scratch(n int) []byte { return aligned(&w.scratch, n) }

// Extra returns a second Scratch, for code inside a piece that uses Scratch itself, such
// as the epilogue of a matrix product.
func (w *Worker) Extra(n int) []byte { return aligned(&w.extra, n) }

func aligned(buf *[]byte, n int) []byte {
	if cap(*buf) < n+Align {
		*buf = make([]byte, n+Align)
	}
	s := (*buf)[:cap(*buf)]
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(s))) & (Align - 1))
	return s[off : off+n : off+n]
}

// limit is the number of threads that SetThreads asked for.
var limit atomic.Int32

// SetThreads sets how many threads do the pieces: at most n, and never more than
// GOMAXPROCS. With n = 0, the default, they are as many as GOMAXPROCS and the
// machine allow.
func SetThreads(n int) { limit.Store(int32(n)) }

// Threads returns the number of threads that would share in a Do now.
func Threads() int {
	n := runtime.GOMAXPROCS(0)
	if l := int(limit.Load()); l > 0 {
		return min(n, l)
	}
	return min(n, numCPU)
}

var numCPU = runtime.NumCPU()

// Do does pieces 0 to n-1 of t and returns when all are done. The caller takes
// part. A Do inside a piece, or while another goroutine's is under way, does its
// pieces alone. A panic in a piece reaches the caller; other pieces may then be
// missing.
func Do(n int, t Task) {
	if n > 1 {
		if threads := Threads(); threads > 1 && shared.owner.TryLock() {
			shared.do(n, t, threads)
			return
		}
	}
	w := getWorker()
	defer putWorker(w)
	w.Kept = 0
	for i := range n {
		t.Piece(i, w)
	}
}
