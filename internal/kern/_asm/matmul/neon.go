package main

import (
	"fmt"

	vec "github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// neonRows is the most rows of a tile of NEON, by the number of vectors across: its 32
// registers hold the sums, a row of B and the elements of A.
var neonRows = map[int]int{1: 8, 2: 8, 3: 8, 6: 4, 12: 2}

// writeNEON writes the tiles of arm64: of up to eight rows and three vectors, and of few
// rows that read B in place.
func writeNEON() {
	file := &neon.File{}
	for _, lay := range []layout{byRow, byCol} {
		for _, vecs := range []int{1, 2, 3, 6, 12} {
			if lay == byCol && vecs > 3 {
				continue
			}
			name := fmt.Sprintf("tileNEON%s%d", lay, vecs)
			doc := fmt.Sprintf("computes a tile of p.rows <= %d rows and %d columns.", neonRows[vecs], 4*vecs)
			file.Func(name, "func(p *byte)", doc, func(f *neon.Func, _ int) { neonTile{f, lay, vecs}.write() })
		}
	}
	fmaLoopNEON(file)
	vec.WriteNEON("matmul", file)
}

type neonTile struct {
	*neon.Func
	layout
	vecs int
}

func (t neonTile) arg(p neon.GP, at int) neon.GP {
	r := t.GP()
	t.Plain("MOVD %d(%v), %v", at, p, r)
	return r
}

// write finds the code for the number of rows.
func (t neonTile) write() {
	p := t.Arg("p", "")
	t.Scope(func() {
		rows := t.arg(p, argRows)
		for r := neonRows[t.vecs]; r > 1; r-- {
			t.Plain("CMP $%d, %v", r, rows)
			t.Branch("BEQ", fmt.Sprintf("rows%d", r))
		}
	})
	for r := 1; r <= neonRows[t.vecs]; r++ {
		t.Label(fmt.Sprintf("rows%d", r))
		t.Scope(func() { t.rows(p, r) })
	}
}

// rows writes the tile of r rows.
func (t neonTile) rows(p neon.GP, r int) {
	sums := make([][]neon.Reg, r)
	t.Scope(func() {
		init, ld := t.arg(p, argInit), t.arg(p, argLDInit)
		for i := range sums {
			for v := range t.vecs {
				s := t.New()
				t.Load(s, init, 16*v, false)
				sums[i] = append(sums[i], s)
			}
			if i+1 < r {
				t.Plain("ADD %v, %v, %v", ld, init, init)
			}
		}
	})
	t.Scope(func() { t.products(p, sums) })
	at := t.GP()
	t.Plain("ADD $%d, %v, %v", argLow, p, at)
	one, low := t.New(), t.New()
	t.Load(one, at, 0, true)
	t.Op2(neon.Dup, low, one)
	c, ldc := t.arg(p, argC), t.arg(p, argLDC)
	for i := range sums {
		for v, s := range sums[i] {
			x := t.New()
			t.Op3(neon.FCmGT, x, low, s)
			t.Change(neon.BSL, x, low, s)
			t.Store(x, c, 16*v, false)
		}
		if i+1 < r {
			t.Plain("ADD %v, %v, %v", ldc, c, c)
		}
	}
	t.Ret()
}

// products writes the loop over k.
func (t neonTile) products(p neon.GP, sums [][]neon.Reg) {
	r := len(sums)
	a, lda, b, ldb, k := t.arg(p, argA), t.arg(p, argLDA), t.arg(p, argB), t.arg(p, argLDB), t.arg(p, argK)
	row := []neon.GP{a}
	if t.layout == byRow {
		for i := 1; i < r; i++ {
			row = append(row, t.GP())
			t.Plain("ADD %v, %v, %v", lda, row[i-1], row[i])
		}
	}
	step := t.stepOf(sums, a, lda, b, ldb, row)
	name := fmt.Sprintf("rows%d", r)
	for _, unroll := range []int{4, 1} {
		t.Loop(fmt.Sprintf("%sby%d", name, unroll), k, unroll, func() {
			for range unroll {
				step()
			}
		})
	}
}

// stepOf returns the function that writes one k: elements of A times a row of B. What
// there is less of stays in registers.
func (t neonTile) stepOf(sums [][]neon.Reg, a, lda, b, ldb neon.GP, row []neon.GP) func() {
	r := len(sums)
	return func() {
		bs := make([]neon.Reg, t.vecs)
		for v := range bs {
			bs[v] = t.New()
			if t.vecs <= 3 {
				t.Load(bs[v], b, 16*v, false)
			}
		}
		var as []neon.Reg
		lane := make([]int, r)
		for i := 0; i < r; {
			x := t.New()
			switch {
			case t.layout == byRow:
				t.LoadNext(x, row[i], true)
			case r-i >= 4:
				t.Load(x, a, 4*i, false)
			default:
				t.Load(x, a, 4*i, true)
			}
			for l := range 4 {
				if l > 0 && (t.layout == byRow || r-i < 4) {
					break
				}
				lane[len(as)] = l
				as = append(as, x)
			}
			for ; t.vecs <= 3 && i < len(as); i++ {
				for v := range bs {
					t.FMLALane(sums[i][v], bs[v], as[i], lane[i])
				}
			}
			i = len(as)
		}
		for v := range bs {
			if t.vecs > 3 {
				t.Load(bs[v], b, 16*v, false)
				for i := range sums {
					t.FMLALane(sums[i][v], bs[v], as[i], lane[i])
				}
			}
		}
		if t.layout == byCol {
			t.Plain("ADD %v, %v, %v", lda, a, a)
		}
		t.Plain("ADD %v, %v, %v", ldb, b, b)
	}
}

// fmaLoopNEON writes the loop that measures the peak: chains of multiply-adds.
func fmaLoopNEON(file *neon.File) {
	file.Func("fmaLoopNEON", "func(n int)", "does n rounds of 12 multiply-adds of four float32.", func(f *neon.Func, _ int) {
		n := f.Arg("n", "")
		x := f.New()
		f.Zero(x)
		sums := make([]neon.Reg, 12)
		for i := range sums {
			sums[i] = f.New()
			f.Zero(sums[i])
		}
		f.Label("round")
		for _, s := range sums {
			f.Change(neon.FMLA, s, x, x)
		}
		f.Plain("SUBS $1, %v, %v", n, n)
		f.Branch("BNE", "round")
		f.Ret()
	})
}
