//go:build (amd64 || arm64) && !purego

package kern

import "unsafe"

// intTileArgs holds the arguments of the assembly of a strip of tiles; the generator
// knows the layout. The assembly uses some fields as its variables.
type intTileArgs struct {
	a, b, c      unsafe.Pointer
	ldc          uintptr // bytes
	steps        int
	rows, strips int
	stepA, stepC uintptr // bytes from one strip to the next
	add          uintptr // not 0: the products are added to C
	rowP, rowQ   unsafe.Pointer
	colX, colY   unsafe.Pointer
}

func intKernel(t intTile, s *intStrips) {
	if t.isa == portable {
		intKernelGo(t, s)
		return
	}
	p := intTileArgs{
		a: addr(s.a), b: addr(s.b), c: addr(s.c), ldc: uintptr(4 * s.ldc),
		steps: s.steps, rows: s.rows, strips: s.strips,
		stepA: uintptr(4 * s.stepA), stepC: uintptr(4 * s.rows * s.ldc),
	}
	if !s.first {
		p.add = 1
	}
	if s.corrects {
		p.rowP, p.rowQ, p.colX, p.colY = addr(s.rowP), addr(s.rowQ), addr(s.colX), addr(s.colY)
	}
	if s.n == t.nr {
		t.run(&p)
		return
	}
	// The kernels know no masks: what is left of the last panel goes by way of memory that
	// has room for a whole one.
	var own [maxIntTile]int32
	p.strips, p.c, p.ldc, p.stepC, p.add = 1, unsafe.Pointer(&own), uintptr(4*t.nr), 0, 0
	for i := range s.strips {
		t.run(&p)
		p.strips = 1
		for r := range s.rows {
			to := s.c[(i*s.rows+r)*s.ldc:][:s.n]
			if s.first {
				copy(to, own[r*t.nr:])
				continue
			}
			for j := range to {
				to[j] += own[r*t.nr+j]
			}
		}
	}
}

// addr returns the address of s, or an arbitrary one if s is empty.
func addr[T any](s []T) unsafe.Pointer {
	if len(s) == 0 {
		return unsafe.Pointer(&zeros)
	}
	return unsafe.Pointer(&s[0])
}
