package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	vec "github.com/glia-ml/glia/internal/kern/_asm/isa"
)

// Byte offsets in struct intTileArgs.
const (
	intA = 8 * iota
	intB
	intC
	intLDC
	intSteps
	intRows
	intStrips
	intStepA
	intStepC
	intAdd
	intRowP
	intRowQ
	intColX
	intColY
)

// intTile is a tile of products of 8-bit integers: both operands are packed, as words of
// two int16 or of four bytes.
type intTile struct {
	isa
	quads bool
	dot   func(y, x, acc VecPhysical) // adds the products of four uint8 of x and int8 of y
}

func intTiles() {
	for _, t := range []intTile{
		{avx2, false, nil},
		{avx512, false, nil},
		{avx2, true, vec.VPDPBUSDShort},
		{avx512, true, func(y, x, acc VecPhysical) { VPDPBUSD(y, x, acc) }},
	} {
		t.code()
	}
	packIntRows(false)
	packIntRows(true)
	packIntCols(false)
	packIntCols(true)
	sumWords("Pairs", func(src Mem, x VecPhysical) { VPMADDWD(src, Y15, x) })
	sumWords("Unsigned", func(src Mem, x VecPhysical) {
		VMOVDQU(src, x)
		VPMADDUBSW(Y14, x, x)
		VPMADDWD(Y15, x, x)
	})
	sumWords("Signed", func(src Mem, x VecPhysical) {
		VPMADDUBSW(src, Y14, x)
		VPMADDWD(Y15, x, x)
	})
}

// words is the words from one step to the next in packed strips.
func (t intTile) words() int { return t.bytes / 4 }

