package kern

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// Float is the element types of the matrix product.
type Float interface{ float32 | float64 }

// Act is the activation that the matrix product applies.
type Act uint8

const (
	NoAct Act = iota
	ReLU      // 0 where x < 0, else x: a NaN stays a NaN
)

// An Epilogue processes a matrix product's results while they are in cache.
type Epilogue interface {
	// Block is called when rows [i0,i1) and columns [j0,j1) of C of batch b are final.
	// The blocks of a product cover C exactly once. Each call comes from the goroutine
	// that wrote the block, soon after. w.Extra is free for it to use.
	Block(b, i0, i1, j0, j1 int, w *par.Worker)
}

// Product is C = act(op(A)·op(B) + bias + add), then After on every finished block, for
// every matrix of a batch. Matrices are row-major.
//
// Each element of C is one chain of multiply-adds, for k = 0 ... K-1, that starts
// from the bias, or from 0: its bits do not depend on M, N, the place in C, or the
// number of threads. The vector kernels of [MatMul] fuse each multiply-add.
type Product[T Float] struct {
	M, N, K        int
	TransA, TransB bool // A is stored [K M], B is stored [N K]
	A, B, C        []T
	LDA, LDB, LDC  int // elements from one row to the next, as stored

	Batch                     int // 0 means 1
	StrideA, StrideB, StrideC int // elements from one matrix to the next; 0 for a shared operand

	// A batch may have two axes: of every Inner matrices, which are Stride apart, the
	// first is Outer elements behind that of the Inner before. 0 means one axis.
	Inner                  int
	OuterA, OuterB, OuterC int

	Bias  []T // [N] or nil
	Add   []T // or nil: added to the sums before the activation, where C has them
	Act   Act
	Cap   T        // an upper bound of the activation, or 0 for none
	After Epilogue // or nil

	// PackedB, or nil, holds B packed by a [ConvPack], in place of B, for one matrix.
	PackedB []T

	// A MatMul may be of 16-bit floats: its matrices are then A16, B16 and C16 in
	// place of A, B and C. It accumulates in float32 and rounds once, before After.
	Narrow        Narrow
	A16, B16, C16 []uint16

	cut cut[T]
}

// MatMul is the float32 matrix product, which has vector kernels.
type MatMul = Product[float32]

// MatMul64 is the float64 matrix product.
type MatMul64 = Product[float64]

// A cut describes how a product is divided into pieces, and its progress.
//
// The rows of C fall into strips, as high as a tile of registers, and the columns into
// panels. An operand is read in place if its strides suit the caches, and otherwise
// packed: A strip by strip and B panel by panel, so that the elements that the kernel
// reads for one k lie together. If several pieces need the same packed operand it is
// packed for all of them, one window of the product at a time. Otherwise the window is
// the whole product, and a piece packs what it needs.
//
// Packing may also be fused with the first use: the kernel copies what it reads. Each piece
// then packs B for itself, and each worker A for the pieces that it does.
type cut[T Float] struct {
	tile
	narrowing
	key                  planKey // the product that it was planned for
	packA, packB, shared bool
	fusesA, fusesB       bool // the kernel packs a transposed A, whole panels of B
	high                 bool // pieces have many rows, so that what each packs serves them all
	// Pieces are cut by rows alone, so that an epilogue takes its rows where they are.
	// Rounded results are in the L1 cache then too.
	wholeRows bool
	small     bool // not worth sharing, with all its matrices
	direct    bool // likewise, and each matrix is one strip of operands in place
	depth     int  // most of K at a time

	i0, i1, j0, j1, k0, k1 int // the window
	strips, panels         int // in the window
	rows, cols             int // blocks of strips, of panels; a piece is one of each
	packsA, packsB         int // pieces of packing
	a, b                   []T // packed for all pieces
	acc                    []T // of a narrow product: a matrix of results before rounding, for all pieces
	batch                  int // the matrix in work, if shared
}

