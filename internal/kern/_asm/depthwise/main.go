// Command depthwise generates the loops of depthwise convolutions.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../depthwise_amd64.s -stubs ../../depthwise_stub_amd64.go -pkg kern

func main() {
	iota := isa.Iota()
	for _, a := range isa.All {
		forward(a, iota)
		gradient(a, iota, "depthwiseGrad4", 4)
		gradient(a, iota, "depthwiseGrad1", 1)
	}
	isa.Write()
}

func gp(param string) reg.GPVirtual { return Load(Param(param), GP64()).(reg.GPVirtual) }

func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// blocks writes body for every vector of channels, with masks for the last one, and moves
// the pointers on.
func blocks(a isa.ISA, iota Mem, cols reg.GPVirtual, pointers []reg.GPVirtual, body func(label string, mask reg.Register)) {
	Label("full")
	CMPQ(cols, I32(a.W))
	JL(LabelRef("rest"))
	body("full", nil)
	for _, p := range pointers {
		ADDQ(I32(4*a.W), p)
	}
	SUBQ(I32(a.W), cols)
	JMP(LabelRef("full"))
	Label("rest")
	TESTQ(cols, cols)
	JLE(LabelRef("done"))
	body("rest", a.Mask(a.Count(cols), iota, 0))
	Label("done")
	isa.Leave()
}

func load(a isa.ISA, at Mem, mask reg.Register) reg.VecVirtual {
	if mask != nil {
		return a.LoadMasked(at, mask)
	}
	v := a.Vec()
	VMOVUPS(at, v)
	return v
}

func store(a isa.ISA, v reg.VecVirtual, mask reg.Register, at Mem) {
	if mask != nil {
		a.StoreMasked(v, mask, at)
		return
	}
	VMOVUPS(v, at)
}

// fma adds the product of w and what lies in memory to acc.
func fma(a isa.ISA, at Mem, mask reg.Register, w, acc reg.VecVirtual) {
	if mask != nil {
		VFMADD231PS(a.LoadMasked(at, mask), w, acc)
		return
	}
	VFMADD231PS(at, w, acc)
}

// forward writes the loop over places, four at a time, of which each takes the sum over
// taps. Distances are in bytes.
func forward(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: "depthwise", Sig: "func(dst, x, w, bias *float32, at *int, taps, ldw, cols, places, step, ld int, low, high float32)", Doc: "is depthwise."})
	dst, x, w, bias, cols, step, ld := gp("dst"), gp("x"), gp("w"), gp("bias"), gp("cols"), gp("step"), gp("ld")
	step3 := GP64()
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	low, high := a.Broadcast("low"), a.Broadcast("high")
	blocks(a, iota, cols, []reg.GPVirtual{dst, x, w, bias}, func(label string, mask reg.Register) {
		q, d, n := GP64(), GP64(), GP64()
		MOVQ(x, q)
		MOVQ(dst, d)
		MOVQ(param("places"), n)
		first := load(a, Mem{Base: bias}, mask)
		group := func(label string, rows int) {
			acc := make([]reg.VecVirtual, rows)
			for i := range acc {
				acc[i] = a.Vec()
				a.Copy(first, acc[i])
			}
			tap, wp, t, p := GP64(), GP64(), GP64(), GP64()
			MOVQ(param("at"), tap)
			MOVQ(w, wp)
			MOVQ(param("taps"), t)
			TESTQ(t, t)
			JLE(LabelRef(label + "_store"))
			Label(label + "_tap")
			MOVQ(Mem{Base: tap}, p)
			ADDQ(q, p)
			v := load(a, Mem{Base: wp}, mask)
			at := []Mem{{Base: p}, {Base: p, Index: step, Scale: 1}, {Base: p, Index: step, Scale: 2}, {Base: p, Index: step3, Scale: 1}}
			for i := range acc {
				fma(a, at[i], mask, v, acc[i])
			}
			ADDQ(Imm(8), tap)
			ADDQ(param("ldw"), wp)
			DECQ(t)
			JNZ(LabelRef(label + "_tap"))
			Label(label + "_store")
			for i := range acc {
				VMAXPS(acc[i], low, acc[i]) // a NaN stays
				VMINPS(acc[i], high, acc[i])
				store(a, acc[i], mask, Mem{Base: d})
				ADDQ(ld, d)
			}
			if rows == 1 {
				ADDQ(step, q)
			} else {
				LEAQ(Mem{Base: q, Index: step, Scale: 4}, q)
			}
			SUBQ(Imm(uint64(rows)), n)
		}
		Label(label + "_four")
		CMPQ(n, Imm(4))
		JL(LabelRef(label + "_one"))
		group(label+"_four", 4)
		JMP(LabelRef(label + "_four"))
		Label(label + "_one")
		TESTQ(n, n)
		JLE(LabelRef(label + "_end"))
		group(label+"_one", 1)
		JMP(LabelRef(label + "_one"))
		Label(label + "_end")
	})
}

// gradient writes the loop that adds, for some taps, the products of all places.
func gradient(a isa.ISA, iota Mem, name string, taps int) {
	a.Func(isa.Kernel{Name: name, Sig: "func(dw, x, dy *float32, at *int, ldw, cols, places, step, ld int)", Doc: "is " + name + "."})
	dw, x, dy, cols, step, ld := gp("dw"), gp("x"), gp("dy"), gp("cols"), gp("step"), gp("ld")
	off := make([]reg.GPVirtual, taps)
	table := gp("at")
	for i := range off {
		off[i] = GP64()
		MOVQ(Mem{Base: table, Disp: 8 * i}, off[i])
	}
	blocks(a, iota, cols, []reg.GPVirtual{dw, x, dy}, func(label string, mask reg.Register) {
		acc := make([]reg.VecVirtual, taps)
		p := GP64()
		MOVQ(dw, p)
		for i := range acc {
			acc[i] = load(a, Mem{Base: p}, mask)
			ADDQ(param("ldw"), p)
		}
		q, d, n := GP64(), GP64(), GP64()
		MOVQ(x, q)
		MOVQ(dy, d)
		MOVQ(param("places"), n)
		TESTQ(n, n)
		JLE(LabelRef(label + "_end"))
		Label(label + "_place")
		v := load(a, Mem{Base: d}, mask)
		for i := range acc {
			fma(a, Mem{Base: q, Index: off[i], Scale: 1}, mask, v, acc[i])
		}
		ADDQ(step, q)
		ADDQ(ld, d)
		DECQ(n)
		JNZ(LabelRef(label + "_place"))
		Label(label + "_end")
		MOVQ(dw, p)
		for i := range acc {
			store(a, acc[i], mask, Mem{Base: p})
			ADDQ(param("ldw"), p)
		}
	})
}
