package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// File is an open file. Its methods may be called from several goroutines.
type File struct {
	h    *header
	r    io.ReaderAt
	data int64 // where the bytes of the tensors begin
	c    io.Closer
}

// Open opens a file and checks its header. On Unix the file is mapped into memory,
// so that a tensor comes from the page cache straight into its own memory.
func Open(path string) (*File, error) {
	info, err := os.Stat(path) // before Open, which waits for the writer of a pipe
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: want a regular file, got %v", path, info.Mode().Type())
	}
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	src := mapped(f, info.Size())
	file, err := open(src, info.Size())
	if err != nil {
		src.Close()
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	file.c = src
	return file, nil
}

// readAtCloser is a source of bytes that Open opens.
type readAtCloser interface {
	io.ReaderAt
	io.Closer
}

// New checks the header of a file of size bytes in r, which must stay as it is
// while the File is used.
func New(r io.ReaderAt, size int64) (*File, error) {
	f, err := open(r, size)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

func open(r io.ReaderAt, size int64) (*File, error) {
	if size < 8 {
		return nil, fmt.Errorf("got a file of %d bytes, want 8 and more: %w", size, io.ErrUnexpectedEOF)
	}
	var head [8]byte
	if err := readAt(r, head[:], 0); err != nil {
		return nil, fmt.Errorf("length of the header: %w", err)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxHeader {
		return nil, fmt.Errorf("got a header of %d bytes, want at most %d", n, maxHeader)
	}
	if int64(n) > size-8 {
		return nil, fmt.Errorf("got a header of %d bytes, want at most %d in a file of %d", n, size-8, size)
	}
	text := make([]byte, n)
	if err := readAt(r, text, 8); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h, err := parseHeader(text, size-8-int64(n))
	if err != nil {
		return nil, err
	}
	return &File{h: h, r: r, data: 8 + int64(n)}, nil
}

// readAt fills b from r at off.
func readAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("byte %d of the file: got %d bytes, want %d: %w", off, n, len(b), err)
}

// Close closes a file that Open opened, and does nothing to another.
func (f *File) Close() error {
	if f.c == nil {
		return nil
	}
	if err := f.c.Close(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// Names lists the tensors in the order in which they lie in the file.
func (f *File) Names() []string {
	names := make([]string, len(f.h.entries))
	for i, e := range f.h.entries {
		names[i] = e.name
	}
	return names
}

// Metadata returns the file's text by key, nil if it has none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.h.metadata) }

// Info returns the header's entry of a tensor.
func (f *File) Info(name string) (Info, error) {
	e, err := f.entry(name)
	if err != nil {
		return Info{}, err
	}
	return Info{name, e.dt.name, slices.Clone(e.shape), e.to - e.from}, nil
}

func (f *File) entry(name string) (*entry, error) {
	i, ok := f.h.index[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: tensor %.200q: the file has none of this name among its %d", name, len(f.h.entries))
	}
	return &f.h.entries[i], nil
}

// Raw returns the bytes of a tensor as the file has them, whatever their type.
func (f *File) Raw(name string) ([]byte, error) {
	e, err := f.entry(name)
	if err != nil {
		return nil, err
	}
	n := e.to - e.from
	if int64(int(n)) != n {
		return nil, fmt.Errorf("safetensors: tensor %.200q: %d bytes are more than this machine addresses", name, n)
	}
	b := make([]byte, n)
	if err := readAt(f.r, b, f.data+e.from); err != nil {
		return nil, fmt.Errorf("safetensors: tensor %.200q: %w", name, err)
	}
	return b, nil
}

// Tensor reads a tensor into memory of its own. Floats of 8 bits and fewer become
// float32, exactly; where the file packs several into a byte, the first is in the
// low bits. Complex numbers are an error: [File.Raw] has their bytes.
func (f *File) Tensor(name string) (*tensor.Tensor, error) {
	e, err := f.entry(name)
	if err != nil {
		return nil, err
	}
	return f.part(e, 0, e.shape)
}

// ReadPart reads the rows from, from+1, ... before to of a tensor's first axis,
// as [File.Tensor] does, and nothing else of the file.
func (f *File) ReadPart(name string, from, to int) (*tensor.Tensor, error) {
	e, err := f.entry(name)
	if err != nil {
		return nil, err
	}
	if len(e.shape) == 0 {
		return nil, fmt.Errorf("safetensors: tensor %.200q: rows of %s[]: want at least one axis", name, e.dt.name)
	}
	if from < 0 || to < from || to > e.shape[0] {
		return nil, fmt.Errorf("safetensors: tensor %.200q: rows %d to %d of %s%v: want 0 <= from <= to <= %d", name, from, to, e.dt.name, e.shape, e.shape[0])
	}
	shape := slices.Clone(e.shape)
	shape[0] = to - from
	return f.part(e, from, shape)
}

// part reads the tensor of the given shape that begins at a row of e.
func (f *File) part(e *entry, row int, shape []int) (*tensor.Tensor, error) {
	spec, err := e.spec(shape)
	if err != nil {
		return nil, fmt.Errorf("safetensors: tensor %.200q: %w", e.name, err)
	}
	skip := int64(0) // bits
	if row > 0 {
		skip = (e.to - e.from) * 8 / int64(e.shape[0]) * int64(row)
	}
	t := tensor.NewSpec(spec)
	if err := f.read(e, skip, t); err != nil {
		return nil, fmt.Errorf("safetensors: tensor %.200q: %w", e.name, err)
	}
	return t, nil
}

// spec returns the spec of the tensor that Tensor makes of e's elements in the given shape.
func (e *entry) spec(shape []int) (spec tensor.Spec, err error) {
	if e.dt.as == tensor.Invalid {
		return spec, fmt.Errorf("got %s%v, which no tensor holds; Raw returns its bytes", e.dt.name, e.shape)
	}
	spec.DType = e.dt.as
	if spec.Shape, err = tensor.MakeDims(shape); err == nil {
		_, err = tensor.CheckedBytes(spec)
	}
	return spec, err
}

// ReadInto reads a tensor into the memory of t, which must be contiguous and have
// the dtype and shape that [File.Tensor] returns.
func (f *File) ReadInto(name string, t *tensor.Tensor) error {
	e, err := f.entry(name)
	if err != nil {
		return err
	}
	spec, err := e.spec(e.shape)
	switch {
	case err != nil:
	case t.Spec() != spec:
		err = fmt.Errorf("ReadInto %v: want %v", t.Spec(), spec)
	case !t.Contiguous():
		err = fmt.Errorf("ReadInto a view with gaps: want a contiguous tensor")
	default:
		err = f.read(e, 0, t)
	}
	if err != nil {
		return fmt.Errorf("safetensors: tensor %.200q: %w", name, err)
	}
	return nil
}
