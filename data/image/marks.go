package image

import (
	"bytes"
	"encoding/binary"
)

// marks finds in the bytes of a picture, written to it from the first on, what image.Decode
// does not tell: the orientation that a camera noted in the block of EXIF, and what else decides
// the memory that decoding takes. It keeps no more than a block of 1 MB; what is damaged or larger
// counts as not there. A JPEG tells these things by itself.
//
// Source: CIPA DC-008, Exif 3.0, section 4; PNG (third edition), section 11.3.2.8 eXIf;
// WebP container specification, chunk EXIF; TIFF 6.0, section 8, Orientation.
type marks struct {
	orientation int  // 1 to 8; 0 if there is none
	interlaced  bool // a PNG is stored in passes
	transparent bool // a PNG has the chunk tRNS
	pixels      bool // the pixels of a PNG began

	next func(b []byte) // takes the want bytes of b; nil if no more are of interest
	want int
	buf  []byte
	skip int64 // bytes before those
}

// mostEXIF is the longest block of EXIF that is read.
const mostEXIF = 1 << 20

// mostHead is how far into a PNG the chunk tRNS is looked for.
const mostHead = 64 << 10

// marksOf returns the marks of a kind of picture, as image.Decode names it.
func marksOf(kind string) *marks {
	m := &marks{}
	switch kind {
	case "png":
		m.skip = 8 // the signature
		m.pngChunks()
	case "webp":
		m.skip = 12 // RIFF, a length, WEBP
		m.webpChunks()
	case "tiff":
		m.tiffHeader()
	}
	return m
}

// Write implements io.Writer. It returns no error.
func (m *marks) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		switch {
		case m.skip > 0:
			over := min(m.skip, int64(len(b)))
			m.skip -= over
			b = b[over:]
		case m.next == nil:
			b = nil
		default:
			more := min(m.want-len(m.buf), len(b))
			m.buf = append(m.buf, b[:more]...)
			b = b[more:]
			if len(m.buf) == m.want {
				take, all := m.next, m.buf
				m.next, m.buf = nil, all[:0]
				take(all)
			}
		}
	}
	return n, nil
}

// then has f take the next n bytes after some to be skipped.
func (m *marks) then(skip int64, n int, f func(b []byte)) { m.skip, m.want, m.next = m.skip+skip, n, f }

// pngChunks reads the head of a chunk.
func (m *marks) pngChunks() {
	m.then(0, 8, func(b []byte) {
		const crc = 4
		size := binary.BigEndian.Uint32(b)
		switch name := string(b[4:]); {
		case name == "IHDR" && size == 13:
			m.then(0, 13, func(b []byte) {
				m.interlaced = b[12] != 0
				m.pngChunks()
				m.skip += crc
			})
		default:
			m.transparent = m.transparent || name == "tRNS"
			m.pixels = m.pixels || name == "IDAT"
			m.chunk(name, "eXIf", size, crc, m.pngChunks)
		}
	})
}

// webpChunks reads the head of a chunk, whose length is made even.
func (m *marks) webpChunks() {
	m.then(0, 8, func(b []byte) {
		size := binary.LittleEndian.Uint32(b[4:])
		m.chunk(string(b[:4]), "EXIF", size, int64(size&1), m.webpChunks)
	})
}

// chunk reads a chunk of this name and size if it is the one wanted, and skips it
// otherwise and what stands behind it, before it goes on to the rest.
func (m *marks) chunk(name, wanted string, size uint32, behind int64, rest func()) {
	if name != wanted || size < 8 || size > mostEXIF {
		rest()
		m.skip += int64(size) + behind
		return
	}
	m.then(0, int(size), func(b []byte) {
		m.tiff(bytes.TrimPrefix(b, []byte("Exif\x00\x00")))
	})
}

// tiffHeader reads the header of a TIFF file and the first of its directories.
func (m *marks) tiffHeader() {
	m.then(0, 8, func(b []byte) {
		order := byteOrder(b)
		if order == nil {
			return
		}
		at := int64(order.Uint32(b[4:]))
		m.then(at-8, 2, func(b []byte) {
			if n := int(order.Uint16(b)); at >= 8 && n > 0 {
				m.then(0, 12*n, func(b []byte) { m.directory(b, n, order) })
			}
		})
	})
}

// byteOrder returns the order of bytes in a TIFF file that begins so, or nil.
func byteOrder(b []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		return binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		return binary.BigEndian
	}
	return nil
}

// tiff reads the orientation from a TIFF file, the form of a block of EXIF: the first that
// a picture has counts.
func (m *marks) tiff(b []byte) {
	order := byteOrder(b)
	if order == nil || len(b) < 8 || m.orientation != 0 {
		return
	}
	if at := uint64(order.Uint32(b[4:])); at+2 <= uint64(len(b)) {
		m.directory(b[at+2:], int(order.Uint16(b[at:])), order)
	}
}

// directory reads the orientation from n entries of a directory.
func (m *marks) directory(entries []byte, n int, order binary.ByteOrder) {
	const orientation, short, long = 0x0112, 3, 4
	for range n {
		if len(entries) < 12 {
			return
		}
		if order.Uint16(entries) == orientation && order.Uint32(entries[4:]) == 1 {
			v := 0
			switch order.Uint16(entries[2:]) {
			case short:
				v = int(order.Uint16(entries[8:]))
			case long:
				v = int(min(order.Uint32(entries[8:]), 9))
			}
			if v >= 1 && v <= 8 {
				m.orientation = v
			}
			return
		}
		entries = entries[12:]
	}
}
