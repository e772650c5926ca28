package kernels

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

// lanes is in how many a row is reduced, see kern/reduce.go.
const lanes = 64

// writeReductions emits the reductions of halves.
func writeReductions(g *gen, half string) {
	g.sumCols(half)
	g.rowOf("SumRows", half, 0, false, func(acc, x reg.VecVirtual) { VADDPS(x, acc, acc) }, VADDPS)
	g.rowOf("MaxRows", half, negInf, true, func(acc, x reg.VecVirtual) { VMAXPS(x, acc, acc) }, VMAXPS)
	g.rowOf("MinRows", half, negInf^signBit, true, func(acc, x reg.VecVirtual) { VMINPS(x, acc, acc) }, VMINPS)
}

// widen loads a register of float32 from as many halves.
func (g *gen) widen(half string, at operand.Mem) reg.VecVirtual {
	v := g.reg()
	if half == "F16" {
		VCVTPH2PS(at, v)
	} else {
		VPMOVZXWD(at, v)
		VPSLLD(operand.U8(16), v, v)
	}
	return v
}

// sumCols emits the sum of columns, row after row, in strips of eight registers, of four and of
// one.
func (g *gen) sumCols(half string) {
	g.isa().Func(isa.Kernel{
		Name: "hSumCols" + half, Sig: "func(dst *float32, x *uint16, rows, cols, ld int)", Loop: isa.NoLoop,
		Doc: fmt.Sprintf("is [HalfSumCols] of %s for cols a multiple of %d.", half, g.width()),
	})
	dst, x, rows, cols, ld := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("rows"), GP64()), Load(Param("cols"), GP64()), Load(Param("ld"), GP64())
	SHLQ(operand.Imm(1), ld)
	p, r := GP64(), GP64()
	for _, n := range []int{8, 4, 1} {
		label := fmt.Sprintf("strip%d", n)
		Label(label)
		CMPQ(cols, operand.I32(n*g.width()))
		JL(operand.LabelRef(label + "_end"))
		acc := make([]reg.VecVirtual, n)
		for i := range acc {
			acc[i] = g.reg()
			VXORPS(acc[i].AsX(), acc[i].AsX(), acc[i].AsX())
		}
		MOVQ(x, p)
		MOVQ(rows, r)
		TESTQ(r, r)
		JLE(operand.LabelRef(label + "_store"))
		Label(label + "_row")
		for i := range acc {
			VADDPS(g.widen(half, operand.Mem{Base: p, Disp: 2 * g.width() * i}), acc[i], acc[i])
		}
		ADDQ(ld, p)
		DECQ(r)
		JNZ(operand.LabelRef(label + "_row"))
		Label(label + "_store")
		for i := range acc {
			VMOVUPS(acc[i], operand.Mem{Base: dst, Disp: 4 * g.width() * i})
		}
		ADDQ(operand.I32(2*n*g.width()), x)
		ADDQ(operand.I32(4*n*g.width()), dst)
		SUBQ(operand.I32(n*g.width()), cols)
		JMP(operand.LabelRef(label))
		Label(label + "_end")
	}
	VZEROUPPER()
	RET()
}

// rowOf emits the reduction of rows: blocks of all lanes, then, of a single row, a last
// one that is filled up, if it is there. The order is that of float32 rows.
func (g *gen) rowOf(name, half string, fill con, nan bool, step func(acc, x reg.VecVirtual), join func(...operand.Op)) {
	g.u = 1
	g.isa().Func(isa.Kernel{
		Name: "h" + name + half, Sig: "func(dst *float32, x *uint16, rows, blocks int, last *uint16)", Loop: isa.NoLoop,
		Doc: fmt.Sprintf("reduces rows, one or more, of blocks of %d elements of %s, and a last one unless it is nil.", lanes, half),
	})
	dst, x, rows, last := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("rows"), GP64()), Load(Param("last"), GP64())
	all, blocks := Load(Param("blocks"), GP64()), GP64()
	Label("row")
	MOVQ(all, blocks)
	acc := make([]reg.VecVirtual, lanes/g.width())
	for i := range acc {
		if fill == 0 {
			acc[i] = g.reg()
			VXORPS(acc[i].AsX(), acc[i].AsX(), acc[i].AsX())
		} else {
			acc[i] = g.con(fill)[0]
		}
	}
	var seen reg.Register
	if nan {
		seen = g.mask()[0]
		if g.avx512 {
			KXORW(seen, seen, seen)
		} else {
			VXORPS(seen, seen, seen)
		}
	}
	block := func(base reg.Register) {
		for i := range acc {
			v := g.widen(half, operand.Mem{Base: base, Disp: 2 * g.width() * i})
			if nan {
				m := g.cmp(vec{v}, unord, vec{v})[0]
				if g.avx512 {
					KORW(m, seen, seen)
				} else {
					VORPS(m, seen, seen)
				}
			}
			step(acc[i], v)
		}
	}
	TESTQ(blocks, blocks)
	JLE(operand.LabelRef("last"))
	Label("block")
	block(x)
	ADDQ(operand.I32(2*lanes), x)
	DECQ(blocks)
	JNZ(operand.LabelRef("block"))
	Label("last")
	TESTQ(last, last)
	JZ(operand.LabelRef("join"))
	block(last)
	Label("join")
	g.joinLanes(acc, join)
	if nan {
		if g.avx512 {
			KORTESTW(seen, seen)
		} else {
			VPTEST(seen, seen)
		}
		JZ(operand.LabelRef("number"))
		VMOVUPS(quiet.mem(), acc[0].AsX())
		Label("number")
	}
	VMOVSS(acc[0].AsX(), operand.Mem{Base: dst})
	ADDQ(operand.Imm(4), dst)
	DECQ(rows)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

// joinLanes joins the lanes by the tree of kern/reduce.go, into the first of acc.
func (g *gen) joinLanes(acc []reg.VecVirtual, join func(...operand.Op)) {
	p := len(acc) / 4
	for i := range p {
		join(acc[p+i], acc[i], acc[i])
		join(acc[3*p+i], acc[2*p+i], acc[2*p+i])
		join(acc[2*p+i], acc[i], acc[i])
	}
	v, t := acc[0], YMM()
	if p == 2 {
		join(acc[1], v, v)
	} else {
		VEXTRACTF64X4(operand.Imm(1), v, t)
		join(t, v.AsY(), v.AsY())
	}
	VEXTRACTF128(operand.Imm(1), v.AsY(), t.AsX())
	join(t.AsX(), v.AsX(), v.AsX())
	VPERMILPS(operand.Imm(0x0e), v.AsX(), t.AsX())
	join(t.AsX(), v.AsX(), v.AsX())
	VPERMILPS(operand.Imm(0x01), v.AsX(), t.AsX())
	join(t.AsX(), v.AsX(), v.AsX())
}
