package kernels

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// A half kernel is a float32 kernel between conversions: it loads half-precision
// elements, computes in float32, and stores the results rounded. Two vectors of
// float32 make one of halves.

// exact names the kernels whose results need no rounding: they are among the inputs.
var exact = map[string]bool{"Max": true, "Min": true, "Neg": true, "Abs": true}

// bf16Kernels and f16Kernels name the kernels that exist for each half type, besides those
// on bits.
var (
	bf16Kernels = []string{
		"Add", "Sub", "Mul", "Div", "Max", "Min", "Square", "SigmoidGrad", "TanhGrad",
		"Exp", "Tanh", "Sigmoid", "Silu", "Gelu", "GeluTanh", "LeakyReluGrad", "EluGrad", "LeakyRelu", "Elu", "Clip",
		"Neg", "Abs", "Sqrt", "Rsqrt", "Log", "Erf", "Softplus", "Selu",
	}
	f16Kernels = []string{"Add", "Sub", "Mul", "Div", "Max", "Min"}
)

// WriteHalf emits the kernels on bfloat16 and float16, and their constants.
func WriteHalf() {
	for _, avx512 := range []bool{true, false} {
		for _, name := range bf16Kernels {
			byName(name).writeHalf(&gen{avx512: avx512}, "BF16")
		}
		for _, name := range f16Kernels {
			byName(name).writeHalf(&gen{avx512: avx512}, "F16")
		}
		writeRelu(&gen{avx512: avx512})
		writeReluGrad(&gen{avx512: avx512})
		writeNarrow(&gen{avx512: avx512})
		writeSubWide(&gen{avx512: avx512})
		writeFill(&gen{avx512: avx512})
		writeRound(&gen{avx512: avx512}, "BF16")
		writeRound(&gen{avx512: avx512}, "F16")
		writeReductions(&gen{avx512: avx512}, "BF16")
		writeReductions(&gen{avx512: avx512}, "F16")
	}
	writeHalvesNEON()
	data()
	GLOBL("oddWords", attr.RODATA|attr.NOPTR)
	for i := range 32 {
		DATA(2*i, operand.U16(uint16(2*i+1)))
	}
}

// WriteHalfTable writes half_table.go, which finds the function of a HalfFunc.
func WriteHalfTable() {
	var b strings.Builder
	table := func(doc, head, rest string, names []string, call func(k kernel) string) {
		fmt.Fprintf(&b, "\n// %s\nfunc (f HalfFunc) %s {\nswitch f.Op {\n", doc, head)
		for _, name := range names {
			k := byName(name)
			args := ""
			for i := range k.scalars {
				args += fmt.Sprintf(", f.P[%d]", i)
			}
			fmt.Fprintf(&b, "case Half%s:\n%s%s)\n", name, call(k), args)
		}
		fmt.Fprintf(&b, "}\n%s}\n", rest)
	}
	halves := func(half string) func(k kernel) string {
		return func(k kernel) string {
			return "return h" + k.name + half + "(dst, " + strings.Join([]string{"a", "b"}[:len(k.in)], ", ")
		}
	}
	table("ofBF16 computes the first elements of [HalfFunc.BF16] in one pass, and returns how many.",
		"ofBF16(dst, a, b []uint16) int", "return f.ofBits(dst, a, b, 0x7f807f80)\n", bf16Kernels, halves("BF16"))
	table("ofF16 computes the first elements of [HalfFunc.F16] in one pass, and returns how many.",
		"ofF16(dst, a, b []uint16) int", "return f.ofBits(dst, a, b, 0x7c007c00)\n", f16Kernels, halves("F16"))
	table("floats sets x to f of x and b, in float32.", "floats(x, b []float32)", "", append([]string{"Relu", "ReluGrad"}, bf16Kernels...),
		func(k kernel) string { return k.name + "(x, " + strings.Join([]string{"x", "b"}[:len(k.in)], ", ") })
	isa.WriteGo("half_table.go", "", b.String())
}

func byName(name string) kernel {
	for _, k := range append(kernels, mathKernels...) {
		if k.name == name {
			return k
		}
	}
	panic("no kernel " + name)
}

// writeHalf emits k for elements of a half type. N is a multiple of twice the width.
func (k kernel) writeHalf(g *gen, half string) {
	g.function("h"+k.name+half, "[Half"+k.name+"] of "+half, "uint16", k.in, 2, k.scalars...)
	var scalars []reg.VecVirtual
	for _, p := range k.scalars {
		scalars = append(scalars, g.broadcast(p))
	}
	g.loops(k.in, 2, k.unroll, func(src []reg.Register, dst, i reg.Register) {
		y := k.compute(g, func(j int) vec { return g.loadHalf(half, src[j], i) }, scalars)
		if half == "BF16" && !exact[k.name] {
			y = g.roundQuiet(y)
		}
		g.storeHalf(half, dst, i, y)
	})
}

