package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A source is an operand that packing reads.
type source struct {
	name string
	size int                             // bytes of an element
	load func(m Op, x VecPhysical)       // a vector of elements, as float32s or pairs
	tail func(m, mask Op, x VecPhysical) // those that AVX-512's mask selects
	swap bool                            // elements 2i and 2i+1 change places
}

var (
	float32s = source{"", 4,
		func(m Op, x VecPhysical) { VMOVUPS(m, x) },
		func(m, mask Op, x VecPhysical) { VMOVUPS_Z(m, mask, x) }, false}
	// VDPBF16PS adds the second product of a pair first. Float32s made of bfloat16s
	// are multiplied in the same order.
	bfloat16s = source{"BF16", 2,
		func(m Op, x VecPhysical) {
			VPMOVZXWD(m, x)
			VPSLLD(Imm(16), x, x)
		},
		func(m, mask Op, x VecPhysical) {
			VPMOVZXWD_Z(m, mask, x)
			VPSLLD(Imm(16), x, x)
		}, true}
	// As bfloat16s, for rows along K: there neighbours change places.
	alongK = source{"AlongBF16", 2,
		func(m Op, x VecPhysical) {
			VPMOVZXWD(m, x)
			VPSLLD(Imm(16), x, x)
			VPSHUFD(Imm(0xb1), x, x)
		},
		func(m, mask Op, x VecPhysical) {
			VPMOVZXWD_Z(m, mask, x)
			VPSLLD(Imm(16), x, x)
			VPSHUFD(Imm(0xb1), x, x)
		}, true}
	float16s = source{"F16", 2,
		func(m Op, x VecPhysical) { VCVTPH2PS(m, x) },
		func(m, mask Op, x VecPhysical) { VCVTPH2PS_Z(m, mask, x) }, false}
	pairs = source{"Pairs", 4,
		func(m Op, x VecPhysical) { VMOVDQU32(m, x) },
		func(m, mask Op, x VecPhysical) { VMOVDQU16_Z(m, mask, x) }, false}
)

