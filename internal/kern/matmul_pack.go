package kern

import (
	"sync"
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// packing packs pieces of the operands for all workers of the window.
type packing[T Float] Product[T]

func (t *packing[T]) Piece(p int, w *par.Worker) {
	m := (*Product[T])(t)
	c := &m.cut
	depth := c.k1 - c.k0
	if p < c.packsA {
		if m.TransA && !c.lines {
			m.packA(c.a, c.batch, 0, c.strips, c.k0, depth, c.partOf(depth, c.packsA, p), c.partOf(depth, c.packsA, p+1))
		} else {
			s0, s1 := part(c.strips, c.packsA, p), part(c.strips, c.packsA, p+1)
			m.packA(c.a[c.packedRow(s0, c.steps(depth)):], c.batch, s0, s1, c.k0, depth, 0, depth)
		}
		return
	}
	p -= c.packsA
	if !m.TransB {
		m.packB(c.b, c.batch, 0, c.panels, c.k0, depth, c.partOf(depth, c.packsB, p), c.partOf(depth, c.packsB, p+1))
	} else {
		q0, q1 := part(c.panels, c.packsB, p), part(c.panels, c.packsB, p+1)
		m.packB(c.b[q0*c.nr*c.steps(depth):], c.batch, q0, q1, c.k0, depth, 0, depth)
	}
}

// alongRows is how many rows of a matrix are copied at a time, so that elements next to
// each other in memory are read soon after each other.
const alongRows = 64

// packA packs strips [s0,s1) of A, [depth packWidth] each, from k0 on: of those, the
// k's [from,to).
func (m *Product[T]) packA(dst []T, batch, s0, s1, k0, depth, from, to int) {
	c := &m.cut
	if c.lines {
		m.packLines(dst, batch, c.row(s0), c.row(s1), k0, depth)
		return
	}
	if c.columns {
		m.packColumns(dst, batch, c.row(s0), c.row(s1), k0, from, to)
		return
	}
	step := max(1, depth)
	if m.TransA {
		step = alongRows
	}
	for k := from; k < to; k += step {
		n := min(step, to-k)
		for s := s0; s < s1; {
			at := dst[((s-s0)*c.steps(depth)+c.steps(k))*c.width:]
			src := m.operandA(batch, k0+k, c.row(s))
			rows, strips := c.alike(s, s1)
			if !m.TransA || !packStrips(c.tile, at, c.width*c.steps(depth), src, rows, strips, n) {
				m.pack(at, c.width, src, m.TransA, rows, n)
				strips = 1
			}
			s += strips
		}
	}
}

// alike returns the height of strip s and how many from there on, before s1, have it too:
// those at the top may have one row more than the others.
func (c *cut[T]) alike(s, s1 int) (rows, n int) {
	rows, more := (c.i1-c.i0)/c.strips, (c.i1-c.i0)%c.strips
	if s < more {
		return rows + 1, min(more, s1) - s
	}
	return rows, s1 - s
}

// packedRow returns where strip s begins in a packed A.
func (c *cut[T]) packedRow(s, steps int) int {
	switch {
	case c.lines:
		return (c.row(s) - c.i0) * c.lineLen(steps)
	case c.columns:
		return c.row(s) - c.i0
	}
	return s * c.width * steps
}

// sizeA is the elements of a packed A of n strips.
func (c *cut[T]) sizeA(n, steps int) int {
	switch {
	case c.lines:
		return n * c.mr * c.lineLen(steps)
	case c.columns:
		return c.columnLen(n*c.mr) * steps
	}
	return n * c.width * steps
}

// packB packs panels [q0,q1) of B, [depth nr] each, likewise.
func (m *Product[T]) packB(dst []T, batch, q0, q1, k0, depth, from, to int) {
	c := &m.cut
	step := max(1, depth)
	if !m.TransB {
		step = alongRows
	}
	for k := from; k < to; k += step {
		n := min(step, to-k)
		for q := q0; q < q1; q++ {
			at := dst[((q-q0)*c.steps(depth)+c.steps(k))*c.nr:]
			j := c.col(q)
			cols := c.col(q+1) - j
			m.pack(at, c.nr, m.operandB(batch, k0+k, j), !m.TransB, cols, n)
		}
	}
}

// operand is A or B from an element on: float32s or 16-bit floats.
type operand[T Float] struct {
	wide   []T
	narrow []uint16
	ld     int
}

// operandA is A from row i and k on.
func (m *Product[T]) operandA(batch, k, i int) operand[T] {
	at := m.firstA(batch) + i*m.LDA + k
	if m.TransA {
		at = m.firstA(batch) + k*m.LDA + i
	}
	if m.Narrow != NotNarrow {
		return operand[T]{narrow: m.A16[at:], ld: m.LDA}
	}
	return operand[T]{wide: m.A[at:], ld: m.LDA}
}

// operandB is B from k and column j on.
func (m *Product[T]) operandB(batch, k, j int) operand[T] {
	at := m.firstB(batch) + k*m.LDB + j
	if m.TransB {
		at = m.firstB(batch) + j*m.LDB + k
	}
	if m.Narrow != NotNarrow {
		return operand[T]{narrow: m.B16[at:], ld: m.LDB}
	}
	return operand[T]{wide: m.B[at:], ld: m.LDB}
}

// pack packs k times n elements, stored as k rows of n or n rows of k.
func (m *Product[T]) pack(dst []T, ldDst int, src operand[T], rows bool, n, k int) {
	t := m.cut.tile
	switch {
	case m.Narrow != NotNarrow && rows:
		packNarrowRows(t, m.Narrow, dst, ldDst, src.narrow, src.ld, n, k)
	case m.Narrow != NotNarrow:
		packNarrowCols(t, m.Narrow, dst, ldDst, src.narrow, src.ld, n, k)
	case rows:
		packRows(t, dst, ldDst, src.wide, src.ld, n, k)
	default:
		packCols(t, dst, ldDst, src.wide, src.ld, n, k)
	}
}

// buffers are kept for the next product that packs for all its pieces.
var buffers struct {
	sync.Mutex
	free [][]byte
}

// getBuf returns n elements, aligned, of undefined content, until putBuf.
func getBuf[T Float | int32](n int) []T {
	size := n * int(unsafe.Sizeof(T(0)))
	var buf []byte
	buffers.Lock()
	if last := len(buffers.free) - 1; last >= 0 {
		buf = buffers.free[last]
		buffers.free = buffers.free[:last]
	}
	buffers.Unlock()
	if len(buf) < size {
		buf = make([]byte, size+par.Align)
		off := -uintptr(unsafe.Pointer(unsafe.SliceData(buf))) & (par.Align - 1)
		buf = buf[off:][:size]
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(buf))), len(buf)/int(unsafe.Sizeof(T(0))))
}

func putBuf[T Float | int32](s []T) {
	if s == nil {
		return
	}
	buf := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(T(0))))
	buffers.Lock()
	buffers.free = append(buffers.free, buf)
	buffers.Unlock()
}
