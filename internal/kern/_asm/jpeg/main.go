// Command jpeg generates the loops that make pixels of the coefficients and samples of a JPEG.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
)

//go:generate go run . -out ../../jpeg_amd64.s -stubs ../../jpeg_stub_amd64.go -pkg kern

type vec = reg.VecVirtual

// The loops take few lines of a picture: registers of AVX2 serve the machines with AVX-512 as well.
var a = isa.AVX2

func main() {
	inverseDCT()
	sumSamples()
	betweenSamples()
	colors()
	isa.Write()
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// of returns a new register that op sets.
func of(op func(to vec)) vec {
	v := a.Vec()
	op(v)
	return v
}

func add(x Op, y vec) vec { return of(func(to vec) { VPADDD(x, y, to) }) }

// sub returns x - y.
func sub(x vec, y Op) vec { return of(func(to vec) { VPSUBD(y, x, to) }) }

func times(x vec, by Op) vec { return of(func(to vec) { VPMULLD(by, x, to) }) }

// constants holds the constants of a function, each as often as a register has numbers.
type constants struct {
	at Mem
	n  int
}

func newConstants(name string) *constants { return &constants{at: GLOBL(name, 24)} } // RODATA|NOPTR

// of returns the place of a new constant.
func (c *constants) of(v int32) Mem {
	at := c.at.Offset(32 * c.n)
	for i := range 8 {
		DATA(32*c.n+4*i, U32(uint32(v)))
	}
	c.n++
	return at
}

func inverseDCT() {
	c := newConstants("dct")
	by := map[string]Mem{}
	for _, k := range []struct {
		name  string
		value int32
	}{
		{"0298", 2446}, {"0541", 4433}, {"0765", 6270}, {"1175", 9633}, {"1501", 12299}, {"2053", 16819}, {"3072", 25172},
		{"-0390", -3196}, {"-0899", -7373}, {"-1847", -15137}, {"-1961", -16069}, {"-2562", -20995},
		{"half1", 1 << 10}, {"half2", 128<<18 + 1<<17},
	} {
		by[k.name] = c.of(k.value)
	}
	order := GLOBL("dctOrder", 24)
	for lane := range 2 {
		for i := range 16 {
			DATA(16*lane+i, U8(i/4+i%4*4))
		}
	}

	a.Text("inverseDCT", "func(pix *uint8, stride int, coefficients *int16, quant *uint16)", "is inverseDCT.")
	pix, stride, coefficients, quant := gp("pix"), gp("stride"), gp("coefficients"), gp("quant")
	var x [8]vec
	for k := range x { // a row of coefficients
		v := XMM()
		VMOVDQU(Mem{Base: coefficients, Disp: 16 * k}, v)
		VPMULLW(Mem{Base: quant, Disp: 16 * k}, v, v)
		x[k] = of(func(to vec) { VPMOVSXWD(v, to) })
	}
	x = pass(x, by, by["half1"], 11)
	x = transposed(x)
	x = pass(x, by, by["half2"], 18)
	// Register k has column k: its rows become bytes, four columns side by side.
	var half [2]vec
	for i := range half {
		p, q := a.Vec(), a.Vec()
		VPACKSSDW(x[4*i+1], x[4*i], p)
		VPACKSSDW(x[4*i+3], x[4*i+2], q)
		VPACKUSWB(q, p, p)
		VPSHUFB(order, p, p)
		half[i] = p
	}
	rows := [2]vec{a.Vec(), a.Vec()} // 0 1 and 4 5, 2 3 and 6 7
	VPUNPCKLDQ(half[1], half[0], rows[0])
	VPUNPCKHDQ(half[1], half[0], rows[1])
	for lane := range 2 {
		for _, pair := range rows {
			two := pair.AsX()
			if lane == 1 {
				two = XMM()
				VEXTRACTI128(Imm(1), pair, two)
			}
			VMOVQ(two, Mem{Base: pix})
			VPEXTRQ(Imm(1), two, Mem{Base: pix, Index: stride, Scale: 1})
			LEAQ(Mem{Base: pix, Index: stride, Scale: 2}, pix)
		}
	}
	isa.Leave()
}

// pass transforms 8 registers, the numbers of a transform being one in each.
func pass(x [8]vec, by map[string]Mem, half Mem, shift uint64) [8]vec {
	z := times(add(x[2], x[6]), by["0541"])
	a2, a3 := add(z, times(x[6], by["-1847"])), add(z, times(x[2], by["0765"]))
	shifted := func(v vec) vec {
		VPSLLD(Imm(13), v, v)
		VPADDD(half, v, v)
		return v
	}
	a0, a1 := shifted(add(x[0], x[4])), shifted(sub(x[0], x[4]))
	e := [4]vec{add(a0, a3), add(a1, a2), sub(a1, a2), sub(a0, a3)}

	z3, z4 := add(x[7], x[3]), add(x[5], x[1])
	z5 := times(add(z3, z4), by["1175"])
	z3, z4 = add(z5, times(z3, by["-1961"])), add(z5, times(z4, by["-0390"]))
	z1, z2 := times(add(x[7], x[1]), by["-0899"]), times(add(x[5], x[3]), by["-2562"])
	o := [4]vec{ // of the registers beside both ends, and on to the middle
		add(times(x[1], by["1501"]), add(z1, z4)),
		add(times(x[3], by["3072"]), add(z2, z3)),
		add(times(x[5], by["2053"]), add(z2, z4)),
		add(times(x[7], by["0298"]), add(z1, z3)),
	}
	var y [8]vec
	for i := range 4 {
		y[i], y[7-i] = add(e[i], o[i]), sub(e[i], o[i])
		VPSRAD(Imm(shift), y[i], y[i])
		VPSRAD(Imm(shift), y[7-i], y[7-i])
	}
	return y
}

// transposed returns the columns of 8 rows.
func transposed(x [8]vec) [8]vec {
	var pairs, fours, y [8]vec
	for i := 0; i < 8; i += 2 {
		pairs[i] = of(func(to vec) { VPUNPCKLDQ(x[i+1], x[i], to) })
		pairs[i+1] = of(func(to vec) { VPUNPCKHDQ(x[i+1], x[i], to) })
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			fours[i+2*j] = of(func(to vec) { VPUNPCKLQDQ(pairs[i+2+j], pairs[i+j], to) })
			fours[i+2*j+1] = of(func(to vec) { VPUNPCKHQDQ(pairs[i+2+j], pairs[i+j], to) })
		}
	}
	for i := range 4 {
		y[i] = of(func(to vec) { VPERM2I128(Imm(0x20), fours[4+i], fours[i], to) })
		y[4+i] = of(func(to vec) { VPERM2I128(Imm(0x31), fours[4+i], fours[i], to) })
	}
	return y
}

