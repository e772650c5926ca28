package tensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Source is where the elements of a tensor come from when they are written to a
// file. A [*Tensor] is one; those of tensors that lie in other files are read as
// they are written, so that no tensor need be in memory as a whole.
type Source interface {
	// Spec returns dtype and shape.
	Spec() Spec
	// WriteTo writes the elements to w, row-major and in the machine's byte order, in
	// pieces of whole elements. It may be called more than once.
	io.WriterTo
}

// WriteTo writes the elements to w, row-major and in the machine's byte order. A
// view with gaps is copied first.
func (t *Tensor) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t.contiguous().Bytes())
	return int64(n), err
}

// CheckSource returns the size that src promises to write, in bytes. It returns an error
// if src is nil or if no tensor can have its spec.
func CheckSource(src Source) (int, error) {
	if t, ok := src.(*Tensor); src == nil || ok && t == nil {
		return 0, errors.New("the tensor is nil")
	}
	return CheckedBytes(src.Spec())
}

// WriteSource writes the elements of src to w. Fewer bytes than its spec says, or
// more, are an error; more are not written.
func WriteSource(w io.Writer, src Source) error {
	n, err := CheckSource(src)
	if err != nil {
		return err
	}
	e := &exactWriter{w: w, spec: src.Spec(), left: n}
	_, err = src.WriteTo(e)
	switch {
	case e.err != nil: // also where the source went on after it
		return e.err
	case err != nil:
		return err
	case e.left > 0:
		return fmt.Errorf("%v: the source gave %d bytes: want %d: %w", e.spec, n-e.left, n, io.ErrUnexpectedEOF)
	}
	return nil
}

// WriteLittleEndian is [WriteSource] for files whose byte order is not the machine's
// but always the same.
func WriteLittleEndian(w io.Writer, src Source) error {
	n, err := CheckSource(src)
	if err != nil {
		return err
	}
	if size := src.Spec().DType.Size(); bigEndian && size > 1 && n > 0 {
		w = &swapWriter{w: w, size: size}
	}
	return WriteSource(w, src)
}

// bigEndian reports whether the machine's byte order is the other one.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// swapWriter passes on elements of size bytes with their bytes reversed. What it is
// given stays as it is.
type swapWriter struct {
	w    io.Writer
	size int
	buf  [1 << 15]byte
}

func (s *swapWriter) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		b := s.buf[:copy(s.buf[:], p[n:])]
		for i := 0; i < len(b); i += s.size {
			slices.Reverse(b[i : i+s.size])
		}
		var k int
		k, err = s.w.Write(b)
		n += k
	}
	return n, err
}

// exactWriter passes on so many bytes and refuses more.
type exactWriter struct {
	w    io.Writer
	spec Spec
	left int
	err  error // the first one
}

func (e *exactWriter) Write(p []byte) (int, error) {
	switch {
	case e.err != nil:
	case len(p) > e.left:
		e.err = fmt.Errorf("%v: the source gave more than %d bytes", e.spec, e.spec.Bytes())
	case len(p)%e.spec.DType.Size() != 0:
		e.err = fmt.Errorf("%v: the source gave a piece of %d bytes: want whole elements", e.spec, len(p))
	}
	if e.err != nil {
		return 0, e.err
	}
	var n int
	n, e.err = e.w.Write(p)
	e.left -= n
	if e.err == nil && n < len(p) {
		e.err = io.ErrShortWrite
	}
	return n, e.err
}
