package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The filters that chunks may go through.
const (
	filterDeflate    = 1
	filterShuffle    = 2
	filterFletcher32 = 3
	filterLZF        = 32000
)

var filterNames = map[uint16]string{
	filterDeflate:    "deflate",
	filterShuffle:    "shuffle",
	filterFletcher32: "fletcher32",
	4:                "szip",
	5:                "nbit",
	6:                "scaleoffset",
	filterLZF:        "lzf",
}

// filter is one step that chunks went through when they were written.
type filter struct {
	id   uint16
	name string // as the file has it
	args []uint32
}

func (f filter) String() string {
	if name, ok := filterNames[f.id]; ok {
		return name
	}
	if f.name != "" {
		return f.name
	}
	return fmt.Sprintf("filter %d", f.id)
}

// readFilters reads the filters of a dataset.
func (d *Dataset) readFilters() error {
	c, err := d.f.find(d.head, msgFilters, "filters")
	if err != nil || c == nil {
		return err
	}
	version, n := c.u8(), int(c.u8())
	if c.err == nil && (version < 1 || version > 2 || n > 32) {
		return c.failf("got version %d with %d filters, want 1 or 2 with at most 32", version, n)
	}
	if version == 1 {
		c.bytes(6)
	}
	for range n {
		f := filter{id: c.u16()}
		var nameSize uint64
		if version == 1 || f.id >= 256 {
			nameSize = uint64(c.u16())
		}
		c.bytes(2) // flags
		args := c.u16()
		f.name, _, _ = strings.Cut(string(c.bytes(nameSize)), "\x00")
		for range args {
			if c.err != nil {
				return c.err
			}
			f.args = append(f.args, c.u32())
		}
		if version == 1 && args%2 == 1 {
			c.bytes(4)
		}
		d.filters = append(d.filters, f)
	}
	return c.err
}

// checkFilters wants all filters to be ones that can be undone.
func (d *Dataset) checkFilters() error {
	for _, f := range d.filters {
		switch f.id {
		case filterDeflate, filterShuffle, filterFletcher32, filterLZF:
		default:
			return fmt.Errorf("got filter %v (%d), want deflate, shuffle, fletcher32 or lzf", f, f.id)
		}
	}
	return nil
}

// compressed reports whether chunks may take less of the file than of memory.
func (d *Dataset) compressed() bool {
	return slices.ContainsFunc(d.filters, func(f filter) bool { return f.id == filterDeflate || f.id == filterLZF })
}

// pipeline undoes the filters of one chunk after the other, in the same memory.
type pipeline struct {
	d    *Dataset
	size uint64 // of a chunk
	in   []byte
	out  []byte
	zlib io.ReadCloser
}

// decode reads a chunk and undoes its filters. The result is valid until the next
// call.
func (p *pipeline) decode(c chunk, filtered bool) ([]byte, error) {
	most := c.size
	if filtered && p.d.compressed() {
		most *= maxRatio
	}
	if p.size > most {
		return nil, fmt.Errorf("got %d bytes, which cannot hold %d", c.size, p.size)
	}
	p.in = slices.Grow(p.in[:0], int(c.size))[:c.size]
	if err := p.d.f.readAt(p.in, c.addr); err != nil {
		return nil, err
	}
	for i := len(p.d.filters) - 1; i >= 0 && filtered; i-- {
		if c.mask>>i&1 != 0 {
			continue
		}
		f := p.d.filters[i]
		if err := p.undo(f); err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
	}
	if uint64(len(p.in)) != p.size {
		return nil, fmt.Errorf("got %d bytes after its filters, want %d", len(p.in), p.size)
	}
	return p.in, nil
}

// undo reverses a filter on p.in.
func (p *pipeline) undo(f filter) error {
	switch f.id {
	case filterFletcher32:
		return p.checkSum()
	case filterShuffle:
		size := int(p.d.typ.size)
		if len(f.args) > 0 {
			size = int(f.args[0])
		}
		if size < 2 || size > len(p.in) {
			return nil
		}
		p.out = slices.Grow(p.out[:0], len(p.in))[:len(p.in)]
		unshuffle(p.out, p.in, size)
	case filterDeflate:
		if err := p.inflate(); err != nil {
			return err
		}
	case filterLZF:
		p.out = slices.Grow(p.out[:0], p.most())
		out, err := lzf(p.out[:0], p.in, p.most())
		if p.out = out; err != nil {
			return err
		}
	}
	p.in, p.out = p.out, p.in
	return nil
}

// most returns how long a chunk may be between filters: some add checksums.
func (p *pipeline) most() int { return int(p.size) + 4*len(p.d.filters) }

// checkSum takes the checksum off the end. The library accepts one whose bytes are
// swapped in pairs, which its old versions wrote.
func (p *pipeline) checkSum() error {
	n := len(p.in) - 4
	if n < 0 {
		return fmt.Errorf("got %d bytes, want a checksum of 4", len(p.in))
	}
	got, want := binary.LittleEndian.Uint32(p.in[n:]), fletcher32(p.in[:n])
	swapped := want<<8&0xff00ff00 | want>>8&0x00ff00ff
	if got != want && got != swapped && !p.d.f.unsummed {
		return fmt.Errorf("got checksum %#08x, want %#08x", got, want)
	}
	p.in = p.in[:n]
	return nil
}

// inflate decompresses p.in to p.out.
func (p *pipeline) inflate() error {
	var err error
	if p.zlib == nil {
		p.zlib, err = zlib.NewReader(bytes.NewReader(p.in))
	} else {
		err = p.zlib.(zlib.Resetter).Reset(bytes.NewReader(p.in), nil)
	}
	if err != nil {
		return err
	}
	most := p.most()
	p.out = slices.Grow(p.out[:0], most+1)[:most+1]
	n, err := io.ReadFull(p.zlib, p.out) // to the end, where the checksum is
	p.out = p.out[:n]
	switch {
	case err == nil:
		return fmt.Errorf("got more than %d bytes", most)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		if uint64(n) < p.size {
			return fmt.Errorf("got %d bytes, want %d: %w", n, p.size, io.ErrUnexpectedEOF)
		}
		return nil
	}
	return err
}

// unshuffle puts the bytes of elements together again: src holds the first bytes
// of all, then the second ones, and so on. Bytes beyond the last whole element
// stay where they are.
func unshuffle(dst, src []byte, size int) {
	n := len(src) / size
	for i := range size {
		for j, v := range src[i*n : (i+1)*n] {
			dst[j*size+i] = v
		}
	}
	copy(dst[n*size:], src[n*size:])
}
