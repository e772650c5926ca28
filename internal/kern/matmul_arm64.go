//go:build !purego

package kern

import "unsafe"

// bestISA is the best that tileFor may choose.
func bestISA() isa {
	if useNEON {
		return neon
	}
	return portable
}

// tileFor returns the tile for a product of m rows: three vectors wide, and wider of few
// rows.
func tileFor[T Float](m int, transA bool, narrow Narrow) tile {
	if !useNEON {
		return goTile
	}
	t := tile{isa: neon, lanes: 16 / int(unsafe.Sizeof(T(0))), mr: 8, width: 8, grain: 1 << 18}
	t.nr = 3 * t.lanes
	switch {
	case transA:
	case m <= 2:
		t.nr = 12 * t.lanes
	case m <= 4:
		t.nr = 6 * t.lanes
	}
	return t
}

// flushSubnormals is the bit of FPCR that makes subnormals zeros, both as operands and as
// results. A result just below the least normal number, which AVX2 rounds up to that
// number, is zero too.
const flushSubnormals = 1 << 24

func kernel[T Float](i isa, s *strips[T]) {
	if i == portable {
		kernelGo(s)
		return
	}
	if t, ok := s.unfinished(); ok {
		kernel(i, &t)
		s.finish()
		return
	}
	size := unsafe.Sizeof(T(0))
	lanes := 16 / int(size)
	for j := 0; j < s.n; {
		left := s.n - j
		vecs := min(3, left/lanes)
		switch {
		case !s.byCol && s.rows <= 2 && left >= 12*lanes:
			vecs = 12
		case !s.byCol && s.rows <= 4 && left >= 6*lanes:
			vecs = 6
		}
		t := tileArgs{
			a: ptr(s.a, 0), b: ptr(s.b, j), init: unsafe.Pointer(&zeros),
			lda: size * uintptr(s.lda), ldb: size * uintptr(s.ldb), ldc: size * uintptr(s.ldc),
			k: s.k, rows: s.rows, low: float32(s.low),
		}
		if s.narrow == BF16 && s.k > 0 {
			t.flush = flushSubnormals
		}
		for strip := range s.strips {
			c := from(s.c, strip*s.rows*s.ldc+j)
			t.a = ptr(s.a, strip*s.stepA)
			if vecs == 0 {
				edge(s, &t, c, j)
				continue
			}
			t.c = ptr(c, 0)
			switch {
			case !s.first:
				t.init, t.ldInit = t.c, t.ldc
			case s.bias != nil:
				t.init = ptr(s.bias, j)
			}
			tileNEON(&t, size, vecs, s.byCol)
		}
		j += max(vecs*lanes, min(left, lanes))
	}
}

// edge computes the last columns from j on, less than a vector, by way of memory of its
// own: B is packed and has room for a whole vector, C does not.
func edge[T Float](s *strips[T], t *tileArgs, c []T, j int) {
	size := unsafe.Sizeof(T(0))
	lanes := 16 / int(size)
	var own [8 * 4]T
	n := s.n - j
	for r := range s.rows {
		for i := range n {
			switch {
			case !s.first:
				own[lanes*r+i] = c[r*s.ldc+i]
			case s.bias != nil:
				own[lanes*r+i] = s.bias[j+i]
			}
		}
	}
	e := *t
	e.c, e.init, e.ldc, e.ldInit = unsafe.Pointer(&own), unsafe.Pointer(&own), 16, 16
	tileNEON(&e, size, 1, s.byCol)
	for r := range s.rows {
		for i := range n {
			c[r*s.ldc+i] = own[lanes*r+i]
		}
	}
}

func tileNEON(t *tileArgs, size uintptr, vecs int, byCol bool) {
	p := (*byte)(unsafe.Pointer(t))
	if size == 8 {
		tileNEON64(p, vecs, byCol)
	} else {
		tileNEON32(p, vecs, byCol)
	}
}

func tileNEON32(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 12:
		tileNEONRow12(p)
	case vecs == 6:
		tileNEONRow6(p)
	case vecs == 3 && byCol:
		tileNEONCol3(p)
	case vecs == 3:
		tileNEONRow3(p)
	case vecs == 2 && byCol:
		tileNEONCol2(p)
	case vecs == 2:
		tileNEONRow2(p)
	case byCol:
		tileNEONCol1(p)
	default:
		tileNEONRow1(p)
	}
}

func tileNEON64(p *byte, vecs int, byCol bool) {
	switch {
	case vecs == 12:
		tileNEON64Row12(p)
	case vecs == 6:
		tileNEON64Row6(p)
	case vecs == 3 && byCol:
		tileNEON64Col3(p)
	case vecs == 3:
		tileNEON64Row3(p)
	case vecs == 2 && byCol:
		tileNEON64Col2(p)
	case vecs == 2:
		tileNEON64Row2(p)
	case byCol:
		tileNEON64Col1(p)
	default:
		tileNEON64Row1(p)
	}
}

func fmaLoop(n int) (flops int) {
	if n <= 0 || !useNEON {
		return fmaLoopGo(max(n, 0))
	}
	fmaLoopNEON(n)
	return n * 12 * 4 * 2
}
