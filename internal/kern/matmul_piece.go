package kern

import (
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

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
	blk.place(min(c.depth, m.K))
	if c.fusesA {
		key := 1 + batch*c.rows + row
		blk.keptA, w.Kept = w.Kept == key, key
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
	m := (*Product[T])(t)
	if m.cut.direct {
		m.direct(w)
		return
	}
	for p := range m.pieces() {
		(*compute[T])(t).Piece(p, w)
	}
}

// direct computes products of one strip, such as those of one sample: the kernel goes
// through all columns in one call.
func (m *Product[T]) direct(w *par.Worker) {
	job := strips[T]{
		bias: m.Bias, lda: m.LDA, ldb: m.LDB, ldc: m.LDC, k: m.K, n: m.N, rows: m.M, strips: 1,
		low: lowOf[T](m.Act), cap: m.Cap, first: true, last: true, depth: m.K,
	}
	for b := range max(1, m.Batch) {
		job.a, job.b, job.c = from(m.A, m.firstA(b)), from(m.B, m.firstB(b)), m.C[m.firstC(b):]
		if m.Add != nil {
			job.add, job.ldAdd = m.Add[m.firstC(b):], m.LDC
		}
		kernel(m.cut.isa, &job)
		if m.After != nil {
			m.After.Block(b, 0, m.M, 0, m.N, w)
		}
	}
}

// A block is strips [s0,s1) times panels [q0,q1) of one matrix.
type block[T Float] struct {
	m              *Product[T]
	w              *par.Worker
	batch          int
	s0, s1, q0, q1 int
	i0, i1, j0, j1 int // the rows and columns
	c              []T // results, ldc apart: in place or to be rounded
	ldc            int
	ownA, ownB     []T  // for operands that this piece packs for itself
	keptA          bool // a piece before has packed the rows of A in ownA
}

// place finds memory for the block: for its results and, if it is to pack for
// itself, for depth of K.
func (b *block[T]) place(depth int) {
	m := b.m
	c := &m.cut
	b.i0, b.i1, b.j0, b.j1 = c.row(b.s0), c.row(b.s1), c.col(b.q0), c.col(b.q1)
	sizeA, sizeB, sizeC := 0, 0, 0
	switch {
	case c.fusesA && c.shared:
		sizeA = c.sizeA(ceil(c.strips, c.rows), depth)
	case c.fusesA: // for all parts of K, and the same for all pieces
		sizeA = c.sizeA(ceil(c.strips, c.rows), m.K)
	case c.packA && !c.shared:
		sizeA = c.sizeA(b.s1-b.s0, c.steps(depth))
	}
	if c.packB && !c.shared || c.fusesB || c.inPlace {
		sizeB = c.nr * c.steps(depth)
	}
	switch {
	case m.Narrow == NotNarrow:
		b.c, b.ldc = m.C[m.firstC(b.batch)+b.i0*m.LDC+b.j0:], m.LDC
	case !c.accumulates:
	case c.shared && c.inParts:
		b.c, b.ldc = c.acc[b.i0*m.N+b.j0:], m.N
	default:
		b.ldc = b.j1 - b.j0
		sizeC = (b.i1 - b.i0) * b.ldc
	}
	if n := sizeA + sizeB + sizeC; n > 0 {
		size := int(unsafe.Sizeof(T(0)))
		own := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.w.Scratch(n*size)))), n)
		b.ownA, b.ownB = own[:sizeA], own[sizeA:][:sizeB]
		if sizeC > 0 {
			b.c = own[sizeA+sizeB:]
		}
	}
}

