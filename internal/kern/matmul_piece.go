package kern

import (
	"sync"
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// packing packs pieces of the operands for all who compute the window.
type packing[T Float] Product[T]

func (t *packing[T]) Piece(p int, w *par.Worker) {
	m := (*Product[T])(t)
	c := &m.cut
	depth := c.k1 - c.k0
	if p < c.packsA {
		if m.TransA {
			m.packA(c.a, c.batch, 0, c.strips, c.k0, depth, part(depth, c.packsA, p), part(depth, c.packsA, p+1))
		} else {
			s0, s1 := part(c.strips, c.packsA, p), part(c.strips, c.packsA, p+1)
			m.packA(c.a[s0*c.packWidth()*depth:], c.batch, s0, s1, c.k0, depth, 0, depth)
		}
		return
	}
	p -= c.packsA
	if !m.TransB {
		m.packB(c.b, c.batch, 0, c.panels, c.k0, depth, part(depth, c.packsB, p), part(depth, c.packsB, p+1))
	} else {
		q0, q1 := part(c.panels, c.packsB, p), part(c.panels, c.packsB, p+1)
		m.packB(c.b[q0*c.nr*depth:], c.batch, q0, q1, c.k0, depth, 0, depth)
	}
}

// compute is a block of strips times a block of panels.
type compute[T Float] Product[T]

func (t *compute[T]) Piece(p int, w *par.Worker) {
	m := (*Product[T])(t)
	c := &m.cut
	batch := c.batch
	if !c.shared {
		batch, p = p/(c.rows*c.cols), p%(c.rows*c.cols)
	}
	row, col := p/c.cols, p%c.cols
	blk := block[T]{
		m: m, batch: batch, w: w,
		s0: part(c.strips, c.rows, row), s1: part(c.strips, c.rows, row+1),
		q0: part(c.panels, c.cols, col), q1: part(c.panels, c.cols, col+1),
	}
	if c.shared {
		blk.run(c.k0, c.k1)
		return
	}
	for k := 0; ; k += c.depth {
		blk.run(k, min(m.K, k+c.depth))
		if k+c.depth >= m.K {
			return
		}
	}
}

// computeAll is all blocks of all matrices.
type computeAll[T Float] Product[T]

func (t *computeAll[T]) Piece(_ int, w *par.Worker) {
	for p := range (*Product[T])(t).pieces() {
		(*compute[T])(t).Piece(p, w)
	}
}

// A block is strips [s0,s1) times panels [q0,q1) of one matrix.
type block[T Float] struct {
	m              *Product[T]
	w              *par.Worker
	batch          int
	s0, s1, q0, q1 int
}

// run adds the products for k in [k0,k1) to the block.
func (b *block[T]) run(k0, k1 int) {
	m := b.m
	c := &m.cut
	depth := k1 - k0
	var own []T // packed by this piece for itself
	sizeA := 0
	if !c.shared && (c.packA || c.packB) {
		if c.packA {
			sizeA = (b.s1 - b.s0) * c.packWidth() * depth
		}
		n := sizeA + c.nr*depth
		size := int(unsafe.Sizeof(T(0)))
		own = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.w.Scratch(n*size)))), n)
	}

	i0, i1 := c.row(b.s0), c.row(b.s1)
	job := strips[T]{k: depth, low: m.low(), first: k0 == 0, last: k1 == m.K}
	if !job.last {
		job.low = (&Product[T]{}).low()
	}
	switch {
	case c.packA && c.shared:
		job.a = c.a[b.s0*c.packWidth()*depth:]
	case c.packA:
		m.packA(own, b.batch, b.s0, b.s1, k0, depth, 0, depth)
		job.a = own
	case m.TransA:
		job.a = from(m.A, b.batch*m.StrideA+k0*m.LDA+i0)
	default:
		job.a = from(m.A, b.batch*m.StrideA+i0*m.LDA+k0)
	}
	done := c.col(b.q0) // columns that the epilogue has seen
	for q := b.q0; q < b.q1; q++ {
		j0, j1 := c.col(q), c.col(q+1)
		switch {
		case c.packB && c.shared:
			job.b, job.ldb = c.b[q*c.nr*depth:], c.nr
			job.next = c.b[min(q+1, c.panels-1)*c.nr*depth:]
		case c.packB:
			m.packB(own[sizeA:], b.batch, q, q+1, k0, depth, 0, depth)
			job.b, job.ldb = own[sizeA:], c.nr
		default:
			job.b, job.ldb = from(m.B, b.batch*m.StrideB+k0*m.LDB+j0), m.LDB
		}
		b.panel(&job, i0, j0, j1)
		if job.last && m.After != nil && (q+1 == b.q1 || (i1-i0)*(j1-done) >= afterSize) {
			m.After.Block(b.batch, i0, i1, done, j1, b.w)
			done = j1
		}
	}
}

