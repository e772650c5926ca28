package kern

import (
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// MatMulInt8 is C = (op(A) - ZeroA)·(op(B) - ZeroB) of integers of 8 bits, in int32, for
// every matrix of a batch. Matrices are row-major. Sums wrap around; nothing saturates, so
// that every implementation has the same bits.
//
// Without VNNI the elements are multiplied as pairs of int16, and a zero point of a whole
// matrix is subtracted as they are packed. VNNI multiplies four uint8 of A by four int8
// of B: a bias of 128 turns either type into the other, and what it and zero points add
// to the sums is removed at the end, by the sums of A's rows and B's columns. SDOT, of
// arm64, multiplies four int8 by four int8 in the same way, and SMMLA two rows of eight by two
// columns of eight.
//
// The tiles of AVX2 and the packing of all instruction sets have run so far; those of
// AVX-VNNI, AVX-512 and AVX512_VNNI are tested where the processor has them, and were only
// assembled until then.
type MatMulInt8 struct {
	M, N, K          int
	TransA, TransB   bool    // A is stored [K M], B is stored [N K]
	SignedA, SignedB bool    // int8, not uint8
	A, B             []uint8 // bits
	C                []int32
	LDA, LDB, LDC    int // elements from one row to the next, as stored

	// The zero points have the type of their matrix: one for the whole matrix or one for
	// each row of A, each column of B. Nil stands for 0.
	ZeroA, ZeroB []uint8

	Batch                     int // 0 means 1
	StrideA, StrideB, StrideC int // elements from one matrix to the next; 0 for a shared operand

	cut intCut
}

// intTile describes the block of C that a kernel holds in registers.
type intTile struct {
	isa    isa
	group  int  // elements along K in a word of 32 bits: 2 of int16 or 4 of 8 bits
	signed bool // of the 8 bits those of A are of int8 too, not of uint8
	mr     int  // most rows
	width  int  // words from one step to the next in a packed strip of A
	nr     int  // columns of a panel of B, and words from one step to the next
	grain  int  // operations below which a piece of work is not cut further
}

// An intCut describes how a product is divided into pieces. Both operands are packed: a
// strip of A or a panel of B has, step by step along K, a word for each of its rows or
// columns. The pieces of a product share packed operands if they would otherwise pack
// them again.
type intCut struct {
	intTile
	a, b   intOperand
	depth  int  // elements of K at a time
	shared bool // packed for all pieces, one window of the product at a time

	i0, i1, j0, j1, k0, k1 int // the window
	strips, panels         int // in the window
	rows, cols             int // blocks of strips, of panels; a piece is one of each
	packsA, packsB         int // pieces of packing
	batch                  int // the matrix in work, if shared
	packed                 intPacked
}

// intPacked holds packed strips and panels, and what corrects their products:
//
//	C[i,j] += rowP[i]·colX[j] + rowQ[i]·colY[j]
//
// where rowP has the sums of the rows of A, rowQ the zero points that A still has, colX
// those of B, negated, and colY what is left of the sums of the columns.
type intPacked struct{ a, rowP, rowQ, b, colX, colY []int32 }

const (
	intSteps  = 256  // most of K at a time: a panel stays in the L1 cache
	intWindow = 4096 // most rows and columns of a window
	intGroup  = 4    // panels that a piece packs at a time, of one cache line of B's rows
)

// Run computes the product. C must not overlap A or B. Once warm it allocates nothing; a
// MatMulInt8 runs once at a time.
func (m *MatMulInt8) Run() {
	if m.M > 0 && m.N > 0 {
		m.run(intTileHere())
	}
}

func (m *MatMulInt8) run(t intTile) {
	m.plan(t)
	c := &m.cut
	if c.shared {
		m.runShared()
	} else {
		par.Do(max(m.Batch, 1)*c.rows*c.cols, (*intCompute)(m))
	}
	c.a, c.b = intOperand{}, intOperand{}
}

// plan decides how to cut the product, from its shape alone.
func (m *MatMulInt8) plan(t intTile) {
	c := &m.cut
	*c = intCut{intTile: t}
	c.a = c.operand(m.A, m.LDA, !m.TransA, c.width, m.ZeroA, m.SignedA, false)
	c.b = c.operand(m.B, m.LDB, m.TransB, c.nr, m.ZeroB, m.SignedB, true)
	parts := max(1, ceil(m.K, intSteps*c.group))
	c.depth = max(16, ceil(ceil(m.K, parts), 16)*16)
	c.setWindow(0, m.M, 0, m.N, 0, m.K)
	batch, work := max(m.Batch, 1), 2*m.M*m.N*max(m.K, 1)
	c.blocks(batch, min(morePieces, work*batch/c.grain))
	c.shared = c.rows > 1 && c.cols > 1 && (batch == 1 || work > 64*c.grain)
}

func (c *intCut) setWindow(i0, i1, j0, j1, k0, k1 int) {
	c.i0, c.i1, c.j0, c.j1, c.k0, c.k1 = i0, i1, j0, j1, k0, k1
	c.strips, c.panels = ceil(i1-i0, c.mr), ceil(j1-j0, c.nr)
}

// row returns where strip s begins.
func (c *intCut) row(s int) int { return c.i0 + part(c.i1-c.i0, c.strips, s) }

// col returns where panel q begins.
func (c *intCut) col(q int) int { return min(c.j1, c.j0+q*c.nr) }

// blocks cuts the window of each of batch matrices into about want pieces.
func (c *intCut) blocks(batch, want int) {
	c.rows, c.cols = 1, 1
	if want > 1 {
		c.rows = min(c.strips, ceil(c.i1-c.i0, blockRows))
	}
	for batch*c.rows*c.cols < want {
		tall := (c.i1-c.i0)*c.cols > (c.j1-c.j0)*c.rows
		switch {
		case c.cols*2 <= c.panels && !(tall && c.rows*2 <= c.strips):
			c.cols *= 2
		case c.rows*2 <= c.strips:
			c.rows *= 2
		default:
			return
		}
	}
}

// words returns the steps along K for depth elements.
func (c *intCut) words(depth int) int { return ceil(depth, c.group) }

// runShared goes through the product window by window.
func (m *MatMulInt8) runShared() {
	c := &m.cut
	steps := c.words(min(c.depth, m.K))
	strips, panels := ceil(min(m.M, intWindow), c.mr), ceil(min(m.N, intWindow), c.nr)
	buf := getBuf[int32](intSize(c, strips, panels, steps))
	c.packed = intCarve(c, buf, strips, panels, steps)
	for c.batch = 0; c.batch < max(m.Batch, 1); c.batch++ {
		for j := 0; j < m.N; j += intWindow {
			for k := 0; k < max(m.K, 1); k += c.depth {
				for i := 0; i < m.M; i += intWindow {
					c.setWindow(i, min(m.M, i+intWindow), j, min(m.N, j+intWindow), k, min(m.K, k+c.depth))
					m.window()
				}
			}
		}
	}
	c.packed = intPacked{}
	putBuf(buf)
}

// window packs and computes the window.
func (m *MatMulInt8) window() {
	c := &m.cut
	depth := max(1, c.k1-c.k0)
	c.packsA, c.packsB = min(c.strips, ceil((c.i1-c.i0)*depth, packPiece)), 0
	if c.i0 == 0 {
		c.packsB = min(c.panels, ceil((c.j1-c.j0)*depth, packPiece))
	}
	par.Do(c.packsA+c.packsB, (*intPacking)(m))
	c.blocks(1, min(morePieces, 2*(c.i1-c.i0)*(c.j1-c.j0)*depth/c.grain))
	par.Do(c.rows*c.cols, (*intCompute)(m))
}

// intSize returns the words that so many strips and panels need.
func intSize(c *intCut, strips, panels, steps int) int {
	return strips*(c.width*steps+2*c.mr) + panels*(c.nr*steps+2*c.nr)
}

// intCarve divides memory among strips, panels and their corrections.
func intCarve(c *intCut, buf []int32, strips, panels, steps int) (p intPacked) {
	take := func(n int) (s []int32) {
		s, buf = buf[:n:n], buf[n:]
		return s
	}
	p.b, p.a = take(panels*c.nr*steps), take(strips*c.width*steps)
	p.colX, p.colY = take(panels*c.nr), take(panels*c.nr)
	p.rowP, p.rowQ = take(strips*c.mr), take(strips*c.mr)
	return p
}

// intPacking packs pieces of the operands for all workers of the window.
type intPacking MatMulInt8

func (t *intPacking) Piece(p int, _ *par.Worker) {
	m := (*MatMulInt8)(t)
	c := &m.cut
	if p < c.packsA {
		m.packStrips(&c.packed, 0, part(c.strips, c.packsA, p), part(c.strips, c.packsA, p+1), c.batch, c.k0, c.k1)
	} else {
		p -= c.packsA
		m.packPanels(&c.packed, 0, part(c.panels, c.packsB, p), part(c.panels, c.packsB, p+1), c.batch, c.k0, c.k1)
	}
}

// intCompute is a block of strips times a block of panels.
type intCompute MatMulInt8

func (t *intCompute) Piece(p int, w *par.Worker) {
	m := (*MatMulInt8)(t)
	c := &m.cut
	batch := c.batch
	if !c.shared {
		batch, p = p/(c.rows*c.cols), p%(c.rows*c.cols)
	}
	row, col := p/c.cols, p%c.cols
	s0, s1 := part(c.strips, c.rows, row), part(c.strips, c.rows, row+1)
	q0, q1 := part(c.panels, c.cols, col), part(c.panels, c.cols, col+1)
	if c.shared {
		for q := q0; q < q1; q++ {
			m.panel(&c.packed, 0, 0, s0, s1, q, batch, c.k0, c.k1)
		}
		return
	}
	steps, group := c.words(min(c.depth, m.K)), min(intGroup, q1-q0)
	n := intSize(c, s1-s0, group, steps)
	mem := w.Scratch(4 * n)
	own := intCarve(c, unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(mem))), n), s1-s0, group, steps)
	for k := 0; ; k += c.depth {
		to := min(m.K, k+c.depth)
		m.packStrips(&own, s0, s0, s1, batch, k, to)
		for q := q0; q < q1; q += group {
			last := min(q+group, q1)
			m.packPanels(&own, q, q, last, batch, k, to)
			for i := q; i < last; i++ {
				m.panel(&own, s0, q, s0, s1, i, batch, k, to)
			}
		}
		if k+c.depth >= m.K {
			return
		}
	}
}

