// Command softmax generates the passes of softmax and its losses that combine rows
// with one number per row.
package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run main.go -out ../../softmax_amd64.s -stubs ../../softmax_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// A pass computes rows of dst from those of in and from numbers per row.
type pass struct {
	name        string
	in, numbers []string
	body        func(x, s []vec) vec
}

var passes = []pass{
	{"subRows", []string{"x"}, []string{"v"}, func(x, s []vec) vec {
		VSUBPS(s[0], x[0], x[0])
		return x[0]
	}},
	{"scaleRows", []string{"x"}, []string{"v"}, func(x, s []vec) vec {
		VMULPS(s[0], x[0], x[0])
		return x[0]
	}},
	{"subMulRows", []string{"x", "y"}, []string{"v"}, func(x, s []vec) vec {
		VSUBPS(s[0], x[0], x[0])
		VMULPS(x[1], x[0], x[0])
		return x[0]
	}},
	{"entropyGradRows", []string{"p", "l"}, []string{"s", "v"}, func(x, s []vec) vec {
		VMULPS(s[0], x[0], x[0])
		VSUBPS(x[1], x[0], x[0])
		VMULPS(s[1], x[0], x[0])
		return x[0]
	}},
}

func main() {
	iota := isa.Iota()
	for _, a := range isa.All {
		for _, p := range passes {
			p.emit(a, iota)
		}
	}
	isa.Write()
}

func (p pass) emit(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{
		Name: p.name, Sig: fmt.Sprintf("func(dst, %s, %s *float32, rows, cols int)", strings.Join(p.in, ", "), strings.Join(p.numbers, ", ")),
		Doc: "is " + p.name + ".",
	})
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, rows, cols := load("dst"), load("rows"), load("cols")
	var in, numbers []reg.GPVirtual
	for _, name := range p.in {
		in = append(in, load(name))
	}
	for _, name := range p.numbers {
		numbers = append(numbers, load(name))
	}
	TESTQ(rows, rows)
	JLE(LabelRef("done"))
	rest, whole, i := GP64(), GP64(), GP64()
	MOVQ(cols, rest)
	ANDQ(Imm(uint64(a.W-1)), rest)
	MOVQ(cols, whole)
	SUBQ(rest, whole)
	mask := a.Mask(a.Count(rest), iota, 0)
	s := make([]vec, len(numbers))
	for j := range s {
		s[j] = a.Vec()
	}
	next := func(of []reg.GPVirtual, by Mem) {
		for _, base := range of {
			by.Base = base
			LEAQ(by, base)
		}
	}
	row := Mem{Index: cols, Scale: 4}
	number := Mem{Disp: 4}
	broadcast := func() {
		for j, base := range numbers {
			VBROADCASTSS(Mem{Base: base}, s[j])
		}
		next(numbers, number)
	}
	TESTQ(whole, whole)
	JNZ(LabelRef("row"))

	// Rows shorter than a register, several at a time: all are read before the first
	// is written. A row read right after the one before it was written, in place,
	// would wait for that write.
	n := 8
	if !a.Wide() && len(in) > 1 {
		n = 4
	}
	Label("several")
	CMPQ(rows, Imm(uint64(n)))
	JL(LabelRef("row"))
	x := make([][]vec, n)
	for r := range x {
		for _, base := range in {
			x[r] = append(x[r], a.LoadMasked(Mem{Base: base}, mask))
		}
		next(in, row)
	}
	for r := range x {
		broadcast()
		x[r][0] = p.body(x[r], s)
	}
	for r := range x {
		a.StoreMasked(x[r][0], mask, Mem{Base: dst})
		next([]reg.GPVirtual{dst}, row)
	}
	SUBQ(Imm(uint64(n)), rows)
	JNZ(LabelRef("several"))
	JMP(LabelRef("done"))

	Label("row")
	broadcast()
	XORQ(i, i)
	at := func(base reg.Register) Mem { return Mem{Base: base, Index: i, Scale: 4} }
	TESTQ(whole, whole)
	JZ(LabelRef("rest"))
	Label("whole")
	y := make([]vec, len(in))
	for j, base := range in {
		y[j] = a.Vec()
		VMOVUPS(at(base), y[j])
	}
	VMOVUPS(p.body(y, s), at(dst))
	ADDQ(Imm(uint64(a.W)), i)
	CMPQ(i, whole)
	JL(LabelRef("whole"))
	Label("rest")
	TESTQ(rest, rest)
	JZ(LabelRef("next"))
	for j, base := range in {
		y[j] = a.LoadMasked(at(base), mask)
	}
	a.StoreMasked(p.body(y, s), mask, at(dst))
	Label("next")
	next(append(in, dst), row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Label("done")
	isa.Leave()
}
