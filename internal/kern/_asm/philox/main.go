// Command philox generates Philox4x32-10 and the distributions made of its words.
package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../philox_amd64.s -stubs ../../philox_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// A set is the counters of one block per 64-bit lane, of which the low half of each
// register counts: c0 to c3.
type set [4]vec

var (
	mul0, mul1     Mem
	weyl0, weyl1   Mem
	order, scale24 Mem
)

func main() {
	mul0, mul1 = isa.Word("mul0", 0xD2511F53), isa.Word("mul1", 0xCD9E8D57)
	weyl0, weyl1 = isa.Word("weyl0", 0x9E3779B9), isa.Word("weyl1", 0xBB67AE85)
	scale24 = isa.Word("scale24", math.Float32bits(0x1p-24))
	// The even lanes make the first half of the words, the odd ones the second.
	order = GLOBL("order", attr.RODATA|attr.NOPTR)
	for i, b := range []uint64{0, 4, 1, 5, 2, 6, 3, 7, 0, 2, 1, 3} {
		DATA(8*i, U64(b))
	}
	for _, a := range isa.All {
		generate(a, "philoxWords", nil, func(w vec, at Mem, p map[string]vec) { VMOVUPS(w, at) })
		generate(a, "philoxUniform", nil, func(w vec, at Mem, p map[string]vec) {
			uniform(w)
			VMOVUPS(w, at)
		})
		generate(a, "philoxMask", []string{"rate", "scale"}, func(w vec, at Mem, p map[string]vec) {
			uniform(w)
			keep(a, w, p["rate"], p["scale"])
			VMOVUPS(w, at)
		})
		generate(a, "philoxDropout", []string{"rate", "scale"}, func(w vec, at Mem, p map[string]vec) {
			uniform(w)
			x := a.Vec()
			from := at
			from.Base = source
			VMULPS(from, p["scale"], x)
			keep(a, w, p["rate"], x)
			VMOVUPS(w, at)
		})
	}
	writeNEON()
	isa.Write()
}

// params are the parameters of the functions.
var params = map[string]string{
	"philoxWords":   "dst *uint32, groups int, key, stream, block uint64",
	"philoxUniform": "dst *float32, groups int, key, stream, block uint64",
	"philoxMask":    "dst *float32, groups int, key, stream, block uint64, rate, scale float32",
	"philoxDropout": "dst, x *float32, groups int, key, stream, block uint64, rate, scale float32",
}

func doc(name string) string { return "is " + name + " for groups of 64 elements." }

// source is x of philoxDropout.
var source reg.Register

// uniform makes words numbers in [0, 1).
func uniform(w vec) {
	VPSRLD(Imm(8), w, w)
	VCVTDQ2PS(w, w)
	VMULPS(scale24, w, w)
}

// keep replaces u by v where it is not less than rate, by 0 elsewhere.
func keep(a isa.ISA, u, rate, v vec) {
	if a.Wide() {
		k := K()
		VCMPPS(Imm(5), rate, u, k) // not less than
		VMOVAPS_Z(v, k, u)
	} else {
		VCMPPS(Imm(5), rate, u, u)
		VANDPS(v, u, u)
	}
}

// generate emits a loop over groups of 16 blocks, two sets at a time; put gets their
// words in order.
func generate(a isa.ISA, name string, scalars []string, put func(w vec, at Mem, p map[string]vec)) {
	a.Func(isa.Kernel{Name: name, Sig: "func(" + params[name] + ")", Doc: doc(name)})
	dst, groups := Load(Param("dst"), GP64()), Load(Param("groups"), GP64())
	source = nil
	if name == "philoxDropout" {
		source = Load(Param("x"), GP64())
	}
	p := map[string]vec{}
	for _, s := range scalars {
		p[s] = a.Broadcast(s)
	}
	blocks := a.W / 2 // in a set
	param := func(name string) Mem {
		c, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		return c.Addr
	}
	counter := a.Vec()
	VPBROADCASTQ(param("block"), counter)
	if a.Wide() {
		VPADDQ(order, counter, counter)
	} else {
		VPADDQ(order.Offset(64), counter, counter)
	}
	step := a.Vec()
	one := GP64()
	MOVQ(U32(uint32(blocks)), one)
	VMOVQ(one, step.AsX())
	VPBROADCASTQ(step.AsX(), step)

	TESTQ(groups, groups)
	JLE(LabelRef("done"))
	if !a.Wide() {
		SHLQ(Imm(1), groups) // half a group at a time
	}
	Label("loop")
	var sets [2]set
	for i := range sets {
		c := &sets[i]
		for j := range c {
			c[j] = a.Vec()
		}
		VMOVAPS(counter, c[0])
		VPSRLQ(Imm(32), counter, c[1])
		VPADDQ(step, counter, counter)
		VPBROADCASTQ(param("stream"), c[2])
		VPSRLQ(Imm(32), c[2], c[3])
	}
	k0, k1 := a.Vec(), a.Vec()
	VPBROADCASTQ(param("key"), k0)
	VPSRLQ(Imm(32), k0, k1)
	for round := range 10 {
		if round > 0 {
			VPADDD(weyl0, k0, k0)
			VPADDD(weyl1, k1, k1)
		}
		for i := range sets {
			sets[i] = philoxRound(a, sets[i], k0, k1)
		}
	}
	for i, c := range sets {
		for h, w := range words(a, c) {
			put(w, Mem{Base: dst, Disp: 4 * a.W * (2*i + h)}, p)
		}
	}
	bytes := 4 * 4 * blocks * len(sets)
	ADDQ(I32(bytes), dst)
	if source != nil {
		ADDQ(I32(bytes), source)
	}
	DECQ(groups)
	JNZ(LabelRef("loop"))
	Label("done")
	isa.Leave()
}

// philoxRound maps (c0, c1, c2, c3) to (hi1^c1^k0, lo1, hi0^c3^k1, lo0), where 0 is
// the product of c0 and 1 that of c2.
func philoxRound(a isa.ISA, c set, k0, k1 vec) set {
	p0, p1 := a.Vec(), a.Vec()
	VPMULUDQ(mul0, c[0], p0)
	VPMULUDQ(mul1, c[2], p1)
	VPSRLQ(Imm(32), p1, c[0])
	VPSRLQ(Imm(32), p0, c[2])
	xor3(a, c[1], k0, c[0])
	xor3(a, c[3], k1, c[2])
	return set{c[0], p1, c[2], p0}
}

func xor3(a isa.ISA, x, y, z vec) {
	if a.Wide() {
		VPTERNLOGD(U8(0x96), x, y, z)
	} else {
		VPXOR(x, z, z)
		VPXOR(y, z, z)
	}
}

// words puts the words of a set in order, into the registers of c: four of a block
// side by side.
func words(a isa.ISA, c set) []vec {
	for _, j := range []int{0, 2} { // c0 | c1<<32, c2 | c3<<32
		VPSLLQ(Imm(32), c[j+1], c[j+1])
		if a.Wide() {
			k := K()
			mask := GP32()
			MOVL(U32(0xaaaa), mask)
			KMOVW(mask, k)
			VMOVDQA32(c[j+1], k, c[j])
		} else {
			VPBLENDD(Imm(0xaa), c[j+1], c[j], c[j])
		}
	}
	VPUNPCKHQDQ(c[2], c[0], c[1])
	VPUNPCKLQDQ(c[2], c[0], c[0])
	return []vec{c[0], c[1]}
}
