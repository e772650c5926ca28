package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// marks finds in the bytes of a picture, written to it from the first on, what image.Decode
// does not tell: the orientation that a camera noted in the block of EXIF, whether a JPEG
// has Adobe's marker, and what else decides the memory and the time that decoding takes. It
// keeps no more than a block of 1 MB; what is damaged or larger counts as not there.
//
// Source: CIPA DC-008, Exif 3.0, section 4; PNG (third edition), section 11.3.2.8 eXIf;
// WebP container specification, chunk EXIF; TIFF 6.0, section 8, Orientation.
type marks struct {
	orientation int  // 1 to 8; 0 if there is none
	jfif        bool // a JPEG has the marker APP0 of JFIF
	adobe       bool // and APP14 of Adobe
	transform   byte // of the components, by that
	transformAt int  // the offset of that byte in the file
	frame       jpegFrame
	interlaced  bool // a PNG is stored in passes
	transparent bool // a PNG has the chunk tRNS
	pixels      bool // the pixels began, of a PNG or a JPEG

	counted bool // how the file is decoded is decided by what was read
	scans   int  // of a JPEG, so far
	err     error
	read    int // bytes

	hunting bool // for a marker of a JPEG
	last    byte // that was looked at

	next func(b []byte) // takes the want bytes of b; nil if no more are of interest
	want int
	buf  []byte
	skip int64 // bytes before those
}

// mostEXIF is the longest block of EXIF that is read.
const mostEXIF = 1 << 20

// mostHead is how far into a PNG the chunk tRNS is looked for.
const mostHead = 64 << 10

// Scans that a JPEG may have: a usual one has as many as components, a usual progressive one
// 10. Each passes over all of the picture, and takes a few bytes only.
const (
	mostScans            = 16
	mostProgressiveScans = 100
)

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
	case "tiff":
		m.tiffHeader()
	}
	return m
}

// Write implements io.Writer. It returns an error if a JPEG would take time or memory that
// its header does not tell.
func (m *marks) Write(b []byte) (int, error) {
	n, before := len(b), m.read
	for len(b) > 0 && m.err == nil {
		m.read = before + n - len(b)
		switch {
		case m.skip > 0:
			over := min(m.skip, int64(len(b)))
			m.skip -= over
			b = b[over:]
		case m.hunting:
			b = m.hunt(b)
		case m.next == nil:
			b = nil
		default:
			more := min(m.want-len(m.buf), len(b))
			m.buf = append(m.buf, b[:more]...)
			b = b[more:]
			m.read += more
			if len(m.buf) == m.want {
				take, all := m.next, m.buf
				m.next, m.buf = nil, all[:0]
				take(all)
			}
		}
	}
	if m.err != nil {
		return 0, m.err
	}
	m.read = before + n
	return n, nil
}

// then has f take the next n bytes after some to be skipped.
func (m *marks) then(skip int64, n int, f func(b []byte)) { m.skip, m.want, m.next = m.skip+skip, n, f }

// jpegMarkers reads the next marker of a JPEG and what follows.
func (m *marks) jpegMarkers() { m.hunting = true }

// hunt looks for a marker, 0xff and a byte that tells its kind, as decoders do: between
// segments, and in the data of a scan, which has a 0 behind such a byte. It returns the bytes
// behind the marker.
func (m *marks) hunt(b []byte) []byte {
	const filler, rst0, rst7, eoi = 0xff, 0xd0, 0xd7, 0xd9
	for i, c := range b {
		begun := m.last == 0xff
		m.last = c
		if begun && c != 0 && c != filler && (c < rst0 || c > rst7) {
			m.hunting, m.last = false, 0
			if c != eoi {
				m.then(0, 2, func(b []byte) {
					if size := int(binary.BigEndian.Uint16(b)); size >= 2 {
						m.segment(c, size-2)
					}
				})
			}
			return b[i+1:]
		}
	}
	return nil
}

// segment reads what follows a marker and its length.
func (m *marks) segment(marker byte, size int) {
	const app0, app1, app14, sof0, sof2, sos = 0xe0, 0xe1, 0xee, 0xc0, 0xc2, 0xda
	const transform = 11 // its place in Adobe's marker
	switch {
	case marker == app0 && size >= 14 || marker == app1 && size > 6 || marker == app14 && size > transform:
		m.then(0, size, func(seg []byte) {
			m.jfif = m.jfif || marker == app0 && bytes.HasPrefix(seg, []byte("JFIF\x00"))
			if marker == app14 && bytes.HasPrefix(seg, []byte("Adobe")) {
				m.adobe, m.transform, m.transformAt = true, seg[transform], m.read-size+transform
				if m.scans > 0 || m.counted && len(m.frame.samples) == 4 { // it changes how colors are made, and so the memory for them
					m.err = errors.New("jpeg with Adobe's marker behind its pixels")
				}
			}
			if bytes.HasPrefix(seg, []byte("Exif\x00")) {
				m.tiff(seg[6:])
			}
			m.jpegMarkers()
		})
	case marker >= sof0 && marker <= sof2 && size >= 6:
		m.then(0, size, func(seg []byte) { // precision, height, width, count, components of 3 bytes
			if len(m.frame.samples) > 0 {
				m.err = errors.New("jpeg with more than one frame")
			}
			m.frame = jpegFrame{progressive: marker == sof2}
			for c := seg[6:]; len(c) >= 3; c = c[3:] {
				if c[1]>>4 == 0 || c[1]&15 == 0 {
					m.err = errors.New("jpeg with a sampling factor of 0")
				}
				m.frame.ids, m.frame.samples = m.frame.ids+string(c[:1]), append(m.frame.samples, c[1])
			}
			m.jpegMarkers()
		})
	default:
		if marker == sos {
			m.scan()
		}
		m.jpegMarkers()
		m.skip += int64(size)
	}
}

// scan counts a scan of a JPEG.
func (m *marks) scan() {
	m.scans++
	m.pixels = true
	most := mostScans
	if m.frame.progressive {
		most = mostProgressiveScans
	}
	if m.scans > most {
		m.err = fmt.Errorf("jpeg of more than %d scans", most)
	}
}

// luma reports whether the first three components of a JPEG are luma and color, not colors
// or inks themselves, as libjpeg decides it.
func (m *marks) luma() bool {
	if m.jfif && len(m.frame.samples) < 4 {
		return true
	}
	if m.adobe || len(m.frame.samples) == 4 {
		return m.transform != 0
	}
	return m.frame.ids != "RGB"
}

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
