package power

import (
	"fmt"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// neonGen writes the powers for NEON, in the same steps.
type neonGen struct {
	*neon.Func
	file   *neon.File
	scalar func(string) neon.Reg
}

// pairNEON is Pair.
func pairNEON(a isa.ISA, x, y vec, scalar func(string) vec, rare, done string) (px, py vec) {
	f, file := a.OnARM()
	g := neonGen{f, file, func(name string) neon.Reg { return isa.Arm(scalar(name)) }}
	nx, ny := isa.Arm(x), isa.Arm(y)
	normal, finite, all, within := f.New(), f.New(), f.New(), f.GP()
	f.Op3(neon.FCmGE, normal, nx, g.word("Normal"))
	f.Op3(neon.FCmGT, finite, g.word("Inf"), ny)
	f.Op3(neon.And, normal, normal, finite)
	f.Op2(neon.MinV, all, normal)
	f.Lane0(all, within)
	px, py = a.Vec(), a.Vec()
	both := func(all bool) {
		f.Move(isa.Arm(px), g.of(nx, all))
		f.Move(isa.Arm(py), g.of(ny, all))
	}
	f.Branch(fmt.Sprintf("CBZ %v,", within), rare)
	both(false)
	f.Jump(done)
	f.Label(rare)
	both(true)
	f.Label(done)
	return px, py
}

// word returns a register of its own with a constant.
func (g neonGen) word(name string) neon.Reg {
	r := g.New()
	g.LoadWord(r, g.file.Word(words[name]))
	return r
}

func (g neonGen) op3(w neon.Word, x, y neon.Reg) neon.Reg {
	r := g.New()
	g.Op3(w, r, x, y)
	return r
}

func (g neonGen) op2(w neon.Word, x neon.Reg) neon.Reg {
	r := g.New()
	g.Op2(w, r, x)
	return r
}

// mulAdd is x·y + z.
func (g neonGen) mulAdd(x, y, z neon.Reg) neon.Reg {
	r := g.New()
	g.Move(r, z)
	g.Change(neon.FMLA, r, x, y)
	return r
}

// pick is x where the mask is set, y elsewhere.
func (g neonGen) pick(mask, x, y neon.Reg) neon.Reg {
	r := g.New()
	g.Move(r, mask)
	g.Change(neon.BSL, r, x, y)
	return r
}

// of returns the power of x. Unless all is true, x is normal.
func (g neonGen) of(x neon.Reg, all bool) neon.Reg {
	n, f := g.split(x, all)
	f2 := g.op3(neon.FMul, f, f)
	ln := g.mulAdd(g.word("Log0"), f2, g.mulAdd(g.word("Log1"), f, g.word("Log2")))
	for i := 3; i < 9; i += 2 {
		ln = g.mulAdd(ln, f2, g.mulAdd(g.word(fmt.Sprint("Log", i)), f, g.word(fmt.Sprint("Log", i+1))))
	}
	ln = g.mulAdd(ln, f2, f)

	whole := g.op3(neon.FMul, n, g.scalar("head"))
	part := g.mulAdd(ln, g.scalar("scale"), g.op3(neon.FMul, n, g.scalar("tail")))
	far := g.word("MinusFar")
	whole = g.pick(g.op3(neon.FCmGT, whole, far), whole, far)
	far = g.word("Far")
	whole = g.pick(g.op3(neon.FCmGT, far, whole), whole, far)
	k := g.op2(neon.FCvtNS, g.op3(neon.FAdd, whole, part))
	t := g.op3(neon.FSub, whole, g.op2(neon.SCvtF, k))
	t = g.op3(neon.FAdd, t, part)

	y := g.word("Exp0")
	for i := 1; i < len(expCoef); i++ {
		y = g.mulAdd(y, t, g.word(fmt.Sprint("Exp", i)))
	}
	y = g.mulAdd(y, t, g.word("One"))
	first := g.op2(neon.Sar(1), k)
	for _, e := range []neon.Reg{first, g.op3(neon.Sub, k, first)} {
		e = g.op3(neon.Add, g.op2(neon.Shl(23), e), g.word("Bias"))
		y = g.op3(neon.FMul, y, e)
	}
	if all {
		zero := g.New()
		g.Zero(zero)
		y = g.pick(g.op3(neon.FCmEq, x, zero), g.scalar("atZero"), y)
		y = g.pick(g.op3(neon.FCmGT, zero, x), g.word("NaN"), y)
		y = g.pick(g.op3(neon.FCmGT, g.word("Inf"), x), y, x)
	}
	return y
}

// split is x = 2^n·(1+f) with √½ <= 1+f < √2. Unless all is true, x is normal.
func (g neonGen) split(x neon.Reg, all bool) (n, f neon.Reg) {
	u, small := x, neon.Reg(0)
	if all {
		small = g.op3(neon.FCmGT, g.word("Normal"), x)
		u = g.pick(small, g.op3(neon.FMul, x, g.word("Up")), x)
	}
	t := g.op2(neon.Sar(23), g.op3(neon.Sub, u, g.word("SqrtHalf")))
	n = g.op2(neon.SCvtF, t)
	f = g.op3(neon.Sub, u, g.op2(neon.Shl(23), t))
	f = g.op3(neon.FSub, f, g.word("One"))
	if all {
		n = g.pick(small, g.op3(neon.FSub, n, g.word("Less")), n)
	}
	return n, f
}
