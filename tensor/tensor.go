// Package tensor holds what every other package speaks of: element types,
// shapes, and tensors in host memory. It does no mathematics.
package tensor

import (
	"fmt"
	"math"
	"unsafe"
)

// Element is a Go type whose slices hold tensor elements. float16 and bfloat16
// are [F16] and [BF16], their bits.
type Element interface {
	bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | F16 | BF16 | float32 | float64
}

// F16 is the bits of an IEEE 754 half.
type F16 uint16

// BF16 is the bits of a bfloat16, the upper half of a float32.
type BF16 uint16

// DTypeOf returns the dtype of T.
func DTypeOf[T Element]() DType {
	var z T
	switch any(z).(type) {
	case bool:
		return Bool
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case F16:
		return Float16
	case BF16:
		return BFloat16
	case float32:
		return Float32
	}
	return Float64
}

// Tensor is an array in host memory. Views share memory with the tensor they
// were taken from; the rest of glia works on contiguous tensors.
type Tensor struct {
	spec    Spec
	strides Dims   // in elements
	data    []byte // begins at the first element
}

// New returns a tensor of zeros, aligned to a cache line.
func New(dt DType, dims ...int) *Tensor { return NewSpec(S(dt, dims...)) }

// NewSpec returns a tensor of zeros of the given spec.
func NewSpec(s Spec) *Tensor {
	return &Tensor{spec: s, strides: s.Shape.Strides(), data: Alloc(s.Bytes())}
}

// Alloc returns n zero bytes that begin on a cache line.
func Alloc(n int) []byte {
	const align = 64
	b := make([]byte, n+align)
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (align - 1))
	return b[off : off+n : off+n]
}

// FromSlice returns a tensor over data, without a copy. Without dims it is one
// axis of len(data); otherwise the product of dims must be len(data).
func FromSlice[T Element](data []T, dims ...int) (*Tensor, error) {
	if dims == nil {
		dims = []int{len(data)}
	}
	shape, err := MakeDims(dims)
	if err != nil {
		return nil, err
	}
	for _, d := range dims {
		if d < 0 {
			return nil, fmt.Errorf("tensor: FromSlice: shape %v has a negative axis", shape)
		}
	}
	if shape.Size() != len(data) {
		return nil, fmt.Errorf("tensor: FromSlice: %d values for shape %v: want %d", len(data), shape, shape.Size())
	}
	return &Tensor{
		spec:    Spec{DTypeOf[T](), shape},
		strides: shape.Strides(),
		data:    bytesOf(data),
	}, nil
}

// Of returns a tensor of one axis over data, without a copy.
func Of[T Element](data ...T) *Tensor {
	t, _ := FromSlice(data, len(data))
	return t
}

// Scalar returns a tensor without axes that holds v.
func Scalar[T Element](v T) *Tensor {
	t, _ := FromSlice([]T{v}, []int{}...)
	return t
}

func bytesOf[T Element](s []T) []byte {
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(z)))
}

// Spec returns dtype and shape.
func (t *Tensor) Spec() Spec { return t.spec }

// DType returns the element type.
func (t *Tensor) DType() DType { return t.spec.DType }

// Shape returns the shape.
func (t *Tensor) Shape() Dims { return t.spec.Shape }

// Len returns the number of elements.
func (t *Tensor) Len() int { return t.spec.Shape.Size() }

// Contiguous reports whether the elements lie row-major without gaps.
func (t *Tensor) Contiguous() bool {
	n := 1
	for i := t.spec.Rank() - 1; i >= 0; i-- {
		if d := t.spec.Shape.At(i); d != 1 {
			if t.strides.At(i) != n {
				return false
			}
			n *= d
		}
	}
	return true
}

// Bytes returns the memory of a contiguous tensor; it panics on another.
func (t *Tensor) Bytes() []byte {
	if !t.Contiguous() {
		panic("tensor: Bytes of a view with gaps: take Contiguous copy with Clone first")
	}
	return t.data[:t.spec.Bytes()]
}

// Data returns the elements of a contiguous tensor, without a copy. It panics
// if T is not the tensor's element type or the tensor is a view with gaps.
func Data[T Element](t *Tensor) []T {
	if got, want := DTypeOf[T](), t.spec.DType; got != want {
		panic(fmt.Sprintf("tensor: Data[%v] of a tensor of %v", got, want))
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.Bytes()))), t.Len())
}

// Float64 converts a float16 to float64.
func (h F16) Float64() float64 { return float64(h.Float32()) }

// Float32 converts a float16 to float32, exactly.
func (h F16) Float32() float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp == 0:
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(f))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// Float32 converts a bfloat16 to float32, exactly.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// Float64 converts a bfloat16 to float64.
func (b BF16) Float64() float64 { return float64(b.Float32()) }