// packTransposed writes a routine that turns rows of k elements, as many as a
// vector has, into k vectors. From 16 bits, AVX2 takes multiples of a vector; the
// last of pairs may be half a pair.
func packTransposed(s isa, from source) {
	n := s.bytes / 4
	name := "packTransposed" + from.name + s.name
	TEXT(name, NOSPLIT, "func(p *byte)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes p.k vectors; vector k has element k of each of the %d rows at p.ptr.", name, n))
	Load(Param("p"), p)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	XORQ(b, b)
	half := from.name == pairs.name // the tail is then not empty: it has the mask
	end := func(label string) {
		SUBQ(Imm(uint64(n)), k)
		if half {
			JLE(LabelRef(label))
		} else {
			JLT(LabelRef(label))
		}
	}
	end("tail")
	Label("loop")
	out := s.transposed(from, from.load)
	for i, x := range out {
		VMOVUPS(x, strided(a0, lda, lda3, i%4, 0))
		if i%4 == 3 {
			LEAQ(Mem{Base: a0, Index: lda, Scale: 4}, a0)
		}
	}
	ADDQ(Imm(uint64(from.size*n)), b)
	SUBQ(Imm(uint64(n)), k)
	if half {
		JG(LabelRef("loop"))
	} else {
		JGE(LabelRef("loop"))
	}
	Label("tail")
	if s.masks() || from.size == 4 {
		ADDQ(Imm(uint64(n)), k)
		JEQ(LabelRef("done"))
		out = s.transposed(from, s.tail(from))
		if !half {
			out = out[:n-1]
		}
		for _, x := range out {
			VMOVUPS(x, Mem{Base: a0})
			ADDQ(lda, a0)
			DECQ(k)
			JEQ(LabelRef("done"))
		}
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// tail loads the mask and returns the function that emits the load of a row's tail.
func (s isa) tail(from source) func(m Op, x VecPhysical) {
	if s.masks() {
		if from.name == pairs.name {
			KMOVD(Mem{Base: p, Disp: packMask}, K1)
		} else {
			KMOVW(Mem{Base: p, Disp: packMask}, K1)
		}
		return func(m Op, x VecPhysical) { from.tail(m, K1, x) }
	}
	mask := Y15
	MOVQ(Mem{Base: p, Disp: packMask}, c)
	return func(m Op, x VecPhysical) {
		VMOVUPS(Mem{Base: c}, mask)
		VMASKMOVPS(m, mask, x)
	}
}

// transposed is transpose, in the order of the source.
func (s isa) transposed(from source, load func(m Op, x VecPhysical)) []VecPhysical {
	out := s.transpose(load)
	if from.swap {
		for i := 0; i < len(out); i += 2 {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

// packWidened writes a routine that copies k rows of one or two vectors of 16-bit
// elements, as float32.
func packWidened(s isa, from source) {
	name := "packRows" + from.name + s.name
	TEXT(name, NOSPLIT, "func(p *byte, vecs int)")
	Pragma("noescape")
	doc := " copies p.k rows of one or two vectors as float32."
	last := from.load
	if s.masks() {
		doc = " copies p.k rows of one or two vectors as float32, the last one masked and filled up with zeros."
		last = func(m Op, x VecPhysical) { from.tail(m, K1, x) }
	}
	Doc(name + doc)
	Load(Param("p"), p)
	Load(Param("vecs"), rowTmp)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	MOVQ(Mem{Base: p, Disp: packSrc}, b)
	MOVQ(Mem{Base: p, Disp: packLDSrc}, ldb)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	if s.masks() {
		KMOVW(Mem{Base: p, Disp: packMask}, K1)
	}
	CMPQ(rowTmp, Imm(1))
	JEQ(LabelRef("one"))
	for _, vecs := range []int{2, 1} {
		label := []string{"one", "two"}[vecs-1]
		Label(label)
		PREFETCHT0(Mem{Base: b, Index: ldb, Scale: ahead})
		for v := range vecs {
			load := from.load
			if v+1 == vecs {
				load = last
			}
			load(Mem{Base: b, Disp: v * s.bytes / 2}, s.vec[v])
			VMOVUPS(s.vec[v], Mem{Base: a0, Disp: v * s.bytes})
		}
		ADDQ(ldb, b)
		ADDQ(lda, a0)
		DECQ(k)
		JNE(LabelRef(label))
		VZEROUPPER()
		RET()
	}
}

// packLines writes a routine that copies k rows of 16-bit elements, as float32: row after
// row, since they are long.
func packLines(s isa, from source) {
	name := "packLines" + from.name + s.name
	TEXT(name, NOSPLIT, "func(p *byte, vecs int)")
	Pragma("noescape")
	Doc(name + " copies p.k rows of vectors as float32.")
	Load(Param("p"), p)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	MOVQ(Mem{Base: p, Disp: packSrc}, b)
	MOVQ(Mem{Base: p, Disp: packLDSrc}, ldb)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	dst, src, left := c, rowTmp, ldb3
	copied := func(vecs int) {
		for v := range vecs {
			from.load(Mem{Base: src, Disp: v * s.bytes / 2}, s.vec[v])
			VMOVUPS(s.vec[v], Mem{Base: dst, Disp: v * s.bytes})
		}
		ADDQ(Imm(uint64(vecs*s.bytes/2)), src)
		ADDQ(U32(uint32(vecs*s.bytes)), dst)
	}
	Label("row")
	MOVQ(a0, dst)
	MOVQ(b, src)
	Load(Param("vecs"), left)
	SUBQ(Imm(unroll), left)
	JLT(LabelRef("tail"))
	Label("loop")
	PREFETCHT0(Mem{Base: src, Index: ldb, Scale: 1}) // a part of the next row
	copied(unroll)
	SUBQ(Imm(unroll), left)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(unroll), left)
	JEQ(LabelRef("done"))
	Label("one")
	copied(1)
	DECQ(left)
	JNE(LabelRef("one"))
	Label("done")
	ADDQ(ldb, b)
	ADDQ(lda, a0)
	DECQ(k)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// packPairs writes a routine that makes k rows of pairs out of k rows at p.src and k
// rows at p.ptr.
func packPairs(s isa) {
	name := "packRowsPairs" + s.name
	order := GLOBL("pairOrder", attr.RODATA|attr.NOPTR)
	for i := range 32 { // in which pair i has elements i of the two rows
		DATA(4*i, U32(uint32(32+i)<<16|uint32(i)))
	}
	TEXT(name, NOSPLIT, "func(p *byte, vecs int)")
	Pragma("noescape")
	Doc(name + " pairs p.k rows at p.src with as many at p.ptr, and writes one or two vectors for each, masked and filled up with zeros.")
	Load(Param("p"), p)
	Load(Param("vecs"), rowTmp)
	MOVQ(Mem{Base: p, Disp: packDst}, a0)
	MOVQ(Mem{Base: p, Disp: packLDDst}, lda)
	MOVQ(Mem{Base: p, Disp: packSrc}, b)
	MOVQ(Mem{Base: p, Disp: packPtr}, c)
	MOVQ(Mem{Base: p, Disp: packLDSrc}, ldb)
	MOVQ(Mem{Base: p, Disp: packK}, k)
	KMOVD(Mem{Base: p, Disp: packMask}, K1)
	VMOVDQU16(order, Z30)
	VMOVDQU16(order.Offset(64), Z31)
	CMPQ(rowTmp, Imm(1))
	JEQ(LabelRef("one"))
	for _, vecs := range []int{2, 1} {
		label := []string{"one", "two"}[vecs-1]
		Label(label)
		for _, row := range []GPPhysical{b, c} {
			PREFETCHT0(Mem{Base: row, Index: ldb, Scale: ahead / 2})
		}
		VMOVDQU16_Z(Mem{Base: b}, K1, Z0)
		VMOVDQU16_Z(Mem{Base: c}, K1, Z1)
		for v := range vecs {
			x := VecPhysical(Z0)
			if v+1 < vecs {
				x = Z2
				VMOVDQA64(Z0, x)
			}
			VPERMT2W(Z1, []VecPhysical{Z30, Z31}[v], x)
			VMOVDQU32(x, Mem{Base: a0, Disp: v * s.bytes})
		}
		ADDQ(ldb, b)
		ADDQ(ldb, c)
		ADDQ(lda, a0)
		DECQ(k)
		JNE(LabelRef(label))
		VZEROUPPER()
		RET()
	}
}

// as is the end of the sentence about packing from s.
func (s source) as() string {
	if s.size == 2 {
		return ", as float32"
	}
	return ""
}