// strips is work for the kernel: strips of equally many rows times a panel, or
// some columns of it.
type strips[T Float] struct {
	a, b, c, bias []T // bias: nil for zeros
	next          []T // what b will be next, to prefetch; or nil
	lda, ldb      int
	byCol         bool // a is [k rows], not [rows k]
	stepA         int  // from one strip to the next
	ldc           int
	k, n          int
	rows, strips  int
	low           T
	first, last   bool // the first, the last part of K
}

// panel computes all strips of the block times one panel. The strips at the top
// may have one row more than the others.
func (b *block[T]) panel(job *strips[T], i0, j0, j1 int) {
	m := b.m
	c := &m.cut
	a := job.a
	rows, more := (c.i1-c.i0)/c.strips, (c.i1-c.i0)%c.strips
	for s := b.s0; s < b.s1; s += job.strips {
		if s < more {
			job.rows, job.strips = rows+1, min(more, b.s1)-s
		} else {
			job.rows, job.strips = rows, b.s1-s
		}
		i := c.row(s)
		switch {
		case c.packA:
			job.lda, job.byCol = c.packWidth(), true
			job.stepA = c.packWidth() * job.k
			job.a = a[(s-b.s0)*job.stepA:]
		case m.TransA:
			job.lda, job.byCol = m.LDA, true
			job.stepA = job.rows
			job.a = from(a, i-i0)
		default:
			job.lda, job.byCol = m.LDA, false
			job.stepA = job.rows * m.LDA
			job.a = from(a, (i-i0)*m.LDA)
		}
		job.c, job.ldc = m.C[b.batch*m.StrideC+i*m.LDC+j0:], m.LDC
		job.n = j1 - j0
		if m.Bias != nil {
			job.bias = m.Bias[j0:j1]
		}
		kernel(c.isa, job)
	}
	job.a = a
}

// from is s[i:], or nothing if s is shorter, as where K is 0.
func from[T Float](s []T, i int) []T { return s[min(i, len(s)):] }

// alongRows is how many rows of a matrix are copied at a time, so that what is next
// to each other in memory is read soon after.
const alongRows = 64

// packA packs strips [s0,s1) of A, [depth packWidth] each, from k0 on: of those, the
// k's [from,to).
func (m *Product[T]) packA(dst []T, batch, s0, s1, k0, depth, from, to int) {
	c := &m.cut
	w, step := c.packWidth(), max(1, depth)
	if m.TransA {
		step = alongRows
	}
	for k := from; k < to; k += step {
		n := min(step, to-k)
		for s := s0; s < s1; s++ {
			at := dst[((s-s0)*depth+k)*w:]
			i := c.row(s)
			rows := c.row(s+1) - i
			if m.TransA {
				packRows(c.tile, at, w, m.A[batch*m.StrideA+(k0+k)*m.LDA+i:], m.LDA, rows, n)
			} else {
				packCols(c.tile, at, w, m.A[batch*m.StrideA+i*m.LDA+k0+k:], m.LDA, rows, n)
			}
		}
	}
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
			at := dst[((q-q0)*depth+k)*c.nr:]
			j := c.col(q)
			cols := c.col(q+1) - j
			if m.TransB {
				packCols(c.tile, at, c.nr, m.B[batch*m.StrideB+j*m.LDB+k0+k:], m.LDB, cols, n)
			} else {
				packRows(c.tile, at, c.nr, m.B[batch*m.StrideB+(k0+k)*m.LDB+j:], m.LDB, cols, n)
			}
		}
	}
}

// buffers are kept for the next product that packs for all its pieces.
var buffers struct {
	sync.Mutex
	free [][]byte
}

// getBuf returns n elements, aligned, of undefined content, until putBuf.
func getBuf[T Float](n int) []T {
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

func putBuf[T Float](s []T) {
	if s == nil {
		return
	}
	buf := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(T(0))))
	buffers.Lock()
	buffers.free = append(buffers.free, buf)
	buffers.Unlock()
}