// run adds the products for k in [k0,k1) to the block.
func (b *block[T]) run(k0, k1 int) {
	m := b.m
	c := &m.cut
	depth := k1 - k0
	steps := c.steps(depth)
	job := strips[T]{k: steps, low: lowOf[T](m.Act), cap: m.Cap, first: k0 == 0, last: k1 == m.K, depth: depth, narrow: m.Narrow}
	if !job.last {
		job.low = lowOf[T](NoAct)
	}
	switch {
	case c.fusesA:
		b.fuseA(&job, k0)
	case c.packA && c.shared:
		job.a = c.a[c.packedRow(b.s0, steps):]
	case c.packA:
		m.packA(b.ownA, b.batch, b.s0, b.s1, k0, depth, 0, depth)
		job.a = b.ownA
	case m.Narrow != NotNarrow:
		job.a16 = from(m.A16, m.firstA(b.batch)+b.i0*m.LDA+k0)
	case m.TransA:
		job.a = from(m.A, m.firstA(b.batch)+k0*m.LDA+b.i0)
	default:
		job.a = from(m.A, m.firstA(b.batch)+b.i0*m.LDA+k0)
	}
	done := b.j0 // columns that are rounded and that the epilogue has seen
	for q := b.q0; q < b.q1; q++ {
		j0, j1 := c.col(q), c.col(q+1)
		switch {
		case m.PackedB != nil:
			panel := func(q int) []T { return m.PackedB[(c.j0/c.nr+q)*c.nr*m.K+k0*c.nr:] }
			job.b, job.ldb, job.next = panel(q), c.nr, panel(min(q+1, c.panels-1))
		case c.packB && c.shared:
			job.b, job.ldb = c.b[q*c.nr*steps:], c.nr
			job.next = c.b[min(q+1, c.panels-1)*c.nr*steps:]
		case c.packB:
			m.packB(b.ownB, b.batch, q, q+1, k0, depth, 0, depth)
			job.b, job.ldb = b.ownB, c.nr
		case c.inPlace:
			j0 = b.few(&job, k0, j0, j1)
		case m.Narrow != NotNarrow:
			b.fuseB(&job, q, k0)
		default:
			job.b, job.ldb = from(m.B, m.firstB(b.batch)+k0*m.LDB+j0), m.LDB
			job.next = nil
			if c.fusesB && j1-j0 == c.nr {
				job.packedB = b.ownB
				if j1 < c.j1 {
					job.next, job.ldNext = from(job.b, c.nr), m.LDB
				}
			}
		}
		if j0 < j1 {
			b.panel(&job, j0, j1)
		}
		if job.last && (q+1 == b.q1 || (b.i1-b.i0)*(j1-done) >= afterSize) {
			b.finish(done, j1)
			done = j1
		}
	}
}

// fuseA sets the rows of A of the block: packed, or for the kernel to pack them.
func (b *block[T]) fuseA(job *strips[T], k0 int) {
	m := b.m
	c := &m.cut
	job.a = b.ownA
	if !c.shared {
		job.a = b.ownA[c.sizeA(b.s1-b.s0, k0):]
	}
	switch {
	case b.keptA:
	case job.k == 0 || c.col(b.q0+1)-b.j0 < c.nr: // there is no whole tile
		m.packA(job.a, b.batch, b.s0, b.s1, k0, job.k, 0, job.k)
	default:
		job.packedA = job.a
		at := m.firstA(b.batch) + k0*m.LDA + b.i0
		if m.Narrow != NotNarrow {
			job.a16 = from(m.A16, at)
		} else {
			job.a = from(m.A, at)
		}
	}
}

// fuseB sets panel q of B of 16 bits: for the kernel to pack, or packed if it is not whole.
func (b *block[T]) fuseB(job *strips[T], q, k0 int) {
	m := b.m
	c := &m.cut
	job.next16 = nil
	if c.col(q+1)-c.col(q) < c.nr {
		m.packB(b.ownB, b.batch, q, q+1, k0, job.depth, 0, job.depth)
		job.b, job.ldb = b.ownB, c.nr
		return
	}
	job.b16, job.ldb, job.packedB = m.operandB(b.batch, k0, c.col(q)).narrow, m.LDB, b.ownB
	if c.col(q+1) < c.j1 {
		job.next16, job.ldNext = from(job.b16, c.nr), m.LDB
	}
}

// few computes columns [j0,j1) of few rows, as many as there are tiles that read a
// narrow B in place. It returns where the others begin, and packs them.
func (b *block[T]) few(job *strips[T], k0, j0, j1 int) int {
	m := b.m
	c := &m.cut
	rest := j1
	if c.isa == avx2 { // has no masks of 16 bits
		rest = j0 + (j1-j0)&^(4*c.lanes-1)
	}
	if rest > j0 {
		job.b16, job.ldb = m.operandB(b.batch, k0, j0).narrow, m.LDB
		b.panel(job, j0, rest)
		job.b16 = nil
	}
	if rest < j1 {
		m.pack(b.ownB, c.nr, m.operandB(b.batch, k0, rest), true, j1-rest, job.depth)
		job.b, job.ldb = b.ownB, c.nr
	}
	return rest
}

