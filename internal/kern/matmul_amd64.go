//go:build !purego

package kern

import (
	"math"
	"unsafe"
)

// packArgs holds the arguments of the assembly of packing.
type packArgs struct {
	rowArgs
	row [16]unsafe.Pointer
}

// rowArgs holds those of packing that copies rows.
type rowArgs struct {
	dst   unsafe.Pointer
	ldDst uintptr
	src   unsafe.Pointer
	ldSrc uintptr
	k     int
	mask  uintptr
}

// bestISA is the best that tileFor may choose.
func bestISA() isa {
	switch {
	case useAVX512BF16:
		return avx512BF16
	case useAVX512:
		return avx512
	case useAVX2:
		return avx2
	}
	return portable
}

// tileFor returns the tile for a product of m rows.
func tileFor[T Float](m int, transA bool, narrow Narrow) tile {
	t := goTile
	if unsafe.Sizeof(T(0)) != 4 || !useAVX2 {
		return t
	}
	wide4, wide8 := 3, 1
	if useAVX512 {
		t = tile{isa: avx512, lanes: 16, mr: 14, nr: 32, width: 16, grain: 1 << 20}
		wide4, wide8 = 6, 3
		if narrow == BF16 && useAVX512BF16 {
			t.isa, t.grain = avx512BF16, 1<<21
		}
	} else {
		t = tile{isa: avx2, lanes: 8, mr: 6, nr: 16, width: 8, grain: 1 << 19}
	}
	switch {
	case narrow == NotNarrow:
		if t.isa == avx2 && transA {
			t.width = t.mr // for packStrips
		}
	case t.isa == avx512BF16:
		if t.few = 2 * 13; m <= t.few {
			t.mr = 13
		}
	case t.isa == avx512:
		t.few = 2 * t.mr
	default:
		t.few = wide4
	}
	switch {
	case transA && m > t.few:
	case m <= wide8:
		t.nr = 8 * t.lanes
	case m <= wide4:
		t.nr = 4 * t.lanes
	}
	return t
}

// segmented reports whether kernels take a depth in segments.
func segmented(i isa) bool { return i >= avx2 }

var masks = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// maskFor returns the mask for a vector of n elements, 0 < n <= lanes.
func (i isa) maskFor(n int) uintptr {
	if i >= avx512 {
		return 1<<n - 1
	}
	return uintptr(unsafe.Pointer(&masks[8-n]))
}

