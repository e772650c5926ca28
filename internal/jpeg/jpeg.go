// Package jpeg decodes JPEG files to the samples of their components, as libjpeg decodes them: by
// the inverse transform that it calls the slow and accurate one, of whole numbers. It makes no
// colors of them.
//
// It reads sequential and progressive files of Huffman codes, 8 bits a sample, with one, three or
// four components in any sampling that divides, with restarts, and with a height that follows
// behind the pixels. A file that ends early, or holds what no encoder writes, is an error.
//
// Source: ITU-T T.81, JPEG; T.871, JFIF.
package jpeg

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"unsafe"
)

// File is a JPEG whose header was read.
type File struct {
	// Width and Height count pixels.
	Width, Height int
	// Components holds one, three or four components.
	Components []Component
	// Progressive reports whether coefficients come in several scans.
	Progressive bool
	// JFIF reports whether there is the marker of JFIF.
	JFIF bool
	// Adobe reports whether there is Adobe's marker, and Transform what it says of the components.
	Adobe     bool
	Transform byte
	// EXIF holds the first block of EXIF in the file, from behind its name; nil if there is none.
	EXIF []byte

	in      input
	memory  *memory
	quant   [4]*[64]uint16 // in the order of rows
	dc, ac  [4]*table
	restart int  // units between restarts, 0 for none
	scans   int  // that were begun
	next    scan // which the header ends with
	across  int  // the greatest sampling factors
	down    int
}

// Component holds the samples of a component, which [File.Decode] sets.
type Component struct {
	ID byte
	// Across and Down count the pixels that a sample stands for.
	Across, Down int
	// Width and Height count the samples, which begin Stride apart, row by row, in Pix.
	Width, Height, Stride int
	Pix                   []uint8

	h, v         int // sampling factors
	quant        *[64]uint16
	quantID      byte
	columns      int // blocks in whole units
	rows         int
	last         int32 // the coefficient at 0 of the block before
	scanned      bool
	coefficients [][64]int16 // of a progressive file
}

// Markers of T.81, table B.1, and what else begins a segment.
const (
	sof0  = 0xc0 // baseline
	sof1  = 0xc1 // sequential
	sof2  = 0xc2 // progressive
	sof15 = 0xcf
	dht   = 0xc4
	jpg   = 0xc8
	dac   = 0xcc
	rst0  = 0xd0
	rst7  = 0xd7
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	dqt   = 0xdb
	dnl   = 0xdc
	dri   = 0xdd
	app0  = 0xe0
	app1  = 0xe1
	app14 = 0xee
)

// Scans that a file may have: a usual one has as many as components, a usual progressive one 10.
// Each passes over all of the picture, and takes a few bytes only.
const (
	mostScans            = 16
	mostProgressiveScans = 100
)

// mostAhead is how far into the pixels a height is looked for that the header lacks.
const mostAhead = 64 << 20

// Open reads a file up to its first scan, and returns an error if it could not be decoded.
func Open(r io.Reader) (*File, error) {
	f := &File{memory: memories.Get().(*memory)}
	f.in.src, f.in.space, f.in.data = r, f.memory.input[:], f.memory.window[:0]
	if a, b := f.in.byte(), f.in.byte(); f.in.err == nil && (a != 0xff || b != soi) {
		return nil, errors.New("no JPEG: want it to begin with its marker")
	}
	if err := f.segments(); err != nil {
		return nil, err
	}
	if f.next.components == nil {
		return nil, errors.New("jpeg without pixels")
	}
	if f.Height == 0 {
		if err := f.findHeight(); err != nil {
			return nil, err
		}
	}
	f.measure()
	return f, nil
}

// Bytes returns how many bytes Decode takes.
func (f *File) Bytes() int64 {
	n := int64(unsafe.Sizeof(memory{})) + int64(len(f.in.raw))
	for _, c := range f.Components {
		samples := 64 * int64(c.columns) * int64(c.rows)
		n += samples
		if f.Progressive {
			n += 2 * samples
		}
	}
	return n
}

// Decode reads the pixels. It is called once.
func (f *File) Decode() error {
	for i := range f.Components {
		c := &f.Components[i]
		c.Stride = 8 * c.columns
		c.Pix = f.memory.samples(i, c.Stride*8*c.rows)
		if f.Progressive {
			c.coefficients = make([][64]int16, c.columns*c.rows)
		}
	}
	for f.next.components != nil {
		if err := f.scan(); err != nil {
			return err
		}
		f.next.components = nil
		if err := f.segments(); err != nil {
			return err
		}
	}
	for i := range f.Components {
		c := &f.Components[i]
		if !c.scanned {
			return fmt.Errorf("jpeg without pixels of component %d", i+1)
		}
		if f.Progressive {
			c.transform()
		}
	}
	return nil
}

