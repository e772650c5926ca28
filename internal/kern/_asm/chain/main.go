// Command chain generates the loop of several elementwise functions in a row.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../chain_amd64.s -stubs ../../chain_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// Two registers of operands are loaded in a cycle, of whatever width: registers of AVX2 serve
// the machines with AVX-512 as well.
var a = isa.AVX2

// cons are registers that links read: 0, and the bounds of the link at hand.
type cons struct{ zero, lo, hi vec }

// links are the functions, in the order of package kern's: what each makes of the value v and of
// an operand in memory.
var links = []struct {
	name   string
	bounds bool
	apply  func(v vec, at Mem, c cons)
}{
	{"add", false, func(v vec, at Mem, _ cons) { VADDPS(at, v, v) }},
	{"mul", false, func(v vec, at Mem, _ cons) { VMULPS(at, v, v) }},
	{"sub", false, func(v vec, at Mem, _ cons) { VSUBPS(at, v, v) }},
	{"subFrom", false, func(v vec, at Mem, _ cons) {
		t := load(at)
		VSUBPS(v, t, v)
	}},
	{"relu", false, func(v vec, _ Mem, c cons) { VMAXPS(v, c.zero, v) }},
	{"reluGrad", false, func(v vec, at Mem, c cons) { // of the output in memory
		t := load(at)
		VCMPPS(Imm(30), c.zero, t, t)
		VANDPS(t, v, v)
	}},
	{"reluGradOf", false, func(v vec, at Mem, c cons) { // of the gradient in memory
		VCMPPS(Imm(30), c.zero, v, v)
		VANDPS(at, v, v)
	}},
	{"square", false, func(v vec, _ Mem, _ cons) { VMULPS(v, v, v) }},
	{"clip", true, func(v vec, _ Mem, c cons) {
		VMAXPS(v, c.lo, v)
		VMINPS(v, c.hi, v)
	}},
	{"clipGrad", true, func(v vec, at Mem, c cons) { // of what is clipped in memory
		t, u := load(at), a.Vec()
		VCMPPS(Imm(29), c.lo, t, u)
		VANDPS(u, v, v)
		VCMPPS(Imm(18), c.hi, t, t)
		VANDPS(t, v, v)
	}},
	{"clipGradOf", true, func(v vec, at Mem, c cons) { // of the gradient in memory
		u := a.Vec()
		VCMPPS(Imm(29), c.lo, v, u)
		VCMPPS(Imm(18), c.hi, v, v)
		VANDPS(u, v, v)
		VANDPS(at, v, v)
	}},
}

func load(at Mem) vec {
	v := a.Vec()
	VMOVUPS(at, v)
	return v
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

func main() {
	a.Text("chain", "func(dst, x *float32, links *uint64, count, n int)",
		"applies count links, each a kind, the address of its operand and two bounds, to n elements, a multiple of 8.")
	dst, x, first, count, n := gp("dst"), gp("x"), gp("links"), gp("count"), gp("n")
	at := GP64()
	c := cons{a.Vec(), a.Vec(), a.Vec()}
	XORQ(at, at)
	isa.Zero(c.zero)
	link, left, kind, operand := GP64(), GP64(), GP64(), GP64()
	for _, block := range []struct {
		name string
		regs int
	}{{"wide", 8}, {"narrow", 1}} {
		label := func(s string) string { return block.name + "_" + s }
		Label(label("block"))
		SUBQ(I32(block.regs*a.W), n)
		JL(LabelRef(label("end")))
		var acc []vec
		for i := range block.regs {
			acc = append(acc, load(Mem{Base: x, Index: at, Scale: 4, Disp: 4 * a.W * i}))
		}
		MOVQ(first, link)
		MOVQ(count, left)
		Label(label("link"))
		MOVQ(Mem{Base: link}, kind)
		MOVQ(Mem{Base: link, Disp: 8}, operand)
		for i, l := range links {
			next := label("not_" + l.name)
			if i < len(links)-1 {
				CMPQ(kind, I32(i))
				JNE(LabelRef(next))
			}
			if l.bounds {
				VBROADCASTSS(Mem{Base: link, Disp: 16}, c.lo)
				VBROADCASTSS(Mem{Base: link, Disp: 20}, c.hi)
			}
			for j, v := range acc {
				l.apply(v, Mem{Base: operand, Index: at, Scale: 4, Disp: 4 * a.W * j}, c)
			}
			if i < len(links)-1 {
				JMP(LabelRef(label("linked")))
				Label(next)
			}
		}
		Label(label("linked"))
		ADDQ(Imm(24), link)
		DECQ(left)
		JNZ(LabelRef(label("link")))
		for i, v := range acc {
			VMOVUPS(v, Mem{Base: dst, Index: at, Scale: 4, Disp: 4 * a.W * i})
		}
		ADDQ(I32(block.regs*a.W), at)
		JMP(LabelRef(label("block")))
		Label(label("end"))
		ADDQ(I32(block.regs*a.W), n)
	}
	isa.Leave()
	isa.Write()
}
