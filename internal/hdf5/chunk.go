package hdf5

import (
	"fmt"
	"slices"
)

// chunk is one chunk of a dataset as it is stored.
type chunk struct {
	at   []uint64 // its place, counted in chunks; valid during a call
	addr uint64
	size uint64
	mask uint32 // a bit for each filter that it did not go through
}

// survey describes the chunks of a dataset without reading them.
type survey struct {
	count  uint64
	stored uint64 // bytes of the file
}

// maxRatio is the best ratio that deflate can reach, and more than lzf's: a small chunk
// cannot promise a large one.
const maxRatio = 1032

// surveyChunks reads the index of chunks.
func (d *Dataset) surveyChunks() (survey, error) {
	var s survey
	err := d.eachChunk(func(c chunk) error {
		s.count++
		s.stored += c.size
		if err := d.f.check(c.addr, c.size); err != nil {
			return fmt.Errorf("chunk %v: %w", c.at, err)
		}
		if s.stored > d.f.size {
			return fmt.Errorf("chunk %v at %#x: got more bytes of chunks than the file has, want chunks that do not overlap", c.at, c.addr)
		}
		return nil
	})
	return s, err
}

// checkChunks finds out whether the chunks can hold n bytes, and whether all of
// them are in the file.
func (d *Dataset) checkChunks(n uint64) (whole bool, err error) {
	if err := d.checkFilters(); err != nil {
		return false, err
	}
	if n > MaxFill && n/maxRatio > d.f.size {
		return false, checkFill(n)
	}
	s, err := d.surveyChunks()
	if err != nil {
		return false, err
	}
	holds := s.stored
	if d.compressed() {
		holds *= maxRatio
	}
	if n > holds {
		if err := checkFill(n - holds); err != nil {
			return false, err
		}
	}
	all := uint64(1)
	for i, c := range d.layout.chunk {
		all *= (d.space.dims[i]-1)/c + 1 // fits, as the elements do
	}
	return s.count == all, nil
}

// readChunks reads all chunks into b, one at a time.
func (d *Dataset) readChunks(b []byte) error {
	size, err := product(append(slices.Clone(d.layout.chunk), d.typ.size))
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	p := &pipeline{d: d, size: size}
	return d.eachChunk(func(c chunk) error {
		if err := d.readChunk(b, c, p); err != nil {
			return fmt.Errorf("chunk %v at %#x: %w", c.at, c.addr, err)
		}
		return nil
	})
}

// readChunk reads one chunk into its place in b.
func (d *Dataset) readChunk(b []byte, c chunk, p *pipeline) error {
	filtered := len(d.filters) > 0 && !(d.layout.rawEdges && d.sticksOut(c))
	if !filtered {
		if c.size != p.size {
			return fmt.Errorf("got %d bytes, want %d", c.size, p.size)
		}
		if from, n, ok := d.inOnePiece(c); ok {
			return d.f.readAt(b[from:from+n], c.addr)
		}
	}
	data, err := p.decode(c, filtered)
	if err != nil {
		return err
	}
	d.scatter(b, data, c.at)
	return nil
}

// sticksOut reports whether part of a chunk is beyond the shape.
func (d *Dataset) sticksOut(c chunk) bool {
	for i, n := range d.layout.chunk {
		if d.space.dims[i]-c.at[i]*n < n {
			return true
		}
	}
	return false
}

// inOnePiece returns the bytes of the dataset that a chunk holds if those are the
// first ones of the chunk, in order.
func (d *Dataset) inOnePiece(c chunk) (from, n uint64, ok bool) {
	row := d.typ.size
	for i := len(d.space.dims) - 1; i > 0; i-- {
		if d.layout.chunk[i] != d.space.dims[i] {
			return 0, 0, false
		}
		row *= d.space.dims[i]
	}
	start := c.at[0] * d.layout.chunk[0]
	return start * row, min(d.layout.chunk[0], d.space.dims[0]-start) * row, true
}

// scatter copies the elements of a chunk, less those beyond the shape, to their
// places in b.
func (d *Dataset) scatter(b, data []byte, at []uint64) {
	dims, shape := d.space.dims, d.layout.chunk
	last := len(dims) - 1
	var to uint64 // of the first element, in elements
	for i := range dims {
		to = to*dims[i] + at[i]*shape[i]
	}
	run := min(shape[last], dims[last]-at[last]*shape[last]) * d.typ.size
	var copyAxis func(axis int, to, from uint64)
	copyAxis = func(axis int, to, from uint64) {
		if axis == last {
			copy(b[to*d.typ.size:][:run], data[from*d.typ.size:])
			return
		}
		toStep, fromStep := uint64(1), uint64(1)
		for i := axis + 1; i <= last; i++ {
			toStep, fromStep = toStep*dims[i], fromStep*shape[i]
		}
		for i := range min(shape[axis], dims[axis]-at[axis]*shape[axis]) {
			copyAxis(axis+1, to+i*toStep, from+i*fromStep)
		}
	}
	copyAxis(0, to, 0)
}
