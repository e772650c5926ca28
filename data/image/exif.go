package image

import (
	"bytes"
	"encoding/binary"
)

// marks finds in the bytes of a picture, written to it from the first on, what image.Decode
// does not tell: the orientation that a camera noted in the block of EXIF, and whether a
// JPEG has Adobe's marker. It keeps no more than a block of 1 MB; what is damaged or larger
// counts as not there.
//
// Source: CIPA DC-008, Exif 3.0, section 4; PNG (third edition), section 11.3.2.8 eXIf;
// WebP container specification, chunk EXIF; TIFF 6.0, section 8, Orientation.
type marks struct {
	orientation int  // 1 to 8; 0 if there is none
	adobe       bool // a JPEG has the marker APP14 of Adobe

	next func(b []byte) // takes the want bytes of b; nil if no more are of interest
	want int
	buf  []byte
	skip int64 // bytes before those
}

// mostEXIF is the longest block of EXIF that is read.
const mostEXIF = 1 << 20

// marksOf returns the marks of a kind of picture, as image.Decode names it.
func marksOf(kind string) *marks {
	m := &marks{}
	switch kind {
	case "jpeg":
		m.skip = 2 // SOI
		m.jpegMarkers()
	case "png":
		m.skip = 8 // the signature
		m.pngChunks()
	case "webp":
		m.skip = 12 // RIFF, a length, WEBP
		m.webpChunks()
	}
	return m
}

// Write implements io.Writer. It never fails.
func (m *marks) Write(b []byte) (int, error) {
	n := len(b)
	for m.next != nil && len(b) > 0 {
		if m.skip > 0 {
			over := min(m.skip, int64(len(b)))
			m.skip -= over
			b = b[over:]
			continue
		}
		more := min(m.want-len(m.buf), len(b))
		m.buf = append(m.buf, b[:more]...)
		b = b[more:]
		if len(m.buf) == m.want {
			take, all := m.next, m.buf
			m.next, m.buf = nil, all[:0]
			take(all)
		}
	}
	return n, nil
}

// then has f take the next n bytes after some to be skipped.
func (m *marks) then(skip int64, n int, f func(b []byte)) { m.skip, m.want, m.next = m.skip+skip, n, f }

// jpegMarkers reads a marker and its length.
func (m *marks) jpegMarkers() {
	m.then(0, 4, func(b []byte) {
		const app1, app14, sos, eoi, filler = 0xe1, 0xee, 0xda, 0xd9, 0xff
		size := int(binary.BigEndian.Uint16(b[2:]))
		switch {
		case b[0] != 0xff || b[1] == sos || b[1] == eoi || b[1] != filler && size < 2:
		case b[1] == filler:
			m.jpegMarkers()
			m.buf = append(m.buf, b[1:]...) // moves them to the front
		case b[1] == app1 && size > 8 || b[1] == app14 && size >= 7:
			m.then(0, size-2, func(seg []byte) {
				m.adobe = m.adobe || bytes.HasPrefix(seg, []byte("Adobe"))
				if bytes.HasPrefix(seg, []byte("Exif\x00")) {
					m.tiff(seg[6:])
				}
				m.jpegMarkers()
			})
		default:
			m.jpegMarkers()
			m.skip += int64(size - 2)
		}
	})
}

// pngChunks reads the head of a chunk.
func (m *marks) pngChunks() {
	m.then(0, 8, func(b []byte) {
		const crc = 4
		m.chunk(string(b[4:]), "eXIf", binary.BigEndian.Uint32(b), crc, m.pngChunks)
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

// tiff reads the orientation from a TIFF file, the form of a block of EXIF: the first that
// a picture has counts.
func (m *marks) tiff(b []byte) {
	const orientation, short, long = 0x0112, 3, 4
	var order binary.ByteOrder
	switch {
	case m.orientation != 0:
		return
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	}
	if order == nil || len(b) < 8 {
		return
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
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
