//go:build !purego

package kern

import "unsafe"

// intTileHere returns the best tile in use.
func intTileHere() intTile {
	if useMM {
		return intTile{isa: neonMM, group: 4, signed: true, mr: 8, width: 8, nr: 12, grain: 1 << 21}
	}
	if useDot {
		return intTile{isa: neon, group: 4, signed: true, mr: 8, width: 8, nr: 12, grain: 1 << 20}
	}
	return goIntTile
}

// maxIntTile is the words of the greatest tile.
const maxIntTile = 8 * 12

// run computes strips. The assembly leaves p at the strip after them.
func (t intTile) run(p *intTileArgs) {
	if t.isa == neonMM {
		intTileNEONMM((*byte)(unsafe.Pointer(p)))
	} else {
		intTileNEON((*byte)(unsafe.Pointer(p)))
	}
}

// pack packs n rows or columns from at on, of depth elements from k0 on.
func (t intTile) pack(dst []int32, o *intOperand, at, n, k0, depth int) {
	steps := ceil(depth, t.group)
	if t.isa == portable {
		t.packIntsGo(dst, o, at, 0, n, k0, depth, 0, steps)
		return
	}
	for j := 0; j < n; {
		chunk, done := 4, 0
		if o.along {
			done = packIntCols(dst[j:], o, at+j, min(4, n-j), k0, depth)
		} else {
			chunk = min(8, o.width-j) // 8 or 4
			done = packIntRows(dst[j:], o, at+j, chunk, k0, depth)
		}
		if done < steps {
			t.packIntsGo(dst, o, at, j, min(j+chunk, n), k0, depth, done, steps)
		}
		j += chunk
	}
}

// packIntRows packs 8 or 4 columns of rows that follow each other along K, as far as whole
// vectors can be read, and returns how many steps it packed.
func packIntRows(dst []int32, o *intOperand, at, cols, k0, depth int) int {
	src := from(o.src, k0*o.ld+at)
	more := len(src) - cols
	if more < 0 {
		return 0
	}
	steps := min(depth, more/o.ld+1) / 4
	pack := packIntRows8NEON
	if cols == 4 {
		pack = packIntRows4NEON
	}
	pack(unsafe.SliceData(dst), 4*o.width, unsafe.SliceData(src), o.ld, steps, o.flips())
	return steps
}

// packIntCols packs up to 4 rows whose elements follow each other along K, as far as they
// fill vectors, and returns how many steps it packed.
func packIntCols(dst []int32, o *intOperand, at, rows, k0, depth int) int {
	blocks := depth / 16
	if blocks == 0 {
		return 0
	}
	var row [4]*uint8
	for i := range row {
		row[i] = &o.src[(at+min(i, rows-1))*o.ld+k0]
	}
	packIntColsNEON(unsafe.SliceData(dst), 4*o.width, row[0], row[1], row[2], row[3], blocks, o.flips())
	return 4 * blocks
}

// flips is the bits of a word that change.
func (o *intOperand) flips() uint32 { return uint32(o.flip) * 0x01010101 }

// sumWords sums the words and returns their number: all, or none without vectors.
func (t intTile) sumWords(dst, packed []int32, o *intOperand) int {
	if t.isa == portable || len(packed) == 0 {
		return 0
	}
	var own [4]int32
	for j := 0; j < len(dst); j += 4 {
		sumWordsNEON(&own[0], &packed[j], len(packed)/o.width, 4*o.width)
		copy(dst[j:], own[:])
	}
	return len(packed)
}
