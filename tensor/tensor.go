// Package tensor holds element types, shapes, and tensors in host memory, which every
// other package uses. It does no mathematics.
package tensor

import (
	"fmt"
	"strconv"
	"unsafe"
)

// Element is a Go type whose slices hold tensor elements. float16 and bfloat16
// are [F16] and [BF16], their bits; an int is an int64, where the machine's has 64 bits, and
// an int32 elsewhere.
type Element interface {
	bool | int | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | F16 | BF16 | float32 | float64
}

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
	case int:
		if strconv.IntSize == 32 {
			return Int32
		}
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

// New returns a tensor of zeros, aligned to a cache line. It panics as [NewSpec] does, and
// on more than [MaxRank] axes.
func New(dt DType, dims ...int) *Tensor { return NewSpec(S(dt, dims...)) }

// NewSpec returns a tensor of zeros of the given spec. It panics on a negative length, an
// unknown dtype, or too many bytes: code that handles foreign specs asks [CheckedBytes].
func NewSpec(s Spec) *Tensor {
	n, err := CheckedBytes(s)
	if err != nil {
		panic(err)
	}
	return &Tensor{spec: s, strides: s.Shape.Strides(), data: Alloc(n)}
}

// largeAlloc is from how many bytes on memory is worth large pages.
const largeAlloc = 8 << 20

// Alloc returns n zero bytes that begin on a cache line.
func Alloc(n int) []byte {
	const align = 64
	b := make([]byte, n+align)
	if n >= largeAlloc {
		advise(b)
	}
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
	spec := Spec{DTypeOf[T](), shape}
	if n, err := CheckedBytes(spec); err != nil {
		return nil, err
	} else if b := bytesOf(data); len(b) != n {
		return nil, fmt.Errorf("tensor: FromSlice: %d values for shape %v: want %d", len(data), shape, shape.Size())
	}
	return &Tensor{
		spec:    spec,
		strides: shape.Strides(),
		data:    bytesOf(data),
	}, nil
}

// FromBytes returns a tensor over mem, without a copy. mem must hold exactly the
// bytes of the spec, in the machine's byte order, aligned for the element type.
func FromBytes(s Spec, mem []byte) (*Tensor, error) {
	if n, err := CheckedBytes(s); err != nil {
		return nil, err
	} else if len(mem) != n {
		return nil, fmt.Errorf("tensor: FromBytes: %d bytes for %v: want %d", len(mem), s, n)
	}
	if size := uintptr(s.DType.Size()); uintptr(unsafe.Pointer(unsafe.SliceData(mem)))%size != 0 {
		return nil, fmt.Errorf("tensor: FromBytes: memory for %v begins at no multiple of %d bytes", s, size)
	}
	return &Tensor{spec: s, strides: s.Shape.Strides(), data: mem}, nil
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
	_, ok := t.gapless()
	return ok
}

// gapless returns the number of elements, and reports whether they lie in row-major order
// without gaps. It is asked for every tensor of every step, and so it copies no shape.
func (t *Tensor) gapless() (n int, ok bool) {
	shape, strides := &t.spec.Shape, &t.strides
	n, ok = 1, true
	for i := int(shape.n) - 1; i >= 0; i-- {
		if d := shape.d[i]; d != 1 {
			ok = ok && strides.d[i] == n
			n *= d
		}
	}
	return n, ok || n == 0
}

// Bytes returns the memory of a contiguous tensor; it panics on another.
func (t *Tensor) Bytes() []byte {
	n, ok := t.gapless()
	if !ok {
		panic("tensor: Bytes of a view with gaps: want a contiguous tensor, Clone gives one")
	}
	return t.data[:n*t.spec.DType.Size()]
}

// Data returns the elements of a contiguous tensor, without a copy. It panics
// if T is not the tensor's element type or the tensor is a view with gaps.
func Data[T Element](t *Tensor) []T {
	if got, want := DTypeOf[T](), t.spec.DType; got != want {
		panic(fmt.Sprintf("tensor: Data[%v] of a tensor of %v", got, want))
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.Bytes()))), t.Len())
}
