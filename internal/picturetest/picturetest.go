// Package picturetest makes files of pictures that are small and hold many pixels, for
// tests of what reads them.
package picturetest

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

// JPEG returns a JPEG of mid grey. samples has for each of its components how often it is
// sampled, across and down in four bits each: 0x22, 0x11, 0x11 are those of a photograph. A
// progressive one has more scans than the first, of one component and one coefficient.
func JPEG(width, height int, progressive bool, scans int, samples ...uint8) []byte {
	b := []byte("\xff\xd8")
	segment := func(marker byte, parts ...[]byte) {
		data := bytes.Join(parts, nil)
		b = binary.BigEndian.AppendUint16(append(b, 0xff, marker), uint16(len(data)+2))
		b = append(b, data...)
	}
	table := func(id, symbol byte) []byte { // of one code, 0
		return append([]byte{id, 1}, append(make([]byte, 15), symbol)...)
	}
	segment(0xdb, []byte{0}, bytes.Repeat([]byte{1}, 64))
	frame := byte(0xc0)
	if progressive {
		frame = 0xc2
	}
	size := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, uint16(height)), uint16(width))
	size = append(size, byte(len(samples)))
	first := []byte{byte(len(samples))}
	across, down := int(samples[0]>>4), int(samples[0]&15)
	if len(samples) == 1 {
		across, down = 1, 1
	}
	units := (width + 8*across - 1) / (8 * across) * ((height + 8*down - 1) / (8 * down))
	blocks := 0
	for i, s := range samples {
		size = append(size, byte(i+1), s, 0)
		first = append(first, byte(i+1), 0)
		blocks += units * int(s>>4) * int(s&15)
	}
	segment(frame, size)
	segment(0xc4, table(0, 0), table(0x10, 0), table(0x11, 0xe0)) // no difference, end of block, end of 16384
	if !progressive {
		segment(0xda, first, []byte{0, 63, 0})
		b = append(b, make([]byte, (2*blocks+7)/8)...)
		return append(b, "\xff\xd9"...)
	}
	segment(0xda, first, []byte{0, 0, 0})
	b = append(b, make([]byte, (blocks+7)/8)...)
	runs := ((width+7)/8*((height+7)/8) + 1<<14 - 1) >> 14
	for i := range scans {
		segment(0xda, []byte{1, 1, 1}, []byte{byte(1 + i%63), byte(1 + i%63), 0})
		b = append(b, make([]byte, (15*runs+7)/8)...)
	}
	return append(b, "\xff\xd9"...)
}

// PNG returns a PNG of zeros, of a depth and a color type, with chunks behind its head.
func PNG(width, height int, depth, kind uint8, interlaced bool, chunks ...string) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		from := len(b)
		b = append(append(b, name...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	head = append(head, depth, kind, 0, 0, 0)
	bits := int(depth) * map[uint8]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	passes := []struct{ x, y, dx, dy int }{{0, 0, 1, 1}}
	if interlaced {
		head[12] = 1
		passes = []struct{ x, y, dx, dy int }{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	chunk("IHDR", head)
	if kind == 3 {
		chunk("PLTE", make([]byte, 3))
	}
	for _, c := range chunks {
		chunk(c[:4], []byte(c[4:]))
	}
	var packed bytes.Buffer
	w, _ := zlib.NewWriterLevel(&packed, 9)
	for _, p := range passes {
		columns, rows := (width-p.x+p.dx-1)/p.dx, (height-p.y+p.dy-1)/p.dy
		line := make([]byte, 1+(bits*columns+7)/8)
		for range rows {
			w.Write(line)
		}
	}
	w.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return b
}

// GIF returns a GIF of zeros.
func GIF(width, height int, interlaced bool) []byte {
	b := []byte("GIF89a")
	size := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(width)), uint16(height))
	b = append(append(b, size...), 0x80, 0, 0)
	b = append(b, 0, 0, 0, 255, 255, 255) // two colors
	b = append(append(b, ',', 0, 0, 0, 0), size...)
	flags := byte(0)
	if interlaced {
		flags = 0x40
	}
	b = append(b, flags, 2)
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, 2)
	line := make([]byte, width)
	for range height {
		w.Write(line)
	}
	w.Close()
	for data := packed.Bytes(); len(data) > 0; {
		n := min(len(data), 255)
		b = append(append(b, byte(n)), data[:n]...)
		data = data[n:]
	}
	return append(b, 0, ';')
}
