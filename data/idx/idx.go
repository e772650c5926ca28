// Package idx reads and writes IDX, the file format of MNIST and its relatives:
// one tensor, plain or compressed by gzip.
//
//	0 0 type rank          one byte each
//	length of each axis    uint32, big-endian
//	elements               row-major, big-endian
//
// Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits,
// section FILE FORMATS.
package idx

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/glia-ml/glia/internal/endian"
	"github.com/glia-ml/glia/tensor"
)

// types holds the dtype of each type byte.
var types = map[byte]tensor.DType{
	0x08: tensor.Uint8,
	0x09: tensor.Int8,
	0x0b: tensor.Int16,
	0x0c: tensor.Int32,
	0x0d: tensor.Float32,
	0x0e: tensor.Float64,
}

// maxRatio is the best ratio that deflate can reach, so a small file cannot promise a
// large tensor.
const maxRatio = 1032

// ErrLimit is, to errors.Is, the error of a tensor that takes more bytes than the limit.
var ErrLimit = errors.New("idx: more bytes than the limit")

// limitError is an error that is ErrLimit.
type limitError struct{ error }

// Is reports whether target is ErrLimit.
func (limitError) Is(target error) bool { return target == ErrLimit }

// Read reads a tensor of at most limit bytes from r, which must end with it. Memory
// is taken as the header asks, once that is within the limit.
func Read(r io.Reader, limit int) (*tensor.Tensor, error) { return read(r, -1, limit) }

// ReadFile reads a tensor of at most limit bytes from a file. The header is checked
// against the size of the file before memory is taken.
func ReadFile(path string, limit int) (*tensor.Tensor, error) {
	info, err := os.Stat(path) // before Open, which waits for the writer of a pipe
	if err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("idx: %s: want a regular file, got %v", path, info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	return read(f, info.Size(), limit)
}

// read reads from r, which holds size bytes, or an unknown number if -1.
func read(r io.Reader, size int64, limit int) (*tensor.Tensor, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(2)
	if err != nil && err != io.EOF {
		return nil, headerError(len(magic), 4, err)
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return decode(in, limit, func(want int64) error {
			if size >= 0 && size != want {
				return fmt.Errorf("got a file of %d bytes, want %d", size, want)
			}
			return nil
		})
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("idx: gzip: %w", err)
	}
	return decode(z, limit, func(want int64) error {
		if size >= 0 && size < want/maxRatio {
			return fmt.Errorf("got %d bytes of gzip, which cannot hold %d", size, want)
		}
		return nil
	})
}

// decode reads a tensor after check has agreed to its size with the header.
func decode(r io.Reader, limit int, check func(size int64) error) (*tensor.Tensor, error) {
	spec, header, err := decodeHeader(r)
	if err != nil {
		return nil, err
	}
	n, err := tensor.CheckedBytes(spec)
	if err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	if n > limit {
		return nil, limitError{fmt.Errorf("idx: %v: got %d bytes, want at most %d", spec, n, limit)}
	}
	if err := check(int64(n) + int64(header)); err != nil {
		return nil, fmt.Errorf("idx: %v: %w", spec, err)
	}
	t := tensor.NewSpec(spec)
	if got, err := io.ReadFull(r, t.Bytes()); ended(err) {
		return nil, fmt.Errorf("idx: %v: got %d bytes of elements, want %d: %w", spec, got, n, io.ErrUnexpectedEOF)
	} else if err != nil {
		return nil, fmt.Errorf("idx: %v: after %d bytes of elements: %w", spec, got, err)
	}
	var more [1]byte
	switch _, err := io.ReadFull(r, more[:]); {
	case err == nil:
		return nil, fmt.Errorf("idx: %v: got more after %d bytes of elements, want the end", spec, n)
	case err != io.EOF:
		return nil, fmt.Errorf("idx: %v: behind the elements: %w", spec, err)
	}
	endian.FromBig(t.Bytes(), spec.DType.Size())
	return t, nil
}

// decodeHeader returns the spec that the header gives, and how long that is.
func decodeHeader(r io.Reader) (spec tensor.Spec, size int, err error) {
	var head [4 + 4*tensor.MaxRank]byte
	if got, err := io.ReadFull(r, head[:4]); err != nil {
		return spec, 0, headerError(got, 4, err)
	}
	dt, ok := types[head[2]]
	if head[0] != 0 || head[1] != 0 || !ok {
		return spec, 0, fmt.Errorf("idx: got % x at the start, want 00 00 and a type (08, 09, 0b, 0c, 0d or 0e)", head[:4])
	}
	rank := int(head[3])
	if rank > tensor.MaxRank {
		return spec, 0, fmt.Errorf("idx: got %d axes, want at most %d", rank, tensor.MaxRank)
	}
	size = 4 + 4*rank
	if got, err := io.ReadFull(r, head[4:size]); err != nil {
		return spec, 0, headerError(4+got, size, err)
	}
	var dims [tensor.MaxRank]int
	for i := range rank {
		d := binary.BigEndian.Uint32(head[4+4*i:])
		dims[i] = int(d)
		if dims[i] < 0 { // int has 32 bits
			return spec, 0, fmt.Errorf("idx: got an axis of %d, want less", d)
		}
	}
	return tensor.S(dt, dims[:rank]...), size, nil
}

func headerError(got, want int, err error) error {
	if ended(err) {
		return fmt.Errorf("idx: got %d bytes of header, want %d: %w", got, want, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("idx: header: %w", err)
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Write writes t, uncompressed. It returns an error for a dtype that IDX does not have
// and for an axis of 2^32 or more.
func Write(w io.Writer, t *tensor.Tensor) error {
	head := []byte{0, 0, 0, byte(t.Shape().Rank())}
	for b, dt := range types {
		if dt == t.DType() {
			head[2] = b
		}
	}
	if head[2] == 0 {
		return fmt.Errorf("idx: Write %v: want uint8, int8, int16, int32, float32 or float64", t.Spec())
	}
	for i := range t.Shape().Rank() {
		d := t.Shape().At(i)
		if uint64(d) >= 1<<32 {
			return fmt.Errorf("idx: Write %v: want axes below 2^32", t.Spec())
		}
		head = binary.BigEndian.AppendUint32(head, uint32(d))
	}
	if size := t.DType().Size(); size > 1 || !t.Contiguous() {
		t = t.Clone()
		endian.FromBig(t.Bytes(), size) // the other way round is the same
	}
	for _, b := range [][]byte{head, t.Bytes()} {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("idx: Write: %w", err)
		}
	}
	return nil
}
