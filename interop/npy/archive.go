package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/zipfile"
	"github.com/glia-ml/glia/tensor"
)

// suffix ends the names of arrays in an archive, as NumPy writes them.
const suffix = ".npy"

// Archive is an open .npz. Its methods may be called from several goroutines.
type Archive struct {
	names []string
	files map[string]*zipfile.File
	opts  []ReadOption
}

// OpenArchive reads the directory of an archive of size bytes in r. Members that
// are no .npy are left out. Names that are given twice or lead out of a folder are
// errors, and so are members that overlap, are encrypted, have another name before their
// content than in the directory, or promise more than their compressed bytes can hold.
func OpenArchive(r io.ReaderAt, size int64, opts ...ReadOption) (*Archive, error) {
	files, err := zipfile.Open(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: archive: %w", err)
	}
	a := &Archive{files: map[string]*zipfile.File{}, opts: slices.Clone(opts)}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name, suffix); ok {
			a.names, a.files[name] = append(a.names, name), f
		}
	}
	return a, nil
}

// Names lists the arrays in the order of the archive's directory, without ".npy".
func (a *Archive) Names() []string { return slices.Clone(a.names) }

// Header reads the header of an array.
func (a *Archive) Header(name string) (h Header, err error) {
	err = a.open(name, func(r io.Reader, _ *zipfile.File) error {
		h, _, err = readHeader(r)
		return err
	})
	return h, err
}

// Tensor reads an array as [Read] does. It must fill its member of the archive, and
// meet its checksum.
func (a *Archive) Tensor(name string) (t *tensor.Tensor, err error) {
	err = a.elements(name, func(r io.Reader, l *layout, n int, certain bool) error {
		t, err = l.tensor(r, n, certain)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ReadInto reads an array as [Archive.Tensor] does, straight into the memory of t,
// which must be contiguous and have the array's dtype and shape. After an error t
// holds anything.
func (a *Archive) ReadInto(name string, t *tensor.Tensor) error {
	return a.elements(name, func(r io.Reader, l *layout, _ int, _ bool) error {
		switch {
		case t.Spec() != l.spec:
			return fmt.Errorf("ReadInto %v: want %v", t.Spec(), l.spec)
		case !t.Contiguous():
			return errors.New("ReadInto a view with gaps: want a contiguous tensor")
		}
		return l.into(r, t.Bytes())
	})
}

// elements calls do, which reads the n bytes of an array's elements from r. They must end
// the member, whose checksum must be right. They are certain to be there if the member is
// stored; a compressed member may turn out shorter than it promises.
func (a *Archive) elements(name string, do func(r io.Reader, l *layout, n int, certain bool) error) error {
	return a.open(name, func(r io.Reader, f *zipfile.File) error {
		l, n, err := readLayout(r, int64(f.UncompressedSize64), a.opts)
		if err != nil {
			return err
		}
		if err := do(r, &l, n, f.Method == zip.Store); err != nil {
			return fmt.Errorf("%v: %w", l.spec, err)
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); err != nil {
			return err // the checksum
		} else if n > 0 {
			return fmt.Errorf("got more than the elements of %v", l.spec)
		}
		return nil
	})
}

// open calls do with the contents of an array's member.
func (a *Archive) open(name string, do func(r io.Reader, f *zipfile.File) error) error {
	f := a.files[name]
	if f == nil {
		return fmt.Errorf("npy: archive: array %q: there is none of this name among the %d", name, len(a.files))
	}
	r, err := f.Open()
	if err == nil {
		err = errors.Join(do(r, f), r.Close())
	}
	if err != nil {
		return arrayError(name, err)
	}
	return nil
}

func arrayError(name string, err error) error {
	return fmt.Errorf("npy: archive: array %q: %w", name, err)
}