// function begins a function of slices of n elements, n a multiple of per vectors. Of
// halves, the function of kern returns how many it computed.
func (g *gen) function(name, doc, elem string, in []string, per int, scalars ...string) {
	g.isa().Func(isa.Kernel{Name: name, Sig: halfSig(in, elem, scalars), Doc: fmt.Sprintf("is %s for n a multiple of %d.", doc, per*g.width()), Regs: per, Counts: per == 2})
}

// halfSig is the signature of a function of slices of n elements.
func halfSig(in []string, elem string, scalars []string) string {
	sig := "func(dst"
	for _, p := range in {
		sig += ", " + p
	}
	sig += " *" + elem + ", n int"
	for _, p := range scalars {
		sig += ", " + p + " float32"
	}
	return sig + ")"
}

// loops emits a loop over unroll vectors of float32 at a time, one over per vectors, and
// the return. Step emits one round; i counts elements.
func (g *gen) loops(in []string, per, unroll int, step func(src []reg.Register, dst, i reg.Register)) {
	n, dst := Load(Param("n"), GP64()), Load(Param("dst"), GP64())
	var src []reg.Register
	for _, p := range in {
		src = append(src, Load(Param(p), GP64()))
	}
	i := GP64()
	XORQ(i, i)
	loop := func(name string, u int) {
		g.u = u
		last := GP64() // the last i from which a step's elements remain
		LEAQ(operand.Mem{Base: n, Disp: -u * g.width()}, last)
		CMPQ(i, last)
		JGT(operand.LabelRef(name + "_end"))
		Label(name)
		step(src, dst, i)
		ADDQ(operand.I32(u*g.width()), i)
		CMPQ(i, last)
		JLE(operand.LabelRef(name))
		Label(name + "_end")
	}
	if unroll > per {
		loop("unrolled", unroll)
	}
	loop("single", per)
	VZEROUPPER()
	RET()
}

// upper are the bits of a float32 that bfloat16 has.
const upper con = 0xffff0000

// loadHalf returns g.u vectors of float32: of bfloat16, the even elements of a vector of
// halves, then the odd ones; of float16, all in order.
func (g *gen) loadHalf(half string, src, i reg.Register) vec {
	v := g.vec()
	for j := 0; j < len(v); j += 2 {
		at := operand.Mem{Base: src, Index: i, Scale: 2, Disp: 2 * g.width() * j}
		if half == "F16" {
			VCVTPH2PS(at, v[j])
			VCVTPH2PS(at.Offset(2*g.width()), v[j+1])
			continue
		}
		both := g.reg()
		VMOVUPS(at, both)
		VPSLLD(operand.U8(16), both, v[j])
		if g.avx512 {
			VPANDD_BCST(upper.mem(), both, v[j+1])
		} else {
			VPAND(upper.mem(), both, v[j+1])
		}
	}
	return v
}

// storeHalf stores elements in the form that loadHalf loads. Of bfloat16 it takes the
// upper bits.
func (g *gen) storeHalf(half string, dst, i reg.Register, v vec) {
	for j := 0; j < len(v); j += 2 {
		at := operand.Mem{Base: dst, Index: i, Scale: 2, Disp: 2 * g.width() * j}
		if half == "F16" {
			VCVTPS2PH(operand.U8(0), v[j], at) // 0: to nearest, ties to even
			VCVTPS2PH(operand.U8(0), v[j+1], at.Offset(2*g.width()))
			continue
		}
		both := g.reg()
		VPSRLD(operand.U8(16), v[j], both)
		if g.avx512 {
			VPTERNLOGD_BCST(operand.U8(0xf8), upper.mem(), v[j+1], both) // both | v & upper
		} else {
			VPBLENDW(operand.U8(0xaa), v[j+1], both, both)
		}
		VMOVUPS(both, at)
	}
}

// roundQuiet rounds to bfloat16 in the upper bits: it adds half a unit, or just less if
// the kept part is even. Below them it leaves anything. NaNs have zeros there, as
// operations on bfloat16 give them, and stay.
func (g *gen) roundQuiet(x vec) vec {
	if g.neon != nil {
		y := make(vec, len(x))
		unit := g.neon.val(con(0x7fff), 0)
		for j := range y {
			y[j] = g.reg()
			g.neon.Move(n(y[j]), g.neon.RoundNumber(n(x[j]), unit))
		}
		return y
	}
	if !g.avx512 {
		odd := g.and(g.op1(VPSRLD, neon.Word{}, x, operand.U8(16)), con(1))
		return g.iadd(g.iadd(x, con(0x7fff)), odd)
	}
	y := g.vec()
	for j := range y {
		k := K()
		VPTESTMD_BCST(con(0x10000).mem(), x[j], k)
		VPADDD_BCST(con(0x7fff).mem(), x[j], y[j])
		VPADDD_BCST(con(0x8000).mem(), x[j], k, y[j])
	}
	return y
}

