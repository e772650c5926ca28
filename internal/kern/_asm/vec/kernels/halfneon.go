package kernels

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// halvesNEON writes the kernels on halves for arm64: a register of halves is two of
// float32.
type halvesNEON struct{ file *neon.File }

func writeHalvesNEON() {
	w := halvesNEON{&neon.File{}}
	for _, name := range bf16Kernels {
		w.kernel(byName(name), "BF16")
	}
	for _, name := range f16Kernels {
		w.kernel(byName(name), "F16")
	}
	w.bits()
	w.narrow("hNarrowBF16", "func(dst *uint16, x *float32, n int)", false)
	w.narrow("hNarrowScaledBF16", "func(dst *uint16, x *float32, n int, s float32)", true)
	w.subWide()
	w.round("BF16")
	w.round("F16")
	for _, half := range []string{"BF16", "F16"} {
		w.sumCols(half)
		w.rows("Sum", half, 0, isa.ISA.Add)
		w.rows("Max", half, negInf, isa.ISA.Max)
		w.rows("Min", half, negInf^signBit, isa.ISA.Min)
	}
}

// function adds a function. Constants are those that may stay in registers.
func (w halvesNEON) function(name, sig, doc string, constants []con, write func(g *gen)) {
	w.file.Func(name+"NEON", sig, doc, func(f *neon.Func, keep int) {
		g := &gen{neon: &neonGen{Func: f, file: w.file, keep: keep}}
		g.neon.keepConstants(constants)
		write(g)
		f.Ret()
	})
	isa.HasNEON(name, w.file)
}

// over goes over n elements with vectors of float32 at a time, then per.
func over(g *gen, vectors, per int, pointers []neon.Pointer, body func()) {
	steps := []int{4 * vectors, 4 * per}
	if vectors <= per {
		steps = steps[1:]
	}
	g.neon.Steps(g.neon.Arg("n", ""), steps, pointers, func(step int) {
		g.u = step / 4
		body()
	})
}

// pointers returns the addresses of dst, of so many bytes an element, and of others of halves.
func pointers(g *gen, dst int, in ...string) []neon.Pointer {
	all := []neon.Pointer{{GP: g.neon.Arg("dst", ""), Size: dst}}
	for _, p := range in {
		all = append(all, neon.Pointer{GP: g.neon.Arg(p, ""), Size: 2})
	}
	return all
}

// kernel writes k for halves.
func (w halvesNEON) kernel(k kernel, half string) {
	body := func(g *gen, load func(int) vec, scalars []reg.VecVirtual) vec {
		y := k.compute(g, load, scalars)
		if half == "BF16" && !exact[k.name] {
			y = g.roundQuiet(y)
		}
		return y
	}
	var constants []con
	if half == "BF16" {
		constants = []con{upper}
	}
	constants = append(constants, constantsOf(func(g *gen) {
		var scalars []reg.VecVirtual
		for range k.scalars {
			scalars = append(scalars, g.reg())
		}
		body(g, func(int) vec { return g.vec() }, scalars)
	})...)
	sig := halfSig(k.in, "uint16", k.scalars)
	w.function("h"+k.name+half, sig, fmt.Sprintf("is [Half%s] of %s for n a multiple of 8.", k.name, half), constants, func(g *gen) {
		p := pointers(g, 2, k.in...)
		var scalars []reg.VecVirtual
		for _, s := range k.scalars {
			r := g.reg()
			g.neon.Move(n(r), g.neon.Broadcast(s))
			scalars = append(scalars, r)
		}
		over(g, k.unroll, 2, p, func() {
			y := body(g, func(j int) vec { return g.neon.loadHalves(g, half, p[j+1].GP) }, scalars)
			g.neon.storeHalves(half, y, p[0].GP)
		})
	})
}

// loadHalves is loadHalf for NEON.
func (ng *neonGen) loadHalves(g *gen, half string, from neon.GP) vec {
	v := g.vec()
	for j := 0; j < len(v); j += 2 {
		both := ng.New()
		ng.Load(both, from, 8*j, false)
		if half == "F16" {
			ng.Op2(neon.Half, n(v[j]), both)
			ng.Op2(neon.Half2, n(v[j+1]), both)
			continue
		}
		ng.Op2(neon.Shl(16), n(v[j]), both)
		ng.Op3(neon.And, n(v[j+1]), both, ng.val(upper, 0))
	}
	return v
}

// storeHalves is storeHalf for NEON.
func (ng *neonGen) storeHalves(half string, v vec, to neon.GP) {
	for j := 0; j < len(v); j += 2 {
		both := ng.New()
		if half == "F16" {
			ng.Op2(neon.ToHalf, both, n(v[j]))
			ng.Change2(neon.ToHalf2, both, n(v[j+1]))
		} else {
			ng.Move(both, n(v[j+1]))
			ng.Change2(neon.ShrInto(16), both, n(v[j]))
		}
		ng.Store(both, to, 8*j, false)
	}
}

