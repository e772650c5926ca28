//go:build (amd64 || arm64) && !purego

package kern

import "unsafe"

// tileArgs holds the arguments of the assembly of a strip of tiles; the generator knows
// the layout. The assembly uses some fields as its variables.
type tileArgs struct {
	a, b, c, init          unsafe.Pointer // init: what the accumulators start from
	lda, ldb, ldc, ldInit  uintptr        // bytes
	k, rows, strips        int
	stepA, stepC, stepInit uintptr        // bytes from one strip to the next
	mask                   uintptr        // of the last vector: bits, or the address of a vector
	low                    float32        // lower bound of the results
	next                   uintptr        // address of what the kernel reads next, to prefetch
	nextStep               uintptr        // bytes to go on after each four k, except where they bring rows of C
	flush, saved           uintptr        // the control word during the kernel, or 0, and the one before
	round                  uintptr        // not 0: c is of bfloat16
	odd                    uintptr        // of few rows, or of pairs row by row: K is 2·k + odd
	packedA, packedB       unsafe.Pointer // where tiles that pack copy the operands
	nextEnd                uintptr        // next goes no further
	segs, seg              unsafe.Pointer // of the depth behind the first, or nil: see strips
	add                    unsafe.Pointer // what is added to the results, or nil
	ldAdd, stepAdd         uintptr        // bytes
	high                   float32        // upper bound of the results
}

// zeros is a row of the widest tile.
var zeros [128]float32

// ptr returns the address of s[i], or an arbitrary one if s has no element i.
func ptr[T Float](s []T, i int) unsafe.Pointer {
	if i >= len(s) {
		return unsafe.Pointer(&zeros)
	}
	return unsafe.Pointer(&s[i])
}
