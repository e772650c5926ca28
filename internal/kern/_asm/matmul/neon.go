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
// rows that read B in place; and the routines that pack.
func writeNEON() {
	file := &neon.File{}
	for _, e := range []element{{"NEON", 4}, {"NEON64", 8}} {
		for _, lay := range []layout{byRow, byCol} {
			for _, vecs := range []int{1, 2, 3, 6, 12} {
				if lay == byCol && vecs > 3 {
					continue
				}
				name := fmt.Sprintf("tile%s%s%d", e.name, lay, vecs)
				doc := fmt.Sprintf("computes a tile of p.rows <= %d rows and %d columns.", neonRows[vecs], e.lanes()*vecs)
				file.Func(name, "func(p *byte)", doc, func(f *neon.Func, _ int) { neonTile{f, e, lay, vecs}.write() })
			}
		}
	}
	for _, s := range []source{float32s, bfloat16s, float16s} {
		packTransposedNEON(file, s)
	}
	for _, s := range []source{bfloat16s, alongK, float16s} {
		packRowsNEON(file, s)
	}
	intTilesNEON(file)
	fmaLoopNEON(file)
	vec.WriteNEON("matmul", file)
}

// An element is float32 or float64.
type element struct {
	name string // of functions
	size int    // in bytes
}

func (e element) lanes() int { return 16 / e.size }

func (e element) word(float32s, float64s neon.Word) neon.Word {
	if e.size == 8 {
		return float64s
	}
	return float32s
}

type neonTile struct {
	*neon.Func
	element
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
	t.flush(p)
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

// flush sets the control register for the case that subnormals count as zeros, as they do
// in VDPBF16PS: p.flush are then the bits that make them so.
func (t neonTile) flush(p neon.GP) {
	if t.size == 8 {
		return
	}
	t.Scope(func() {
		flush, control := t.arg(p, argFlush), t.GP()
		t.Branch(fmt.Sprintf("CBZ %v,", flush), "start")
		t.Plain("MRS FPCR, %v", control)
		t.Plain("MOVD %v, %d(%v)", control, argSaved, p)
		t.Plain("ORR %v, %v, %v", flush, control, control)
		t.Plain("MSR %v, FPCR", control)
	})
	t.Label("start")
}

// restore undoes flush.
func (t neonTile) restore(p neon.GP, label string) {
	if t.size == 8 {
		return
	}
	t.Scope(func() {
		flush := t.arg(p, argFlush)
		t.Branch(fmt.Sprintf("CBZ %v,", flush), label)
		t.Plain("MSR %v, FPCR", t.arg(p, argSaved))
	})
	t.Label(label)
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
	if t.size == 8 {
		t.Op2(neon.Widen, one, one)
	}
	t.Op2(t.word(neon.Dup, neon.Dup64), low, one)
	c, ldc := t.arg(p, argC), t.arg(p, argLDC)
	for i := range sums {
		for v, s := range sums[i] {
			x := t.New()
			t.Op3(t.word(neon.FCmGT, neon.FCmGT64), x, low, s)
			t.Change(neon.BSL, x, low, s)
			t.Store(x, c, 16*v, false)
		}
		if i+1 < r {
			t.Plain("ADD %v, %v, %v", ldc, c, c)
		}
	}
	t.restore(p, fmt.Sprintf("restored%d", r))
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
			x, n := t.New(), 1
			switch {
			case t.layout == byRow:
				t.LoadNextBytes(x, row[i], t.size)
			case r-i >= t.lanes():
				n = t.lanes()
				t.Load(x, a, t.size*i, false)
			default:
				t.LoadBytes(x, a, t.size*i, t.size)
			}
			for l := range n {
				lane[len(as)] = l
				as = append(as, x)
			}
			for ; t.vecs <= 3 && i < len(as); i++ {
				for v := range bs {
					t.fma(sums[i][v], bs[v], as[i], lane[i])
				}
			}
			i = len(as)
		}
		for v := range bs {
			if t.vecs > 3 {
				t.Load(bs[v], b, 16*v, false)
				for i := range sums {
					t.fma(sums[i][v], bs[v], as[i], lane[i])
				}
			}
		}
		if t.layout == byCol {
			t.Plain("ADD %v, %v, %v", lda, a, a)
		}
		t.Plain("ADD %v, %v, %v", ldb, b, b)
	}
}