// roundAny is roundQuiet for numbers of all bits: NaNs are made quiet.
func (g *gen) roundAny(x vec) vec {
	y := g.roundQuiet(x)
	if !g.avx512 && g.neon == nil {
		g.anyNaN(x, func() {
			quiet := g.pick(g.cmp(x, unord, x), g.or(x, con(0x400000)), y)
			for j := range y {
				VMOVAPS(quiet[j], y[j])
			}
		})
		return y
	}
	nan := g.cmp(x, unord, x)
	if !g.avx512 {
		return g.pick(nan, g.or(x, con(0x400000)), y)
	}
	for j := range y {
		VPORD_BCST(con(0x400000).mem(), x[j], nan[j], y[j])
	}
	return y
}

// anyNaN emits a branch around do for vectors of AVX2 without a NaN.
func (g *gen) anyNaN(x vec, do func()) {
	any := g.reg()
	for j := 0; j < len(x); j += 2 {
		pair := any
		if j > 0 {
			pair = g.reg()
		}
		VCMPPS(operand.U8(unord), x[j], x[min(j+1, len(x)-1)], pair)
		if j > 0 {
			VORPS(pair, any, any)
		}
	}
	found := GP32()
	VMOVMSKPS(any, found)
	TESTL(found, found)
	numbers := fmt.Sprintf("numbers%d", g.u)
	JEQ(operand.LabelRef(numbers))
	do()
	Label(numbers)
}

// writeNarrow emits the conversion of float32 to bfloat16, and of float32 times a number.
func writeNarrow(g *gen) {
	for _, scaled := range []bool{false, true} {
		name, sig, doc := "hNarrowBF16", "func(dst *uint16, x *float32, n int)", "[F32ToBF16]"
		if scaled {
			name, sig, doc = "hNarrowScaledBF16", "func(dst *uint16, x *float32, n int, s float32)", "[F32ToBF16] of x·s"
		}
		g.isa().Func(isa.Kernel{Name: name, Sig: sig, Doc: fmt.Sprintf("is %s for n a multiple of %d.", doc, 2*g.width()), Regs: 2, Counts: !scaled})
		var s reg.VecVirtual
		if scaled {
			s = g.broadcast("s")
		}
		g.narrowLoop(s)
	}
}

// broadcast returns a register with a parameter in every lane.
func (g *gen) broadcast(param string) reg.VecVirtual {
	x, v := Load(Param(param), XMM()), g.reg()
	VBROADCASTSS(x, v)
	return v
}

// writeSubWide emits the difference of bfloat16 and a number, as float32.
func writeSubWide(g *gen) {
	g.isa().Func(isa.Kernel{Name: "hSubWideBF16", Sig: "func(dst *float32, x *uint16, n int, s float32)", Doc: fmt.Sprintf("is x - s for n a multiple of %d.", g.width()), Regs: 1})
	s := g.broadcast("s")
	g.loops([]string{"x"}, 1, 4, func(src []reg.Register, dst, i reg.Register) {
		y := g.vec()
		for j := range y {
			y[j] = g.widen("BF16", operand.Mem{Base: src[0], Index: i, Scale: 2, Disp: 2 * g.width() * j})
			VSUBPS(s, y[j], y[j])
		}
		store(g, dst, i, y)
	})
}

// writeFill emits the filling of halves.
func writeFill(g *gen) {
	g.halfBits("hFill", "[FillHalf]", nil, "v", func(_ []vec, v reg.VecVirtual) vec { return g.rep(v) })
}

