package hdf5

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/glia-ml/glia/tensor"
)

// Source returns the dataset as a tensor that is read while it is written: that of
// [Dataset.Tensor], a piece or a row of chunks at a time.
func (d *Dataset) Source() (tensor.Source, error) {
	spec, err := d.Spec()
	if err != nil {
		return nil, err
	}
	return &source{d, spec}, nil
}

// source is a dataset of a spec.
type source struct {
	d    *Dataset
	spec tensor.Spec
}

// Spec implements tensor.Source.
func (s *source) Spec() tensor.Spec { return s.spec }

// WriteTo implements tensor.Source.
func (s *source) WriteTo(w io.Writer) (int64, error) {
	c := &copier{d: s.d, w: w}
	whole, err := s.d.check()
	if err == nil {
		err = c.copy(s.spec.Bytes(), whole)
	}
	if err != nil {
		return c.n, s.d.errorf("%w", err)
	}
	return c.n, nil
}

// copier writes the elements of a dataset to w.
type copier struct {
	d *Dataset
	w io.Writer
	n int64 // bytes written
}

func (c *copier) copy(n int, whole bool) error {
	l := &c.d.layout
	switch {
	case n == 0:
		return nil
	case l.class == layoutContiguous && l.addr != undefined:
		return c.contiguous(n)
	case l.class == layoutChunked && l.index != indexExtensible: // the others are in order
		return c.chunked(whole)
	}
	b := tensor.Alloc(n)
	if err := c.d.readRaw(b, whole); err != nil {
		return err
	}
	return c.write(b)
}

// write writes elements that are as they are in the file.
func (c *copier) write(b []byte) error {
	if err := c.d.typ.finish(b, c.n); err != nil {
		return err
	}
	n, err := c.w.Write(b)
	c.n += int64(n)
	return err
}

// pieceSize is how many bytes are copied at a time, a multiple of every element.
const pieceSize = 256 << 10

// pieces are buffers of that size, used again.
var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// contiguous copies n bytes that lie in the file in one piece.
func (c *copier) contiguous(n int) error {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	for at := 0; at < n; at += pieceSize {
		b := piece[:min(pieceSize, n-at)]
		if err := c.d.f.readAt(b, c.d.layout.addr+uint64(at)); err != nil {
			return fmt.Errorf("elements: %w", err)
		}
		if err := c.write(b); err != nil {
			return err
		}
	}
	return nil
}

// chunked copies elements in chunks, which the index lists in order: a row of them,
// along the first axis, at a time.
func (c *copier) chunked(whole bool) error {
	size, err := product(append(slices.Clone(c.d.layout.chunk), c.d.typ.size))
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	r := &chunkRow{c: c, whole: whole}
	r.d = Dataset{object: object{f: c.d.f}, typ: c.d.typ, space: c.d.space, layout: c.d.layout, filters: c.d.filters, fill: c.d.fill}
	r.d.space.dims = slices.Clone(c.d.space.dims)
	r.begin()
	p := &pipeline{d: &r.d, size: size}
	err = c.d.eachChunk(func(k chunk) error {
		for r.at < k.at[0] {
			if err := r.end(); err != nil {
				return err
			}
		}
		return r.read(k, p)
	})
	for err == nil && r.from() < c.d.space.dims[0] {
		err = r.end()
	}
	return err
}

// chunkRow is a row of chunks, read as a dataset that is no longer than a chunk along the
// first axis.
type chunkRow struct {
	c     *copier
	d     Dataset
	at    uint64 // counted in chunks
	whole bool
	b     []byte
}

// from returns the first row of elements.
func (r *chunkRow) from() uint64 { return r.at * r.d.layout.chunk[0] }

// begin makes room.
func (r *chunkRow) begin() {
	r.d.space.dims[0] = min(r.d.layout.chunk[0], r.c.d.space.dims[0]-r.from())
	n, _ := r.d.space.bytes(&r.d.typ) // less than all of them take
	r.b = slices.Grow(r.b[:0], int(n))[:n]
	if !r.whole {
		r.d.fillIn(r.b)
	}
}

// read reads a chunk of the row.
func (r *chunkRow) read(k chunk, p *pipeline) error {
	at := k.at
	k.at = append([]uint64{0}, at[1:]...)
	if err := r.d.readChunk(r.b, k, p); err != nil {
		return fmt.Errorf("chunk %v at %#x: %w", at, k.addr, err)
	}
	return nil
}

// end writes the row and begins the next one, if there is one.
func (r *chunkRow) end() error {
	err := r.c.write(r.b)
	if r.at++; err == nil && r.from() < r.c.d.space.dims[0] {
		r.begin()
	}
	return err
}
