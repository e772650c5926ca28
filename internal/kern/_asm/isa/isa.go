// Package isa lets one description of a kernel become AVX-512 and AVX2 code. The
// functions emit into avo's global context.
package isa

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// An ISA is a vector instruction set: 16 float32 in a register, or 8.
type ISA struct {
	Suffix string // of function names
	W      int    // float32 lanes of a register
	arm    *neon.Func
	file   *neon.File
}

var (
	AVX512 = ISA{Suffix: "AVX512", W: 16}
	AVX2   = ISA{Suffix: "AVX2", W: 8}
	// All lists the instruction sets that kernels are written for.
	All = []ISA{AVX512, AVX2}
)

// Wide reports whether a is AVX-512.
func (a ISA) Wide() bool { return a.W == 16 }

// Text begins an assembly function, called name and the suffix of a.
func (a ISA) Text(name, sig, doc string) {
	TEXT(name+a.Suffix, attr.NOSPLIT, sig)
	Doc(name + a.Suffix + " " + doc)
	Pragma("noescape")
}

// Leave ends one.
func Leave() {
	VZEROUPPER()
	RET()
}

// Vec returns a new vector register.
func (a ISA) Vec() reg.VecVirtual {
	switch {
	case a.arm != nil:
		return XMM()
	case a.Wide():
		return ZMM()
	}
	return YMM()
}

// Half returns a new register of half the width.
func (a ISA) Half() reg.VecVirtual {
	if a.Wide() {
		return YMM()
	}
	return XMM()
}

// Zero clears v.
func Zero(v reg.VecVirtual) {
	if v.Size() == 64 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// Broadcast returns a register that holds a float32 parameter in every lane.
func (a ISA) Broadcast(param string) reg.VecVirtual {
	v := a.Vec()
	if a.arm != nil {
		a.arm.Move(Arm(v), a.arm.Broadcast(param))
		return v
	}
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, v)
	return v
}

// Iota returns memory that holds the int32s 0 to 63, for [ISA.Mask].
func Iota() Mem {
	m := GLOBL("iota64", attr.RODATA|attr.NOPTR)
	for i := range 64 {
		DATA(4*i, U32(uint32(i)))
	}
	return m
}

// Word returns memory that holds 64 bytes of the same 32-bit word.
func Word(name string, w uint32) Mem {
	words[name] = w
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range 16 {
		DATA(4*i, U32(w))
	}
	return m
}

// Count returns a register with the low 32 bits of n in every lane.
func (a ISA) Count(n reg.GPVirtual) reg.VecVirtual {
	v := a.Vec()
	if a.Wide() {
		VPBROADCASTD(n.As32(), v)
		return v
	}
	VMOVD(n.As32(), v.AsX())
	VPBROADCASTD(v.AsX(), v)
	return v
}

// Mask returns the mask of the lanes i of vector j of a row for which W·j+i is less
// than the count: an opmask register, or a vector of ones and zeros.
func (a ISA) Mask(count reg.VecVirtual, iota Mem, j int) reg.Register {
	var m reg.Register = K()
	if !a.Wide() {
		m = YMM()
	}
	VPCMPGTD(iota.Offset(4*a.W*j), count, m)
	return m
}

// LoadMasked returns the lanes of at that the mask selects, and zeros.
func (a ISA) LoadMasked(at Mem, mask reg.Register) reg.VecVirtual {
	v := a.Vec()
	if a.Wide() {
		VMOVUPS_Z(at, mask, v)
	} else {
		VMASKMOVPS(at, mask, v)
	}
	return v
}

// LoadOr returns the lanes of at that the mask selects, and other lanes of fill.
func (a ISA) LoadOr(at Mem, mask reg.Register, fill reg.VecVirtual) reg.VecVirtual {
	if !a.Wide() {
		v := a.LoadMasked(at, mask)
		VBLENDVPS(mask, v, fill, v)
		return v
	}
	v := a.Vec()
	VMOVAPS(fill, v)
	VMOVUPS(at, mask, v)
	return v
}

// StoreMasked writes the lanes of v that the mask selects.
func (a ISA) StoreMasked(v reg.VecVirtual, mask reg.Register, at Mem) {
	if a.Wide() {
		VMOVUPS(v, mask, at)
	} else {
		VMASKMOVPS(v, mask, at)
	}
}