// finish rounds columns [j0,j1) of the block, if they are to be, and shows them to
// the epilogue.
func (b *block[T]) finish(j0, j1 int) {
	m := b.m
	if m.Narrow != NotNarrow && !m.cut.rounds {
		m.round(m.firstC(b.batch)+b.i0*m.LDC+j0, b.c[j0-b.j0:], b.ldc, b.i1-b.i0, j1-j0)
	}
	if m.After != nil {
		m.After.Block(b.batch, b.i0, b.i1, j0, j1, b.w)
	}
}

// strips is work for the kernel: strips of equally many rows times a panel, or
// some columns of it.
type strips[T Float] struct {
	a, b, c, bias []T      // bias: nil for zeros
	a16           []uint16 // in place of a: pairs in place, or to be packed, with lda and stepA in 16 bits
	b16           []uint16 // in place of b: B in place for few rows, or to be packed
	c16           []uint16 // if there are bfloat16 results to write, in place of c
	// Where the kernel copies the strips and the panel, as it reads them; or nil.
	packedA, packedB []T
	next             []T      // the next b, to prefetch; or nil
	next16           []uint16 // in place of next, of 16 bits
	ldNext           int      // of next if it is to be packed by the kernel
	lda, ldb         int
	byCol            bool // a is [k rows], not [rows k]
	stepA            int  // from one strip to the next
	ldc, ldc16       int
	k, n             int
	rows, strips     int
	low              T
	cap              T   // an upper bound of the results, with the last part of K; 0 for none
	add              []T // or nil: what is added to the results with the last part of K
	ldAdd            int
	// more holds the segments of the depth behind the first, of k, for kernels that take
	// them: how many bytes of A lie between the end of one and the next, and its length;
	// at the end stands a negative length.
	more        []int
	first, last bool // the first, the last part of K
	depth       int  // of K
	narrow      Narrow
}

// panel computes all strips of the block times one panel.
func (b *block[T]) panel(job *strips[T], j0, j1 int) {
	m := b.m
	c := &m.cut
	a, a16, packedA := job.a, job.a16, job.packedA
	for s := b.s0; s < b.s1; s += job.strips {
		job.rows, job.strips = c.alike(s, b.s1)
		i := c.row(s)
		switch {
		case c.lines:
			job.lda, job.byCol = c.lineLen(job.k), false
			job.stepA = job.rows * job.lda
			job.a = a[(i-b.i0)*job.lda:]
		case c.columns:
			job.lda, job.byCol = c.columnLen(b.i1-b.i0), true
			if c.shared {
				job.lda = c.columnLen(c.i1 - c.i0)
			}
			job.stepA = job.rows
			job.a = from(a, i-b.i0)
		case c.packA || c.fusesA && packedA == nil:
			job.lda, job.byCol = c.width, true
			job.stepA = c.width * job.k
			job.a = a[(s-b.s0)*job.stepA:]
		case m.TransA:
			job.lda, job.byCol = m.LDA, true
			job.stepA = job.rows
			job.a = from(a, i-b.i0)
			job.a16 = from(a16, i-b.i0)
			job.packedA = from(packedA, c.sizeA(s-b.s0, job.k))
		default:
			job.lda, job.byCol = m.LDA, false
			job.stepA = job.rows * m.LDA
			job.a = from(a, (i-b.i0)*m.LDA)
			job.a16 = from(a16, (i-b.i0)*m.LDA)
		}
		job.c, job.ldc = from(b.c, (i-b.i0)*b.ldc+j0-b.j0), b.ldc
		if job.last && c.rounds {
			job.c16, job.ldc16 = m.C16[m.firstC(b.batch)+i*m.LDC+j0:], m.LDC
		}
		if m.Add != nil {
			job.add, job.ldAdd = m.Add[m.firstC(b.batch)+i*m.LDC+j0:], m.LDC
		}
		job.n = j1 - j0
		if m.Bias != nil {
			job.bias = m.Bias[j0:j1]
		}
		kernel(c.isa, job)
		if job.packedB != nil {
			job.b, job.b16, job.ldb, job.packedB = job.packedB, nil, c.nr, nil
		}
	}
	job.a, job.a16 = a, a16
	if packedA != nil {
		job.a, job.a16, job.packedA = packedA, nil, nil
	}
}

// from returns s[i:], or an empty slice if s is shorter, as where K is 0.
func from[T any](s []T, i int) []T { return s[min(i, len(s)):] }
