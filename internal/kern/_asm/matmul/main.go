// Command matmul generates the micro-kernels of the matrix product of float32 and of
// pairs of bfloat16, the routines that pack operands, and the loops that measure peak
// speed.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	vec "github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../matmul_amd64.s -stubs ../../matmul_stub_amd64.go -pkg kern

// An isa holds the differences between the instruction sets.
type isa struct {
	name  string
	bytes int           // in one vector
	pairs bool          // an element is a pair of bfloat16, not a float32
	rows  int           // most rows of a tile two vectors wide
	wide  map[int]int   // vectors across -> most rows, for the tiles that read B in place
	vec   []VecPhysical // all vector registers
}

var (
	avx512 = isa{"AVX512", 64, false, 14, map[int]int{4: 6, 8: 3}, []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
	avx2 = isa{"AVX2", 32, false, 6, map[int]int{4: 3, 8: 1}, []VecPhysical{
		Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}}
	bf16 = isa{"AVX512BF16", 64, true, avx512.rows, avx512.wide, avx512.vec}
)

// masks reports whether vectors are masked by AVX-512's registers for that.
func (s isa) masks() bool { return s.bytes == 64 }

// fma adds x·y to acc.
func (s isa) fma(y, x, acc VecPhysical) {
	if s.pairs {
		vec.VDPBF16PS(y, x, acc)
		return
	}
	VFMADD231PS(y, x, acc)
}

func main() {
	ConstraintExpr("!purego")
	for _, s := range []isa{avx512, avx2, bf16} {
		for _, layout := range []layout{byRow, byCol} {
			for _, vecs := range []int{1, 2} {
				tiles(tile{isa: s, layout: layout, vecs: vecs, masked: true}, s.rows)
				if !s.masks() { // AVX-512 masks cost nothing
					tiles(tile{isa: s, layout: layout, vecs: vecs}, s.rows)
				}
			}
		}
		if !s.masks() {
			for _, from := range []source{float32s, bfloat16s, float16s} {
				packing(tile{isa: s, vecs: 2, from: from})
			}
		}
		for _, vecs := range []int{4, 8} {
			tiles(tile{isa: s, layout: byRow, vecs: vecs}, s.wide[vecs])
		}
		if s.pairs {
			for _, lay := range []layout{byRow, byCol} {
				few(s, pairs, lay, 1, 13)
				few(s, pairs, lay, 2, 13)
			}
			few(s, pairs, byRow, 4, 5)
			few(s, pairs, byRow, 8, 3)
			continue
		}
		packRows(s)
		packTransposed(s, float32s)
		fmaLoop(s)
		if s.masks() {
			packWidened(s, alongK)
		} else {
			packLines(s, alongK)
			packLines(s, float16s)
		}
		for _, from := range []source{bfloat16s, float16s} {
			packWidened(s, from)
			packTransposed(s, from)
			if s.masks() {
				for _, lay := range []layout{byRow, byCol} {
					few(s, from, lay, 1, s.rows)
					few(s, from, lay, 2, s.rows)
				}
			}
			few(s, from, byRow, 4, s.wide[4])
			few(s, from, byRow, 8, s.wide[8])
		}
	}
	packStrips()
	packPairs(avx512)
	packTransposed(avx512, pairs)
	intTiles()
	Generate()
	writeNEON()
}

// Byte offsets in struct tileArgs.
const (
	argA = 8 * iota
	argB
	argC
	argInit
	argLDA
	argLDB
	argLDC
	argLDInit
	argK
	argRows
	argStrips
	argStepA
	argStepC
	argStepInit
	argMask
	argLow
	argNext
	argNextStep
	argFlush
	argSaved
	argRound
	argOdd
	argPackedA
	argPackedB
	argNextEnd
	argSegs
	argSeg
	argAdd
	argLDAdd
	argStepAdd
	argHigh
)

// A layout is how the rows of A that a tile needs lie in memory.
type layout string

const (
	byRow layout = "Row" // row after row, LDA apart
	byCol layout = "Col" // the rows' elements for one k together, LDA from one k to the next
)

var (
	p              = RDI // the arguments
	a0, a5         = RSI, R8
	lda, lda3      = RAX, RBX
	lda5           = RCX
	b              = RDX
	ldb, ldb3      = R9, R10
	k              = R11
	c, ldc, rowTmp = R12, R13, R14

	// while c and ldc are not needed
	next, nextStep = R12, R13
	later          = R14 // of k, after the rows of C

	// in place of a5, where it is not needed
	aAhead, bAhead = R8, R8

	packedA, packedB = RCX, R15 // in place of lda5; where the elements of A and B for k are packed
)

const ahead = 8 // rows of B that wide tiles ask for in advance; half of those of A by column

const unroll = 4

// packing writes the functions that pack what they read.
func packing(t tile) {
	for _, layout := range []layout{byRow, byCol} {
		t.layout, t.packsB = layout, true
		tiles(t, t.isa.rows)
	}
	t.packsA, t.packsB = true, false
	tiles(t, t.isa.rows)
	t.packsB = true
	tiles(t, t.isa.rows)
}

// tiles writes a function that computes strips of 1 to maxRows rows. Where masked, the
// last vector is cut off by the mask.
func tiles(t tile, maxRows int) {
	doc := fmt.Sprintf("%s computes p.strips tiles of p.rows <= %d rows and %d columns", t.function(), maxRows, t.vecs*t.bytes/4)
	if t.packsA {
		doc += ", and copies strips of A to p.packedA" + t.from.as()
	}
	if t.packsB {
		doc += ", and copies the panel of B to p.packedB with the first" + t.from.as()
	}
	TEXT(t.function(), NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	Doc(doc + ".")
	Load(Param("p"), p)
	if t.masked && t.masks() {
		KMOVW(Mem{Base: p, Disp: argMask}, K1)
	}
	t.loadFirsts()
	t.flush("flush", func() {
		STMXCSR(Mem{Base: p, Disp: argSaved})
		LDMXCSR(Mem{Base: p, Disp: argFlush})
	})
	MOVQ(Mem{Base: p, Disp: argLDA}, lda)
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	if t.layout == byRow {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	}
	MOVQ(Mem{Base: p, Disp: argLDB}, ldb)
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	MOVQ(Mem{Base: p, Disp: argRows}, k)
	for r := maxRows; r > 1; r-- {
		CMPQ(k, Imm(uint64(r)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", r)))
	}
	for r := 1; r <= maxRows; r++ {
		t.strips(r)
	}
}

type tile struct {
	isa
	layout
	vecs   int
	masked bool // the last vector, or each of two by its own mask
	each   bool
	packsA bool   // A is read where it is and packed
	packsB bool   // so is B, by the first strip
	from   source // what packing reads
	rows   int
	odd    bool // an element of A is half a pair, the last one
}

// function is the name of the function that tiles writes.
func (t tile) function() string {
	name := fmt.Sprintf("tile%s%s%d", t.name, t.layout, t.vecs)
	if t.masked && !t.masks() {
		name += "Mask"
	}
	if t.packsA || t.packsB {
		name += t.from.name + "Pack"
	}
	if t.packsA {
		name += "A"
	}
	if t.packsB {
		name += "B"
	}
	return name
}

// mask is AVX-512's mask of vector v, or nil.
func (t tile) mask(v int) Op {
	switch {
	case !t.masked || !t.masks() || !t.each && v+1 < t.vecs:
		return nil
	case v == 1 && t.each:
		return K2
	}
	return K1
}

// acc is the accumulator of row r, vector v.
func (t tile) acc(r, v int) VecPhysical { return t.vec[r*t.vecs+v] }

// flush emits do for the case that subnormals count as zeros, as they do in VDPBF16PS:
// p.flush is then the control word that makes them so.
func (t tile) flush(label string, do func()) {
	if t.pairs || t.packsB && !t.widens() {
		return
	}
	CMPQ(Mem{Base: p, Disp: argFlush}, Imm(0))
	JEQ(LabelRef(label))
	do()
	Label(label)
}

// firsts is the mask of the first element of each pair.
var firsts = K3

// loadFirsts loads the mask.
func (t tile) loadFirsts() {
	if t.pairs && t.layout == byRow {
		MOVL(U32(0x55555555), EAX)
		KMOVD(EAX, firsts)
	}
}

// strips writes the loop over strips of the given number of rows.
func (t tile) strips(rows int) {
	t.rows = rows
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("rows"))

	t.load()
	MOVQ(Mem{Base: p, Disp: argA}, a0)
	if t.layout == byRow && rows > 7 {
		LEAQ(Mem{Base: a0, Index: lda5, Scale: 1}, a5)
	}
	if t.layout == byCol {
		LEAQ(Mem{Base: a0, Index: lda, Scale: ahead}, aAhead)
		LEAQ(Mem{Base: aAhead, Index: lda, Scale: ahead}, aAhead)
	}
	MOVQ(Mem{Base: p, Disp: argB}, b)
	if t.vecs > 2 {
		LEAQ(Mem{Base: b, Index: ldb, Scale: ahead}, bAhead)
	}
	if t.packsA {
		MOVQ(Mem{Base: p, Disp: argPackedA}, packedA)
	}
	if t.packsB {
		MOVQ(Mem{Base: p, Disp: argPackedB}, packedB)
	}
	MOVQ(Mem{Base: p, Disp: argK}, k)
	if t.segmented() {
		MOVQ(Mem{Base: p, Disp: argSegs}, rowTmp)
		MOVQ(rowTmp, Mem{Base: p, Disp: argSeg})
	}

	// The loop prefetches the next strip's part of C first, a row each time, and then
	// from p.next on. All at once would hold up the loads of A and B.
	MOVQ(Mem{Base: p, Disp: argC}, next)
	ADDQ(Mem{Base: p, Disp: argStepC}, next)
	MOVQ(Mem{Base: p, Disp: argLDC}, nextStep)
	XORQ(later, later)
	CMPQ(k, Imm(uint64(unroll*rows)))
	JLE(LabelRef(label("start")))
	MOVQ(k, later)
	MOVQ(U32(unroll*rows), k)
	SUBQ(k, later)
	Label(label("start"))
	SUBQ(Imm(unroll), k)
	JLT(LabelRef(label("tail")))
	Label(label("loop"))
	for line := 0; line < min(2, t.vecs)*t.bytes; line += 64 {
		PREFETCHT1(Mem{Base: next, Disp: line})
	}
	ADDQ(nextStep, next)
	for u := range unroll {
		t.step(u)
	}
	t.advance(unroll)
	SUBQ(Imm(unroll), k)
	JGE(LabelRef(label("loop")))
	TESTQ(later, later)
	JEQ(LabelRef(label("tail")))
	MOVQ(later, k)
	MOVQ(Mem{Base: p, Disp: argNext}, next)
	MOVQ(Mem{Base: p, Disp: argNextStep}, nextStep)
	XORQ(later, later)
	if !t.masks() {
		CMPQ(next, Mem{Base: p, Disp: argNextEnd})
		CMOVQCC(later, nextStep)
	}
	JMP(LabelRef(label("start")))

	Label(label("tail"))
	ADDQ(Imm(unroll), k)
	JEQ(LabelRef(label("done")))
	Label(label("one"))
	if t.swaps() {
		t.step(0)
		t.step(1)
		t.advance(2)
		SUBQ(Imm(2), k)
	} else {
		t.step(0)
		t.advance(1)
		DECQ(k)
	}
	JNE(LabelRef(label("one")))

	Label(label("done"))
	if t.segmented() {
		t.nextSegment(label)
	}
	if t.pairs && t.layout == byRow {
		CMPQ(Mem{Base: p, Disp: argOdd}, Imm(0))
		JEQ(LabelRef(label("even")))
		t.odd = true
		t.step(0)
		t.odd = false
		Label(label("even"))
	}
	MOVQ(next, Mem{Base: p, Disp: argNext})
	if t.packsA {
		MOVQ(packedA, Mem{Base: p, Disp: argPackedA})
	}
	if t.pairs {
		CMPQ(Mem{Base: p, Disp: argRound}, Imm(0))
		JNE(LabelRef(label("round")))
	} else {
		t.finish(label)
	}
	t.store(t.storeVec)
	if t.pairs {
		JMP(LabelRef(label("stored")))
		Label(label("round"))
		t.store(t.roundVec)
		Label(label("stored"))
	}

	for _, f := range []struct{ ptr, step int }{{argA, argStepA}, {argC, argStepC}, {argInit, argStepInit}, {argAdd, argStepAdd}} {
		if f.ptr == argAdd && t.pairs {
			continue
		}
		MOVQ(Mem{Base: p, Disp: f.step}, rowTmp)
		ADDQ(rowTmp, Mem{Base: p, Disp: f.ptr})
	}
	if t.packsB {
		t.goOn(label)
	} else {
		DECQ(Mem{Base: p, Disp: argStrips})
		JNE(LabelRef(label("rows")))
	}
	t.flush(label("restored"), func() { LDMXCSR(Mem{Base: p, Disp: argSaved}) })
	VZEROUPPER()
	RET()
}

// segmented reports whether the depth may be in segments.
func (t tile) segmented() bool { return !t.pairs && !t.packsA && !t.packsB && t.vecs <= 2 }

// nextSegment goes on with the next part of A, if there is one: p.seg points to how many
// bytes lie before it, and its length, of which the one behind the last is negative.
func (t tile) nextSegment(label func(string) string) {
	MOVQ(Mem{Base: p, Disp: argSeg}, rowTmp)
	TESTQ(rowTmp, rowTmp)
	JEQ(LabelRef(label("whole")))
	MOVQ(Mem{Base: rowTmp, Disp: 8}, k)
	TESTQ(k, k)
	JLT(LabelRef(label("whole")))
	ADDQ(Mem{Base: rowTmp}, a0)
	if t.layout == byCol || t.rows > 7 {
		ADDQ(Mem{Base: rowTmp}, a5)
	}
	ADDQ(Imm(16), rowTmp)
	MOVQ(rowTmp, Mem{Base: p, Disp: argSeg})
	XORQ(later, later)
	JMP(LabelRef(label("start")))
	Label(label("whole"))
}

// goOn leaves the other strips, if there are any, to the function that reads B packed.
func (t tile) goOn(label func(string) string) {
	DECQ(Mem{Base: p, Disp: argStrips})
	JEQ(LabelRef(label("end")))
	t.flush(label("others"), func() { LDMXCSR(Mem{Base: p, Disp: argSaved}) })
	MOVQ(Mem{Base: p, Disp: argPackedB}, rowTmp)
	MOVQ(rowTmp, Mem{Base: p, Disp: argB})
	MOVQ(U32(uint32(t.vecs*t.bytes)), Mem{Base: p, Disp: argLDB})
	t.packsB = false
	vec.TailCall(t.function())
	Label(label("end"))
}

// widens reports whether packing makes float32s of 16 bits.
func (t tile) widens() bool { return (t.packsA || t.packsB) && t.from.size == 2 }

// swaps reports whether the rows of A and B change places in pairs, of which K has a whole
// number.
func (t tile) swaps() bool { return t.widens() && t.from.swap }

// source is the row that is packed as row u.
func (t tile) source(u int) int {
	if t.swaps() {
		return u ^ 1
	}
	return u
}

// load sets the accumulators from p.init.
func (t tile) load() {
	MOVQ(Mem{Base: p, Disp: argInit}, c)
	MOVQ(Mem{Base: p, Disp: argLDInit}, ldc)
	mask := t.loadMask()
	for r := range t.rows {
		for v := range t.vecs {
			t.loadVec(Mem{Base: c, Disp: v * t.bytes}, t.acc(r, v), v, mask)
		}
		if r+1 < t.rows {
			ADDQ(ldc, c)
		}
	}
}

// finish adds p.add, if there is one, to the accumulators and applies the upper bound, if it
// is finite.
func (t tile) finish(label func(string) string) {
	tmp := t.vec[len(t.vec)-1]
	if t.vecs <= 2 {
		tmp = t.vec[len(t.vec)-4]
	}
	CMPQ(Mem{Base: p, Disp: argAdd}, Imm(0))
	JEQ(LabelRef(label("added")))
	add, ldAdd := a0, b
	MOVQ(Mem{Base: p, Disp: argAdd}, add)
	MOVQ(Mem{Base: p, Disp: argLDAdd}, ldAdd)
	mask := t.loadMask()
	for r := range t.rows {
		for v := range t.vecs {
			m, x := Mem{Base: add, Disp: v * t.bytes}, t.acc(r, v)
			if t.masked && v+1 == t.vecs {
				t.loadVec(m, tmp, v, mask)
				VADDPS(tmp, x, x)
			} else {
				VADDPS(m, x, x)
			}
		}
		if r+1 < t.rows {
			ADDQ(ldAdd, add)
		}
	}
	Label(label("added"))
	CMPL(Mem{Base: p, Disp: argHigh}, U32(0x7f800000)) // +Inf
	JEQ(LabelRef(label("bounded")))
	VBROADCASTSS(Mem{Base: p, Disp: argHigh}, tmp)
	for _, x := range t.vec[:t.rows*t.vecs] {
		VMINPS(x, tmp, x) // x where x is a NaN
	}
	Label(label("bounded"))
}

// store applies the activation's lower bound and writes the accumulators to p.c.
func (t tile) store(storeVec func(x VecPhysical, c GPPhysical, v int, mask VecPhysical)) {
	MOVQ(Mem{Base: p, Disp: argC}, c)
	MOVQ(Mem{Base: p, Disp: argLDC}, ldc)
	mask := t.loadMask()
	low := t.bcast(0)
	VBROADCASTSS(Mem{Base: p, Disp: argLow}, low)
	for r := range t.rows {
		for v := range t.vecs {
			x := t.acc(r, v)
			VMAXPS(x, low, x) // x where x is a NaN
			storeVec(x, c, v, mask)
		}
		if r+1 < t.rows {
			ADDQ(ldc, c)
		}
	}
}

// storeVec writes x to vector v of the row at c.
func (t tile) storeVec(x VecPhysical, c GPPhysical, v int, mask VecPhysical) {
	m := Mem{Base: c, Disp: v * t.bytes}
	switch k := t.mask(v); {
	case k != nil:
		VMOVUPS(x, k, m)
	case mask != nil && v+1 == t.vecs:
		VMASKMOVPS(x, mask, m)
	default:
		VMOVUPS(x, m)
	}
}

// roundVec writes x rounded to bfloat16.
func (t tile) roundVec(x VecPhysical, c GPPhysical, v int, _ VecPhysical) {
	m := Mem{Base: c, Disp: v * t.bytes / 2}
	vec.VCVTNEPS2BF16(x, x)
	y := x.AsY().(VecPhysical)
	if k := t.mask(v); k != nil {
		VMOVDQU16(y, k, m)
	} else {
		VMOVDQU16(y, m)
	}
}

// loadMask returns the register of AVX2's mask, loaded.
func (t tile) loadMask() VecPhysical {
	if !t.masked || t.masks() {
		return nil
	}
	mask := t.vec[15]
	MOVQ(Mem{Base: p, Disp: argMask}, rowTmp)
	VMOVUPS(Mem{Base: rowTmp}, mask)
	return mask
}

func (t tile) loadVec(m Mem, x VecPhysical, v int, mask VecPhysical) {
	switch k := t.mask(v); {
	case k != nil:
		VMOVUPS_Z(m, k, x)
	case t.masked && v+1 == t.vecs:
		VMASKMOVPS(m, mask, x)
	default:
		VMOVUPS(m, x)
	}
}

// bcast is the i-th register for elements of A; AVX2's mask has the last register.
func (t tile) bcast(i int) VecPhysical {
	n := len(t.vec)
	if !t.masks() {
		if t.masked {
			return t.vec[n-2]
		}
		if t.vecs <= 2 {
			return t.vec[n-2+i%2]
		}
		return t.vec[n-4+i]
	}
	if t.vecs <= 2 {
		return t.vec[n-2+i%2]
	}
	return t.vec[n-8+i]
}

// step writes one k, u after the pointers.
func (t tile) step(u int) {
	if t.vecs > 2 {
		t.wideStep(u)
		return
	}
	n := len(t.vec)
	bv := t.vec[n-4 : n-2]
	if t.packsB {
		t.packB(u, bv)
	} else {
		for v := range t.vecs {
			t.loadVec(t.memB(u, v), bv[v], v, t.vec[15])
		}
	}
	if t.packsA {
		t.packA(u)
	}
	if t.layout == byCol {
		PREFETCHT0(strided(aAhead, lda, lda3, u, 0))
	}
	for r := range t.rows {
		x := t.bcast(r)
		if t.packsA && t.widens() {
			t.broadcast(t.packedA(r, u), x)
		} else {
			t.broadcast(t.memA(r, u), x)
		}
		for v := range t.vecs {
			t.fma(bv[v], x, t.acc(r, v))
		}
	}
}

// packB loads the vectors of B for one k, u after the pointers, and copies them.
func (t tile) packB(u int, bv []VecPhysical) {
	PREFETCHT0(Mem{Base: b, Index: ldb, Scale: ahead})
	row := Mem{Base: b}
	if t.source(u) > u {
		row = Mem{Base: b, Index: ldb, Scale: 1}
	}
	for v, x := range bv {
		t.from.load(row.Offset(v*t.bytes*t.from.size/4), x)
		VMOVUPS(x, Mem{Base: packedB, Disp: (u*len(bv) + v) * t.bytes})
	}
	switch {
	case !t.swaps():
		ADDQ(ldb, b)
	case u%2 == 1:
		LEAQ(Mem{Base: b, Index: ldb, Scale: 2}, b)
	}
}

// packA copies the elements of A for one k, u after the pointers.
func (t tile) packA(u int) {
	for r, i := 0, 0; r < t.rows; i++ {
		from, to := strided(a0, lda, lda3, t.source(u), t.from.size*r), t.packedA(r, u)
		x := t.bcast(i).AsX().(VecPhysical)
		switch left := t.rows - r; {
		case left >= 4:
			t.from.load(from, x)
			VMOVUPS(x, to)
			r += 4
		case left >= 2:
			if t.from.size == 2 {
				VMOVD(from, x)
				t.from.load(x, x)
			} else {
				VMOVSD(from, x)
			}
			VMOVSD(x, to)
			r += 2
		default:
			if t.from.size == 2 {
				VPBROADCASTW(from, x)
				t.from.load(x, x)
			} else {
				VMOVSS(from, x)
			}
			VMOVSS(x, to)
			r++
		}
	}
}

// packedA is where the element of A of row r is packed, u after the pointers.
func (t tile) packedA(r, u int) Mem {
	return Mem{Base: packedA, Disp: 4 * (u*t.stripWidth() + r)}
}

// stripWidth is the elements from one k to the next in a strip that is packed.
func (t tile) stripWidth() int {
	if t.widens() {
		return t.bytes / 4
	}
	return t.isa.rows
}

// broadcast fills x with an element of A.
func (t tile) broadcast(m Mem, x VecPhysical) {
	if t.odd {
		VPBROADCASTW_Z(m, firsts, x)
	} else {
		VBROADCASTSS(m, x)
	}
}

// wideStep is step for few rows: their elements of A stay in registers while B passes.
func (t tile) wideStep(u int) {
	for r := range t.rows {
		t.broadcast(t.memA(r, u), t.bcast(r))
	}
	for line := 0; line < t.vecs*t.bytes; line += 64 {
		PREFETCHT0(strided(bAhead, ldb, ldb3, u, line))
	}
	bv := t.vec[len(t.vec)-1]
	for v := range t.vecs {
		if t.rows == 1 && !t.pairs {
			VFMADD231PS(t.memB(u, v), t.bcast(0), t.acc(0, v))
			continue
		}
		VMOVUPS(t.memB(u, v), bv)
		for r := range t.rows {
			t.fma(bv, t.bcast(r), t.acc(r, v))
		}
	}
}

func (t tile) memB(u, v int) Mem {
	return strided(b, ldb, ldb3, u, v*t.bytes)
}

func (t tile) memA(r, u int) Mem {
	if t.layout == byCol {
		return strided(a0, lda, lda3, u, 4*r)
	}
	at := []struct {
		base, index GPPhysical
		scale       uint8
	}{
		{a0, nil, 0}, {a0, lda, 1}, {a0, lda, 2}, {a0, lda3, 1}, {a0, lda, 4},
		{a0, lda5, 1}, {a0, lda3, 2}, {a5, lda, 2}, {a0, lda, 8}, {a5, lda, 4},
		{a0, lda5, 2}, {a5, lda3, 2}, {a0, lda3, 4}, {a5, lda, 8},
	}[r]
	m := Mem{Base: at.base, Disp: 4 * u}
	if at.index != nil {
		m.Index, m.Scale = at.index, at.scale
	}
	return m
}

// strided is base + u*ld + disp, for u up to 3.
func strided(base, ld, ld3 GPPhysical, u, disp int) Mem {
	m := Mem{Base: base, Disp: disp}
	switch u {
	case 1, 2:
		m.Index, m.Scale = ld, uint8(u)
	case 3:
		m.Index, m.Scale = ld3, 1
	}
	return m
}

// advance moves the pointers by n steps of k.
func (t tile) advance(n int) {
	move := func(ptr, ld GPPhysical) {
		if n == 1 {
			ADDQ(ld, ptr)
		} else {
			LEAQ(Mem{Base: ptr, Index: ld, Scale: uint8(n)}, ptr)
		}
	}
	if t.packsA {
		ADDQ(Imm(uint64(4*n*t.stripWidth())), packedA)
	}
	if t.packsB {
		ADDQ(U32(uint32(n*t.vecs*t.bytes)), packedB)
	} else {
		move(b, ldb)
	}
	if t.vecs > 2 {
		move(bAhead, ldb)
	}
	if t.layout == byCol {
		move(a0, lda)
		move(aAhead, lda)
		return
	}
	ADDQ(Imm(uint64(4*n)), a0)
	if t.rows > 7 {
		ADDQ(Imm(uint64(4*n)), a5)
	}
}

// Byte offsets in struct packArgs.
const (
	packDst = 8 * iota
	packLDDst
	packSrc
	packLDSrc
	packK
	packMask
	packPtr // 16 pointers
)

// packRows writes a routine that copies k rows of up to two vectors.
func packRows(s isa) {
	name := "packRows" + s.name
	TEXT(name, NOSPLIT, "func(p *byte, vecs int)")
	Pragma("noescape")
	Doc(name + " copies p.k rows of one or two vectors, the last one masked and filled up with zeros.")
	Load(Param("p"), p)
	Load(Param("vecs"), rowTmp)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	MOVQ(Mem{Base: p, Disp: packSrc}, b)
	MOVQ(Mem{Base: p, Disp: packLDSrc}, ldb)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	var mask Op = K1
	masked := func(m Mem, x VecPhysical) { VMOVUPS_Z(m, K1, x) }
	if s.masks() {
		KMOVW(Mem{Base: p, Disp: packMask}, K1)
	} else {
		mask = Y15
		MOVQ(Mem{Base: p, Disp: packMask}, c)
		VMOVUPS(Mem{Base: c}, Y15)
		masked = func(m Mem, x VecPhysical) { VMASKMOVPS(m, mask, x) }
	}
	CMPQ(rowTmp, Imm(1))
	JEQ(LabelRef("one"))
	Label("two")
	for line := 0; line < 2*s.bytes; line += 64 {
		PREFETCHT0(Mem{Base: b, Index: ldb, Scale: ahead, Disp: line})
		PREFETCHT1(Mem{Base: b, Disp: 2*s.bytes + line}) // what is next in the row comes after the other rows
	}
	VMOVUPS(Mem{Base: b}, s.vec[0])
	masked(Mem{Base: b, Disp: s.bytes}, s.vec[1])
	VMOVUPS(s.vec[0], Mem{Base: a0})
	VMOVUPS(s.vec[1], Mem{Base: a0, Disp: s.bytes})
	ADDQ(ldb, b)
	ADDQ(lda, a0)
	DECQ(k)
	JNE(LabelRef("two"))
	VZEROUPPER()
	RET()
	Label("one")
	PREFETCHT0(Mem{Base: b, Index: ldb, Scale: ahead})
	masked(Mem{Base: b}, s.vec[0])
	VMOVUPS(s.vec[0], Mem{Base: a0})
	ADDQ(ldb, b)
	ADDQ(lda, a0)
	DECQ(k)
	JNE(LabelRef("one"))
	VZEROUPPER()
	RET()
}

// transpose loads a square from the rows at p.ptr, b bytes in, and returns the
// registers that hold its columns. It uses all registers.
func (s isa) transpose(load func(m Op, x VecPhysical)) []VecPhysical {
	n := s.bytes / 4
	x, y := s.vec[:n], s.vec[n:]
	for r := range n {
		MOVQ(Mem{Base: p, Disp: packPtr + 8*r}, rowTmp)
		load(Mem{Base: rowTmp, Index: b, Scale: 1}, x[r])
		PREFETCHT1(Mem{Base: rowTmp, Index: b, Scale: 1, Disp: 2 * 64})
	}
	for r := 0; r < n; r += 2 {
		VUNPCKLPS(x[r+1], x[r], y[r])
		VUNPCKHPS(x[r+1], x[r], y[r+1])
	}
	for r := 0; r < n; r += 4 { // rows r to r+3; in each 128-bit lane l, column 4l+i goes to x[r+i]
		VUNPCKLPD(y[r+2], y[r], x[r])
		VUNPCKHPD(y[r+2], y[r], x[r+1])
		VUNPCKLPD(y[r+3], y[r+1], x[r+2])
		VUNPCKHPD(y[r+3], y[r+1], x[r+3])
	}
	if n == 8 {
		for i := range 4 {
			VPERM2F128(Imm(0x20), x[4+i], x[i], y[i])
			VPERM2F128(Imm(0x31), x[4+i], x[i], y[4+i])
		}
		return y
	}
	for i := range 4 {
		VSHUFF32X4(Imm(0x88), x[4+i], x[i], y[4*i])
		VSHUFF32X4(Imm(0x88), x[12+i], x[8+i], y[4*i+1])
		VSHUFF32X4(Imm(0xdd), x[4+i], x[i], y[4*i+2])
		VSHUFF32X4(Imm(0xdd), x[12+i], x[8+i], y[4*i+3])
	}
	for i := range 4 {
		VSHUFF32X4(Imm(0x88), y[4*i+1], y[4*i], x[i])
		VSHUFF32X4(Imm(0xdd), y[4*i+1], y[4*i], x[8+i])
		VSHUFF32X4(Imm(0x88), y[4*i+3], y[4*i+2], x[4+i])
		VSHUFF32X4(Imm(0xdd), y[4*i+3], y[4*i+2], x[12+i])
	}
	return x
}

// fmaLoop writes a loop of independent multiply-adds on registers.
func fmaLoop(s isa) {
	const chains = 12
	name := "fmaLoop" + s.name
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n times %d vector multiply-adds.", name, chains))
	Load(Param("n"), k)
	for i := range chains + 1 {
		VXORPS(s.vec[i], s.vec[i], s.vec[i])
	}
	Label("loop")
	for i := range chains {
		VFMADD231PS(s.vec[chains], s.vec[chains], s.vec[i])
	}
	DECQ(k)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
