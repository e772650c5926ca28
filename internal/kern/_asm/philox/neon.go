package main

import (
	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// neonSets is how many sets of four blocks, a block a lane, are worked on at a time.
const neonSets = 2

// writeNEON emits all for arm64.
func writeNEON() {
	file := &neon.File{}
	plain := func(g neonGen, u neon.Reg, _ int) neon.Reg { return u }
	uniform := func(g neonGen, u neon.Reg, _ int) neon.Reg {
		g.Op2(neon.Shr(8), u, u)
		g.Op2(neon.Fraction(24), u, u)
		return u
	}
	// keep returns v where the number that u makes is not less than rate, and 0 elsewhere.
	keep := func(g neonGen, u, v neon.Reg) neon.Reg {
		less := g.New()
		g.Op3(neon.FCmGT, less, g.rate, uniform(g, u, 0))
		g.Op3(neon.Bic, u, v, less)
		return u
	}
	for _, k := range []struct {
		name string
		put  func(g neonGen, u neon.Reg, i int) neon.Reg // what becomes of vector i of words
	}{
		{"philoxWords", plain},
		{"philoxUniform", uniform},
		{"philoxMask", func(g neonGen, u neon.Reg, _ int) neon.Reg { return keep(g, u, g.scale) }},
		{"philoxDropout", func(g neonGen, u neon.Reg, i int) neon.Reg {
			x := g.New()
			g.Load(x, g.x, 16*i, false)
			g.Op3(neon.FMul, x, x, g.scale)
			return keep(g, u, x)
		}},
	} {
		file.Func(k.name+"NEON", "func("+params[k.name]+")", doc(k.name), func(f *neon.Func, _ int) {
			g := neonGen{Func: f, file: file}
			g.write(k.name == "philoxMask", k.name == "philoxDropout", k.put)
		})
		isa.HasNEON(k.name, file)
	}
}

// neonGen is a function being written.
type neonGen struct {
	*neon.Func
	file        *neon.File
	rate, scale neon.Reg
	x           neon.GP
	mul         [2]neon.Reg
}

func (g neonGen) word(w uint32) neon.Reg {
	r := g.New()
	g.LoadWord(r, g.file.Word(w))
	return r
}

// pair returns a register with a 64-bit parameter in both halves.
func (g neonGen) pair(param string) neon.Reg { return g.Splat(g.Arg(param, ""), "D2") }

func (g neonGen) write(mask, dropout bool, put func(g neonGen, u neon.Reg, i int) neon.Reg) {
	dst, groups := g.Arg("dst", ""), g.Arg("groups", "")
	pointers := []neon.Pointer{{GP: dst, Size: 4}}
	if dropout {
		g.x = g.Arg("x", "")
		pointers = append(pointers, neon.Pointer{GP: g.x, Size: 4})
	}
	if mask || dropout {
		g.rate, g.scale = g.Broadcast("rate"), g.Broadcast("scale")
	}
	key, stream, block := g.pair("key"), g.pair("stream"), g.pair("block")
	g.mul = [2]neon.Reg{g.word(0xD2511F53), g.word(0xCD9E8D57)}
	weyl := [2]neon.Reg{g.word(0x9E3779B9), g.word(0xBB67AE85)}
	counters, two := [2]neon.Reg{block, g.New()}, g.New()
	g.LoadWord(two, g.file.Words(0, 0, 1, 0))
	g.Op3(neon.Add64, block, block, two)
	g.LoadWord(two, g.file.Words(2, 0, 2, 0))
	g.Op3(neon.Add64, counters[1], block, two)
	g.Op3(neon.Add64, two, two, two) // four

	half := func(w neon.Word, low, high neon.Reg) neon.Reg {
		r := g.New()
		g.Op3(w, r, low, high)
		return r
	}
	words := 16 * neonSets
	g.Plain("LSL $%d, %v, %v", 6, groups, groups)
	g.Steps(groups, []int{words}, pointers, func(int) {
		var sets [neonSets][4]neon.Reg
		for i := range sets {
			sets[i] = [4]neon.Reg{
				half(neon.Even, counters[0], counters[1]), half(neon.Odd, counters[0], counters[1]),
				half(neon.Even, stream, stream), half(neon.Odd, stream, stream),
			}
			for _, c := range counters {
				g.Op3(neon.Add64, c, c, two)
			}
		}
		k0, k1 := half(neon.Even, key, key), half(neon.Odd, key, key)
		for round := range 10 {
			if round > 0 {
				g.Op3(neon.Add, k0, k0, weyl[0])
				g.Op3(neon.Add, k1, k1, weyl[1])
			}
			for i := range sets {
				sets[i] = g.round(sets[i], k0, k1)
			}
		}
		for i, c := range sets {
			for j, v := range g.Transpose(c) {
				g.Store(put(g, v, 4*i+j), dst, 16*(4*i+j), false)
			}
		}
	})
	g.Ret()
}

// round is philoxRound on four blocks.
func (g neonGen) round(c [4]neon.Reg, k0, k1 neon.Reg) [4]neon.Reg {
	var lo, hi [2]neon.Reg
	for i := range 2 {
		low, high := g.New(), g.New()
		lo[i], hi[i] = g.New(), g.New()
		g.Op3(neon.UMulL, low, c[2*i], g.mul[i])
		g.Op3(neon.UMulL2, high, c[2*i], g.mul[i])
		g.Op3(neon.Even, lo[i], low, high)
		g.Op3(neon.Odd, hi[i], low, high)
	}
	for _, x := range [][3]neon.Reg{{hi[1], c[1], k0}, {hi[0], c[3], k1}} {
		g.Op3(neon.Eor, x[0], x[0], x[1])
		g.Op3(neon.Eor, x[0], x[0], x[2])
	}
	return [4]neon.Reg{hi[1], lo[1], hi[0], lo[0]}
}
