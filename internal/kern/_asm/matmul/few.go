package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// fewTile is a tile of few rows that reads B, of 16 bits, where it is: its rows are
// read once, so packing them would cost more than the multiplications.
type fewTile struct {
	tile
	from source
	a    []VecPhysical // elements of A, one for each row or, if two vectors wide or one, for any
	tmp  []VecPhysical
	perm []VecPhysical // orders of VPERMT2W that make pairs
}

// few writes a function that computes one such tile. It takes two k at a time: a has
// float32s, in the order in which they are multiplied, or pairs.
func few(s isa, from source, lay layout, vecs, maxRows int) {
	name := fmt.Sprintf("few%s%d%s%s", lay, vecs, from.name, s.name)
	TEXT(name, attr.NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	columns := fmt.Sprintf("%d columns", vecs*s.bytes/4)
	if vecs <= 2 {
		columns += " or fewer, those of the mask"
	}
	Doc(fmt.Sprintf("%s computes a tile of p.rows <= %d rows and %s, 2·p.k deep, and one more if p.odd.", name, maxRows, columns))
	Load(Param("p"), p)
	t := fewTile{tile: tile{isa: s, layout: lay, vecs: vecs, masked: vecs <= 2, each: true}, from: from}
	if t.masked {
		KMOVD(Mem{Base: p, Disp: argMask}, K1)
		KSHIFTRD(Imm(16), K1, K2)
	}
	t.loadFirsts()
	t.flush("flush", func() {
		STMXCSR(Mem{Base: p, Disp: argSaved})
		LDMXCSR(Mem{Base: p, Disp: argFlush})
	})
	MOVQ(Mem{Base: p, Disp: argLDA}, lda)
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	if lay == byRow {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	}
	MOVQ(Mem{Base: p, Disp: argLDB}, ldb)
	MOVQ(Mem{Base: p, Disp: argRows}, k)
	for r := maxRows; r > 1; r-- {
		CMPQ(k, Imm(uint64(r)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", r)))
	}
	for r := 1; r <= maxRows; r++ {
		t.code(r)
	}
}

// code writes the function for a number of rows.
func (t *fewTile) code(rows int) {
	t.rows = rows
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	free := t.vec[rows*t.vecs:]
	n := rows
	if t.vecs <= 2 {
		n = 1
	}
	t.a, free = free[:n], free[n:]
	Label(label("rows"))
	t.load()
	if t.pairs {
		t.perm, free = free[:2], free[2:]
		order := NewDataAddr(NewStaticSymbol("pairOrder"), 0)
		VMOVDQU16(order, t.perm[0])
		VMOVDQU16(order.Offset(64), t.perm[1])
	}
	t.tmp = free
	MOVQ(Mem{Base: p, Disp: argA}, a0)
	if rows > 7 && t.layout == byRow {
		LEAQ(Mem{Base: a0, Index: lda5, Scale: 1}, a5)
	}
	MOVQ(Mem{Base: p, Disp: argB}, b)
	LEAQ(Mem{Base: b, Index: ldb, Scale: 1}, next)
	MOVQ(Mem{Base: p, Disp: argK}, k)
	TESTQ(k, k)
	JEQ(LabelRef(label("odd")))
	Label(label("loop"))
	t.two(false)
	LEAQ(Mem{Base: b, Index: ldb, Scale: 2}, b)
	LEAQ(Mem{Base: next, Index: ldb, Scale: 2}, next)
	t.advanceA()
	DECQ(k)
	JNE(LabelRef(label("loop")))
	Label(label("odd"))
	CMPQ(Mem{Base: p, Disp: argOdd}, Imm(0))
	JEQ(LabelRef(label("done")))
	t.odd = t.pairs && t.layout == byRow
	t.two(true)
	t.odd = false
	Label(label("done"))
	if t.pairs {
		CMPQ(Mem{Base: p, Disp: argRound}, Imm(0))
		JNE(LabelRef(label("round")))
	}
	t.store(t.storeVec)
	if t.pairs {
		JMP(LabelRef(label("stored")))
		Label(label("round"))
		t.store(t.roundVec)
		Label(label("stored"))
	}
	t.flush(label("restored"), func() { LDMXCSR(Mem{Base: p, Disp: argSaved}) })
	VZEROUPPER()
	RET()
}

// advanceA goes two k on.
func (t *fewTile) advanceA() {
	n := uint8(2)
	if t.pairs {
		n = 1
	}
	switch {
	case t.layout == byRow:
		ADDQ(Imm(uint64(4*n)), a0)
		if t.rows > 7 {
			ADDQ(Imm(uint64(4*n)), a5)
		}
	case n == 1:
		ADDQ(lda, a0)
	default:
		LEAQ(Mem{Base: a0, Index: lda, Scale: n}, a0)
	}
}

// two writes two k, of which the second may be missing: it is then zeros.
func (t *fewTile) two(odd bool) {
	if !odd {
		for line := 0; line < t.vecs*t.bytes/2; line += 64 {
			PREFETCHT0(Mem{Base: b, Index: ldb, Scale: ahead, Disp: line})
			PREFETCHT0(Mem{Base: next, Index: ldb, Scale: ahead, Disp: line})
		}
	}
	if t.pairs {
		for v := 0; v < t.vecs; v += 2 {
			t.multiply(0, v, t.pair(v, odd))
		}
		return
	}
	order := []int{0, 1}
	if t.from.swap {
		order = []int{1, 0}
	}
	for i, row := range order {
		if odd && row == 1 && !t.from.swap {
			continue
		}
		n := min(2, t.vecs, len(t.tmp))
		for v := 0; v < t.vecs; v += n {
			x := t.tmp[:n]
			for i := range x {
				t.widen(row, v+i, odd, x[i])
			}
			t.multiply(i, v, x)
		}
	}
}

// multiply adds the products of x, vectors of B from v on, with element u of A.
func (t *fewTile) multiply(u, v int, x []VecPhysical) {
	for r := range t.rows {
		a := t.a[r%len(t.a)]
		if v == 0 {
			t.broadcast(t.memA(r, u), a)
		}
		for i := range x {
			t.fma(x[i], a, t.acc(r, v+i))
		}
	}
}

// widen loads x with vector v of a row of B.
func (t *fewTile) widen(row, v int, odd bool, x VecPhysical) {
	m := t.rowB(row, v*t.bytes/2)
	switch k := t.mask(v); {
	case odd && row == 1:
		VXORPS(x, x, x)
	case k != nil:
		t.from.tail(m, k, x)
	default:
		t.from.load(m, x)
	}
}

// pair returns vectors v and v+1, if there is one, of pairs of two rows of B.
func (t *fewTile) pair(v int, odd bool) []VecPhysical {
	load := func(row int, x VecPhysical) {
		if m := t.rowB(row, v*t.bytes/2); t.masked {
			VMOVDQU16_Z(m, K1, x)
		} else {
			VMOVDQU16(m, x)
		}
	}
	even, other, first := t.tmp[0], t.tmp[1], t.tmp[2]
	load(0, even)
	if odd {
		VPXORD(other, other, other)
	} else {
		load(1, other)
	}
	VMOVDQA64(even, first)
	VPERMT2W(other, t.perm[0], first)
	if t.vecs == 1 {
		return []VecPhysical{first}
	}
	VPERMT2W(other, t.perm[1], even)
	return []VecPhysical{first, even}
}

// rowB is the first or second row of B, disp bytes in.
func (t *fewTile) rowB(row, disp int) Mem {
	return Mem{Base: []GPPhysical{b, next}[row], Disp: disp}
}
