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
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

//go:generate go run . -out ../../softmax_amd64.s -stubs ../../softmax_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// A pass computes rows of dst from those of in and from numbers per row.
type pass struct {
	name        string
	in, numbers []string
	body        func(a isa.ISA, x, s []vec) vec
}

var passes = []pass{
	{"subRows", []string{"x"}, []string{"v"}, func(a isa.ISA, x, s []vec) vec {
		a.Sub(s[0], x[0], x[0])
		return x[0]
	}},
	{"scaleRows", []string{"x"}, []string{"v"}, func(a isa.ISA, x, s []vec) vec {
		a.Mul(s[0], x[0], x[0])
		return x[0]
	}},
	{"subMulRows", []string{"x", "y"}, []string{"v"}, func(a isa.ISA, x, s []vec) vec {
		a.Sub(s[0], x[0], x[0])
		a.Mul(x[1], x[0], x[0])
		return x[0]
	}},
	{"entropyGradRows", []string{"p", "l"}, []string{"s", "v"}, func(a isa.ISA, x, s []vec) vec {
		a.Mul(s[0], x[0], x[0])
		a.Sub(x[1], x[0], x[0])
		a.Mul(s[1], x[0], x[0])
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
	arm := &neon.File{}
	for _, p := range passes {
		p.emitNEON(arm)
	}
	isa.Write()
}

func (p pass) sig() string {
	return fmt.Sprintf("func(dst, %s, %s *float32, rows, cols int)", strings.Join(p.in, ", "), strings.Join(p.numbers, ", "))
}

func (p pass) emit(a isa.ISA, iota Mem) {
	a.Func(isa.Kernel{Name: p.name, Sig: p.sig(), Doc: "is " + p.name + "."})
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
		x[r][0] = p.body(a, x[r], s)
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
	VMOVUPS(p.body(a, y, s), at(dst))
	ADDQ(Imm(uint64(a.W)), i)
	CMPQ(i, whole)
	JL(LabelRef("whole"))
	Label("rest")
	TESTQ(rest, rest)
	JZ(LabelRef("next"))
	for j, base := range in {
		y[j] = a.LoadMasked(at(base), mask)
	}
	a.StoreMasked(p.body(a, y, s), mask, at(dst))
	Label("next")
	next(append(in, dst), row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Label("done")
	isa.Leave()
}

// emitNEON emits the pass for arm64.
func (p pass) emitNEON(file *neon.File) {
	file.Func(p.name+"NEON", p.sig(), "is "+p.name+".", func(f *neon.Func, _ int) {
		a := isa.NEON(file, f)
		dst, rows, cols := f.Arg("dst", ""), f.Arg("rows", ""), f.Arg("cols", "")
		var in, numbers []neon.GP
		for _, name := range p.in {
			in = append(in, f.Arg(name, ""))
		}
		for _, name := range p.numbers {
			numbers = append(numbers, f.Arg(name, ""))
		}
		left := f.GP()
		f.Plain("CMP $0, %v", rows)
		f.Branch("BLE", "done")
		f.Label("row")
		var s []vec
		for _, base := range numbers {
			s = append(s, a.Next(base))
		}
		f.Plain("MOVD %v, %v", cols, left)
		f.Pass(left, 4, append([]neon.GP{dst}, in...), func(vectors int, one bool) {
			for i := range vectors {
				var x []vec
				for _, base := range in {
					v := a.Vec()
					f.Load(isa.Arm(v), base, 16*i, one)
					x = append(x, v)
				}
				f.Store(isa.Arm(p.body(a, x, s)), dst, 16*i, one)
			}
		})
		f.Plain("SUBS $1, %v, %v", rows, rows)
		f.Branch("BNE", "row")
		f.Label("done")
		f.Ret()
	})
	isa.HasNEON(p.name, file)
}