// code writes a function that computes strips of 1 to t.rows rows, two vectors across.
func (t intTile) code() {
	name, what := "intTile"+t.name, "pairs of int16"
	if t.quads {
		name, what = map[bool]string{true: "intTileAVX512VNNI", false: "intTileVNNI"}[t.masks()], "four bytes"
	}
	TEXT(name, NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes p.strips tiles of p.rows <= %d rows and %d columns, of words of %s.", name, t.rows, 2*t.words(), what))
	Load(Param("p"), p)
	MOVQ(Mem{Base: p, Disp: intLDC}, ldc)
	MOVQ(Mem{Base: p, Disp: intRows}, k)
	for r := t.rows; r > 1; r-- {
		CMPQ(k, Imm(uint64(r)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", r)))
	}
	for r := 1; r <= t.rows; r++ {
		t.strips(r)
	}
}

// The last registers of a tile.
func (t intTile) spare() (b0, b1, x, tmp VecPhysical) {
	n := len(t.vec)
	return t.vec[n-4], t.vec[n-3], t.vec[n-2], t.vec[n-1]
}

// each calls f for every accumulator, whose vector of C is then at m, and moves c along.
func (t intTile) each(rows int, f func(m Mem, acc VecPhysical)) {
	MOVQ(Mem{Base: p, Disp: intC}, c)
	for r := range rows {
		for v := range 2 {
			f(Mem{Base: c, Disp: v * t.bytes}, t.vec[2*r+v])
		}
		if r+1 < rows {
			ADDQ(ldc, c)
		}
	}
}

// move copies a vector.
func (t intTile) move(from, to Op) {
	if t.masks() {
		VMOVDQU32(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

// strips writes the loop over strips of the given number of rows.
func (t intTile) strips(rows int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("rows"))
	CMPQ(Mem{Base: p, Disp: intAdd}, Imm(0))
	JEQ(LabelRef(label("zeros")))
	t.each(rows, func(m Mem, acc VecPhysical) { t.move(m, acc) })
	JMP(LabelRef(label("start")))
	Label(label("zeros"))
	for _, acc := range t.vec[:2*rows] {
		if t.masks() {
			VPXORD(acc, acc, acc)
		} else {
			VPXOR(acc, acc, acc)
		}
	}
	Label(label("start"))
	MOVQ(Mem{Base: p, Disp: intA}, a0)
	MOVQ(Mem{Base: p, Disp: intB}, b)
	MOVQ(Mem{Base: p, Disp: intSteps}, k)
	SUBQ(Imm(unroll), k)
	JLT(LabelRef(label("tail")))
	Label(label("loop"))
	for u := range unroll {
		t.step(rows, u)
	}
	t.advance(unroll)
	SUBQ(Imm(unroll), k)
	JGE(LabelRef(label("loop")))
	Label(label("tail"))
	ADDQ(Imm(unroll), k)
	JEQ(LabelRef(label("done")))
	Label(label("one"))
	t.step(rows, 0)
	t.advance(1)
	DECQ(k)
	JNE(LabelRef(label("one")))
	Label(label("done"))
	t.correct(rows, label("store"))
	t.each(rows, func(m Mem, acc VecPhysical) { t.move(acc, m) })
	for _, f := range []struct{ ptr, step int }{{intA, intStepA}, {intC, intStepC}} {
		MOVQ(Mem{Base: p, Disp: f.step}, rowTmp)
		ADDQ(rowTmp, Mem{Base: p, Disp: f.ptr})
	}
	DECQ(Mem{Base: p, Disp: intStrips})
	JNE(LabelRef(label("rows")))
	VZEROUPPER()
	RET()
}

// step writes step u after the pointers.
func (t intTile) step(rows, u int) {
	b0, b1, x, tmp := t.spare()
	t.move(Mem{Base: b, Disp: u * 2 * t.bytes}, b0)
	t.move(Mem{Base: b, Disp: u*2*t.bytes + t.bytes}, b1)
	for r := range rows {
		VPBROADCASTD(Mem{Base: a0, Disp: u*t.bytes + 4*r}, x)
		for v, y := range []VecPhysical{b0, b1} {
			acc := t.vec[2*r+v]
			if t.quads {
				t.dot(y, x, acc)
				continue
			}
			VPMADDWD(y, x, tmp)
			VPADDD(tmp, acc, acc)
		}
	}
}

func (t intTile) advance(n int) {
	ADDQ(U32(uint32(n*t.bytes)), a0)
	ADDQ(U32(uint32(2*n*t.bytes)), b)
}

// correct adds the products of p.rowP with p.colX and of p.rowQ with p.colY, if there are
// any.
func (t intTile) correct(rows int, store string) {
	b0, b1, x, tmp := t.spare()
	CMPQ(Mem{Base: p, Disp: intRowP}, Imm(0))
	JEQ(LabelRef(store))
	for _, f := range []struct{ row, col int }{{intRowP, intColX}, {intRowQ, intColY}} {
		MOVQ(Mem{Base: p, Disp: f.row}, a0)
		MOVQ(Mem{Base: p, Disp: f.col}, b)
		t.move(Mem{Base: b}, b0)
		t.move(Mem{Base: b, Disp: t.bytes}, b1)
		for r := range rows {
			VPBROADCASTD(Mem{Base: a0, Disp: 4 * r}, x)
			for v, y := range []VecPhysical{b0, b1} {
				acc := t.vec[2*r+v]
				VPMULLD(y, x, tmp)
				VPADDD(tmp, acc, acc)
			}
		}
		ADDQ(Imm(uint64(4*rows)), Mem{Base: p, Disp: f.row})
	}
	Label(store)
}

// The struct intPackArgs has, where packArgs has a mask, the address of the bits to change,
// as a vector, and behind them of what to subtract of each int16.
var change = c

const off = 32

// intPacks names a routine of packing.
func intPacks(name string, quads bool) string {
	return name + map[bool]string{false: "PairsAVX2", true: "QuadsAVX2"}[quads]
}

// packIntRows writes a routine that makes words of two or four rows, 8 or 16 columns of
// them.
func packIntRows(quads bool) {
	rows, what := 2, "int16s of two rows, less a number"
	if quads {
		rows, what = 4, "bytes of four rows"
	}
	name := intPacks("packIntRows", quads)
	TEXT(name, NOSPLIT, "func(p *byte, vecs int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s makes p.k steps of one or two vectors of words: %s, after bits changed.", name, what))
	Load(Param("p"), p)
	Load(Param("vecs"), rowTmp)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	MOVQ(Mem{Base: p, Disp: packSrc}, b)
	MOVQ(Mem{Base: p, Disp: packLDSrc}, ldb)
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	MOVQ(Mem{Base: p, Disp: packMask}, change)
	VMOVDQU(Mem{Base: change}, X15)
	VMOVDQU(Mem{Base: change, Disp: off}, Y14)
	CMPQ(rowTmp, Imm(1))
	JEQ(LabelRef("one"))
	x := []VecPhysical{X0, X1, X2, X3}
	for _, vecs := range []int{2, 1} {
		label := []string{"one", "two"}[vecs-1]
		Label(label)
		for r := range rows {
			if vecs == 2 {
				VMOVDQU(strided(b, ldb, ldb3, r, 0), x[r])
			} else {
				VMOVQ(strided(b, ldb, ldb3, r, 0), x[r])
			}
		}
		LEAQ(Mem{Base: b, Index: ldb, Scale: uint8(rows)}, b)
		LEAQ(Mem{Base: b, Index: ldb, Scale: ahead}, bAhead)
		for r := range rows {
			PREFETCHT0(strided(bAhead, ldb, ldb3, r, 0))
		}
		for v := range vecs {
			if quads {
				interleaveFour(x, v)
				for h, words := range []VecPhysical{X6, X7} {
					VPXOR(X15, words, words)
					VMOVDQU(words, Mem{Base: a0, Disp: 32*v + 16*h})
				}
				continue
			}
			interleave(x[1], x[0], X4, v)
			VPXOR(X15, X4, X4)
			VPMOVZXBW(X4, Y4)
			VPSUBW(Y14, Y4, Y4)
			VMOVDQU(Y4, Mem{Base: a0, Disp: 32 * v})
		}
		ADDQ(lda, a0)
		DECQ(k)
		JNE(LabelRef(label))
		VZEROUPPER()
		RET()
	}
}

// interleave sets out to bytes of x and y by turns, of the lower or the upper halves.
func interleave(y, x, out VecPhysical, half int) {
	if half == 0 {
		VPUNPCKLBW(y, x, out)
	} else {
		VPUNPCKHBW(y, x, out)
	}
}

// interleaveFour sets X6 and X7 to words of bytes of four registers, of their lower or
// upper halves.
func interleaveFour(x []VecPhysical, half int) {
	interleave(x[1], x[0], X4, half)
	interleave(x[3], x[2], X5, half)
	VPUNPCKLWD(X5, X4, X6)
	VPUNPCKHWD(X5, X4, X7)
}

// packIntCols writes a routine that turns eight rows along K into steps of eight words.
func packIntCols(quads bool) {
	size, what := 16, "two int16, less a number"
	if quads {
		size, what = 32, "four bytes"
	}
	name := intPacks("packIntCols", quads)
	TEXT(name, NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s turns p.k times %d bytes of each of the 8 rows at p.ptr into words of %s, after bits changed.", name, size, what))
	Load(Param("p"), p)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	MOVQ(Mem{Base: p, Disp: packMask}, change)
	XORQ(b, b)
	Label("loop")
	out := avx2.transpose(func(m Op, x VecPhysical) {
		if quads {
			VMOVDQU(m, x)
			VPXOR(Mem{Base: change}, x, x)
			return
		}
		half := x.AsX().(VecPhysical)
		VMOVDQU(m, half)
		VPXOR(Mem{Base: change}, half, half)
		VPMOVZXBW(half, x)
		VPSUBW(Mem{Base: change, Disp: off}, x, x)
	})
	for i, x := range out {
		VMOVDQU(x, strided(a0, lda, lda3, i%4, 0))
		if i%4 == 3 {
			LEAQ(Mem{Base: a0, Index: lda, Scale: 4}, a0)
		}
	}
	ADDQ(Imm(uint64(size)), b)
	DECQ(k)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// sumWords writes a routine that adds up what the function makes of each word.
func sumWords(of string, sum func(src Mem, x VecPhysical)) {
	name := "sumWords" + of + "AVX2"
	TEXT(name, NOSPLIT, "func(dst, src *byte, steps, stride int)")
	Pragma("noescape")
	Doc(name + " sets eight words at dst to the sums of the elements of words at src, over steps that are stride bytes apart.")
	Load(Param("dst"), c)
	Load(Param("src"), b)
	Load(Param("steps"), k)
	Load(Param("stride"), ldb)
	VPCMPEQW(Y15, Y15, Y15)
	VPABSB(Y15, Y14)
	VPABSW(Y15, Y15)
	VPXOR(Y0, Y0, Y0)
	Label("loop")
	sum(Mem{Base: b}, Y1)
	VPADDD(Y1, Y0, Y0)
	ADDQ(ldb, b)
	DECQ(k)
	JNE(LabelRef("loop"))
	VMOVDQU(Y0, Mem{Base: c})
	VZEROUPPER()
	RET()
}