// fma adds b·a[lane] to sum.
func (t neonTile) fma(sum, b, a neon.Reg, lane int) {
	if t.size == 8 {
		t.FMLALane64(sum, b, a, lane)
	} else {
		t.FMLALane(sum, b, a, lane)
	}
}

// packTransposedNEON writes a routine that turns 4 rows of k elements into k rows of 4, k a
// multiple of 4. Bfloat16s of 2i and 2i+1 change places.
func packTransposedNEON(file *neon.File, s source) {
	size := s.size
	elem := map[int]string{2: "uint16", 4: "float32"}[size]
	sig := fmt.Sprintf("func(dst *float32, ldDst int, r0, r1, r2, r3 *%s, k int)", elem)
	doc := "copies k elements, a multiple of 4, of each of four rows, as k rows, ldDst bytes apart."
	file.Func("packTransposed"+s.name+"NEON", sig, doc, func(f *neon.Func, _ int) {
		dst, ld, k := f.Arg("dst", ""), f.Arg("ldDst", ""), f.Arg("k", "")
		var from []neon.Pointer
		for i := range 4 {
			from = append(from, neon.Pointer{GP: f.Arg(fmt.Sprintf("r%d", i), ""), Size: size})
		}
		odd := f.GP()
		f.Steps(k, []int{4}, from, func(int) {
			var rows [4]neon.Reg
			for i, p := range from {
				rows[i] = f.New()
				f.LoadBytes(rows[i], p.GP, 0, 4*size)
				if size == 2 {
					f.Op2(s.neon()[0], rows[i], rows[i])
				}
			}
			cols := f.Transpose(rows)
			if s.swap {
				cols[0], cols[1], cols[2], cols[3] = cols[1], cols[0], cols[3], cols[2]
			}
			for i := 0; i < 4; i += 2 {
				f.Plain("ADD %v, %v, %v", ld, dst, odd)
				f.Store(cols[i], dst, 0, false)
				f.Store(cols[i+1], odd, 0, false)
				f.Plain("ADD %v, %v, %v", ld, odd, dst)
			}
		})
		f.Ret()
	})
}

// neon returns the instructions that widen the lower four of eight elements, and the upper.
func (s source) neon() []neon.Word {
	if s.name == float16s.name {
		return []neon.Word{neon.Half, neon.Half2}
	}
	return []neon.Word{neon.Brain, neon.Brain2}
}

// packRowsNEON writes a routine that widens rows. Along K bfloat16s of 2i and 2i+1 change
// places.
func packRowsNEON(file *neon.File, s source) {
	doc := "widens rows, one or more, of n elements, a multiple of 4; ldDst and ldSrc are bytes."
	file.Func("packRows"+s.name+"NEON", "func(dst *float32, ldDst int, src *uint16, ldSrc, rows, n int)", doc, func(f *neon.Func, _ int) {
		dst, ldDst, src, ldSrc := f.Arg("dst", ""), f.Arg("ldDst", ""), f.Arg("src", ""), f.Arg("ldSrc", "")
		rows, n := f.Arg("rows", ""), f.Arg("n", "")
		to, from, left := f.GP(), f.GP(), f.GP()
		f.Label("row")
		f.Plain("MOVD %v, %v", dst, to)
		f.Plain("MOVD %v, %v", src, from)
		f.Plain("MOVD %v, %v", n, left)
		f.Steps(left, []int{8, 4}, []neon.Pointer{{GP: to, Size: 4}, {GP: from, Size: 2}}, func(step int) {
			v := f.New()
			f.LoadBytes(v, from, 0, 2*step)
			if s.name == alongK.name {
				f.Op2(neon.Swap16, v, v)
			}
			for i, w := range s.neon()[:step/4] {
				wide := f.New()
				f.Op2(w, wide, v)
				f.Store(wide, to, 16*i, false)
			}
		})
		f.Plain("ADD %v, %v, %v", ldDst, dst, dst)
		f.Plain("ADD %v, %v, %v", ldSrc, src, src)
		f.Plain("SUBS $1, %v, %v", rows, rows)
		f.Branch("BNE", "row")
		f.Ret()
	})
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