// A tile is the block of C that a kernel holds in registers.
type tile struct {
	isa   isa
	lanes int // elements of a vector
	mr    int // most rows
	nr    int // columns of a panel
	width int // elements from one k to the next in a packed strip
	few   int // rows for which tiles read even a B of 16 bits in place
	grain int // operations below which a piece of work is not cut further
}

type isa uint8

const (
	portable isa = iota
	neon
	neonMM // of 8-bit integers
	avx2
	avx512
	avx512BF16 // multiplies pairs of bfloat16
)

const (
	morePieces  = 64        // pieces beyond which it is not cut either
	blockRows   = 128       // of A, likewise
	highRows    = 256       // likewise, if pieces have many rows
	highStrips  = 16        // of a piece then, if there are enough
	wholeStrips = 4         // likewise, if it has whole rows
	packDepth   = 1024      // of K: a block of A stays in the L2 cache
	directDepth = 1024      // of K, if nothing is packed
	fewDepth    = 256       // of K, if a narrow B is read in place except at the edge
	windowRows  = 4096      // of A packed at a time
	windowCols  = 4096      // of B packed at a time
	packPiece   = 16 << 10  // elements for one piece of packing
	largeB      = 512 << 10 // bytes: beyond it even a B with good strides is packed
	afterSize   = 32 << 10  // elements of C that an epilogue waits for: they are still in the L2 cache
)

// Run computes the product. C must not overlap A, B or Bias. Once warm it
// allocates nothing; a Product runs once at a time.
func (m *Product[T]) Run() {
	if m.M == 0 || m.N == 0 {
		return
	}
	if key := m.key(); key != m.cut.key {
		m.plan()
		m.cut.key = key
	}
	switch c := &m.cut; {
	case c.shared:
		m.runShared()
	case c.small:
		par.Do(1, (*computeAll[T])(m))
	default:
		par.Do(m.pieces(), (*compute[T])(m))
	}
}

// firstA returns where matrix b of A begins.
func (m *Product[T]) firstA(b int) int { return m.first(b, m.StrideA, m.OuterA) }

func (m *Product[T]) firstB(b int) int { return m.first(b, m.StrideB, m.OuterB) }

func (m *Product[T]) firstC(b int) int { return m.first(b, m.StrideC, m.OuterC) }

func (m *Product[T]) first(b, stride, outer int) int {
	if m.Inner == 0 {
		return b * stride
	}
	return b/m.Inner*outer + b%m.Inner*stride
}

// pieces returns into how many pieces the window of all matrices falls.
func (m *Product[T]) pieces() int { return max(m.Batch, 1) * m.cut.rows * m.cut.cols }

// planKey holds everything that decides how a product is cut.
type planKey struct {
	m, n, k, lda, ldb, batch int
	transA, transB           bool
	narrow                   Narrow
	best                     isa
	after, packedB           bool
}

func (m *Product[T]) key() planKey {
	return planKey{m.M, m.N, m.K, m.LDA, m.LDB, m.Batch, m.TransA, m.TransB, m.Narrow, bestISA(), m.After != nil, m.PackedB != nil}
}

