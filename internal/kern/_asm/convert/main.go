// Command convert generates the conversions between element types.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../convert_amd64.s -stubs ../../convert_stub_amd64.go -pkg kern

func main() {
	half, one, quiet := isa.Word("bf16Half", 0x7fff), isa.Word("bf16One", 1), isa.Word("bf16Quiet", 0x40)
	for _, a := range isa.All {
		convert(a, "scaleU8", "float32", "uint8", 4, 1, ", scale, offset float32", func() func(d, s Mem) {
			scale, offset := a.Broadcast("scale"), a.Broadcast("offset")
			return func(d, s Mem) {
				v := a.Vec()
				VPMOVZXBD(s, v)
				VCVTDQ2PS(v, v)
				VMULPS(scale, v, v)
				VADDPS(offset, v, v)
				VMOVUPS(v, d)
			}
		})
		convert(a, "f16ToF32", "float32", "uint16", 4, 2, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				v := a.Vec()
				VCVTPH2PS(s, v)
				VMOVUPS(v, d)
			}
		})
		convert(a, "f32ToF16", "uint16", "float32", 2, 4, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				v := a.Vec()
				VMOVUPS(s, v)
				toF16(v, d, nil)
			}
		})
		convert(a, "bf16ToF32", "float32", "uint16", 4, 2, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				v := a.Vec()
				VPMOVZXWD(s, v)
				VPSLLD(Imm(16), v, v)
				VMOVUPS(v, d)
			}
		})
		convert(a, "f32ToBF16", "uint16", "float32", 2, 4, "", func() func(d, s Mem) {
			store, _ := toBF16(a, half, one, quiet)
			return func(d, s Mem) {
				v := a.Vec()
				VMOVUPS(s, v)
				store(v, d, nil)
			}
		})
		convert(a, "f32ToF64", "float64", "float32", 8, 4, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				for range 2 {
					v := a.Vec()
					VCVTPS2PD(s, v)
					VMOVUPD(v, d)
					d, s = d.Offset(4*a.W), s.Offset(2*a.W)
				}
			}
		})
		convert(a, "f64ToF32", "float32", "float64", 4, 8, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				for range 2 {
					v := a.Half()
					if a.Wide() {
						VCVTPD2PS(s, v)
					} else {
						VCVTPD2PSY(s, v)
					}
					VMOVUPS(v, d)
					d, s = d.Offset(2*a.W), s.Offset(4*a.W)
				}
			}
		})
		convert(a, "i32ToF32", "float32", "int32", 4, 4, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				v := a.Vec()
				VCVTDQ2PS(s, v)
				VMOVUPS(v, d)
			}
		})
		convert(a, "f32ToI32", "int32", "float32", 4, 4, "", func() func(d, s Mem) {
			return func(d, s Mem) {
				v := a.Vec()
				VCVTTPS2DQ(s, v)
				VMOVUPS(v, d)
			}
		})
		rows(a, "f32ToBF16Rows", func() (storing, storingTwo) { return toBF16(a, half, one, quiet) })
		rows(a, "f32ToF16Rows", func() (storing, storingTwo) { return toF16, nil })
	}
	prefetch()
	writeNEON()
	isa.Write()
}

// prefetch emits the touching of n bytes, by cache lines.
func prefetch() {
	TEXT("prefetchLines", attr.NOSPLIT, "func(p *byte, n int)")
	Doc("prefetchLines is prefetch.")
	Pragma("noescape")
	p, n := Load(Param("p"), GP64()), Load(Param("n"), GP64())
	ADDQ(p, n)
	Label("line")
	CMPQ(p, n)
	JGE(LabelRef("done"))
	PREFETCHT0(Mem{Base: p})
	ADDQ(Imm(64), p)
	JMP(LabelRef("line"))
	Label("done")
	RET()
}

// convert emits a loop over n elements, a multiple of W. Setup emits the instructions
// before the loop and returns the function that emits the conversion of W elements.
func convert(a isa.ISA, name, dst, src string, dstSize, srcSize int, params string, setup func() func(d, s Mem)) {
	a.Func(isa.Kernel{
		Name: name, Sig: fmt.Sprintf("func(dst *%s, src *%s, n int%s)", dst, src, params),
		Doc: fmt.Sprintf("is %s for n a multiple of %d.", name, a.W), Regs: 1,
	})
	d, s, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	body := setup()
	for _, unroll := range []int{4, 1} {
		loop, end := fmt.Sprintf("by%d", unroll), fmt.Sprintf("end%d", unroll)
		step := unroll * a.W
		SUBQ(I32(step), n)
		JL(LabelRef(end))
		Label(loop)
		for i := range unroll {
			body(Mem{Base: d}.Offset(i*a.W*dstSize), Mem{Base: s}.Offset(i*a.W*srcSize))
		}
		ADDQ(I32(step*dstSize), d)
		ADDQ(I32(step*srcSize), s)
		SUBQ(I32(step), n)
		JGE(LabelRef(loop))
		Label(end)
		ADDQ(I32(step), n)
	}
	isa.Leave()
}