// narrowLoop emits the conversion, of elements multiplied by s if that is a register.
func (g *gen) narrowLoop(s reg.VecVirtual) {
	var odd reg.VecVirtual // the words that are kept, of two registers
	if g.avx512 {
		odd = g.reg()
		VMOVUPS(operand.NewDataAddr(operand.NewStaticSymbol("oddWords"), 0), odd)
	}
	g.loops([]string{"x"}, 2, 4, func(src []reg.Register, dst, i reg.Register) {
		x := load(g, src[0], i)
		if s != nil {
			x = g.mul(x, g.rep(s))
		}
		y := g.roundAny(x)
		for j := 0; j < len(y); j += 2 {
			at := operand.Mem{Base: dst, Index: i, Scale: 2, Disp: 2 * g.width() * j}
			if g.avx512 {
				VPERMT2W(y[j+1], odd, y[j])
				VMOVUPS(y[j], at)
				continue
			}
			VPSRLD(operand.U8(16), y[j], y[j])
			VPSRLD(operand.U8(16), y[j+1], y[j+1])
			VPACKUSDW(y[j+1], y[j], y[j])
			VPERMQ(operand.U8(0xd8), y[j], y[j])
			VMOVUPS(y[j], at)
		}
	})
}

// writeRound emits the rounding of float32 to the values of a half type, as float32.
func writeRound(g *gen, half string) {
	g.function("hRound"+half, "[Round"+half+"]", "float32", []string{"x"}, 1)
	g.loops([]string{"x"}, 1, 4, func(src []reg.Register, dst, i reg.Register) {
		x := load(g, src[0], i)
		if half == "BF16" {
			store(g, dst, i, g.and(g.roundAny(x), upper))
			return
		}
		for j := range x {
			h := reg.VecVirtual(XMM())
			if g.avx512 {
				h = YMM()
			}
			VCVTPS2PH(operand.U8(0), x[j], h)
			VCVTPH2PS(h, x[j])
		}
		store(g, dst, i, x)
	})
}

// writeRelu emits a function of integers, for both half types: values below 0 but not
// below -Inf, as NaNs are, become 0.
func writeRelu(g *gen) {
	g.halfBits("hRelu", "[HalfRelu]", []string{"x"}, "negInf", func(x []vec, inf reg.VecVirtual) vec {
		least := g.splat16(0x8000)
		y := g.vec()
		for j, h := range x[0] {
			if g.avx512 {
				k := K()
				VPCMPW(operand.U8(6), least, h, k) // h > least
				VPCMPW(operand.U8(2), inf, h, k, k)
				KNOTD(k, k)
				VMOVDQU16_Z(h, k, y[j])
				continue
			}
			a, b := YMM(), YMM()
			VPCMPGTW(least, h, a)
			VPCMPGTW(inf, h, b)
			VPANDN(a, b, a)
			VPANDN(h, a, y[j])
		}
		return y
	})
}

// writeReluGrad emits dy where y is above 0 and not above Inf, as NaNs are.
func writeReluGrad(g *gen) {
	g.halfBits("hReluGrad", "[HalfReluGrad]", []string{"y", "dy"}, "inf", func(x []vec, inf reg.VecVirtual) vec {
		zero := g.splat16(0)
		d := g.vec()
		for j, h := range x[0] {
			if g.avx512 {
				k := K()
				VPCMPW(operand.U8(6), zero, h, k)
				VPCMPW(operand.U8(2), inf, h, k, k)
				VMOVDQU16_Z(x[1][j], k, d[j])
				continue
			}
			a, b := YMM(), YMM()
			VPCMPGTW(zero, h, a)
			VPCMPGTW(inf, h, b)
			VPANDN(a, b, a)
			VPAND(x[1][j], a, d[j])
		}
		return d
	})
}

// splat16 returns a register with a word in every lane.
func (g *gen) splat16(w uint32) reg.VecVirtual {
	return g.con(con(w<<16 | w))[0]
}

// halfBits emits a function of the bits of halves, and of those of one number.
func (g *gen) halfBits(name, doc string, in []string, bits string, body func(x []vec, bits reg.VecVirtual) vec) {
	sig := strings.TrimSuffix(halfSig(in, "uint16", nil), ")")
	g.isa().Func(isa.Kernel{
		Name: name, Sig: sig + ", " + bits + " uint32)", Regs: 2, Counts: true,
		Doc: fmt.Sprintf("is %s for n a multiple of %d and bits, of a half type's infinity or a half, that come twice.", doc, 2*g.width()),
	})
	v := g.reg()
	VMOVD(Load(Param(bits), GP32()), v.AsX())
	VPBROADCASTD(v.AsX(), v)
	g.loops(in, 2, 4, func(src []reg.Register, dst, i reg.Register) {
		g.u /= 2
		var x []vec
		for _, s := range src {
			r := g.vec()
			for j := range r {
				VMOVUPS(operand.Mem{Base: s, Index: i, Scale: 2, Disp: 4 * g.width() * j}, r[j])
			}
			x = append(x, r)
		}
		for j, r := range body(x, v) {
			VMOVUPS(r, operand.Mem{Base: dst, Index: i, Scale: 2, Disp: 4 * g.width() * j})
		}
		g.u *= 2
	})
}