func kernel[T Float](i isa, s *strips[T]) {
	if i == portable {
		kernelGo(s)
		return
	}
	lanes := 8
	wide4, wide8 := !s.byCol && s.rows <= 3, !s.byCol && s.rows == 1
	if i >= avx512 {
		lanes = 16
		wide4, wide8 = !s.byCol && s.rows <= 6, !s.byCol && s.rows <= 3
		if s.b16 != nil {
			wide4 = !s.byCol && s.rows <= 6-int(i-avx512) // the registers of AVX512BF16 hold one row less
		}
	}
	packs := s.packedA != nil || s.packedB != nil
	for j := 0; j < s.n; {
		left, vecs := s.n-j, 1
		if left > lanes {
			vecs = 2
		}
		if wide8 && left >= 8*lanes {
			vecs = 8
		} else if wide4 && left >= 4*lanes {
			vecs = 4
		}
		n := min(s.n-j, vecs*lanes)
		t := tileArgs{
			a: ptr(s.a, 0), b: ptr(s.b, j), c: ptr(s.c, j),
			init: unsafe.Pointer(&zeros),
			lda:  uintptr(4 * s.lda), ldb: uintptr(4 * s.ldb), ldc: uintptr(4 * s.ldc),
			k: s.k, rows: s.rows, strips: s.strips,
			stepA: uintptr(4 * s.stepA), stepC: uintptr(4 * s.rows * s.ldc),
			mask: i.maskFor(max(1, n-(vecs-1)*lanes)),
			low:  float32(s.low), high: float32(math.Inf(1)),
		}
		if s.last {
			if s.cap != 0 {
				t.high = float32(s.cap)
			}
			if s.add != nil {
				t.add, t.ldAdd, t.stepAdd = ptr(s.add, j), uintptr(4*s.ldAdd), uintptr(4*s.rows*s.ldAdd)
			}
		}
		if s.a16 != nil {
			t.a, t.lda, t.stepA = ptr16(s.a16), uintptr(2*s.lda), uintptr(2*s.stepA)
		}
		if s.a16 != nil && !packs {
			t.k, t.odd = s.depth/2, uintptr(s.depth%2)
		}
		if s.narrow == BF16 && s.k > 0 {
			t.flush = flushSubnormals
		}
		switch {
		case s.next16 != nil:
			t.next, t.nextStep = uintptr(ptr16(s.next16)), uintptr(2*s.ldNext)
			t.nextEnd = t.next + uintptr(s.k)*t.nextStep
		case len(s.next) == 0:
			t.next = uintptr(t.b)
		case s.ldNext > 0:
			t.next, t.nextStep = uintptr(ptr(s.next, 0)), uintptr(4*s.ldNext)
			t.nextEnd = t.next + uintptr(s.k)*t.nextStep
		default: // a packed panel, in as many steps as the loops have
			t.next = uintptr(ptr(s.next, 0))
			steps := max(1, s.strips*(s.k/4-s.rows))
			t.nextStep = uintptr(min(2*4*lanes, ceil(4*s.ldb*s.k, steps)))
			t.nextEnd = t.next + uintptr(4*s.ldb*s.k)
		}
		switch {
		case !s.first:
			t.init, t.ldInit, t.stepInit = t.c, t.ldc, t.stepC
		case s.bias != nil:
			t.init = ptr(s.bias, j)
		}
		if s.c16 != nil {
			t.round, t.c = 1, ptr16(s.c16[j:])
			t.ldc, t.stepC = uintptr(2*s.ldc16), uintptr(2*s.rows*s.ldc16)
		}
		if s.b16 != nil {
			t.b, t.ldb = ptr16(s.b16[j:]), uintptr(2*s.ldb)
		}
		if s.b16 != nil && !packs {
			t.k, t.odd = s.depth/2, uintptr(s.depth%2)
			t.mask = 1<<n - 1
		}
		if len(s.more) > 0 {
			t.segs = unsafe.Pointer(&s.more[0])
		}
		switch p := (*byte)(unsafe.Pointer(&t)); {
		case s.b16 != nil && !packs:
			for range s.strips {
				tilesFew(i, s.narrow, p, vecs, s.byCol)
				t.a, t.c, t.init = unsafe.Add(t.a, t.stepA), unsafe.Add(t.c, t.stepC), unsafe.Add(t.init, t.stepInit)
			}
		case packs:
			t.packedA, t.packedB = ptr(s.packedA, 0), ptr(s.packedB, 0)
			tilesPack(p, s.narrow, s.packedA != nil, s.packedB != nil, s.byCol)
		case i == avx512BF16:
			tilesBF16(p, vecs, s.byCol)
		case i == avx512:
			tiles512(p, vecs, s.byCol)
		default:
			tiles256(p, vecs, s.byCol, n == vecs*lanes)
		}
		j += n
	}
}

// ptr16 is ptr for 16 bits.
func ptr16(s []uint16) unsafe.Pointer {
	if len(s) == 0 {
		return unsafe.Pointer(&zeros)
	}
	return unsafe.Pointer(&s[0])
}

// flushSubnormals is MXCSR with all exceptions masked, rounding to nearest, and
// subnormals taken for zeros, both as operands and as results.
const flushSubnormals = 0x1f80 | 1<<6 | 1<<15

func tilesBF16(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 8:
		tileAVX512BF16Row8(p)
	case vecs == 4:
		tileAVX512BF16Row4(p)
	case vecs == 2 && byCol:
		tileAVX512BF16Col2(p)
	case vecs == 2:
		tileAVX512BF16Row2(p)
	case byCol:
		tileAVX512BF16Col1(p)
	default:
		tileAVX512BF16Row1(p)
	}
}

func tiles512(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 8:
		tileAVX512Row8(p)
	case vecs == 4:
		tileAVX512Row4(p)
	case vecs == 2 && byCol:
		tileAVX512Col2(p)
	case vecs == 2:
		tileAVX512Row2(p)
	case byCol:
		tileAVX512Col1(p)
	default:
		tileAVX512Row1(p)
	}
}

