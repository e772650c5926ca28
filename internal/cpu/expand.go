package cpu

import (
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// expander reads a tensor as if it were broadcast to a larger shape, and as float32.
type expander struct {
	dtype tensor.DType
	// The larger shape, with axes joined where the tensor moves through them
	// evenly, and the tensor's strides along them.
	dims, strides []int
}

func newExpander(s tensor.Spec, to tensor.Dims) expander {
	e := expander{dtype: s.DType}
	e.dims, e.strides = collapse(to, ops.BroadcastStrides(s.Shape, to))
	return e
}

// collapse drops axes of length 1 and joins neighbours that one stride walks through.
func collapse(shape tensor.Dims, strides tensor.Dims) (dims, steps []int) {
	for i := range shape.Rank() {
		d, s := shape.At(i), strides.At(i)
		if d == 1 {
			continue
		}
		if n := len(dims); n > 0 && steps[n-1] == s*d {
			dims[n-1] *= d
			steps[n-1] = s
			continue
		}
		dims, steps = append(dims, d), append(steps, s)
	}
	if dims == nil {
		return []int{1}, []int{0}
	}
	return dims, steps
}

// expand writes the elements from at on, in the order of the larger shape, to dst.
func (e *expander) expand(dst []float32, b backend.Buf, at int) {
	n := len(e.dims) - 1
	inner, step := e.dims[n], e.strides[n]
	for len(dst) > 0 {
		col := at % inner
		run := min(inner-col, len(dst))
		from := col * step
		for i, rest := n-1, at/inner; i >= 0; i-- {
			from += rest % e.dims[i] * e.strides[i]
			rest /= e.dims[i]
		}
		switch {
		case step == 1:
			e.load(dst[:run], b, from)
		case step == 0:
			e.load(dst[:1], b, from)
			if run > 1 {
				kern.Fill(dst[1:run], dst[0])
			}
		default:
			for i := range run {
				e.load(dst[i:i+1], b, from+i*step)
			}
		}
		dst, at = dst[run:], at+run
	}
}

// load converts len(dst) elements from element at on.
func (e *expander) load(dst []float32, b backend.Buf, at int) {
	switch e.dtype {
	case tensor.Float32:
		copy(dst, floats(b)[at:])
	case tensor.Bool:
		kern.BoolToF32(dst, backend.Data[bool](b)[at:])
	case tensor.Uint8:
		kern.ScaleU8(dst, b.Mem[at:], 1, 0)
	case tensor.Int32:
		kern.I32ToF32(dst, backend.Data[int32](b)[at:])
	case tensor.Float16:
		kern.F16ToF32(dst, bits16(b)[at:])
	case tensor.BFloat16:
		kern.BF16ToF32(dst, bits16(b)[at:])
	}
}

// bits16 returns the bits of a half-precision buffer.
func bits16(b backend.Buf) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(b.Mem))), len(b.Mem)/2)
}
