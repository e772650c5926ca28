package hdf5

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// DatasetOption says how a dataset is stored.
type DatasetOption func(*writeStorage)

// Chunks stores a dataset in chunks of this shape, one length for each axis, none
// longer than the axis.
func Chunks(dims ...int) DatasetOption {
	return func(s *writeStorage) { s.chunked, s.dims = true, slices.Clone(dims) }
}

// Gzip compresses each chunk by deflate, at a level from 0 (none) to 9 (best).
// Without [Chunks], chunks are runs of about 256 KB.
func Gzip(level int) DatasetOption {
	return func(s *writeStorage) { s.chunked, s.gzip, s.level = true, true, level }
}

// Shuffle puts the first bytes of a chunk's elements together, then the second
// ones, and so on, before [Gzip] compresses it: numbers that are alike then
// compress better. Without [Chunks], chunks are runs of about 256 KB.
func Shuffle(s *writeStorage) { s.chunked, s.shuffle = true, true }

// writeStorage holds the options of a dataset.
type writeStorage struct {
	chunked, gzip, shuffle bool
	level                  int
	dims                   []int // of a chunk, nil for the default
}

// writeChunkBytes is about how large a chunk is unless its shape is given.
const writeChunkBytes = 256 << 10

// writeChunks is a tensor stored in chunks.
type writeChunks struct {
	writeStorage
	source tensor.Source
	spec   tensor.Spec
	chunk  tensor.Dims // shape of a chunk
	grid   tensor.Dims // how many chunks there are along each axis
	stored []writeChunk
}

// writeChunk is a chunk in the file; the layout fills it.
type writeChunk struct {
	addr uint64
	size uint32
	skip uint32 // bit i is set if filter i was not applied
	data []byte // nil if it is made when written
}

// newWriteChunks returns how src is stored in chunks, nil if it is stored in one piece.
func newWriteChunks(src tensor.Source, how writeStorage) (*writeChunks, error) {
	if how.gzip && (how.level < 0 || how.level > 9) {
		return nil, fmt.Errorf("gzip level %d: want 0 to 9", how.level)
	}
	spec := src.Spec()
	shape := spec.Shape
	if how.dims != nil && len(how.dims) != shape.Rank() {
		return nil, fmt.Errorf("chunks %v of %v: want a length for each axis", how.dims, spec)
	}
	if !how.chunked || shape.Rank() == 0 || shape.Size() == 0 {
		return nil, nil
	}
	c := &writeChunks{writeStorage: how, source: src, spec: spec, chunk: shape, grid: shape}
	for i, n := range how.dims {
		if n < 1 || n > shape.At(i) {
			return nil, fmt.Errorf("chunks %v of %v: axis %d: want 1 to %d", how.dims, spec, i, shape.At(i))
		}
		c.chunk = c.chunk.With(i, n)
	}
	if how.dims == nil {
		c.chunk = writeDefaultChunk(spec)
	}
	if n := c.bytes(); n > math.MaxUint32 {
		return nil, fmt.Errorf("chunks %v of %v: %d bytes each: want less than 4 GB", c.chunk, spec, n)
	}
	for i := range shape.Rank() {
		c.grid = c.grid.With(i, (shape.At(i)+c.chunk.At(i)-1)/c.chunk.At(i))
	}
	return c, nil
}

// writeDefaultChunk returns the shape of a chunk that is a run of the tensor's
// memory, of writeChunkBytes at most.
func writeDefaultChunk(s tensor.Spec) tensor.Dims {
	chunk := s.Shape
	for i := range chunk.Rank() {
		row := s.DType.Size() * chunk.Size() / chunk.At(i)
		chunk = chunk.With(i, max(1, min(chunk.At(i), writeChunkBytes/row)))
	}
	return chunk
}

// bytes returns the size of a chunk before the filters.
func (c *writeChunks) bytes() int { return c.spec.DType.Size() * c.chunk.Size() }

// place gives the chunks their places from addr on and returns how many bytes
// they take. It applies the filters if the size depends on it.
func (c *writeChunks) place(addr uint64) (total int, err error) {
	c.stored = make([]writeChunk, c.grid.Size())
	for i := range c.stored {
		c.stored[i].size = uint32(c.bytes())
	}
	if c.gzip {
		if err := c.pack(); err != nil {
			return 0, err
		}
	}
	for i := range c.stored {
		c.stored[i].addr = addr + uint64(total)
		total += int(c.stored[i].size)
	}
	return total, nil
}

// pack compresses the chunks.
func (c *writeChunks) pack() error {
	var p writePacker
	i := 0
	return c.each(func(plain []byte) error {
		s := &c.stored[i]
		s.data, s.skip = p.deflated(c, plain)
		s.size = uint32(len(s.data))
		i++
		return nil
	})
}

// write writes the chunks.
func (c *writeChunks) write(out io.Writer) (total int, err error) {
	put := func(chunk []byte) error {
		n, err := out.Write(chunk)
		total += n
		return err
	}
	if !c.gzip {
		err = c.each(put)
		return total, err
	}
	for _, s := range c.stored {
		if err := put(s.data); err != nil {
			return total, err
		}
	}
	return total, nil
}

// start returns where chunk i begins.
func (c *writeChunks) start(i int) tensor.Dims {
	at := c.grid
	for axis := at.Rank() - 1; axis >= 0; axis-- {
		n := c.grid.At(axis)
		at = at.With(axis, i%n*c.chunk.At(axis))
		i /= n
	}
	return at
}

// emit appends the index of the chunks and returns the layout message, version 3.
func (c *writeChunks) emit(m *writeMeta) []byte {
	rank := c.chunk.Rank()
	elem := c.spec.DType.Size()
	var keys []byte
	key := func(size, skip uint32, at tensor.Dims, byteAt int) {
		keys = wle.AppendUint32(wle.AppendUint32(keys, size), skip)
		for axis := range rank {
			keys = wle.AppendUint64(keys, uint64(at.At(axis)))
		}
		keys = wle.AppendUint64(keys, uint64(byteAt))
	}
	children := make([]uint64, len(c.stored))
	for i, s := range c.stored {
		key(s.size, s.skip, c.start(i), 0)
		children[i] = s.addr
	}
	end := c.start(len(c.stored) - 1) // the last key is greater than any other
	key(0, 0, end.With(-1, end.At(-1)+c.chunk.At(-1)), elem)

	tree := m.tree(writeChunkTree, writeChunkFan, 8+8*(rank+1), keys, children)
	b := wle.AppendUint64([]byte{3, 2, byte(rank + 1)}, tree)
	for axis := range rank {
		b = wle.AppendUint32(b, uint32(c.chunk.At(axis)))
	}
	return wle.AppendUint32(b, uint32(elem))
}

// filters returns the filter pipeline message, version 1; nil without filters.
func (c *writeChunks) filters() []byte {
	var b []byte
	n := byte(0)
	add := func(id uint16, name string, param int) {
		n++
		b = wle.AppendUint16(b, id)
		b = wle.AppendUint16(b, uint16(len(name)))
		b = wle.AppendUint16(b, 1) // a chunk may go without it
		b = wle.AppendUint16(b, 1) // parameters
		b = append(b, name...)
		b = writePadded(wle.AppendUint32(b, uint32(param)))
	}
	if c.shuffle {
		add(2, "shuffle\x00", c.spec.DType.Size())
	}
	if c.gzip {
		add(1, "deflate\x00", c.level)
	}
	if n == 0 {
		return nil
	}
	return append([]byte{1, n, 0, 0, 0, 0, 0, 0}, b...)
}
