package image

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"io"
)

// ErrLimit is, to errors.Is, the error of a picture that takes more bytes than its bound.
var ErrLimit = errors.New("image: more bytes than the bound")

// limitError is an error that is ErrLimit.
type limitError struct{ error }

// Is reports whether target is ErrLimit.
func (limitError) Is(target error) bool { return target == ErrLimit }

// memory counts what a picture takes.
type memory struct {
	used int64 // bytes
	most int64 // bytes; 0 for any
}

// baseMemory is what a file may take beside four times its size.
const baseMemory = 64 << 20

// check returns an error if a picture takes more than its bound with what is made of it.
func (m memory) check(what string, width, height int, made int64) error {
	all := m.used + made + rowsBytes(width, height)
	if m.most <= 0 || all <= m.most {
		return nil
	}
	const mega = 1 << 20
	return limitError{fmt.Errorf("%s of %d x %d pixels takes %d MB of memory: want at most %d", what, width, height, (all+mega-1)/mega, m.most/mega)}
}

// rowsBytes bounds the bytes that reading a picture row by row takes: a band, drawn and
// turned, a row of floats, and one of a JPEG's components.
func rowsBytes(width, height int) int64 {
	return 8*int64(max(width, height, min(bandPixels, width*height))) + 16*int64(width) + 6*int64(max(width, height))
}

// decodedBytes bounds the bytes that decoding takes: pixels as the format's decoder keeps
// them, and what it keeps beside. Of formats that other packages decode it is an estimate.
func decodedBytes(kind string, config stdimage.Config, m *marks) int64 {
	width, height := int64(config.Width), int64(config.Height)
	n := width * height * pixelBytes(config.ColorModel)
	switch kind {
	case "png":
		grey := config.ColorModel == color.GrayModel || config.ColorModel == color.Gray16Model
		if grey && (m.transparent || !m.pixels) { // grey without transparency is a quarter
			n *= 4
		}
		if m.interlaced { // every pass is a picture of its own
			n *= 2
		}
		return n + 32*width // two rows
	case "gif":
		return 2 * n // interlaced ones are copied
	}
	return 2 * n
}

// pixelBytes returns how many bytes a pixel of a color model takes.
func pixelBytes(m color.Model) int64 {
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	switch m {
	case color.GrayModel, color.AlphaModel:
		return 1
	case color.Gray16Model, color.Alpha16Model, color.YCbCrModel:
		return 2
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel, color.NYCbCrAModel:
		return 4
	}
	return 8
}

// sizeOf returns how many bytes are left in r, and -1 if it does not say.
func sizeOf(r io.Reader) int64 {
	if l, ok := r.(interface{ Len() int }); ok {
		return int64(l.Len())
	}
	s, ok := r.(io.Seeker)
	if !ok {
		return -1
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return -1
	}
	end, err := s.Seek(0, io.SeekEnd)
	if _, back := s.Seek(at, io.SeekStart); err != nil || back != nil || end < at {
		return -1
	}
	return end - at
}

// readAhead reads n bytes of r, or what there is, and returns how many these are and a
// reader that begins with them.
func readAhead(r io.Reader, n int64) (io.Reader, int64, error) {
	const piece = 1 << 20
	var all []io.Reader
	var got int64
	for got < n {
		b := make([]byte, min(piece, n-got))
		k, err := io.ReadFull(r, b)
		all, got = append(all, bytes.NewReader(b[:k])), got+int64(k)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return io.MultiReader(append(all, r)...), got, nil
}
