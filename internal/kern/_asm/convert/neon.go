package main

import (
	"fmt"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// writeNEON emits the conversions for arm64: 16 elements at a time, then 4.
func writeNEON() {
	file := &neon.File{}
	for _, c := range conversions {
		sig := fmt.Sprintf("func(dst *%s, src *%s, n int%s)", c.dst, c.src, c.params)
		doc := fmt.Sprintf("is %s for n a multiple of 4.", c.name)
		file.Func(c.name+"NEON", sig, doc, func(f *neon.Func, _ int) {
			dst, src, n := f.Arg("dst", ""), f.Arg("src", ""), f.Arg("n", "")
			g := neonGen{f, file, dst, src}
			body := c.neon(g)
			f.Steps(n, []int{16, 4}, []neon.Pointer{{GP: dst, Size: sizes[c.dst]}, {GP: src, Size: sizes[c.src]}}, body)
			f.Ret()
		})
		isa.HasNEON(c.name, file)
	}
	file.Func("prefetchLines", "func(p *byte, n int)", "is prefetch.", func(f *neon.Func, _ int) {
		p, n := f.Arg("p", ""), f.Arg("n", "")
		f.Plain("ADD %v, %v, %v", p, n, n)
		f.Label("line")
		f.Plain("CMP %v, %v", n, p)
		f.Branch("BGE", "done")
		f.Plain("PRFM (%v), PLDL1KEEP", p)
		f.Plain("ADD $64, %v, %v", p, p)
		f.Jump("line")
		f.Label("done")
		f.Ret()
	})
}

var sizes = map[string]int{"uint8": 1, "uint16": 2, "float32": 4, "int32": 4, "float64": 8}

// conversions lists the kernels; neon emits what comes before the loops and returns the
// function that emits the conversion of 16 elements or 4.
var conversions = []struct {
	name, dst, src, params string
	neon                   func(g neonGen) func(step int)
}{
	{"scaleU8", "float32", "uint8", ", scale, offset float32", func(g neonGen) func(int) {
		scale, offset := g.Broadcast("scale"), g.Broadcast("offset")
		return func(step int) {
			for i, v := range g.unsigned(step) {
				g.Op2(neon.SCvtF, v, v)
				g.Op3(neon.FMul, v, v, scale)
				g.Op3(neon.FAdd, v, v, offset)
				g.Store(v, g.dst, 16*i, false)
			}
		}
	}},
	{"f16ToF32", "float32", "uint16", "", func(g neonGen) func(int) { return g.widening(neon.Half, neon.Half2) }},
	{"f32ToF16", "uint16", "float32", "", func(g neonGen) func(int) {
		return g.narrowing(func(low, high neon.Reg, both bool) neon.Reg {
			t := g.New()
			g.Op2(neon.ToHalf, t, low)
			if both {
				g.Change2(neon.ToHalf2, t, high)
			}
			return t
		})
	}},
	{"bf16ToF32", "float32", "uint16", "", func(g neonGen) func(int) { return g.widening(neon.Brain, neon.Brain2) }},
	{"f32ToBF16", "uint16", "float32", "", func(g neonGen) func(int) {
		unit, quiet := g.word(0x7fff), g.word(0x400000)
		round := func(x neon.Reg) neon.Reg { return g.RoundBF16(x, unit, quiet) }
		return g.narrowing(func(low, high neon.Reg, both bool) neon.Reg {
			t, low := g.New(), round(low)
			if both {
				high = round(high)
			} else {
				high = low
			}
			g.Op3(neon.Odd16, t, low, high)
			return t
		})
	}},
	{"f32ToF64", "float64", "float32", "", func(g neonGen) func(int) {
		return g.vectors(func(v neon.Reg, i int) {
			low, high := g.New(), g.New()
			g.Op2(neon.Widen, low, v)
			g.Op2(neon.Widen2, high, v)
			g.Store(low, g.dst, 32*i, false)
			g.Store(high, g.dst, 32*i+16, false)
		})
	}},
	{"f64ToF32", "float32", "float64", "", func(g neonGen) func(int) {
		return func(step int) {
			for i := range step / 4 {
				low, high, t := g.New(), g.New(), g.New()
				g.Load(low, g.src, 32*i, false)
				g.Load(high, g.src, 32*i+16, false)
				g.Op2(neon.Narrow, t, low)
				g.Change2(neon.Narrow2, t, high)
				g.Store(t, g.dst, 16*i, false)
			}
		}
	}},
	{"i32ToF32", "float32", "int32", "", func(g neonGen) func(int) {
		return g.vectors(func(v neon.Reg, i int) {
			g.Op2(neon.SCvtF, v, v)
			g.Store(v, g.dst, 16*i, false)
		})
	}},
	{"f32ToI32", "int32", "float32", "", func(g neonGen) func(int) {
		// NEON makes NaN 0 and what is too great the greatest integer.
		end, least := g.word(0x4f000000), g.word(1<<31)
		return g.vectors(func(v neon.Reg, i int) {
			fits, t := g.New(), g.New()
			g.Op3(neon.FCmGT, fits, end, v)
			g.Op2(neon.FCvtZS, t, v)
			g.Change(neon.BSL, fits, t, least)
			g.Store(fits, g.dst, 16*i, false)
		})
	}},
}

// neonGen is a conversion being written.
type neonGen struct {
	*neon.Func
	file     *neon.File
	dst, src neon.GP
}

func (g neonGen) word(w uint32) neon.Reg {
	r := g.New()
	g.LoadWord(r, g.file.Word(w))
	return r
}

// vectors returns the function that loads vectors of 4 bytes an element and emits each for
// them.
func (g neonGen) vectors(each func(v neon.Reg, i int)) func(step int) {
	return func(step int) {
		for i := range step / 4 {
			v := g.New()
			g.Load(v, g.src, 16*i, false)
			each(v, i)
		}
	}
}

// unsigned loads bytes as words.
func (g neonGen) unsigned(step int) (words []neon.Reg) {
	bytes := g.New()
	g.LoadBytes(bytes, g.src, 0, step)
	for _, w := range []neon.Word{neon.Byte, neon.Byte2}[:max(1, step/8)] {
		shorts := g.New()
		g.Op2(w, shorts, bytes)
		for _, w := range []neon.Word{neon.Short, neon.Short2}[:min(2, step/4)] {
			word := g.New()
			g.Op2(w, word, shorts)
			words = append(words, word)
		}
	}
	return words
}

// widening converts the lower four elements of 2 bytes by one instruction, the upper four
// by another.
func (g neonGen) widening(low, high neon.Word) func(step int) {
	return func(step int) {
		for i := 0; i < step; i += 8 {
			v, t := g.New(), g.New()
			g.LoadBytes(v, g.src, 2*i, min(16, 2*step))
			g.Op2(low, t, v)
			g.Store(t, g.dst, 4*i, false)
			if step > 4 {
				t = g.New()
				g.Op2(high, t, v)
				g.Store(t, g.dst, 4*i+16, false)
			}
		}
	}
}

// narrowing stores what pair makes of two vectors, or, unless both, of one.
func (g neonGen) narrowing(pair func(low, high neon.Reg, both bool) neon.Reg) func(step int) {
	return func(step int) {
		for i := 0; i < step; i += 8 {
			low, high := g.New(), g.New()
			g.Load(low, g.src, 4*i, false)
			if step > 4 {
				g.Load(high, g.src, 4*i+16, false)
			}
			g.StoreBytes(pair(low, high, step > 4), g.dst, 2*i, min(16, 2*step))
		}
	}
}
