package main

import (
	"fmt"

	"github.com/glia-ml/glia/internal/kern/_asm/neon"
)

// intNEON is the tile of products of four bytes, both of int8, of NEON with SDOT; or of
// eight, with SMMLA.
type intNEON struct {
	*neon.Func
	eights bool
}

const (
	intNEONRows = 8
	intNEONVecs = 3
)

// intTilesNEON writes the tile, and what packs for it.
func intTilesNEON(file *neon.File) {
	doc := fmt.Sprintf("computes p.strips tiles of p.rows <= %d rows and %d columns, of words of four int8.", intNEONRows, 4*intNEONVecs)
	for _, eights := range []bool{false, true} {
		name := "intTileNEON"
		if eights {
			name = "intTileNEONMM"
		}
		file.Func(name, "func(p *byte)", doc, func(f *neon.Func, _ int) { intNEON{f, eights}.tile() })
	}
	packIntRowsNEON(file)
	packIntColsNEON(file)
	sumWordsNEON(file)
}

func (t intNEON) arg(p neon.GP, at int) neon.GP {
	r := t.GP()
	t.Plain("MOVD %d(%v), %v", at, p, r)
	return r
}

// tile finds the code for the number of rows.
func (t intNEON) tile() {
	p := t.Arg("p", "")
	t.Scope(func() {
		rows := t.arg(p, intRows)
		for r := intNEONRows; r > 1; r-- {
			t.Plain("CMP $%d, %v", r, rows)
			t.Branch("BEQ", fmt.Sprintf("rows%d", r))
		}
	})
	for r := 1; r <= intNEONRows; r++ {
		t.Scope(func() { t.strips(p, r) })
	}
}

// strips writes the loop over strips of r rows.
func (t intNEON) strips(p neon.GP, r int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, r) }
	wide := r
	if t.eights { // rows are multiplied by twos
		wide = (r + 1) &^ 1
	}
	sums := make([][intNEONVecs]neon.Reg, wide)
	for i := range sums {
		for v := range sums[i] {
			sums[i][v] = t.New()
		}
	}
	// each calls f for every sum, whose vector of C is then behind c.
	each := func(f func(c neon.GP, offset int, sum neon.Reg)) {
		t.Scope(func() {
			c, ld := t.arg(p, intC), t.arg(p, intLDC)
			for i := range r {
				for v, s := range sums[i] {
					f(c, 16*v, s)
				}
				if i+1 < r {
					t.Plain("ADD %v, %v, %v", ld, c, c)
				}
			}
		})
	}
	t.Label(label("rows"))
	t.Scope(func() {
		t.Branch(fmt.Sprintf("CBZ %v,", t.arg(p, intAdd)), label("zeros"))
	})
	each(func(c neon.GP, offset int, sum neon.Reg) { t.Load(sum, c, offset, false) })
	if wide > r {
		for _, s := range sums[r] {
			t.Zero(s)
		}
	}
	t.squares(sums)
	t.Jump(label("start"))
	t.Label(label("zeros"))
	for i := range sums {
		for _, s := range sums[i] {
			t.Zero(s)
		}
	}
	t.Label(label("start"))
	t.Scope(func() {
		a, b, k := t.arg(p, intA), t.arg(p, intB), t.arg(p, intSteps)
		for _, unroll := range []int{4, 1} {
			t.Loop(fmt.Sprintf("%sby%d", label("rows"), unroll), k, unroll, func() {
				switch {
				case !t.eights:
					for range unroll {
						t.step(sums, a, b)
					}
				case unroll == 1:
					t.two(sums, a, b, 1)
				default:
					for range unroll / 2 {
						t.two(sums, a, b, 2)
					}
				}
			})
		}
	})
	t.squares(sums)
	t.Scope(func() {
		colX := t.arg(p, intColX)
		t.Branch(fmt.Sprintf("CBZ %v,", colX), label("store"))
		t.correct(p, colX, t.arg(p, intColY), sums[:r])
	})
	t.Label(label("store"))
	each(func(c neon.GP, offset int, sum neon.Reg) { t.Store(sum, c, offset, false) })
	t.Scope(func() {
		for _, f := range [][2]int{{intA, intStepA}, {intC, intStepC}} {
			t.Scope(func() {
				at, step := t.arg(p, f[0]), t.arg(p, f[1])
				t.Plain("ADD %v, %v, %v", step, at, at)
				t.Plain("MOVD %v, %d(%v)", at, f[0], p)
			})
		}
		n := t.arg(p, intStrips)
		t.Plain("SUBS $1, %v, %v", n, n)
		t.Plain("MOVD %v, %d(%v)", n, intStrips, p)
		t.Branch("BNE", label("rows"))
	})
	t.Ret()
}

