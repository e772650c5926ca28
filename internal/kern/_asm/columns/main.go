// Command columns generates the sums along columns.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../columns_amd64.s -stubs ../../columns_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

func main() {
	iota := isa.Iota()
	for _, a := range isa.All {
		sum(a, iota)
		moments(a, iota)
		products(a, iota)
	}
	isa.Write()
}

func gp(param string) reg.GPVirtual { return Load(Param(param), GP64()).(reg.GPVirtual) }

func rows() Mem {
	b, err := Param("rows").Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func load(a isa.ISA, p reg.Register, i int, mask reg.Register) vec {
	at := Mem{Base: p, Disp: 4 * a.W * i}
	if mask != nil {
		return a.LoadMasked(at, mask)
	}
	v := a.Vec()
	VMOVUPS(at, v)
	return v
}

func store(a isa.ISA, v vec, p reg.Register, i int, mask reg.Register) {
	at := Mem{Base: p, Disp: 4 * a.W * i}
	if mask != nil {
		a.StoreMasked(v, mask, at)
		return
	}
	VMOVUPS(v, at)
}

// loop writes the loop over rows for four registers of columns at a time, one, and a part of one.
// What params point to is loaded before it, and the first of that are sums, which are stored behind
// it; elements point to rows, ld bytes apart, which step reads.
func loop(a isa.ISA, iota Mem, sums int, params, elements []string, step func(held []vec, x []vec)) {
	var held, rowsOf []reg.GPVirtual
	for _, p := range params {
		held = append(held, gp(p))
	}
	for _, p := range elements {
		rowsOf = append(rowsOf, gp(p))
	}
	cols, ld := gp("cols"), gp("ld")
	body := func(label string, regs int, mask reg.Register) {
		vecs := make([][]vec, regs)
		for i := range vecs {
			for _, p := range held {
				vecs[i] = append(vecs[i], load(a, p, i, mask))
			}
		}
		n := GP64()
		MOVQ(rows(), n)
		var at []reg.GPVirtual
		for _, p := range rowsOf {
			q := GP64()
			MOVQ(p, q)
			at = append(at, q)
		}
		TESTQ(n, n)
		JLE(LabelRef(label + "_end"))
		Label(label + "_row")
		for i, v := range vecs {
			var x []vec
			for _, q := range at {
				x = append(x, load(a, q, i, mask))
			}
			step(v, x)
		}
		for _, q := range at {
			ADDQ(ld, q)
		}
		DECQ(n)
		JNZ(LabelRef(label + "_row"))
		Label(label + "_end")
		for i, v := range vecs {
			for j := range sums {
				store(a, v[j], held[j], i, mask)
			}
		}
	}
	for _, regs := range []int{4, 1} {
		label := map[int]string{4: "four", 1: "one"}[regs]
		Label(label)
		CMPQ(cols, I32(regs*a.W))
		JL(LabelRef(label + "_done"))
		body(label, regs, nil)
		for _, p := range append(held[:len(held):len(held)], rowsOf...) {
			ADDQ(I32(4*a.W*regs), p)
		}
		SUBQ(I32(regs*a.W), cols)
		JMP(LabelRef(label))
		Label(label + "_done")
	}
	TESTQ(cols, cols)
	JLE(LabelRef("done"))
	body("rest", 1, a.Mask(a.Count(cols), iota, 0))
	Label("done")
	isa.Leave()
}

func sum(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: "columnSum", Sig: "func(sum, x *float32, rows, cols, ld int)", Doc: "is columnSum."})
	loop(a, iota, 1, []string{"sum"}, []string{"x"}, func(held, x []vec) { VADDPS(x[0], held[0], held[0]) })
}

func moments(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: "columnMoments", Sig: "func(sum, squares, shift, x *float32, rows, cols, ld int)", Doc: "is columnMoments."})
	loop(a, iota, 2, []string{"sum", "squares", "shift"}, []string{"x"}, func(held, x []vec) {
		VSUBPS(held[2], x[0], x[0])
		VADDPS(x[0], held[0], held[0])
		VFMADD231PS(x[0], x[0], held[1])
	})
}

func products(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: "columnProducts", Sig: "func(sum, dot, shift, dy, x *float32, rows, cols, ld int)", Doc: "is columnProducts."})
	loop(a, iota, 2, []string{"sum", "dot", "shift"}, []string{"dy", "x"}, func(held, x []vec) {
		VSUBPS(held[2], x[1], x[1])
		VADDPS(x[0], held[0], held[0])
		VMULPS(x[0], x[1], x[1])
		VADDPS(x[1], held[1], held[1])
	})
}