// intStrips is work for the kernel: strips of equally many rows times a panel.
type intStrips struct {
	a, b, c      []int32
	ldc, n       int // n columns
	steps        int
	rows, strips int
	stepA        int  // from one strip of A to the next
	first        bool // C is set, not added to
	corrects     bool
	rowP, rowQ   []int32
	colX, colY   []int32
}

// panel multiplies strips [s0,s1) by panel q, of K's [k0,k1). The first strip and panel
// in x are those given. The strips at the top may have one row more than the others.
func (m *MatMulInt8) panel(x *intPacked, firstStrip, firstPanel, s0, s1, q, batch, k0, k1 int) {
	c := &m.cut
	j := c.col(q)
	steps, at := c.words(k1-k0), q-firstPanel
	job := intStrips{
		b: x.b[at*c.nr*steps:], colX: x.colX[at*c.nr:], colY: x.colY[at*c.nr:],
		ldc: m.LDC, n: c.col(q+1) - j, steps: steps, stepA: c.width * steps,
		first: k0 == 0, corrects: !c.a.exact || !c.b.exact,
	}
	rows, more := (c.i1-c.i0)/c.strips, (c.i1-c.i0)%c.strips
	for s := s0; s < s1; s += job.strips {
		if s < more {
			job.rows, job.strips = rows+1, min(more, s1)-s
		} else {
			job.rows, job.strips = rows, s1-s
		}
		i := c.row(s)
		job.a = x.a[(s-firstStrip)*job.stepA:]
		job.rowP, job.rowQ = x.rowP[i-c.row(firstStrip):], x.rowQ[i-c.row(firstStrip):]
		job.c = m.C[batch*m.StrideC+i*m.LDC+j:]
		intKernel(c.intTile, &job)
	}
}