func tiles256(p *byte, vecs int, byCol, full bool) {
	switch {
	case vecs == 8:
		tileAVX2Row8(p)
	case vecs == 4:
		tileAVX2Row4(p)
	case vecs == 2 && byCol && full:
		tileAVX2Col2(p)
	case vecs == 2 && byCol:
		tileAVX2Col2Mask(p)
	case vecs == 2 && full:
		tileAVX2Row2(p)
	case vecs == 2:
		tileAVX2Row2Mask(p)
	case byCol && full:
		tileAVX2Col1(p)
	case byCol:
		tileAVX2Col1Mask(p)
	case full:
		tileAVX2Row1(p)
	default:
		tileAVX2Row1Mask(p)
	}
}

// tilesPack computes whole tiles of AVX2 and packs one of the operands, or both.
func tilesPack(p *byte, f Narrow, packA, packB, byCol bool) {
	switch {
	case f == BF16:
		tilesPackBF16(p, packA, packB, byCol)
	case f == F16:
		tilesPackF16(p, packA, packB, byCol)
	case packA && packB:
		tileAVX2Col2PackAB(p)
	case packA:
		tileAVX2Col2PackA(p)
	case byCol:
		tileAVX2Col2PackB(p)
	default:
		tileAVX2Row2PackB(p)
	}
}

func packRows[T Float](t tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	if t.isa == portable || k == 0 {
		packRowsGo(dst, ldDst, src, ldSrc, n, k)
		return
	}
	for j := 0; j < n; j += 2 * t.lanes {
		vecs := min(2, ceil(n-j, t.lanes))
		p := rowArgs{
			dst: ptr(dst, j), ldDst: uintptr(4 * ldDst),
			src: ptr(src, j), ldSrc: uintptr(4 * ldSrc), k: k,
			mask: t.isa.maskFor(min(t.lanes, n-j-(vecs-1)*t.lanes)),
		}
		if t.isa == avx512 {
			packRowsAVX512((*byte)(unsafe.Pointer(&p)), vecs)
		} else {
			packRowsAVX2((*byte)(unsafe.Pointer(&p)), vecs)
		}
	}
}

// stripArgs holds the arguments of the assembly that packs strips.
type stripArgs struct {
	dst   unsafe.Pointer
	step  uintptr // bytes from one strip to the next
	src   unsafe.Pointer
	ldSrc uintptr
	k     int
	rows  uintptr // bytes
	n     int     // strips
	mask  uintptr
}

// packStrips packs strips of equally many rows of a transposed A for k from src on, step
// elements apart. It reports false if the tile wants vectors, which pack copies.
func packStrips[T Float](t tile, dst []T, step int, src operand[T], rows, strips, k int) bool {
	if t.isa != avx2 || t.width != t.mr {
		return false
	}
	p := stripArgs{
		dst: ptr(dst, 0), step: uintptr(4 * step),
		src: ptr(src.wide, 0), ldSrc: uintptr(4 * src.ld),
		k: k, rows: uintptr(4 * rows), n: strips, mask: t.isa.maskFor(rows),
	}
	packStripsAVX2((*byte)(unsafe.Pointer(&p)))
	return true
}

func packCols[T Float](t tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	if t.isa == portable || k == 0 {
		packColsGo(dst, ldDst, src, ldSrc, n, k)
		return
	}
	for j := 0; j < n; j += t.lanes {
		p := packArgs{rowArgs: rowArgs{dst: ptr(dst, j), ldDst: uintptr(4 * ldDst), k: k, mask: t.isa.maskFor(k % t.lanes)}}
		for i := range t.lanes {
			p.row[i] = ptr(src, min(j+i, n-1)*ldSrc)
		}
		if t.isa == avx512 {
			packTransposedAVX512((*byte)(unsafe.Pointer(&p)))
		} else {
			packTransposedAVX2((*byte)(unsafe.Pointer(&p)))
		}
	}
}

// fmaChains is the number of vectors in a round of the assembly's loops.
const fmaChains = 12

func fmaLoop(n int) (flops int) {
	switch {
	case n <= 0:
		return 0
	case useAVX512:
		fmaLoopAVX512(n)
		return n * fmaChains * 16 * 2
	case useAVX2:
		fmaLoopAVX2(n)
		return n * fmaChains * 8 * 2
	}
	return fmaLoopGo(n)
}