// step adds the products of four elements along K.
func (t intNEON) step(sums [][intNEONVecs]neon.Reg, a, b neon.GP) {
	var bs [intNEONVecs]neon.Reg
	for v := range bs {
		bs[v] = t.New()
		t.Load(bs[v], b, 16*v, false)
	}
	for i := 0; i < len(sums); i += 4 {
		words := t.New()
		t.Load(words, a, 4*i, false)
		for r := i; r < min(i+4, len(sums)); r++ {
			for v, y := range bs {
				t.SDotLane(sums[r][v], y, words, r-i)
			}
		}
	}
	t.Plain("ADD $%d, %v, %v", 4*intNEONRows, a, a)
	t.Plain("ADD $%d, %v, %v", 16*intNEONVecs, b, b)
}

// squares makes of the words of each two rows, as C has them, squares of two rows and two
// columns, as SMMLA has them, and of these again rows.
func (t intNEON) squares(sums [][intNEONVecs]neon.Reg) {
	if !t.eights {
		return
	}
	for i := 0; i < len(sums); i += 2 {
		for v := range sums[i] {
			low := t.New()
			t.Op3(neon.Zip64, low, sums[i][v], sums[i+1][v])
			t.Op3(neon.Zip64Up, sums[i+1][v], sums[i][v], sums[i+1][v])
			t.Move(sums[i][v], low)
		}
	}
}

// two adds the products of eight elements along K, of two steps, or of four, of one.
func (t intNEON) two(sums [][intNEONVecs]neon.Reg, a, b neon.GP, steps int) {
	// pairs loads four words of each step and returns those of two rows or columns.
	pairs := func(at neon.GP, offset, step int) (low, high neon.Reg) {
		first, second := t.New(), t.New()
		low, high = t.New(), t.New()
		t.Load(first, at, offset, false)
		if steps == 2 {
			t.Load(second, at, offset+step, false)
		} else {
			t.Zero(second)
		}
		t.Op3(neon.Zip, low, first, second)
		t.Op3(neon.ZipUp, high, first, second)
		return low, high
	}
	var rows []neon.Reg
	for i := 0; i < len(sums); i += 4 {
		low, high := pairs(a, 4*i, 4*intNEONRows)
		rows = append(rows, low, high)
	}
	for v := range intNEONVecs {
		low, high := pairs(b, 16*v, 16*intNEONVecs)
		for i := 0; i < len(sums); i += 2 {
			t.Change(neon.SMMLA, sums[i][v], rows[i/2], low)
			t.Change(neon.SMMLA, sums[i+1][v], rows[i/2], high)
		}
	}
	t.Plain("ADD $%d, %v, %v", steps*4*intNEONRows, a, a)
	t.Plain("ADD $%d, %v, %v", steps*16*intNEONVecs, b, b)
}

// correct adds rowP·colX + rowQ·colY, and moves the pointers to those of rows.
func (t intNEON) correct(p, colX, colY neon.GP, sums [][intNEONVecs]neon.Reg) {
	for _, side := range []struct {
		row int
		col neon.GP
	}{{intRowP, colX}, {intRowQ, colY}} {
		t.Scope(func() {
			row := t.arg(p, side.row)
			for i := range sums {
				one, all := t.New(), t.New()
				t.LoadNext(one, row, true)
				t.Op2(neon.Dup, all, one)
				for v, s := range sums[i] {
					x := t.New()
					t.Load(x, side.col, 16*v, false)
					t.Change(neon.MLA, s, all, x)
				}
			}
			t.Plain("MOVD %v, %d(%v)", row, side.row, p)
		})
	}
}

