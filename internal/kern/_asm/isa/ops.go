package isa

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// NEON returns the instruction set of arm64, for a function being written. Its methods
// are those of this file, [ISA.Vec] and [ISA.Broadcast]; registers are avo's by name only.
func NEON(file *neon.File, f *neon.Func) ISA {
	return ISA{Suffix: "NEON", W: 4, arm: f, file: file}
}

// OnARM returns the function that is being written for NEON, and its file, or nil.
func (a ISA) OnARM() (*neon.Func, *neon.File) { return a.arm, a.file }

// Arm returns the number that a register has in NEON.
func Arm(r reg.Register) neon.Reg { return neon.Reg(r.(reg.Virtual).ID()) }

type vec = reg.VecVirtual

func (a ISA) op3(w neon.Word, amd64 func(...Op), x, y, d vec) {
	if a.arm != nil {
		a.arm.Op3(w, Arm(d), Arm(y), Arm(x))
	} else {
		amd64(x, y, d)
	}
}

// Add, Sub, Mul and Div set d to y + x, y - x, y·x and y / x.
func (a ISA) Add(x, y, d vec) { a.op3(neon.FAdd, VADDPS, x, y, d) }
func (a ISA) Sub(x, y, d vec) { a.op3(neon.FSub, VSUBPS, x, y, d) }
func (a ISA) Mul(x, y, d vec) { a.op3(neon.FMul, VMULPS, x, y, d) }
func (a ISA) Div(x, y, d vec) { a.op3(neon.FDiv, VDIVPS, x, y, d) }

// Max sets d to y where it is greater than x, and to x elsewhere, so where one is NaN.
func (a ISA) Max(x, y, d vec) {
	if a.arm == nil {
		VMAXPS(x, y, d)
		return
	}
	t := a.arm.New()
	a.arm.Op3(neon.FCmGT, t, Arm(y), Arm(x))
	a.arm.Change(neon.BSL, t, Arm(y), Arm(x))
	a.arm.Move(Arm(d), t)
}

// Min sets d to y where it is less than x, and to x elsewhere, so where one is NaN.
func (a ISA) Min(x, y, d vec) {
	if a.arm == nil {
		VMINPS(x, y, d)
		return
	}
	t := a.arm.New()
	a.arm.Op3(neon.FCmGT, t, Arm(x), Arm(y))
	a.arm.Change(neon.BSL, t, Arm(y), Arm(x))
	a.arm.Move(Arm(d), t)
}

// Sqrt sets d to the root of x.
func (a ISA) Sqrt(x, d vec) {
	if a.arm != nil {
		a.arm.Op2(neon.FSqrt, Arm(d), Arm(x))
	} else {
		VSQRTPS(x, d)
	}
}

// Copy sets d to x.
func (a ISA) Copy(x, d vec) {
	if a.arm != nil {
		a.arm.Move(Arm(d), Arm(x))
	} else {
		VMOVAPS(x, d)
	}
}

// Clear sets d to zeros.
func (a ISA) Clear(d vec) {
	if a.arm != nil {
		a.arm.Zero(Arm(d))
	} else {
		Zero(d)
	}
}

// Set sets d to the word of m, which [Word] returned.
func (a ISA) Set(m Mem, d vec) {
	if a.arm != nil {
		a.arm.LoadWord(Arm(d), a.file.Word(words[m.Symbol.Name]))
	} else {
		VMOVUPS(m, d)
	}
}

// words holds the words by the names of their memory.
var words = map[string]uint32{}

// Next returns a register with the float32 at base in every lane, and moves base behind it.
// It is one of NEON alone.
func (a ISA) Next(base neon.GP) reg.VecVirtual {
	one, all := a.arm.New(), a.Vec()
	a.arm.LoadNext(one, base, true)
	a.arm.Op2(neon.Dup, Arm(all), one)
	return all
}

// TakeNaN sets d to x where x is NaN.
func (a ISA) TakeNaN(x, d vec) {
	switch {
	case a.arm != nil:
		t := a.arm.New()
		a.arm.Op3(neon.FCmEq, t, Arm(x), Arm(x))
		a.arm.Change(neon.BSL, t, Arm(d), Arm(x))
		a.arm.Move(Arm(d), t)
	case a.Wide():
		k := K()
		VCMPPS(Imm(3), x, x, k)
		VMOVAPS(x, k, d)
	default:
		t := YMM()
		VCMPPS(Imm(3), x, x, t)
		VBLENDVPS(t, x, d, d)
	}
}

// MulNonZero multiplies x by y where x is not zero.
func (a ISA) MulNonZero(y, x vec) {
	zero := a.Vec()
	a.Clear(zero)
	switch {
	case a.arm != nil:
		equal, none := a.arm.New(), a.arm.New()
		a.arm.Op3(neon.FCmEq, equal, Arm(x), Arm(zero))
		a.arm.Op2(neon.Not, none, equal)
		a.Mul(y, x, x)
		a.arm.Op3(neon.And, Arm(x), none, Arm(x))
	case a.Wide():
		k := K()
		VCMPPS(Imm(4), zero, x, k)
		VMULPS_Z(y, x, k, x)
	default:
		VCMPPS(Imm(4), zero, x, zero)
		VMULPS(y, x, x)
		VANDPS(zero, x, x)
	}
}

// Join joins the lanes of acc by the tree of kern/reduce.go into lane 0 of the first, and
// returns that. Join sets y to y ∘ x. It is one of NEON alone.
func (a ISA) Join(acc []vec, join func(x, y vec)) vec {
	neon.Tree(acc, join)
	v, t := acc[0], a.Vec()
	a.arm.Op3(neon.Ext8, Arm(t), Arm(v), Arm(v))
	join(t, v)
	a.arm.Op2(neon.Dup1, Arm(t), Arm(v))
	join(t, v)
	return v
}