// Drop lets the files that are opened next have the memory of this one, whose samples are not to be
// read then.
func (f *File) Drop() {
	for i := range f.Components {
		f.Components[i].Pix = nil
	}
	if m := f.memory; m != nil {
		f.memory, f.in = nil, input{}
		memories.Put(m)
	}
}

// memory is what decoding a file takes, beside coefficients.
type memory struct {
	input  [inputBytes]byte
	window [windowBytes]byte
	tables [2][4]table // of differences and others
	pix    [4][]uint8
}

var memories = sync.Pool{New: func() any { return &memory{} }}

// samples returns memory for n samples of component i, of any content.
func (m *memory) samples(i, n int) []uint8 {
	if cap(m.pix[i]) < n || cap(m.pix[i]) > 4*n+1<<16 {
		m.pix[i] = make([]uint8, n)
	}
	return m.pix[i][:n]
}

// segments reads segments up to the header of a scan, which it leaves in next, or to the end.
func (f *File) segments() error {
	for {
		marker := f.in.marker()
		if marker == eoi || f.in.err != nil {
			return f.in.err
		}
		size := f.in.uint16() - 2
		if f.in.err != nil {
			return f.in.err
		}
		if size < 0 {
			return fmt.Errorf("jpeg with a segment %#x of %d bytes", marker, size+2)
		}
		if err := f.segment(marker, size); err != nil {
			return err
		}
		if f.next.components != nil {
			return nil
		}
	}
}

// segment reads what follows a marker and its length.
func (f *File) segment(marker byte, size int) error {
	switch marker {
	case sof0, sof1, sof2, dht, dqt, dri, sos, app0, app1, app14:
	case dnl:
		f.in.skip(size)
		return f.in.err
	default:
		if marker >= sof0 && marker <= sof15 && marker != jpg || marker == dac {
			return fmt.Errorf("jpeg of %s is unsupported: want Huffman codes, sequential or progressive", process(marker))
		}
		f.in.skip(size)
		return f.in.err
	}
	b := f.in.bytes(size)
	if f.in.err != nil {
		return f.in.err
	}
	switch marker {
	case dht:
		return f.huffman(b)
	case dqt:
		return f.quantization(b)
	case dri:
		if size != 2 {
			return fmt.Errorf("jpeg with an interval of restarts in %d bytes: want 2", size)
		}
		f.restart = int(b[0])<<8 | int(b[1])
	case sos:
		return f.scanHeader(b)
	case app0, app1, app14:
		f.application(marker, b)
	default:
		return f.frame(marker, b)
	}
	return nil
}

// process names what a marker of a frame stands for that Decode does not read.
func process(marker byte) string {
	switch {
	case marker == sof0+3:
		return "lossless coding"
	case marker < jpg:
		return "hierarchical coding"
	default:
		return "arithmetic codes"
	}
}

// application takes from an application's segment what matters.
func (f *File) application(marker byte, b []byte) {
	const transform = 11 // its place in Adobe's marker
	begins := func(name string) bool { return len(b) >= len(name) && string(b[:len(name)]) == name }
	if f.scans > 0 && marker != app1 {
		return // as libjpeg, which decides on colors before the first scan
	}
	switch {
	case marker == app0 && len(b) >= 14 && begins("JFIF\x00"):
		f.JFIF = true
	case marker == app14 && len(b) > transform && begins("Adobe"):
		f.Adobe, f.Transform = true, b[transform]
	case marker == app1 && len(b) > 6 && begins("Exif\x00") && f.EXIF == nil:
		f.EXIF = append([]byte{}, b[6:]...)
	}
}