// packIntRowsNEON writes routines that pack 8 or 4 columns of rows along K, four rows a
// step.
func packIntRowsNEON(file *neon.File) {
	for _, cols := range []int{8, 4} {
		name := fmt.Sprintf("packIntRows%dNEON", cols)
		doc := fmt.Sprintf("packs %d columns of 4 rows for each step; ldDst and ldSrc are bytes, flip the bits that change.", cols)
		file.Func(name, "func(dst *int32, ldDst int, src *uint8, ldSrc, steps int, flip uint32)", doc, func(f *neon.Func, _ int) {
			dst, ldDst, src, ldSrc, n := f.Arg("dst", ""), f.Arg("ldDst", ""), f.Arg("src", ""), f.Arg("ldSrc", ""), f.Arg("steps", "")
			flip := f.Broadcast("flip")
			f.Loop("step", n, 1, func() {
				var rows [4]neon.Reg
				for i := range rows {
					rows[i] = f.New()
					f.LoadBytes(rows[i], src, 0, cols)
					f.Plain("ADD %v, %v, %v", ldSrc, src, src)
				}
				low, high := f.New(), f.New()
				f.Op3(neon.Zip8, low, rows[0], rows[1])
				f.Op3(neon.Zip8, high, rows[2], rows[3])
				for i, w := range []neon.Word{neon.Zip16, neon.Zip16Up}[:cols/4] {
					words := f.New()
					f.Op3(w, words, low, high)
					f.Op3(neon.Eor, words, words, flip)
					f.Store(words, dst, 16*i, false)
				}
				f.Plain("ADD %v, %v, %v", ldDst, dst, dst)
			})
			f.Ret()
		})
	}
}

// packIntColsNEON writes a routine that packs four rows whose elements along K follow each
// other, 16 at a time.
func packIntColsNEON(file *neon.File) {
	doc := "packs blocks of 16 elements of each of four rows; ldDst is bytes, flip the bits that change."
	file.Func("packIntColsNEON", "func(dst *int32, ldDst int, r0, r1, r2, r3 *uint8, blocks int, flip uint32)", doc, func(f *neon.Func, _ int) {
		dst, ld, n := f.Arg("dst", ""), f.Arg("ldDst", ""), f.Arg("blocks", "")
		flip := f.Broadcast("flip")
		var from []neon.Pointer
		for i := range 4 {
			from = append(from, neon.Pointer{GP: f.Arg(fmt.Sprintf("r%d", i), ""), Size: 16})
		}
		f.Steps(n, []int{1}, from, func(int) {
			var rows [4]neon.Reg
			for i, p := range from {
				rows[i] = f.New()
				f.Load(rows[i], p.GP, 0, false)
				f.Op3(neon.Eor, rows[i], rows[i], flip)
			}
			for _, c := range f.Transpose(rows) {
				f.Store(c, dst, 0, false)
				f.Plain("ADD %v, %v, %v", ld, dst, dst)
			}
		})
		f.Ret()
	})
}

// sumWordsNEON writes a routine that sums the int8s of four words at a time.
func sumWordsNEON(file *neon.File) {
	doc := "sums the int8s of 4 words of each step, stride bytes apart."
	file.Func("sumWordsNEON", "func(dst *int32, src *int32, steps, stride int)", doc, func(f *neon.Func, _ int) {
		dst, src, n, stride := f.Arg("dst", ""), f.Arg("src", ""), f.Arg("steps", ""), f.Arg("stride", "")
		sum, ones := f.New(), f.New()
		f.Zero(sum)
		f.LoadWord(ones, file.Word(0x01010101))
		f.Loop("step", n, 1, func() {
			v := f.New()
			f.Load(v, src, 0, false)
			f.Change(neon.SDot, sum, v, ones)
			f.Plain("ADD %v, %v, %v", stride, src, src)
		})
		f.Store(sum, dst, 0, false)
		f.Ret()
	})
}
