package hdf5

import (
	"bytes"
	"compress/zlib"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// each calls do with every chunk, shuffled if it is to be, in the order of the file.
// The chunk is valid during the call.
func (c *writeChunks) each(do func(chunk []byte) error) error {
	b := &writeBands{c: c, do: do, raw: make([]byte, c.bytes())}
	for b.axis < c.chunk.Rank()-1 && c.chunk.At(b.axis) == 1 {
		b.axis++
	}
	b.row = c.spec.DType.Size()
	for k := b.axis + 1; k < c.chunk.Rank(); k++ {
		b.row *= c.spec.Shape.At(k)
	}
	return tensor.WriteSource(b, c.source)
}

// writeBands is a writer that cuts the bytes of a source into chunks. A band is the memory
// between two of their edges: rows of the first axis along which a chunk is longer than 1.
// It is complete before it is cut.
type writeBands struct {
	c    *writeChunks
	do   func(chunk []byte) error
	axis int
	row  int    // bytes of a row of that axis
	band int    // how many there were
	part []byte // of the next one

	raw, shuffled []byte // a chunk
}

// Write implements io.Writer. A band that comes in one piece is not copied.
func (b *writeBands) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		size := b.rows() * b.row
		if rest := p[n:]; len(b.part) == 0 && len(rest) >= size {
			err = b.cut(rest[:size])
			n += size
			continue
		}
		missing := size - len(b.part)
		k := min(missing, len(p)-n)
		b.part = append(slices.Grow(b.part, missing), p[n:n+k]...)
		n += k
		if len(b.part) == size {
			err = b.cut(b.part)
			b.part = b.part[:0]
		}
	}
	return n, err
}

// rows returns how many rows the next band has.
func (b *writeBands) rows() int {
	first := b.band % b.c.grid.At(b.axis) * b.c.chunk.At(b.axis)
	return min(b.c.chunk.At(b.axis), b.c.spec.Shape.At(b.axis)-first)
}

// cut hands on the chunks of a band.
func (b *writeBands) cut(band []byte) error {
	n := 1
	for k := b.axis + 1; k < b.c.grid.Rank(); k++ {
		n *= b.c.grid.At(k)
	}
	for i := range n {
		b.gather(band, b.band*n+i)
		chunk := b.raw
		if b.c.shuffle {
			if b.shuffled == nil {
				b.shuffled = make([]byte, len(b.raw))
			}
			writeShuffle(b.shuffled, b.raw, b.c.spec.DType.Size())
			chunk = b.shuffled
		}
		if err := b.do(chunk); err != nil {
			return err
		}
	}
	b.band++
	return nil
}

// gather copies chunk i from its band to raw; elements past the edges of the tensor are
// zero.
func (b *writeBands) gather(band []byte, i int) {
	c := b.c
	elem := c.spec.DType.Size()
	shape, at := c.spec.Shape, c.start(i).With(b.axis, 0)
	dstStrides, srcStrides := c.chunk.Strides(), shape.Strides()
	last := shape.Rank() - 1
	var axis func(k int, dst, src []byte)
	axis = func(k int, dst, src []byte) {
		n := min(c.chunk.At(k), shape.At(k)-at.At(k))
		if k == b.axis {
			n = b.rows()
		}
		if k == last {
			copy(dst[:n*elem], src[at.At(k)*elem:])
			return
		}
		for j := range n {
			axis(k+1, dst[j*dstStrides.At(k)*elem:], src[(at.At(k)+j)*srcStrides.At(k)*elem:])
		}
	}
	clear(b.raw)
	axis(b.axis, b.raw, band)
}

// writePacker compresses chunks, by way of memory that it uses again.
type writePacker struct {
	packed bytes.Buffer
	zip    *zlib.Writer
}

// deflated returns a chunk compressed and 0, or as it is and the bit of the deflate
// filter if compression gains nothing.
func (p *writePacker) deflated(c *writeChunks, plain []byte) (data []byte, skip uint32) {
	p.packed.Reset()
	if p.zip == nil {
		p.zip, _ = zlib.NewWriterLevel(&p.packed, c.level) // the level is one
	} else {
		p.zip.Reset(&p.packed)
	}
	p.zip.Write(plain) // to memory: no errors
	p.zip.Close()
	if p.packed.Len() < len(plain) {
		return bytes.Clone(p.packed.Bytes()), 0
	}
	skip = 1
	if c.shuffle {
		skip = 2
	}
	return bytes.Clone(plain), skip
}

// writeShuffle puts byte j of every element of src, elem bytes each, into run j of dst.
func writeShuffle(dst, src []byte, elem int) {
	n := len(src) / elem
	for j := range elem {
		run := dst[j*n:][:n]
		for i := range run {
			run[i] = src[i*elem+j]
		}
	}
}
