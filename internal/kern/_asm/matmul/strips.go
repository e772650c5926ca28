package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Byte offsets in struct stripArgs.
const (
	stripDst = 8 * iota
	stripStep
	stripSrc
	stripLDSrc
	stripK
	stripRows
	stripStrips
	stripMask
)

// packStrips writes the routine that packs strips of a transposed A, which AVX2's tiles
// read six elements for each k. It goes through the strips in assembly: a call for each
// would take as long as its copying.
func packStrips() {
	const name, width = "packStripsAVX2", 4 * 6
	TEXT(name, NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	Doc(name + " copies p.rows <= 6 elements, those of the mask, of each of p.k rows, for each of p.strips strips.")
	Load(Param("p"), p)
	MOVQ(Mem{Base: p, Disp: stripMask}, rowTmp)
	VMOVUPS(Mem{Base: rowTmp}, Y15)
	MOVQ(Mem{Base: p, Disp: stripDst}, c)
	MOVQ(Mem{Base: p, Disp: stripSrc}, ldc)
	MOVQ(Mem{Base: p, Disp: stripLDSrc}, ldb)
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	MOVQ(Mem{Base: p, Disp: stripStrips}, rowTmp)
	row := func(u int) {
		x := []VecPhysical{Y0, Y1, Y2, Y3}[u]
		high := []VecPhysical{X4, X5, X6, X7}[u]
		VMASKMOVPS(strided(b, ldb, ldb3, u, 0), Y15, x)
		VMOVUPS(x.AsX(), Mem{Base: a0, Disp: u * width})
		VEXTRACTF128(Imm(1), x, high)
		VMOVLPS(high, Mem{Base: a0, Disp: u*width + 16})
	}
	Label("strip")
	MOVQ(c, a0)
	MOVQ(ldc, b)
	MOVQ(Mem{Base: p, Disp: stripK}, k)
	SUBQ(Imm(4), k)
	JLT(LabelRef("tail"))
	Label("four")
	for u := range 4 {
		row(u)
	}
	ADDQ(Imm(4*width), a0)
	LEAQ(Mem{Base: b, Index: ldb, Scale: 4}, b)
	SUBQ(Imm(4), k)
	JGE(LabelRef("four"))
	Label("tail")
	ADDQ(Imm(4), k)
	JEQ(LabelRef("done"))
	Label("one")
	row(0)
	ADDQ(Imm(width), a0)
	ADDQ(ldb, b)
	DECQ(k)
	JNE(LabelRef("one"))
	Label("done")
	ADDQ(Mem{Base: p, Disp: stripStep}, c)
	ADDQ(Mem{Base: p, Disp: stripRows}, ldc)
	DECQ(rowTmp)
	JNE(LabelRef("strip"))
	VZEROUPPER()
	RET()
}
