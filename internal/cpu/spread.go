package cpu

import (
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
)

// spread is the kernel of an operation whose result falls into parts that do not
// depend on each other: units [lo,hi) of it, for example elements or rows.
type spread struct {
	f     func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker)
	units int
	piece int // units that one thread takes at a time
	out   backend.Buf
	in    []backend.Buf
	self  par.Worker
	then  *epilogue // or nil
	width int       // elements of a unit, if then is not nil
}

// newSpread returns the kernel of f on units of length elements each.
func newSpread(units, length int, f func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker)) *spread {
	return &spread{f: f, units: units, piece: max(1, pieceLen/max(1, length))}
}

// Run implements backend.Kernel.
func (k *spread) Run(out, in []backend.Buf) {
	k.out, k.in = out[0], in
	do((k.units+k.piece-1)/k.piece, k, &k.self)
	k.out, k.in = backend.Buf{}, nil
}

// Piece implements par.Task.
func (k *spread) Piece(i int, w *par.Worker) {
	lo, hi := i*k.piece, min((i+1)*k.piece, k.units)
	k.f(k.out, k.in, lo, hi, w)
	if k.then != nil {
		k.then.span(lo*k.width, hi*k.width, w)
	}
}

// do runs t as par.Do does, but a single piece on self, without other goroutines.
func do(n int, t par.Task, self *par.Worker) {
	if n == 1 {
		t.Piece(0, self)
		return
	}
	par.Do(n, t)
}

// scratch returns memory of w for n elements, of undefined content.
func scratch[T any](w *par.Worker, n int) []T {
	var t T
	return view[T](w.Scratch(n * int(unsafe.Sizeof(t))))
}

// view returns memory as elements of another type.
func view[T, S any](s []S) []T {
	var t T
	var e S
	n := len(s) * int(unsafe.Sizeof(e)) / int(unsafe.Sizeof(t))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), n)
}
