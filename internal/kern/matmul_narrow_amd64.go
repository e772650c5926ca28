//go:build !purego

package kern

import "unsafe"

// packNarrowRows is packRows from 16 bits.
func packNarrowRows[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	switch {
	case t.isa == portable:
		packNarrowRowsGo(f, dst, ldDst, src, ldSrc, n, k)
	case t.isa == avx512BF16:
		packRowPairs(t, dst, ldDst, src, ldSrc, n, k)
	default:
		packWidenedRows(t, f, dst, ldDst, src, ldSrc, n, k)
	}
}

// packRowPairs makes a row of pairs of each two rows.
func packRowPairs[T Float](t tile, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	for j := 0; j < n; j += 2 * t.lanes {
		cols := min(2*t.lanes, n-j)
		p := packArgs{rowArgs: rowArgs{
			dst: ptr(dst, j), ldDst: uintptr(4 * ldDst),
			src: ptr16(src[j:]), ldSrc: uintptr(4 * ldSrc), k: k / 2, mask: 1<<cols - 1,
		}}
		if p.k > 0 {
			p.row[0] = ptr16(src[ldSrc+j:])
			packRowsPairsAVX512((*byte)(unsafe.Pointer(&p)), ceil(cols, t.lanes))
		}
		if k%2 != 0 {
			p.dst, p.src, p.k = ptr(dst, k/2*ldDst+j), ptr16(src[(k-1)*ldSrc+j:]), 1
			p.row[0] = unsafe.Pointer(&zeros)
			packRowsPairsAVX512((*byte)(unsafe.Pointer(&p)), ceil(cols, t.lanes))
		}
	}
}

// widenLines widens k rows of elements along K in whole vectors. Bfloat16 change places.
func widenLines[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	if t.isa != avx2 || k == 0 {
		widenRows(t, f, true, dst, ldDst, src, ldSrc, n, k)
		return
	}
	p := rowArgs{dst: ptr(dst, 0), ldDst: uintptr(4 * ldDst), src: ptr16(src), ldSrc: uintptr(2 * ldSrc), k: k}
	if a := (*byte)(unsafe.Pointer(&p)); f == F16 {
		packLinesF16AVX2(a, ceil(n, t.lanes))
	} else {
		packLinesAlongBF16AVX2(a, ceil(n, t.lanes))
	}
}

// widenRows widens k rows in whole vectors. Along K bfloat16 change places.
func widenRows[T Float](t tile, f Narrow, along bool, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	for j := 0; j < n && k > 0; j += 2 * t.lanes {
		vecs := min(2, ceil(n-j, t.lanes))
		p := rowArgs{
			dst: ptr(dst, j), ldDst: uintptr(4 * ldDst),
			src: ptr16(src[j:]), ldSrc: uintptr(2 * ldSrc), k: k,
			mask: t.isa.maskFor(min(t.lanes, n-j-(vecs-1)*t.lanes)),
		}
		a := (*byte)(unsafe.Pointer(&p))
		if t.isa == avx2 {
			widen256(f, a, vecs)
		} else {
			widen512(f, along, a, vecs)
		}
	}
}

func widen256(f Narrow, p *byte, vecs int) {
	if f == F16 {
		packRowsF16AVX2(p, vecs)
	} else {
		packRowsBF16AVX2(p, vecs)
	}
}

func widen512(f Narrow, along bool, p *byte, vecs int) {
	switch {
	case f == F16:
		packRowsF16AVX512(p, vecs)
	case along:
		packRowsAlongBF16AVX512(p, vecs)
	default:
		packRowsBF16AVX512(p, vecs)
	}
}

