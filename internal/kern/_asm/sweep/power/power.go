// Package power emits the powers of package kern's Ftrl.
package power

import (
	"fmt"
	"maps"
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

type vec = reg.VecVirtual

const ln2 = math.Ln2

// The coefficients of power32 of package kern, which has the same steps one by one.
var (
	logCoef = []float32{-0.076363996, 0.127622, -0.13159613, 0.14201581, -0.16623409, 0.20001242, -0.2500082, 0.3333333, -0.5}
	expCoef = []float32{0.0013869945 * ln2 * ln2 * ln2 * ln2 * ln2 * ln2, 0.008366253 * ln2 * ln2 * ln2 * ln2 * ln2, 0.041667443 * ln2 * ln2 * ln2 * ln2, 0.16666546 * ln2 * ln2 * ln2, 0.49999997 * ln2 * ln2, ln2}

	constants = map[string]Mem{}
	words     map[string]uint32 // of those
)

// Data writes the constants.
func Data() {
	words = map[string]uint32{
		"SqrtHalf": 0x3f3504f3, "Inf": 0x7f800000, "NaN": 0x7fc00000, "Bias": 127 << 23,
		"One": bits(1), "Less": bits(23), "Up": bits(1 << 23), "Normal": bits(0x1p-126),
		"Far": bits(240), "MinusFar": bits(-240),
	}
	for i, c := range logCoef {
		words[fmt.Sprint("Log", i)] = bits(c)
	}
	for i, c := range expCoef {
		words[fmt.Sprint("Exp", i)] = bits(c)
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		constants[name] = isa.Word("power"+name, words[name])
	}
}

func bits(x float32) uint32 { return math.Float32bits(x) }

func c(name string) Mem { return constants[name] }

var labels int

// Pair returns x and y, where x <= y, to the power that the scalars head, tail, scale and
// atZero tell. Where one of them is not normal, it takes a longer way.
func Pair(a isa.ISA, x, y vec, scalar func(string) vec) (px, py vec) {
	labels++
	rare, done := fmt.Sprint("rare", labels), fmt.Sprint("done", labels)
	if f, _ := a.OnARM(); f != nil {
		return pairNEON(a, x, y, scalar, rare, done)
	}
	if a.Wide() {
		m := K()
		VCMPPS(U8(notLess), c("Normal"), x, m)
		VCMPPS(U8(less), c("Inf"), y, m, m)
		KORTESTW(m, m)
		JCC(LabelRef(rare)) // not all
	} else {
		m, finite, within := a.Vec(), a.Vec(), GP32()
		VCMPPS(U8(notLess), c("Normal"), x, m)
		VCMPPS(U8(less), c("Inf"), y, finite)
		VANDPS(m, finite, m)
		VMOVMSKPS(m, within)
		CMPL(within, U32(0xff))
		JNE(LabelRef(rare))
	}
	px, py = a.Vec(), a.Vec()
	of(a, x, px, scalar, false)
	of(a, y, py, scalar, false)
	JMP(LabelRef(done))
	Label(rare)
	of(a, x, px, scalar, true)
	of(a, y, py, scalar, true)
	Label(done)
	return px, py
}

// of sets y to the power of x. Unless all is true, x is normal.
func of(a isa.ISA, x, y vec, scalar func(string) vec, all bool) {
	n, f := split(a, x, all)
	ln, ab, cd, f2, t := load(a, "Log1"), load(a, "Log3"), load(a, "Log5"), a.Vec(), load(a, "Log7")
	VMULPS(f, f, f2)
	VFMADD213PS(c("Log2"), f, ln)
	VFMADD213PS(c("Log4"), f, ab)
	VFMADD213PS(c("Log6"), f, cd)
	VFMADD213PS(c("Log8"), f, t)
	VFMADD231PS(c("Log0"), f2, ln)
	VFMADD213PS(ab, f2, ln)
	VFMADD213PS(cd, f2, ln)
	VFMADD213PS(t, f2, ln)
	VFMADD213PS(f, f2, ln)

	whole, part, k := t, n, ab
	VMULPS(scalar("head"), n, whole)
	VMULPS(scalar("tail"), n, part)
	VFMADD231PS(scalar("scale"), ln, part)
	t = f
	if a.Wide() {
		VADDPS(part, whole, k)
		VRNDSCALEPS(U8(8), k, k)
		VSUBPS(k, whole, t)
	} else {
		VMAXPS(c("MinusFar"), whole, whole)
		VMINPS(c("Far"), whole, whole)
		VADDPS(part, whole, k)
		VCVTPS2DQ(k, k)
		VCVTDQ2PS(k, t)
		VSUBPS(t, whole, t)
	}
	VADDPS(part, t, t)

	VMOVUPS(c("Exp0"), y)
	for i := 1; i < len(expCoef); i++ {
		VFMADD213PS(c(fmt.Sprint("Exp", i)), t, y)
	}
	VFMADD213PS(c("One"), t, y)
	scale(a, k, y)
	if all {
		isa.Zero(t)
		blend(a, compare(a, x, t, equal), scalar("atZero"), y)
		blend(a, compare(a, x, t, less), load(a, "NaN"), y)
		blend(a, compare(a, x, c("Inf"), notLess), x, y)
	}
}

// split is x = 2^n·(1+f) with √½ <= 1+f < √2. Unless all is true, x is normal.
func split(a isa.ISA, x vec, all bool) (n, f vec) {
	n, f = a.Vec(), a.Vec()
	t := a.Vec()
	u := x
	var small reg.Register
	if all {
		small, u = compare(a, x, c("Normal"), less), f
		VMULPS(c("Up"), x, t)
		VMOVAPS(x, u)
		blend(a, small, t, u)
	}
	VPSUBD(c("SqrtHalf"), u, t)
	VPSRAD(U8(23), t, t)
	VCVTDQ2PS(t, n)
	VPSLLD(U8(23), t, t)
	VPSUBD(t, u, f)
	VSUBPS(c("One"), f, f)
	if all {
		VSUBPS(c("Less"), n, t)
		blend(a, small, t, n)
	}
	return n, f
}

// scale multiplies y by 2^k; k is float32 in AVX-512, int32 in AVX2.
func scale(a isa.ISA, k, y vec) {
	if a.Wide() {
		VSCALEFPS(k, y, y)
		return
	}
	first := a.Vec()
	VPSRAD(U8(1), k, first)
	VPSUBD(first, k, k)
	for _, e := range []vec{first, k} {
		VPSLLD(U8(23), e, e)
		VPADDD(c("Bias"), e, e)
		VMULPS(e, y, y)
	}
}

func load(a isa.ISA, name string) vec {
	v := a.Vec()
	VMOVUPS(c(name), v)
	return v
}

// Predicates of VCMPPS; notLess is true for NaN.
const equal, less, notLess = 0, 1, 5

// compare returns the mask of the lanes where x compares so with y.
func compare(a isa.ISA, x, y Op, predicate uint8) reg.Register {
	var m reg.Register = K()
	if !a.Wide() {
		m = YMM()
	}
	VCMPPS(U8(predicate), y, x, m)
	return m
}

// blend replaces the lanes of y that the mask selects.
func blend(a isa.ISA, mask reg.Register, x, y vec) {
	if a.Wide() {
		VMOVAPS(x, mask, y)
	} else {
		VBLENDVPS(mask, x, y, y)
	}
}