// plan decides how to cut the product, from its shape alone.
func (m *Product[T]) plan() {
	c := &m.cut
	*c = cut[T]{tile: tileFor[T](m.M, m.TransA, m.Narrow)}
	batch := max(m.Batch, 1)
	if m.PackedB != nil {
		c.tile = tileFor[T](blockRows, false, NotNarrow)
	}
	c.packA, c.packB = m.packs()
	if m.PackedB != nil {
		c.packB = false
	}
	c.wholeRows = c.isa == avx2 && m.After != nil && m.M >= 16*c.mr && m.N <= 32*c.nr
	if m.Narrow != NotNarrow {
		m.planNarrow()
	}
	if c.isa == avx2 && m.PackedB == nil {
		m.planFused()
	}

	c.setWindow(0, m.M, 0, m.N, 0, m.K)
	work := 2 * m.M * m.N * max(m.K, 1)
	want := min(morePieces, work*batch/c.grain)
	if m.PackedB != nil { // which every block of rows reads again
		want = min(want, convPieces)
	}
	c.small = want <= 1
	c.blocks(batch, want)
	switch {
	case c.inPlace:
		c.depth = fewDepth
	case c.packB && m.M <= c.mr:
		c.depth = 8192 / c.nr
	case c.packB || m.PackedB != nil:
		c.depth = packDepth
	default:
		c.depth = directDepth
	}
	if c.pairs {
		c.depth *= 2
	}
	parts := max(1, ceil(m.K, c.depth))
	c.depth = max(16, ceil(ceil(m.K, parts), 16)*16)
	c.shared = c.packB && c.rows > 1 || c.packA && c.cols > 1 || c.fusesA && m.K > c.depth
	c.shared = c.shared && (batch == 1 || work > 64*c.grain)
	c.direct = c.small && c.strips == 1 && !c.packA && !c.packB && m.PackedB == nil && !m.TransA && m.Narrow == NotNarrow && m.K <= c.depth
	c.inParts = m.K > c.depth
	c.accumulates = m.Narrow != NotNarrow && (!c.rounds || c.inParts)
}

// packs decides which operands of floats are packed.
func (m *Product[T]) packs() (a, b bool) {
	c := &m.cut
	size := int(unsafe.Sizeof(T(0)))
	strideA, strideB := m.LDA*size, m.LDB*size
	few := m.M <= c.mr
	again := !few && m.N > c.nr // A is read once for each panel
	b = m.TransB || !few && (clash(strideB) || m.K*m.N*size > largeB)
	switch c.isa {
	case portable:
		return true, b
	case neon:
		return again && clash(strideA), b || m.N%c.lanes != 0
	case avx2: // its tiles are low enough for their rows of A to share a set
		b = b || m.M >= 8*c.mr && crowds(strideB, m.K)
		if m.TransA {
			return !few && m.N >= 4*c.nr && crowds(strideA, m.K), b
		}
		return again && strideA%8192 == 0, b
	}
	return again && clash(strideA), b
}

// planFused decides whether AVX2's kernel packs operands. Of a large product, the rows of B
// are too long to be read panel by panel once for each block of rows.
func (m *Product[T]) planFused() {
	c := &m.cut
	if m.M <= c.mr || m.M > 2*highRows && m.K*m.N*4 > largeB {
		return
	}
	if c.unit == 2 && m.K%2 != 0 || c.inPlace || m.K == 0 {
		return // the kernel packs pairs
	}
	c.high = true
	c.fusesA = m.TransA && !c.lines && m.N >= 2*c.nr
	c.fusesB = !m.TransB && (c.packB || m.M >= highStrips*c.mr)
	c.columns = c.columns && !c.fusesA
	c.packA, c.packB = c.packA && !c.fusesA, c.packB && !c.fusesB
}

// clash reports whether rows so many bytes apart compete for few lines of the L1 cache.
func clash(stride int) bool { return stride%2048 == 0 }

// crowds reports whether n rows so many bytes apart do not fit into the few sets of the L1
// cache, 64 of 8 lines, that they map to.
func crowds(stride, n int) bool {
	shared := min(6, bits.TrailingZeros(uint(stride/64)))
	return stride%64 == 0 && shared > 0 && n > 8*(64>>shared)
}

func ceil(a, b int) int { return (a + b - 1) / b }

// part returns where part i of n falls in total, evenly.
func part(total, n, i int) int {
	q, r := total/n, total%n
	return q*i + min(r, i)
}

