package main

import (
	"fmt"

	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// writeNEON emits all for arm64, in the same order of operations.
func writeNEON() {
	file := &neon.File{}
	for _, r := range reductions {
		file.Func(r.name+"NEON", r.sig(), "is "+r.name+".", func(f *neon.Func, _ int) {
			(&neonRows{Func: f, reduction: r, a: isa.NEON(file, f), file: file}).write()
		})
		isa.HasNEON(r.name, file)
	}
	file.Func("sum64RowsNEON", "func(dst *float64, x *float32, rows, cols, ld int)", "is sum64Rows.", func(f *neon.Func, _ int) { sum64NEON(f) })
	isa.HasNEON("sum64Rows", file)
	for _, c := range folds {
		file.Func(c.name+"NEON", "func(dst, x *float32, rows, cols, ld int)", "is "+c.name+".", func(f *neon.Func, _ int) { c.writeNEON(file, f) })
		isa.HasNEON(c.name, file)
	}
	for _, name := range []string{"indexEqual", "indexNaN"} {
		file.Func(name+"NEON", indexSig, indexDoc, func(f *neon.Func, _ int) { indexNEON(f, name == "indexNaN") })
		isa.HasNEON(name, file)
	}
}

// indexNEON finds the first element that equals v, or that is NaN: the sixteen that hold it,
// then it among those.
func indexNEON(f *neon.Func, nan bool) {
	start, n, v := f.Arg("x", ""), f.Arg("n", ""), f.Broadcast("v")
	x, found := f.GP(), f.GP()
	f.Plain("MOVD %v, %v", start, x)
	// compare returns ones where an element is not it, if that is NaN, or is.
	compare := func(offset int, one bool) neon.Reg {
		e := f.New()
		f.Load(e, x, offset, one)
		if nan {
			f.Op3(neon.FCmEq, e, e, e)
		} else {
			f.Op3(neon.FCmEq, e, e, v)
		}
		return e
	}
	test := func(m neon.Reg) {
		if nan {
			f.Op2(neon.Not, m, m)
		}
	}
	f.Loop("by16", n, 16, func() {
		all := compare(0, false)
		for i := 1; i < 4; i++ {
			join := neon.Orr
			if nan {
				join = neon.And
			}
			f.Op3(join, all, all, compare(16*i, false))
		}
		test(all)
		f.Op2(neon.MaxV, all, all)
		f.Lane0(all, found)
		f.Branch(fmt.Sprintf("CBNZ %v,", found), "by16_end")
		f.Plain("ADD $64, %v, %v", x, x)
	})
	f.Loop("by1", n, 1, func() {
		m := compare(0, true)
		test(m)
		f.Lane0(m, found)
		f.Branch(fmt.Sprintf("CBNZ %v,", found), "found")
		f.Plain("ADD $4, %v, %v", x, x)
	})
	f.Label("found")
	f.Plain("SUB %v, %v, %v", start, x, x)
	f.Plain("LSR $2, %v, %v", x, x)
	f.Return(x)
}

// neonRows is a reduction of rows being written: 64 lanes in 16 registers, of rows of up to
// 16 elements 4.
type neonRows struct {
	*neon.Func
	reduction
	a             isa.ISA
	file          *neon.File
	dst, n, cols  neon.GP
	x, y, ld      neon.GP
	scalars       []neon.GP
	fillV, number neon.Reg // number: all ones where no NaN was seen
}

func (g *neonRows) two() bool { return g.args != "" }

func (g *neonRows) write() {
	g.dst, g.x, g.n, g.cols = g.Arg("dst", ""), g.Arg("x", ""), g.Arg("rows", ""), g.Arg("cols", "")
	g.ld = g.cols
	if g.two() {
		g.y = g.Arg("y", "")
	} else {
		g.ld = g.Arg("ld", "")
	}
	for _, s := range g.reduction.scalars {
		g.scalars = append(g.scalars, g.Arg(s, ""))
	}
	g.fillV = g.New()
	if g.fill == 0 {
		g.Zero(g.fillV)
	} else {
		g.LoadWord(g.fillV, g.file.Word(g.fill))
	}
	g.Plain("CMP $0, %v", g.n)
	g.Branch("BLE", "done")
	g.Plain("CMP $%d, %v", lanes/4, g.cols)
	g.Branch("BGT", "long_row")
	g.row("short", lanes/16)
	g.row("long", lanes/4)
	g.Label("done")
	g.Ret()
}

// row writes the loop over rows of some accumulators.
func (g *neonRows) row(name string, n int) {
	g.Scope(func() {
		x, y, left := g.GP(), g.y, g.GP()
		g.Label(name + "_row")
		var s []vec
		for _, p := range g.scalars {
			s = append(s, g.a.Next(p))
		}
		acc := make([]vec, n)
		for i := range acc {
			acc[i] = g.a.Vec()
			g.Move(isa.Arm(acc[i]), g.fillV)
		}
		if g.nan {
			g.number = g.New()
			g.Op3(neon.FCmEq, g.number, g.fillV, g.fillV)
		}
		g.Plain("MOVD %v, %v", g.x, x)
		if g.two() {
			y = g.GP()
			g.Plain("MOVD %v, %v", g.y, y)
		}
		g.Plain("MOVD %v, %v", g.cols, left)
		g.Row(name, left, n, func(i int) { g.whole(acc[i], x, y, s) }, func(label string, i int) { g.part(label, acc[i], x, y, left, s) })
		g.end(name, acc)
	})
}

// whole takes four elements into acc.
func (g *neonRows) whole(acc vec, x, y neon.GP, s []vec) {
	xs, ys := g.a.Vec(), g.a.Vec()
	g.LoadNext(isa.Arm(xs), x, false)
	if g.two() {
		g.Load(isa.Arm(ys), y, 0, false)
	}
	g.take(acc, xs, ys, s)
	if g.into {
		g.Store(isa.Arm(ys), y, 0, false)
	}
	if g.two() {
		g.Plain("ADD $16, %v, %v", y, y)
	}
}

// part takes left elements, less than four, and the identity for the others.
func (g *neonRows) part(label string, acc vec, x, y, left neon.GP, s []vec) {
	xs, ys := g.a.Vec(), g.a.Vec()
	g.Move(isa.Arm(xs), g.fillV)
	g.Move(isa.Arm(ys), g.fillV)
	g.Lanes(label+"_x", left, func(lane int) { g.LoadLane(isa.Arm(xs), x, lane) })
	start := g.GP()
	if g.two() {
		g.Plain("MOVD %v, %v", y, start)
		g.Lanes(label+"_y", left, func(lane int) { g.LoadLane(isa.Arm(ys), y, lane) })
	}
	g.take(acc, xs, ys, s)
	if g.into {
		g.Lanes(label+"_into", left, func(lane int) { g.StoreLane(isa.Arm(ys), start, lane) })
	}
}

func (g *neonRows) take(acc, x, y vec, s []vec) {
	if g.nan {
		t := g.New()
		g.Op3(neon.FCmEq, t, isa.Arm(x), isa.Arm(x))
		g.Op3(neon.And, g.number, g.number, t)
	}
	g.step(g.a, acc, x, y, s)
}

// end joins the lanes, stores the result and goes on to the next row.
func (g *neonRows) end(name string, acc []vec) {
	result := isa.Arm(g.a.Join(acc, func(x, y vec) { g.join.neon(g.a, x, y, y) }))
	if g.nan {
		result = g.NaNUnless(g.number, result, g.file)
	}
	g.Store(result, g.dst, 0, true)
	g.Plain("ADD $4, %v, %v", g.dst, g.dst)
	g.Plain("ADD %v<<2, %v, %v", g.ld, g.x, g.x)
	if g.two() && !g.one {
		g.Plain("ADD %v<<2, %v, %v", g.ld, g.y, g.y)
	}
	g.Plain("SUBS $1, %v, %v", g.n, g.n)
	g.Branch("BNE", name+"_row")
	g.Jump("done")
}

// sum64NEON adds rows in float64: 32 lanes in 16 registers.
func sum64NEON(f *neon.Func) {
	dst, x, n, cols, ld := f.Arg("dst", ""), f.Arg("x", ""), f.Arg("rows", ""), f.Arg("cols", ""), f.Arg("ld", "")
	p, left := f.GP(), f.GP()
	f.Plain("CMP $0, %v", n)
	f.Branch("BLE", "done")
	f.Label("row")
	acc := make([]neon.Reg, 16)
	for i := range acc {
		acc[i] = f.New()
		f.Zero(acc[i])
	}
	add := func(v neon.Reg, i int) {
		low, high := f.New(), f.New()
		f.Op2(neon.Widen, low, v)
		f.Op2(neon.Widen2, high, v)
		f.Op3(neon.FAdd64, acc[2*i], acc[2*i], low)
		f.Op3(neon.FAdd64, acc[2*i+1], acc[2*i+1], high)
	}
	f.Plain("MOVD %v, %v", x, p)
	f.Plain("MOVD %v, %v", cols, left)
	f.Row("row", left, 8, func(i int) {
		v := f.New()
		f.LoadNext(v, p, false)
		add(v, i)
	}, func(label string, i int) {
		v := f.New()
		f.Zero(v)
		f.Lanes(label+"_x", left, func(lane int) { f.LoadLane(v, p, lane) })
		add(v, i)
	})
	join := func(x, y neon.Reg) { f.Op3(neon.FAdd64, y, y, x) }
	neon.Tree(acc, join)
	high := f.New()
	f.Op2(neon.DupHigh, high, acc[0])
	join(high, acc[0])
	f.Store64(acc[0], dst)
	f.Plain("ADD $8, %v, %v", dst, dst)
	f.Plain("ADD %v<<2, %v, %v", ld, x, x)
	f.Plain("SUBS $1, %v, %v", n, n)
	f.Branch("BNE", "row")
	f.Label("done")
	f.Ret()
}

// writeNEON goes down strips of eight registers of columns, of one, and of one column.
func (c fold) writeNEON(file *neon.File, f *neon.Func) {
	a := isa.NEON(file, f)
	dst, x, rows, cols, ld := f.Arg("dst", ""), f.Arg("x", ""), f.Arg("rows", ""), f.Arg("cols", ""), f.Arg("ld", "")
	p, r := f.GP(), f.GP()
	f.Plain("LSL $2, %v, %v", ld, ld)
	fill := f.New()
	if c.fill == 0 {
		f.Zero(fill)
	} else {
		f.LoadWord(fill, file.Word(c.fill))
	}
	strips := 0
	f.Pass(cols, 8, []neon.GP{x, dst}, func(vectors int, one bool) {
		strips++
		label := fmt.Sprint("strip", strips)
		acc := make([]vec, vectors)
		for i := range acc {
			acc[i] = a.Vec()
			f.Move(isa.Arm(acc[i]), fill)
		}
		f.Plain("MOVD %v, %v", x, p)
		f.Plain("MOVD %v, %v", rows, r)
		f.Plain("CMP $0, %v", r)
		f.Branch("BLE", label+"_store")
		f.Label(label + "_row")
		for i := range acc {
			v := a.Vec()
			f.Load(isa.Arm(v), p, 16*i, one)
			c.step(a, acc[i], v)
		}
		f.Plain("ADD %v, %v, %v", ld, p, p)
		f.Plain("SUBS $1, %v, %v", r, r)
		f.Branch("BNE", label+"_row")
		f.Label(label + "_store")
		for i := range acc {
			f.Store(isa.Arm(acc[i]), dst, 16*i, one)
		}
	})
	f.Ret()
}