// rows emits the rounding of rows of n elements, rows ldSrc and ldDst bytes apart. The
// mask is of the elements after the last whole vector; AVX2 has none there.
func rows(a isa.ISA, name string, setup func() (one storing, two storingTwo)) {
	params, doc := "", fmt.Sprintf("rounds rows of n elements, a multiple of %d.", a.W)
	if a.Wide() {
		params, doc = ", mask uint64", fmt.Sprintf("rounds rows of n elements, a multiple of %d, and those of the mask.", a.W)
	}
	a.Text(name, "func(dst *uint16, ldDst int, src *float32, ldSrc, rows, n int"+params+")", doc)
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	ldDst, ldSrc := Load(Param("ldDst"), GP64()), Load(Param("ldSrc"), GP64())
	count, n := Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	mask, bits := K(), GP64()
	if a.Wide() {
		Load(Param("mask"), bits)
		KMOVW(bits.As32(), mask)
	}
	store, two := setup()
	at := GP64()
	d, s := Mem{Base: dst, Index: at, Scale: 2}, Mem{Base: src, Index: at, Scale: 4}
	even := GP64()
	if two != nil {
		MOVQ(n, even)
		ANDQ(I32(-2*a.W), even)
	}
	Label("row")
	XORQ(at, at)
	if two != nil {
		CMPQ(at, even)
		JGE(LabelRef("last"))
		Label("two")
		v, w := a.Vec(), a.Vec()
		VMOVUPS(s, v)
		VMOVUPS(s.Offset(4*a.W), w)
		two(v, w, d)
		ADDQ(I32(2*a.W), at)
		CMPQ(at, even)
		JL(LabelRef("two"))
		Label("last")
	}
	CMPQ(at, n)
	JGE(LabelRef("tail"))
	Label("whole")
	v := a.Vec()
	VMOVUPS(s, v)
	store(v, d, nil)
	ADDQ(Imm(uint64(a.W)), at)
	CMPQ(at, n)
	JL(LabelRef("whole"))
	Label("tail")
	if a.Wide() {
		TESTQ(bits, bits)
		JEQ(LabelRef("next"))
		v := a.LoadMasked(s, mask)
		store(v, d, mask)
		Label("next")
	}
	ADDQ(ldDst, dst)
	ADDQ(ldSrc, src)
	DECQ(count)
	JNE(LabelRef("row"))
	isa.Leave()
}

// storing emits the rounding of v and its storing at d, under AVX-512's mask unless
// that is nil.
type storing func(v reg.VecVirtual, d Mem, mask reg.Register)

// storingTwo emits it for two vectors, which fill a register. It is nil where one at a time
// is no slower.
type storingTwo func(v, w reg.VecVirtual, d Mem)

// toF16 rounds to nearest, ties to even, which is 0.
func toF16(v reg.VecVirtual, d Mem, mask reg.Register) {
	if mask != nil {
		VCVTPS2PH(Imm(0), v, mask, d)
	} else {
		VCVTPS2PH(Imm(0), v, d)
	}
}

// toBF16 adds half a unit, or just less if the kept part is even, and cuts off;
// NaNs are cut off and made quiet.
func toBF16(a isa.ISA, halfUnit, unit, quietBit Mem) (storing, storingTwo) {
	half, one, quiet := a.Vec(), a.Vec(), a.Vec()
	VMOVUPS(halfUnit, half)
	VMOVUPS(unit, one)
	VMOVUPS(quietBit, quiet)
	if a.Wide() {
		return func(v reg.VecVirtual, d Mem, mask reg.Register) {
			r, nan, k := a.Vec(), a.Vec(), K()
			VPSRLD(Imm(16), v, nan)
			VPANDD(one, nan, r)
			VPADDD(half, r, r)
			VPADDD(v, r, r)
			VPSRLD(Imm(16), r, r)
			VCMPPS(Imm(3), v, v, k)
			VPORD(quiet, nan, k, r)
			if mask != nil {
				VPMOVDW(r, mask, d)
			} else {
				VPMOVDW(r, d)
			}
		}, nil
	}
	words := func(v reg.VecVirtual) reg.VecVirtual {
		r := a.Vec()
		VPSRLD(Imm(16), v, r)
		VPAND(one, r, r)
		VPADDD(half, r, r)
		VPADDD(v, r, r)
		VPSRLD(Imm(16), r, r)
		return r
	}
	quieted := func(v, r reg.VecVirtual) {
		nan, is := a.Vec(), a.Vec()
		VPSRLD(Imm(16), v, nan)
		VPOR(quiet, nan, nan)
		VCMPPS(Imm(3), v, v, is)
		VBLENDVPS(is, nan, r, r)
	}
	return func(v reg.VecVirtual, d Mem, _ reg.Register) {
			r := words(v)
			quieted(v, r)
			VPACKUSDW(r, r, r)
			VPERMQ(Imm(8), r, r)
			VMOVDQU(r.AsX(), d)
		}, func(v, w reg.VecVirtual, d Mem) {
			r, next := words(v), words(w)
			any, found := a.Vec(), GP32()
			VCMPPS(Imm(3), v, w, any)
			VMOVMSKPS(any, found)
			TESTL(found, found)
			JEQ(LabelRef("numbers"))
			quieted(v, r)
			quieted(w, next)
			Label("numbers")
			VPACKUSDW(next, r, r)
			VPERMQ(Imm(0xd8), r, r)
			VMOVDQU(r, d)
		}
}
