package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/internal/endian"
	"github.com/glia-ml/glia/tensor"
)

const magic = "\x93NUMPY"

// maxHeader bounds the header of versions 2 and 3. NumPy itself reads no more than
// 10000 characters.
const maxHeader = 1 << 20

// Header describes the array of a file.
type Header struct {
	Descr   string // NumPy's type, "<f4" for instance; a structured one as the file writes it
	Fortran bool   // column-major
	Shape   []int
}

// ReadHeader reads the header of an array and leaves r right behind it. It accepts
// element types that [Read] refuses.
func ReadHeader(r io.Reader) (Header, error) {
	h, _, err := readHeader(r)
	if err != nil {
		return Header{}, fmt.Errorf("npy: %w", err)
	}
	return h, nil
}

// readHeader returns the header and how many bytes it takes.
func readHeader(r io.Reader) (h Header, size int64, err error) {
	var b [12]byte
	if got, err := io.ReadFull(r, b[:8]); err != nil {
		return h, 0, short("header", got, 8, err)
	}
	if string(b[:6]) != magic {
		return h, 0, fmt.Errorf("got %q at the start, want %q", b[:6], magic)
	}
	major, minor := b[6], b[7]
	if major < 1 || major > 3 || minor != 0 {
		return h, 0, fmt.Errorf("got version %d.%d, want 1.0, 2.0 or 3.0", major, minor)
	}
	start := 10
	if major > 1 {
		start = 12
	}
	if got, err := io.ReadFull(r, b[8:start]); err != nil {
		return h, 0, short("header", 8+got, start, err)
	}
	n := int64(binary.LittleEndian.Uint32(b[8:])) // the upper half is 0 in version 1
	if n > maxHeader {
		return h, 0, fmt.Errorf("got a header of %d bytes, want at most %d", n, maxHeader)
	}
	var text bytes.Buffer
	if got, err := io.CopyN(&text, r, n); err != nil {
		return h, 0, short("header", start+int(got), start+int(n), err)
	}
	s, err := decode(text.Bytes(), major)
	if err == nil {
		h, err = parseHeader(s)
	}
	return h, int64(start) + n, err
}

// decode returns the text of a header: UTF-8 in version 3, Latin-1 before.
func decode(b []byte, major byte) (string, error) {
	if major >= 3 {
		if !utf8.Valid(b) {
			return "", fmt.Errorf("header: want UTF-8")
		}
		return string(b), nil
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String(), nil
}

// layout says how the elements of a file become a tensor.
type layout struct {
	spec    tensor.Spec
	fortran bool
	swap    bool
}

// layout returns how an array is to be read, or why it cannot be.
func (h *Header) layout(opts []ReadOption) (l layout, err error) {
	dt, big, err := parseDescr(h.Descr, opts)
	if err != nil {
		return l, err
	}
	shape, err := tensor.MakeDims(h.Shape)
	if err != nil {
		return l, err
	}
	return layout{
		spec:    tensor.Spec{DType: dt, Shape: shape},
		fortran: h.Fortran && shape.Rank() > 1,
		swap:    big != endian.HostIsBig && dt.Size() > 1,
	}, nil
}

// tensor reads the elements, n bytes, from r and makes a tensor of them. Unless r is
// certain to have them, memory grows with the bytes that arrive.
func (l *layout) tensor(r io.Reader, n int, certain bool) (*tensor.Tensor, error) {
	if !certain {
		b, err := readElements(r, n)
		if err != nil {
			return nil, err
		}
		if !l.fortran {
			l.finish(b)
			return tensor.FromBytes(l.spec, b)
		}
		r = bytes.NewReader(b)
	}
	t := tensor.NewSpec(l.spec)
	return t, l.into(r, t.Bytes())
}

// into reads the elements from r to b.
func (l *layout) into(r io.Reader, b []byte) error {
	if l.fortran {
		if err := readFortran(r, l.spec, b); err != nil {
			return err
		}
	} else if got, err := io.ReadFull(r, b); err != nil {
		return short("elements", got, len(b), err)
	}
	l.finish(b)
	return nil
}

// finish makes elements as the file has them those of a tensor.
func (l *layout) finish(b []byte) {
	if l.swap {
		endian.Swap(b, l.spec.DType.Size())
	}
	if l.spec.DType == tensor.Bool {
		normalize(b)
	}
}

// normalize makes bytes of bool 0 or 1: Go's bool has no other.
func normalize(b []byte) {
	for i, c := range b {
		if c > 1 {
			b[i] = 1
		}
	}
}

// appendHeader appends the magic and the header that NumPy's save writes: 21
// columns for the first axis, so that it could grow in place, then spaces up to a
// multiple of 64 bytes.
func appendHeader(b []byte, s tensor.Spec) []byte {
	shape := tuple(s.Shape)
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descrOf(s.DType), shape)
	if s.Rank() > 0 {
		text += strings.Repeat(" ", 21-len(fmt.Sprint(s.Shape.At(0))))
	}
	size := 10 + len(text) + 1
	text += strings.Repeat(" ", 64-size%64) // a whole 64 if none were needed, as NumPy does
	b = append(b, magic+"\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)+1))
	return append(append(b, text...), '\n')
}

// tuple prints a shape as Python does.
func tuple(d tensor.Dims) string {
	s := strings.Join(strings.Fields(strings.Trim(d.String(), "[]")), ", ")
	if d.Rank() == 1 {
		s += ","
	}
	return "(" + s + ")"
}
