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

// tileFor returns the tile for a product of m rows.
func tileFor[T Float](m int, transA bool, narrow Narrow) tile {
	if unsafe.Sizeof(T(0)) != 4 || !useNEON || narrow != NotNarrow {
		return goTile
	}
	t := tile{isa: neon, lanes: 4, mr: 8, nr: 12, width: 8, grain: 1 << 18}
	switch {
	case transA:
	case m <= 2:
		t.nr = 48
	case m <= 4:
		t.nr = 24
	}
	return t
}

func kernel[T Float](i isa, s *strips[T]) {
	if i == portable {
		kernelGo(s)
		return
	}
	for j := 0; j < s.n; {
		left := s.n - j
		vecs := min(3, left/4)
		switch {
		case !s.byCol && s.rows <= 2 && left >= 48:
			vecs = 12
		case !s.byCol && s.rows <= 4 && left >= 24:
			vecs = 6
		}
		t := tileArgs{
			a: ptr(s.a, 0), b: ptr(s.b, j), init: unsafe.Pointer(&zeros),
			lda: uintptr(4 * s.lda), ldb: uintptr(4 * s.ldb), ldc: uintptr(4 * s.ldc),
			k: s.k, rows: s.rows, low: float32(s.low),
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
			tileNEON((*byte)(unsafe.Pointer(&t)), vecs, s.byCol)
		}
		j += max(4*vecs, min(left, 4))
	}
}

// edge computes the last columns from j on, less than a vector, by way of memory of its
// own: B is packed and has room for a whole vector, C does not.
func edge[T Float](s *strips[T], t *tileArgs, c []T, j int) {
	var own [8 * 4]float32
	n := s.n - j
	for r := range s.rows {
		for i := range n {
			switch {
			case !s.first:
				own[4*r+i] = float32(c[r*s.ldc+i])
			case s.bias != nil:
				own[4*r+i] = float32(s.bias[j+i])
			}
		}
	}
	e := *t
	e.c, e.init, e.ldc, e.ldInit = unsafe.Pointer(&own), unsafe.Pointer(&own), 16, 16
	tileNEON((*byte)(unsafe.Pointer(&e)), 1, s.byCol)
	for r := range s.rows {
		for i := range n {
			c[r*s.ldc+i] = T(own[4*r+i])
		}
	}
}

func tileNEON(p *byte, vecs int, byCol bool) {
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

func fmaLoop(n int) (flops int) {
	if n <= 0 || !useNEON {
		return fmaLoopGo(max(n, 0))
	}
	fmaLoopNEON(n)
	return n * 12 * 4 * 2
}