// bits writes the functions of the bits of halves, and of those of one number.
func (w halvesNEON) bits() {
	function := func(name, doc string, in []string, bits string, body func(g *gen, x []neon.Reg, bits neon.Reg) neon.Reg) {
		sig := strings.TrimSuffix(halfSig(in, "uint16", nil), ")") + ", " + bits + " uint32)"
		doc = fmt.Sprintf("is %s for n a multiple of 8 and bits, of a half type's infinity or a half, that come twice.", doc)
		w.function(name, sig, doc, nil, func(g *gen) {
			p := pointers(g, 2, in...)
			b := g.neon.Broadcast(bits)
			over(g, 8, 2, p, func() {
				for j := range g.u / 2 {
					var x []neon.Reg
					for _, from := range p[1:] {
						v := g.neon.New()
						g.neon.Load(v, from.GP, 16*j, false)
						x = append(x, v)
					}
					g.neon.Store(body(g, x, b), p[0].GP, 16*j, false)
				}
			})
		})
	}
	// between returns the lanes of x that are above low and not above high.
	between := func(g *gen, x, low, high neon.Reg) neon.Reg {
		above, beyond := g.neon.New(), g.neon.New()
		g.neon.Op3(neon.CmGT16, above, x, low)
		g.neon.Op3(neon.CmGT16, beyond, x, high)
		g.neon.Op3(neon.Bic, above, above, beyond)
		return above
	}
	function("hRelu", "[HalfRelu]", []string{"x"}, "negInf", func(g *gen, x []neon.Reg, inf neon.Reg) neon.Reg {
		y := g.neon.New()
		g.neon.Op3(neon.Bic, y, x[0], between(g, x[0], g.neon.val(con(0x80008000), 0), inf))
		return y
	})
	function("hReluGrad", "[HalfReluGrad]", []string{"y", "dy"}, "inf", func(g *gen, x []neon.Reg, inf neon.Reg) neon.Reg {
		d := g.neon.New()
		g.neon.Op3(neon.And, d, x[1], between(g, x[0], g.neon.val(con(0), 0), inf))
		return d
	})
	function("hFill", "[FillHalf]", nil, "v", func(_ *gen, _ []neon.Reg, v neon.Reg) neon.Reg { return v })
}

// rounding are the constants of roundAny.
var rounding = []con{0x7fff, 0x400000}

// narrow writes the conversion of float32 to bfloat16, or of float32 times a number.
func (w halvesNEON) narrow(name, sig string, scaled bool) {
	doc := "is [F32ToBF16] for n a multiple of 8."
	if scaled {
		doc = "is [F32ToBF16] of x·s for n a multiple of 8."
	}
	w.function(name, sig, doc, rounding, func(g *gen) {
		p := pointers(g, 2)
		p = append(p, neon.Pointer{GP: g.neon.Arg("x", ""), Size: 4})
		var s neon.Reg
		if scaled {
			s = g.neon.Broadcast("s")
		}
		over(g, 4, 2, p, func() {
			x := g.neon.load(g, p[1].GP)
			if scaled {
				for _, r := range x {
					g.neon.Op3(neon.FMul, n(r), n(r), s)
				}
			}
			y := g.roundAny(x)
			for j := 0; j < len(y); j += 2 {
				both := g.neon.New()
				g.neon.Op3(neon.Odd16, both, n(y[j]), n(y[j+1]))
				g.neon.Store(both, p[0].GP, 8*j, false)
			}
		})
	})
}

// load loads g.u vectors.
func (ng *neonGen) load(g *gen, from neon.GP) vec {
	v := g.vec()
	for j := range v {
		ng.Load(n(v[j]), from, 16*j, false)
	}
	return v
}

func (ng *neonGen) store(v vec, to neon.GP) {
	for j := range v {
		ng.Store(n(v[j]), to, 16*j, false)
	}
}

// widenAt returns as many vectors of float32, one or an even number, from halves.
func (ng *neonGen) widenAt(half string, from neon.GP, offset, vectors int) []neon.Reg {
	low, high := neon.Brain, neon.Brain2
	if half == "F16" {
		low, high = neon.Half, neon.Half2
	}
	var all []neon.Reg
	for j := 0; j < vectors; j += 2 {
		both := ng.New()
		ng.LoadBytes(both, from, offset+8*j, min(16, 8*vectors))
		for _, w := range []neon.Word{low, high}[:min(2, vectors)] {
			v := ng.New()
			ng.Op2(w, v, both)
			all = append(all, v)
		}
	}
	return all
}

// subWide writes the difference of bfloat16 and a number, as float32.
func (w halvesNEON) subWide() {
	w.function("hSubWideBF16", "func(dst *float32, x *uint16, n int, s float32)", "is x - s for n a multiple of 4.", nil, func(g *gen) {
		p := pointers(g, 4, "x")
		s := g.neon.Broadcast("s")
		over(g, 4, 1, p, func() {
			for j, v := range g.neon.widenAt("BF16", p[1].GP, 0, g.u) {
				g.neon.Op3(neon.FSub, v, v, s)
				g.neon.Store(v, p[0].GP, 16*j, false)
			}
		})
	})
}

