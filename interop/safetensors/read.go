package safetensors

import (
	"github.com/glia-ml/glia/internal/endian"
	"github.com/glia-ml/glia/tensor"
)

// read fills t with elements of e, from bit number skip on.
func (f *File) read(e *entry, skip int64, t *tensor.Tensor) error {
	if e.dt.small != nil {
		return f.readSmall(e, skip, tensor.Data[float32](t))
	}
	b := t.Bytes()
	if err := readAt(f.r, b, f.data+e.from+skip/8); err != nil {
		return err
	}
	if t.DType() == tensor.Bool {
		normalize(b)
	}
	endian.FromLittle(b, t.DType().Size())
	return nil
}

// normalize makes bytes of bool 0 or 1: Go's bool has no other.
func normalize(b []byte) {
	for i, c := range b {
		if c > 1 {
			b[i] = 1
		}
	}
}

// readSmall widens elements from bit number skip on, a piece at a time.
func (f *File) readSmall(e *entry, skip int64, dst []float32) error {
	const piece = 1 << 16 // elements; a multiple of 8, so that all pieces begin at the same bit of a byte
	table, bits := e.dt.small.table(), e.dt.bits
	at, rest := f.data+e.from+skip/8, int(skip%8)
	buf := make([]byte, (rest+min(len(dst), piece)*bits+7)/8)
	for len(dst) > 0 {
		n := min(len(dst), piece)
		src := buf[:(rest+n*bits+7)/8]
		if err := readAt(f.r, src, at); err != nil {
			return err
		}
		widen(dst[:n], src, rest, bits, table)
		dst = dst[n:]
		at += int64(n * bits / 8)
	}
	return nil
}