// loop emits a loop over n elements, as many at a time as a multiple of which n is.
func loop(step int, body func(i reg.GPVirtual)) {
	n, i := gp("n"), GP64()
	XORQ(i, i)
	Label("next")
	body(i)
	ADDQ(Imm(uint64(step)), i)
	CMPQ(i, n)
	JL(LabelRef("next"))
	isa.Leave()
}

// words returns a register whose words are all the parameter of a name.
func words(name string) vec {
	v := XMM()
	r := GP32()
	Load(Param(name), r)
	VMOVD(r, v)
	return of(func(to vec) { VPBROADCASTW(v, to) })
}

func sumSamples() {
	a.Text("sumSamples", "func(sums *uint16, near, far *uint8, a, b uint32, n int)", "is sumSamples for n a multiple of 16.")
	sums, near, far := gp("sums"), gp("near"), gp("far")
	byA, byB := words("a"), words("b")
	loop(16, func(i reg.GPVirtual) {
		x, y := a.Vec(), a.Vec()
		VPMOVZXBW(Mem{Base: near, Index: i, Scale: 1}, x)
		VPMOVZXBW(Mem{Base: far, Index: i, Scale: 1}, y)
		VPMULLW(byA, x, x)
		VPMULLW(byB, y, y)
		VPADDW(x, y, x)
		VMOVDQU(x, Mem{Base: sums, Index: i, Scale: 2})
	})
}

func betweenSamples() {
	a.Text("betweenSamples", "func(dst *uint8, sums *uint16, left, right uint32, shift, n int)", "is betweenSamples for n pairs, a multiple of 16.")
	dst, sums := gp("dst"), gp("sums")
	left, right := words("left"), words("right")
	shift := XMM()
	r := GP64()
	Load(Param("shift"), r)
	VMOVQ(r, shift)
	loop(16, func(i reg.GPVirtual) {
		at := func(k int) Mem { return Mem{Base: sums, Index: i, Scale: 2, Disp: 2 * k} }
		here, three, x, y := a.Vec(), a.Vec(), a.Vec(), a.Vec()
		VMOVDQU(at(1), here)
		VPADDW(here, here, three)
		VPADDW(here, three, three)
		VPADDW(at(0), three, x)
		VPADDW(left, x, x)
		VPSRLW(shift, x, x)
		VPADDW(at(2), three, y)
		VPADDW(right, y, y)
		VPSRLW(shift, y, y)
		VPSLLW(Imm(8), y, y)
		VPOR(x, y, x)
		VMOVDQU(x, Mem{Base: dst, Index: i, Scale: 2})
	})
}

func colors() {
	c := newConstants("color")
	middle, half, most, opaque := c.of(128), c.of(1<<15), c.of(255), c.of(-1<<24)
	redOfCr, blueOfCb, greenOfCr, greenOfCb := c.of(91881), c.of(116130), c.of(46802), c.of(22554)
	a.Text("colors", "func(pix, y, cb, cr *uint8, n int)", "is colors for n a multiple of 8.")
	pix, luma, cb, cr := gp("pix"), gp("y"), gp("cb"), gp("cr")
	zero := a.Vec()
	isa.Zero(zero)
	loop(8, func(i reg.GPVirtual) {
		load := func(base reg.GPVirtual) vec {
			return of(func(to vec) { VPMOVZXBD(Mem{Base: base, Index: i, Scale: 1}, to) })
		}
		y, b, r := load(luma), sub(load(cb), middle), sub(load(cr), middle)
		level := func(v vec) vec { // of y and 65536ths
			VPSRAD(Imm(16), v, v)
			VPADDD(y, v, v)
			VPMINSD(most, v, v)
			VPMAXSD(zero, v, v)
			return v
		}
		red := level(add(half, times(r, redOfCr)))
		blue := level(add(half, times(b, blueOfCb)))
		both := add(times(r, greenOfCr), times(b, greenOfCb))
		green := of(func(to vec) { VMOVDQU(half, to) })
		VPSUBD(both, green, green)
		green = level(green)
		VPSLLD(Imm(8), green, green)
		VPSLLD(Imm(16), blue, blue)
		VPOR(green, red, red)
		VPOR(blue, red, red)
		VPOR(opaque, red, red)
		VMOVDQU(red, Mem{Base: pix, Index: i, Scale: 4})
	})
}
