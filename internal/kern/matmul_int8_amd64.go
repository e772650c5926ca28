//go:build !purego

package kern

import "unsafe"

// intPackArgs holds the arguments of the assembly of packing.
type intPackArgs struct {
	dst     unsafe.Pointer
	ldDst   uintptr
	src     unsafe.Pointer
	ldSrc   uintptr
	k       int
	changes *[8]uint64
	row     [8]unsafe.Pointer
}

// intTileHere returns the best tile in use.
func intTileHere() intTile {
	switch {
	case useAVX512VNNI:
		return intTile{isa: avx512, group: 4, mr: 14, width: 16, nr: 32, grain: 1 << 22}
	case useAVX512:
		return intTile{isa: avx512, group: 2, mr: 14, width: 16, nr: 32, grain: 1 << 21}
	case useVNNI:
		return intTile{isa: avx2, group: 4, mr: 6, width: 8, nr: 16, grain: 1 << 21}
	case useAVX2:
		return intTile{isa: avx2, group: 2, mr: 6, width: 8, nr: 16, grain: 1 << 20}
	}
	return goIntTile
}

// maxIntTile is the words of the greatest tile.
const maxIntTile = 14 * 32

// run computes strips. The assembly leaves p at the strip after them.
func (t intTile) run(p *intTileArgs) {
	switch a := (*byte)(unsafe.Pointer(p)); {
	case t.isa == avx512 && t.group == 4:
		intTileAVX512VNNI(a)
	case t.isa == avx512:
		intTileAVX512(a)
	case t.group == 4:
		intTileVNNI(a)
	default:
		intTileAVX2(a)
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
		chunk, done := 8, 0
		if o.along {
			done = t.packCols(dst[j:], o, at+j, min(8, n-j), k0, depth)
		} else {
			if n-j > 8 {
				chunk = 16
			}
			done = t.packRows(dst[j:], o, at+j, chunk, k0, depth)
		}
		if done < steps {
			t.packIntsGo(dst, o, at, j, min(j+chunk, n), k0, depth, done, steps)
		}
		j += chunk
	}
}

// args returns the arguments of packing.
func (o *intOperand) args(dst []int32, k int) intPackArgs {
	return intPackArgs{dst: addr(dst), ldDst: uintptr(4 * o.width), ldSrc: uintptr(o.ld), k: k, changes: &o.changes}
}

// packRows packs 8 or 16 columns of rows that follow each other along K, as far as whole
// vectors can be read, and returns how many steps it packed.
func (t intTile) packRows(dst []int32, o *intOperand, at, cols, k0, depth int) int {
	src := from(o.src, k0*o.ld+at)
	more := len(src) - cols
	if more < 0 {
		return 0
	}
	steps := min(depth, more/o.ld+1) / t.group
	if steps == 0 {
		return 0
	}
	p := o.args(dst, steps)
	p.src = addr(src)
	if a := (*byte)(unsafe.Pointer(&p)); t.group == 4 {
		packIntRowsQuadsAVX2(a, cols/8)
	} else {
		packIntRowsPairsAVX2(a, cols/8)
	}
	return steps
}

// packCols packs up to 8 rows whose elements follow each other along K, as far as they
// fill vectors, and returns how many steps it packed.
func (t intTile) packCols(dst []int32, o *intOperand, at, rows, k0, depth int) int {
	blocks := depth / (8 * t.group)
	if blocks == 0 {
		return 0
	}
	p := o.args(dst, blocks)
	for i := range 8 {
		p.row[i] = addr(o.src[(at+min(i, rows-1))*o.ld+k0:])
	}
	if a := (*byte)(unsafe.Pointer(&p)); t.group == 4 {
		packIntColsQuadsAVX2(a)
	} else {
		packIntColsPairsAVX2(a)
	}
	return 8 * blocks
}

// sumWords sums the words and returns their number: all, or none without vectors.
func (t intTile) sumWords(dst, packed []int32, o *intOperand) int {
	if t.isa == portable || len(packed) == 0 {
		return 0
	}
	var own [8]int32
	steps, stride := len(packed)/o.width, 4*o.width
	for j := 0; j < len(dst); j += 8 {
		to, src := (*byte)(unsafe.Pointer(&own)), (*byte)(unsafe.Pointer(&packed[j]))
		switch {
		case t.group == 2:
			sumWordsPairsAVX2(to, src, steps, stride)
		case o.int8s:
			sumWordsSignedAVX2(to, src, steps, stride)
		default:
			sumWordsUnsignedAVX2(to, src, steps, stride)
		}
		copy(dst[j:], own[:])
	}
	return len(packed)
}
