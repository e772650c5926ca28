package kernels

import (
	"slices"

	"github.com/mmcloughlin/avo/reg"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// neonGen is what a gen needs to write NEON. Constants lie in memory; those that fit
// stay in registers.
type neonGen struct {
	*neon.Func
	file *neon.File
	keep int // constants that may stay in registers
	kept map[con]neon.Reg
	seen func(con) // or nil: is told of constants
}

// n returns the number of a register.
func n(r reg.Register) neon.Reg { return isa.Arm(r) }

// constant sets d, a register of its own, to c.
func (g *neonGen) constant(d neon.Reg, c con) {
	if g.seen != nil {
		g.seen(c)
	}
	if r, ok := g.kept[c]; ok {
		g.Move(d, r)
	} else {
		g.LoadWord(d, g.file.Word(uint32(c)))
	}
}

// val returns register i of v, or one that holds the constant v.
func (g *neonGen) val(v val, i int) neon.Reg {
	if v, ok := v.(vec); ok {
		return n(v[i])
	}
	if r, ok := g.kept[v.(con)]; ok {
		return r
	}
	d := g.New()
	g.constant(d, v.(con))
	return d
}

// keepConstants loads the first constants that a kernel uses, before its loops.
func (g *neonGen) keepConstants(used []con) {
	g.kept = map[con]neon.Reg{}
	for _, c := range used[:min(len(used), g.keep)] {
		r := g.New()
		g.LoadWord(r, g.file.Word(uint32(c)))
		g.kept[c] = r
	}
}

func (ng *neonGen) copy(g *gen, a vec) vec {
	d := g.vec()
	for i := range d {
		ng.Move(n(d[i]), n(a[i]))
	}
	return d
}

// choose returns a where it is greater than b, or less, and b elsewhere.
func (ng *neonGen) choose(g *gen, a vec, b val, less bool) vec {
	d := g.vec()
	for i := range d {
		x, y := n(a[i]), ng.val(b, i)
		if less {
			ng.Op3(neon.FCmGT, n(d[i]), y, x)
		} else {
			ng.Op3(neon.FCmGT, n(d[i]), x, y)
		}
		ng.Change(neon.BSL, n(d[i]), x, y)
	}
	return d
}

func (ng *neonGen) mulAdd(g *gen, a, b vec, c val) vec {
	d := g.vec()
	for i := range d {
		if k, ok := c.(con); ok {
			ng.constant(n(d[i]), k)
		} else {
			ng.Move(n(d[i]), n(c.(vec)[i]))
		}
		ng.Change(neon.FMLA, n(d[i]), n(a[i]), n(b[i]))
	}
	return d
}

func (ng *neonGen) cmp(g *gen, m, a neon.Reg, pred uint8, b neon.Reg) {
	switch pred {
	case eq:
		ng.Op3(neon.FCmEq, m, a, b)
	case lt:
		ng.Op3(neon.FCmGT, m, b, a)
	case le:
		ng.Op3(neon.FCmGE, m, b, a)
	case ge:
		ng.Op3(neon.FCmGE, m, a, b)
	case gt:
		ng.Op3(neon.FCmGT, m, a, b)
	case neq:
		t := ng.New()
		ng.Op3(neon.FCmEq, t, a, b)
		ng.Op2(neon.Not, m, t)
	case nlt:
		t := ng.New()
		ng.Op3(neon.FCmGT, t, b, a)
		ng.Op2(neon.Not, m, t)
	case unord:
		t := ng.New()
		ng.Op3(neon.FCmEq, t, a, a)
		if a != b {
			y := ng.New()
			ng.Op3(neon.FCmEq, y, b, b)
			ng.Op3(neon.And, t, t, y)
		}
		ng.Op2(neon.Not, m, t)
	default:
		panic("no such predicate")
	}
}

// writeNEON emits k: a loop over unroll vectors, one over single vectors, and one over
// the elements of the rest, which read zeros into the other lanes.
func (k kernel) writeNEON(file *neon.File) {
	used := k.constants()
	file.Func("v"+k.name+"NEON", k.sig(), "is ["+k.name+"].", func(f *neon.Func, keep int) {
		g := &gen{neon: &neonGen{Func: f, file: file, keep: keep}}
		left, dst := f.Arg("dst", "len"), f.Arg("dst", "base")
		var src []neon.GP
		for _, p := range k.in {
			src = append(src, f.Arg(p, "base"))
		}
		g.neon.keepConstants(used)
		var scalars []reg.VecVirtual
		for _, p := range k.scalars {
			r := g.reg()
			f.Move(n(r), f.Broadcast(p))
			scalars = append(scalars, r)
		}
		f.Pass(left, k.unroll, append([]neon.GP{dst}, src...), func(vectors int, one bool) {
			g.u = vectors
			y := k.compute(g, func(j int) vec {
				v := g.vec()
				for i := range v {
					f.Load(n(v[i]), src[j], 16*i, one)
				}
				return v
			}, scalars)
			for i := range y {
				f.Store(n(y[i]), dst, 16*i, one)
			}
		})
		f.Ret()
	})
	isa.HasNEON("v"+k.name, file)
}

// constants lists the constants that k uses, in order.
func (k kernel) constants() []con {
	return constantsOf(func(g *gen) {
		var scalars []reg.VecVirtual
		for range k.scalars {
			scalars = append(scalars, g.reg())
		}
		k.compute(g, func(int) vec { return g.vec() }, scalars)
	})
}

// constantsOf lists the constants that body uses, in order.
func constantsOf(body func(g *gen)) (all []con) {
	g := &gen{neon: &neonGen{Func: &neon.Func{}, file: &neon.File{}}, u: 1}
	g.neon.seen = func(c con) {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	body(g)
	return all
}
