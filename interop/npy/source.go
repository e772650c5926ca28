package npy

import (
	"io"
	"sync"

	"github.com/glia-ml/glia/tensor"
)

// Source returns an array that is read while it is written: the tensor of
// [Archive.Tensor], a piece at a time, or as a whole if it is column-major. Damage of the
// member may show only after all of it was written.
func (a *Archive) Source(name string) (tensor.Source, error) {
	h, err := a.Header(name)
	if err != nil {
		return nil, err
	}
	s := &source{a: a, name: name}
	if s.spec, err = h.Spec(a.opts...); err != nil {
		return nil, arrayError(name, err)
	}
	return s, nil
}

// source is an array in an archive.
type source struct {
	a    *Archive
	name string
	spec tensor.Spec
}

// Spec implements tensor.Source.
func (s *source) Spec() tensor.Spec { return s.spec }

// WriteTo implements tensor.Source.
func (s *source) WriteTo(w io.Writer) (written int64, err error) {
	err = s.a.elements(s.name, func(r io.Reader, l *layout, n int, certain bool) error {
		if l.fortran {
			t, err := l.tensor(r, n, certain)
			if err == nil {
				written, err = t.WriteTo(w)
			}
			return err
		}
		written, err = l.copy(w, r, n)
		return err
	})
	return written, err
}

// pieceSize is how many bytes are copied at a time, a multiple of every element.
const pieceSize = 256 << 10

// pieces are buffers of that size, used again.
var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// copy copies the elements, n bytes, from r to w.
func (l *layout) copy(w io.Writer, r io.Reader, n int) (written int64, err error) {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	for at := 0; at < n; {
		b := piece[:min(pieceSize, n-at)]
		got, err := io.ReadFull(r, b)
		at += got
		if err != nil {
			return written, short("elements", at, n, err)
		}
		l.finish(b)
		k, err := w.Write(b)
		written += int64(k)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