// frame reads the header of the frame.
func (f *File) frame(marker byte, b []byte) error {
	if f.Components != nil {
		return errors.New("jpeg with more than one frame")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return fmt.Errorf("jpeg with a frame's header of %d bytes", len(b))
	}
	if b[0] != 8 {
		return fmt.Errorf("jpeg of %d bits a sample is unsupported: want 8", b[0])
	}
	f.Progressive = marker == sof2
	f.Height, f.Width = int(b[1])<<8|int(b[2]), int(b[3])<<8|int(b[4])
	if f.Width == 0 {
		return errors.New("jpeg of width 0")
	}
	n := int(b[5])
	if n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("jpeg of %d components is unsupported: want 1, 3 or 4", n)
	}
	f.Components = make([]Component, n)
	for i := range f.Components {
		c, s := &f.Components[i], b[6+3*i:]
		*c = Component{ID: s[0], h: int(s[1] >> 4), v: int(s[1] & 15), quantID: s[2]}
		for _, other := range f.Components[:i] {
			if other.ID == c.ID {
				return fmt.Errorf("jpeg with two components %d", c.ID)
			}
		}
		if c.h == 0 || c.v == 0 {
			return errors.New("jpeg with a sampling factor of 0")
		}
		if c.h > 4 || c.v > 4 {
			return fmt.Errorf("jpeg with a sampling factor of %d: want at most 4", max(c.h, c.v))
		}
		if c.quantID > 3 {
			return fmt.Errorf("jpeg with a table of quantization %d: want 0 to 3", c.quantID)
		}
		f.across, f.down = max(f.across, c.h), max(f.down, c.v)
	}
	for i := range f.Components {
		c := &f.Components[i]
		if f.across%c.h != 0 || f.down%c.v != 0 {
			return fmt.Errorf("jpeg with sampling factors %d x %d beside %d x %d is unsupported: want them to divide those", c.h, c.v, f.across, f.down)
		}
		c.Across, c.Down = f.across/c.h, f.down/c.v
	}
	return nil
}

// measure sets the sizes of the components.
func (f *File) measure() {
	for i := range f.Components {
		c := &f.Components[i]
		c.Width, c.Height = ceil(f.Width*c.h, f.across), ceil(f.Height*c.v, f.down)
		c.columns, c.rows = c.h*ceil(f.Width, 8*f.across), c.v*ceil(f.Height, 8*f.down)
		if len(f.Components) == 1 { // a unit is one block, whatever the factors are
			c.columns, c.rows = ceil(f.Width, 8), ceil(f.Height, 8)
		}
	}
}

// ceil returns n/of, rounded up.
func ceil(n, of int) int { return (n + of - 1) / of }

// findHeight reads ahead to the segment that has the height, behind the first scan.
func (f *File) findHeight() error {
	missing := errors.New("jpeg of height 0, and without a segment that tells it")
	ahead, err := f.in.ahead(mostAhead)
	if err != nil {
		return err
	}
	n := len(ahead)
	if n < 6 || ahead[n-6] != 0xff || ahead[n-5] != dnl || ahead[n-4] != 0 || ahead[n-3] != 4 {
		return missing
	}
	if f.Height = int(ahead[n-2])<<8 | int(ahead[n-1]); f.Height == 0 {
		return missing
	}
	return nil
}

// quantization reads tables of quantization.
func (f *File) quantization(b []byte) error {
	for len(b) > 0 {
		id, wide := b[0]&15, b[0]>>4
		b = b[1:]
		n := 64
		if wide == 1 {
			n = 128
		}
		if id > 3 || wide > 1 || len(b) < n {
			return errors.New("jpeg with a damaged table of quantization")
		}
		q := &[64]uint16{}
		for k, at := range zigzag[:64] {
			if wide == 1 {
				q[at] = uint16(b[2*k])<<8 | uint16(b[2*k+1])
			} else {
				q[at] = uint16(b[k])
			}
		}
		f.quant[id], b = q, b[n:]
	}
	return nil
}

// huffman reads tables of codes.
func (f *File) huffman(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return errors.New("jpeg with a damaged table of codes")
		}
		n := 0
		for _, count := range b[1:17] {
			n += int(count)
		}
		class, id := b[0]>>4, b[0]&15
		if n > 256 || len(b) < 17+n || class > 1 || id > 3 {
			return errors.New("jpeg with a damaged table of codes")
		}
		t := &f.memory.tables[class][id]
		if err := t.set([16]uint8(b[1:17]), b[17:17+n], class == 0); err != nil {
			return err
		}
		if class == 0 {
			f.dc[id] = t
		} else {
			f.ac[id] = t
		}
		b = b[17+n:]
	}
	return nil
}

// zigzag holds the places of coefficients in a block, in the order in which they are coded. It is
// longer than a block, so that an index of 7 bits is one of it.
var zigzag = func() (z [128]uint8) {
	x, y := 0, 0
	for k := range 64 {
		z[k] = uint8(8*y + x)
		switch up := (x+y)%2 == 0; {
		case up && x == 7, !up && y < 7 && x == 0:
			y++
		case up && y == 0, !up && y == 7:
			x++
		case up:
			x, y = x+1, y-1
		default:
			x, y = x-1, y+1
		}
	}
	return z
}()
