// Command runs generates the sums of runs of pixels.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../runs_amd64.s -stubs ../../runs_stub_amd64.go -pkg kern

// A pixel takes half a register of AVX2, which serves the machines with AVX-512 as well.
var a = isa.AVX2

func main() {
	mask := GLOBL("triple", 24) // RODATA|NOPTR
	for i := range 4 {
		v := uint32(1<<32 - 1)
		if i == 3 {
			v = 0
		}
		DATA(4*i, U32(v))
	}
	three := XMM()
	sum("sumTriples", "src *float32", "src", 12, func() { VMOVDQU(mask, three) },
		func(at Mem, to reg.VecVirtual) { VMASKMOVPS(at, three, to) })
	sum("sumPixels", "pix *uint8", "pix", 4, func() {},
		func(at Mem, to reg.VecVirtual) {
			VPMOVZXBD(at, to)
			VCVTDQ2PS(to, to)
		})
	isa.Write()
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// sum emits a function of pixels of so many bytes, which load makes three numbers of.
func sum(name, param, source string, bytes int, begin func(), load func(at Mem, to reg.VecVirtual)) {
	a.Text(name, "func(dst *float32, "+param+", at, length *int, weight *float32, most, n int)", "is "+name+" for n elements, one or more.")
	dst, src, at, length, weight, most, n := gp("dst"), gp(source), gp("at"), gp("length"), gp("weight"), gp("most"), gp("n")
	SHLQ(Imm(2), most)
	begin()
	i := GP64()
	XORQ(i, i)
	Label("element")
	p, k, left := GP64(), GP64(), GP64()
	MOVQ(Mem{Base: at, Index: i, Scale: 8}, p)
	if bytes == 12 {
		LEAQ(Mem{Base: p, Index: p, Scale: 2}, p)
	}
	SHLQ(Imm(2), p)
	ADDQ(src, p)
	MOVQ(Mem{Base: length, Index: i, Scale: 8}, left)
	XORQ(k, k)
	acc, x, w := XMM(), XMM(), XMM()
	VXORPS(acc, acc, acc)
	TESTQ(left, left)
	JZ(LabelRef("store"))
	Label("pixel")
	load(Mem{Base: p}, x)
	VBROADCASTSS(Mem{Base: weight, Index: k, Scale: 4}, w)
	VMULPS(w, x, x)
	VADDPS(x, acc, acc)
	ADDQ(Imm(uint64(bytes)), p)
	INCQ(k)
	CMPQ(k, left)
	JL(LabelRef("pixel"))
	Label("store")
	VMOVLPS(acc, Mem{Base: dst})
	VEXTRACTPS(Imm(2), acc, Mem{Base: dst, Disp: 8})
	ADDQ(Imm(12), dst)
	ADDQ(most, weight)
	INCQ(i)
	CMPQ(i, n)
	JL(LabelRef("element"))
	isa.Leave()
}