// packNarrowCols is packCols from 16 bits.
func packNarrowCols[T Float](t tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	whole := k
	switch {
	case t.isa == portable:
		whole = 0
	case t.isa == avx2:
		whole = k &^ (t.lanes - 1)
	case t.isa == avx512 && f == BF16:
		whole = k &^ 1
	}
	if whole < k {
		packNarrowColsGo(f, from(dst, whole*ldDst), ldDst, from(src, whole), ldSrc, n, k-whole)
	}
	if whole == 0 {
		return
	}
	for j := 0; j < n; j += t.lanes {
		p := packArgs{rowArgs: rowArgs{dst: ptr(dst, j), ldDst: uintptr(4 * ldDst), k: whole}}
		for i := range t.lanes {
			p.row[i] = ptr16(src[min(j+i, n-1)*ldSrc:])
		}
		switch a := (*byte)(unsafe.Pointer(&p)); {
		case t.isa == avx512BF16:
			p.k = ceil(k, 2)
			p.mask = 1<<(k-2*t.lanes*((p.k-1)/t.lanes)) - 1
			packTransposedPairsAVX512(a)
		case t.isa == avx2 && f == BF16:
			packTransposedBF16AVX2(a)
		case t.isa == avx2:
			packTransposedF16AVX2(a)
		default:
			p.mask = t.isa.maskFor(whole % t.lanes)
			if f == BF16 {
				packTransposedBF16AVX512(a)
			} else {
				packTransposedF16AVX512(a)
			}
		}
	}
}

// tilesFew computes a tile of few rows with B in place.
func tilesFew(i isa, f Narrow, p *byte, vecs int, byCol bool) {
	switch i {
	case avx512BF16:
		fewPairs(p, vecs, byCol)
	case avx512:
		few512(f, p, vecs, byCol)
	default:
		few256(f, p, vecs)
	}
}

func fewPairs(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 8:
		fewRow8PairsAVX512BF16(p)
	case vecs == 4:
		fewRow4PairsAVX512BF16(p)
	case vecs == 2 && byCol:
		fewCol2PairsAVX512BF16(p)
	case vecs == 2:
		fewRow2PairsAVX512BF16(p)
	case byCol:
		fewCol1PairsAVX512BF16(p)
	default:
		fewRow1PairsAVX512BF16(p)
	}
}

func few512(f Narrow, p *byte, vecs int, byCol bool) {
	switch {
	case f == F16:
		few512F16(p, vecs, byCol)
	case vecs == 8:
		fewRow8BF16AVX512(p)
	case vecs == 4:
		fewRow4BF16AVX512(p)
	case vecs == 2 && byCol:
		fewCol2BF16AVX512(p)
	case vecs == 2:
		fewRow2BF16AVX512(p)
	case byCol:
		fewCol1BF16AVX512(p)
	default:
		fewRow1BF16AVX512(p)
	}
}

func few512F16(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 8:
		fewRow8F16AVX512(p)
	case vecs == 4:
		fewRow4F16AVX512(p)
	case vecs == 2 && byCol:
		fewCol2F16AVX512(p)
	case vecs == 2:
		fewRow2F16AVX512(p)
	case byCol:
		fewCol1F16AVX512(p)
	default:
		fewRow1F16AVX512(p)
	}
}

func few256(f Narrow, p *byte, vecs int) {
	switch {
	case vecs == 8 && f == BF16:
		fewRow8BF16AVX2(p)
	case vecs == 8:
		fewRow8F16AVX2(p)
	case f == BF16:
		fewRow4BF16AVX2(p)
	default:
		fewRow4F16AVX2(p)
	}
}

func tilesPackBF16(p *byte, packA, packB, byCol bool) {
	switch {
	case packA && packB:
		tileAVX2Col2BF16PackAB(p)
	case packA:
		tileAVX2Col2BF16PackA(p)
	case byCol:
		tileAVX2Col2BF16PackB(p)
	default:
		tileAVX2Row2BF16PackB(p)
	}
}

func tilesPackF16(p *byte, packA, packB, byCol bool) {
	switch {
	case packA && packB:
		tileAVX2Col2F16PackAB(p)
	case packA:
		tileAVX2Col2F16PackA(p)
	case byCol:
		tileAVX2Col2F16PackB(p)
	default:
		tileAVX2Row2F16PackB(p)
	}
}