// round writes the rounding of float32 to the values of a half type, as float32.
func (w halvesNEON) round(half string) {
	var constants []con
	if half == "BF16" {
		constants = append(rounding, upper)
	}
	w.function("hRound"+half, halfSig([]string{"x"}, "float32", nil), fmt.Sprintf("is [Round%s] for n a multiple of 4.", half), constants, func(g *gen) {
		p := pointers(g, 4)
		p = append(p, neon.Pointer{GP: g.neon.Arg("x", ""), Size: 4})
		over(g, 4, 1, p, func() {
			x := g.neon.load(g, p[1].GP)
			if half == "BF16" {
				g.neon.store(g.and(g.roundAny(x), upper), p[0].GP)
				return
			}
			for _, r := range x {
				g.neon.Op2(neon.ToHalf, n(r), n(r))
				g.neon.Op2(neon.Half, n(r), n(r))
			}
			g.neon.store(x, p[0].GP)
		})
	})
}

// sumCols writes the sum of columns, row after row, in strips of eight registers, of two
// and of one.
func (w halvesNEON) sumCols(half string) {
	sig, doc := "func(dst *float32, x *uint16, rows, cols, ld int)", fmt.Sprintf("is [HalfSumCols] of %s for cols a multiple of 4.", half)
	w.function("hSumCols"+half, sig, doc, nil, func(g *gen) {
		f := g.neon
		p := pointers(g, 4, "x")
		rows, cols, ld := f.Arg("rows", ""), f.Arg("cols", ""), f.Arg("ld", "")
		f.Plain("LSL $1, %v, %v", ld, ld)
		from, r := f.GP(), f.GP()
		f.Steps(cols, []int{32, 8, 4}, p, func(step int) {
			label := fmt.Sprint("strip", step)
			sums := make([]neon.Reg, step/4)
			for i := range sums {
				sums[i] = f.New()
				f.Zero(sums[i])
			}
			f.Plain("MOVD %v, %v", p[1].GP, from)
			f.Plain("MOVD %v, %v", rows, r)
			f.Plain("CMP $0, %v", r)
			f.Branch("BLE", label+"_store")
			f.Label(label + "_row")
			for i, v := range f.widenAt(half, from, 0, len(sums)) {
				f.Op3(neon.FAdd, sums[i], sums[i], v)
			}
			f.Plain("ADD %v, %v, %v", ld, from, from)
			f.Plain("SUBS $1, %v, %v", r, r)
			f.Branch("BNE", label+"_row")
			f.Label(label + "_store")
			for i, s := range sums {
				f.Store(s, p[0].GP, 16*i, false)
			}
		})
	})
}

// rows writes the reduction of rows: blocks of all lanes, then, of a single row, a last one
// that is filled up, if it is there.
func (w halvesNEON) rows(name, half string, fill con, join func(a isa.ISA, x, y, d reg.VecVirtual)) {
	sig := "func(dst *float32, x *uint16, rows, blocks int, last *uint16)"
	doc := fmt.Sprintf("reduces rows, one or more, of blocks of %d elements of %s, and a last one unless it is nil.", lanes, half)
	w.function("h"+name+"Rows"+half, sig, doc, nil, func(g *gen) {
		f, a := g.neon, isa.NEON(w.file, g.neon.Func)
		dst, x, rows, all, last := f.Arg("dst", ""), f.Arg("x", ""), f.Arg("rows", ""), f.Arg("blocks", ""), f.Arg("last", "")
		blocks := f.GP()
		step := func(x, acc reg.VecVirtual) { join(a, x, acc, acc) }
		f.Label("row")
		f.Plain("MOVD %v, %v", all, blocks)
		acc := make([]reg.VecVirtual, lanes/4)
		for i := range acc {
			acc[i] = a.Vec()
			f.constant(n(acc[i]), fill)
		}
		number := f.New() // all ones where no NaN was seen
		if fill != 0 {
			f.Op3(neon.FCmEq, number, n(acc[0]), n(acc[0]))
		}
		block := func(from neon.GP) {
			for i := 0; i < len(acc); i += 2 {
				for j, v := range f.widenAt(half, from, 8*i, 2) {
					if fill != 0 {
						t := f.New()
						f.Op3(neon.FCmEq, t, v, v)
						f.Op3(neon.And, number, number, t)
					}
					r := a.Vec()
					f.Move(n(r), v)
					step(r, acc[i+j])
				}
			}
		}
		f.Plain("CMP $0, %v", blocks)
		f.Branch("BLE", "last")
		f.Label("block")
		block(x)
		f.Plain("ADD $%d, %v, %v", 2*lanes, x, x)
		f.Plain("SUBS $1, %v, %v", blocks, blocks)
		f.Branch("BNE", "block")
		f.Label("last")
		f.Branch(fmt.Sprintf("CBZ %v,", last), "join")
		block(last)
		f.Label("join")
		result := n(a.Join(acc, step))
		if fill != 0 {
			result = f.NaNUnless(number, result, w.file)
		}
		f.Store(result, dst, 0, true)
		f.Plain("ADD $4, %v, %v", dst, dst)
		f.Plain("SUBS $1, %v, %v", rows, rows)
		f.Branch("BNE", "row")
	})
}
