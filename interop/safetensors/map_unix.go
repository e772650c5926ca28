//go:build unix

package safetensors

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
)

// mapping is a file mapped into memory.
type mapping struct {
	mu sync.RWMutex // Close waits for readers
	b  []byte       // nil after Close
}

// mapPiece is how many bytes are copied before their pages are given back, so that
// pages already read do not count as memory of the process while the file is open.
const mapPiece = 4 << 20

// mapped maps a file into memory and closes it. Where the file system cannot, the
// file itself is returned.
func mapped(f *os.File, size int64) readAtCloser {
	if size <= 0 || int64(int(size)) != size {
		return f
	}
	b, err := mapPages(f.Fd(), int(size))
	if err != nil {
		return f
	}
	f.Close() // the mapping stays
	return &mapping{b: b}
}

// ReadAt copies from the mapping. A file that another program has made shorter in
// the meantime is an error, as it is without a mapping.
func (m *mapping) ReadAt(p []byte, off int64) (n int, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	switch {
	case m.b == nil:
		return 0, os.ErrClosed
	case off < 0 || off > int64(len(m.b)):
		return 0, io.EOF
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface{ Addr() uintptr })
			if !ok {
				panic(r)
			}
			n, err = 0, fmt.Errorf("no memory behind the file at %#x: %w", fault.Addr(), errShrunk)
		}
	}()
	for n < len(p) && off+int64(n) < int64(len(m.b)) {
		at := int(off) + n
		k := copy(p[n:], m.b[at:min(len(m.b), at+mapPiece)])
		m.release(at, at+k)
		n += k
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// release gives back the pages that lie in a part of the mapping. They come back
// when they are read again. It is only advice.
func (m *mapping) release(from, to int) {
	page := os.Getpagesize()
	from, to = (from+page-1)/page*page, to/page*page
	if from < to {
		dropPages(m.b[from:to])
	}
}

// errShrunk is why a page of a mapping cannot be read.
var errShrunk = errors.New("the file was made shorter, or its disk failed")

// Close ends the mapping.
func (m *mapping) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.b == nil {
		return os.ErrClosed
	}
	b := m.b
	m.b = nil
	return unmapPages(b)
}
