// Package npy reads and writes NumPy's files: .npy holds one array, .npz is a ZIP
// archive of them.
//
//	\x93NUMPY major minor    8 bytes
//	length of the header     uint16, or uint32 from version 2 on; little-endian
//	header                   a Python dict of descr, fortran_order and shape
//	elements                 row-major, or column-major if fortran_order is True
//
// Nothing in a file is ever executed: arrays of Python objects, which NumPy stores
// pickled, are refused.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
package npy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/glia-ml/glia/tensor"
)

// ReadOption is an option to [Read] and [OpenArchive].
type ReadOption uint8

// BFloat16 reads elements of type V2 as bfloat16. NumPy has no such type: it saves
// an array of ml_dtypes.bfloat16 as void of two bytes, which could be anything.
const BFloat16 ReadOption = 1

// Read reads an array and leaves r right behind it. It accepts bool, integers and
// floats of 16, 32 and 64 bits in either byte order; a column-major array becomes
// row-major.
//
// If r is a file or another io.Seeker, the header is checked against the rest of r before
// memory is taken; otherwise memory grows with the bytes that arrive.
func Read(r io.Reader, opts ...ReadOption) (*tensor.Tensor, error) {
	n := left(r)
	t, err := read(r, n, n != unknown, opts)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	return t, nil
}

// unknown is the number of bytes left in a source that does not tell its size.
const unknown = -1

// left returns how many bytes r still has, if it tells.
func left(r io.Reader) int64 {
	switch r := r.(type) {
	case *bytes.Buffer:
		return int64(r.Len())
	case *os.File:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return unknown
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return unknown
		}
		return max(0, info.Size()-at)
	case *io.SectionReader:
		at, _ := r.Seek(0, io.SeekCurrent)
		return max(0, r.Size()-at)
	case interface{ Len() int }: // bytes.Reader, strings.Reader
		if _, ok := r.(io.Seeker); ok {
			return int64(r.Len())
		}
	}
	return unknown
}

// read reads an array from r, which has left bytes or an unknown number. Unless
// that is certain, memory grows with the bytes that arrive.
func read(r io.Reader, left int64, certain bool, opts []ReadOption) (*tensor.Tensor, error) {
	l, n, err := readLayout(r, left, opts)
	if err != nil {
		return nil, err
	}
	t, err := l.tensor(r, n, certain)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", l.spec, err)
	}
	return t, nil
}

// readLayout reads the header of an array from r, which has left bytes or an unknown
// number, and returns how many bytes of elements follow.
func readLayout(r io.Reader, left int64, opts []ReadOption) (l layout, n int, err error) {
	h, size, err := readHeader(r)
	if err != nil {
		return l, 0, err
	}
	if l, err = h.layout(opts); err != nil {
		return l, 0, err
	}
	if n, err = tensor.CheckedBytes(l.spec); err != nil {
		return l, 0, err
	}
	if left != unknown && left-size < int64(n) {
		return l, 0, fmt.Errorf("%v: got %d bytes of elements, want %d: %w", l.spec, max(0, left-size), n, io.ErrUnexpectedEOF)
	}
	return l, n, nil
}

// firstPiece is the memory taken for a source that does not tell its size.
const firstPiece = 1 << 20

// readElements reads n bytes into memory that grows as they arrive.
func readElements(r io.Reader, n int) ([]byte, error) {
	b, got := tensor.Alloc(min(n, firstPiece)), 0
	for {
		more, err := io.ReadFull(r, b[got:])
		got += more
		if err != nil {
			return nil, short("elements", got, n, err)
		}
		if got == n {
			return b, nil
		}
		bigger := tensor.Alloc(got + min(got, n-got))
		copy(bigger, b)
		b = bigger
	}
}

// short says that a part of the file ended early, or could not be read.
func short(what string, got, want int, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("got %d bytes of %s, want %d: %w", got, what, want, err)
}

// Write writes t as NumPy's save does: version 1.0, row-major, little-endian. A
// bfloat16 tensor gets the type V2, as NumPy gives it; see [BFloat16]. A source that
// gives other bytes than it promises is an error.
func Write(w io.Writer, t tensor.Source) error {
	_, err := tensor.CheckSource(t)
	if err == nil {
		_, err = w.Write(appendHeader(nil, t.Spec()))
	}
	if err == nil {
		err = tensor.WriteLittleEndian(w, t)
	}
	if err != nil {
		return fmt.Errorf("npy: Write: %w", err)
	}
	return nil
}
