package safetensors

import (
	"fmt"
	"io"
	"sync"

	"github.com/glia-ml/glia/tensor"
)

// Spec returns the dtype and shape of the tensor that [File.Tensor] returns, or its error
// if no tensor can hold it.
func (f *File) Spec(name string) (tensor.Spec, error) {
	e, err := f.entry(name)
	if err != nil {
		return tensor.Spec{}, err
	}
	spec, err := e.spec(e.shape)
	if err != nil {
		return tensor.Spec{}, fmt.Errorf("safetensors: tensor %.200q: %w", name, err)
	}
	return spec, nil
}

// Source returns a tensor that is read while it is written: that of [File.Tensor], a
// piece at a time.
func (f *File) Source(name string) (tensor.Source, error) {
	e, err := f.entry(name)
	if err != nil {
		return nil, err
	}
	spec, err := f.Spec(name)
	if err != nil {
		return nil, err
	}
	return &source{f, e, spec}, nil
}

// source is a tensor in a file.
type source struct {
	f    *File
	e    *entry
	spec tensor.Spec
}

// Spec implements tensor.Source.
func (s *source) Spec() tensor.Spec { return s.spec }

// pieceSize is how many bytes are copied at a time, a multiple of every element.
const pieceSize = 256 << 10

// pieces are buffers of that size, used again.
var pieces = sync.Pool{New: func() any { return new([pieceSize / 8]uint64) }}

// WriteTo implements tensor.Source.
func (s *source) WriteTo(w io.Writer) (written int64, err error) {
	piece := pieces.Get().(*[pieceSize / 8]uint64)
	defer pieces.Put(piece)
	mem := tensor.Of(piece[:]...).Bytes()
	size := s.spec.DType.Size()
	for at, n := 0, s.spec.Shape.Size(); at < n; {
		k := min(n-at, pieceSize/size)
		t, err := tensor.FromBytes(tensor.Spec{DType: s.spec.DType, Shape: tensor.D(k)}, mem[:k*size])
		if err == nil {
			err = s.f.read(s.e, int64(at)*int64(s.e.dt.bits), t)
		}
		if err != nil {
			return written, fmt.Errorf("safetensors: tensor %.200q: %w", s.e.name, err)
		}
		b, err := t.WriteTo(w)
		written += b
		if err != nil {
			return written, err
		}
		at += k
	}
	return written, nil
}