func (c *cut[T]) setWindow(i0, i1, j0, j1, k0, k1 int) {
	c.i0, c.i1, c.j0, c.j1, c.k0, c.k1 = i0, i1, j0, j1, k0, k1
	c.strips = ceil(i1-i0, c.mr)
	c.panels = ceil(j1-j0, c.nr)
}

// row returns where strip s begins.
func (c *cut[T]) row(s int) int { return c.i0 + part(c.i1-c.i0, c.strips, s) }

// col returns where panel q begins.
func (c *cut[T]) col(q int) int { return min(c.j1, c.j0+q*c.nr) }

// blocks cuts the window of each of batch matrices, so that there are about want pieces.
func (c *cut[T]) blocks(batch, want int) {
	c.rows, c.cols = 1, 1
	if want <= 1 {
		return
	}
	rows, least := blockRows, 1 // strips of a piece that another cut may leave
	switch {
	case c.high && c.wholeRows:
		rows, least = highRows, wholeStrips
	case c.high:
		rows, least = highRows, highStrips
	case c.wholeRows:
		least = wholeStrips / 2
	}
	c.rows = min(c.strips, ceil(c.i1-c.i0, rows))
	for batch*c.rows*c.cols < want {
		further := c.rows*2*least <= c.strips
		tall := !c.high && further && (c.i1-c.i0)*c.cols > (c.j1-c.j0)*c.rows
		switch {
		case !c.wholeRows && c.cols*2 <= c.panels && !tall:
			c.cols *= 2
		case further:
			c.rows *= 2
		default:
			return
		}
	}
}

// runShared goes through the product window by window.
func (m *Product[T]) runShared() {
	c := &m.cut
	var bufA, bufB, acc []T
	if c.packA {
		bufA = getBuf[T](c.sizeA(ceil(min(m.M, windowRows)+c.mr, c.mr), c.steps(c.depth)))
	}
	if c.packB {
		bufB = getBuf[T](ceil(min(m.N, windowCols), c.nr) * c.nr * c.steps(c.depth))
	}
	if c.accumulates && c.inParts {
		acc = getBuf[T](m.M * m.N)
	}
	c.a, c.b, c.acc = bufA, bufB, acc
	for c.batch = 0; c.batch < max(m.Batch, 1); c.batch++ {
		for j := 0; j < m.N; j += windowCols {
			for k := 0; k < max(m.K, 1); k += c.depth {
				for i := 0; i < m.M; i += windowRows {
					c.setWindow(i, min(m.M, i+windowRows), j, min(m.N, j+windowCols), k, min(m.K, k+c.depth))
					m.window()
				}
			}
		}
	}
	c.a, c.b, c.acc = nil, nil, nil
	putBuf(bufA)
	putBuf(bufB)
	putBuf(acc)
}

// window packs and computes the window.
func (m *Product[T]) window() {
	c := &m.cut
	depth := max(1, c.k1-c.k0)
	c.packsA, c.packsB = 0, 0
	if c.packA {
		c.packsA = packPieces(c.strips, c.i1-c.i0, depth, m.TransA && !c.lines)
	}
	if c.packB && c.i0 == 0 {
		c.packsB = packPieces(c.panels, c.j1-c.j0, depth, !m.TransB)
	}
	par.Do(c.packsA+c.packsB, (*packing[T])(m))
	c.blocks(1, min(morePieces, 2*(c.i1-c.i0)*(c.j1-c.j0)*depth/c.grain))
	par.Do(c.rows*c.cols, (*compute[T])(m))
}

// packPieces returns into how many pieces to cut the packing of n times depth
// elements: pieces of strips or panels, or of depth if they are copied row by row.
func packPieces(strips, n, depth int, rows bool) int {
	if rows {
		strips = ceil(depth, alongRows)
	}
	return min(strips, ceil(n*depth, packPiece))
}

// lowOf is the lower bound that an activation puts on results.
func lowOf[T Float](a Act) T {
	if a == ReLU {
		return 0
	}
	return T(math.Inf(-1))
}
