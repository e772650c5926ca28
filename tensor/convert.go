package tensor

import (
	"fmt"
	"unsafe"
)

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type real interface{ integer | float32 | float64 }

// Clone returns a contiguous copy of t.
func (t *Tensor) Clone() *Tensor {
	c := NewSpec(t.spec)
	if t.Contiguous() {
		copy(c.data, t.Bytes())
		return c
	}
	switch t.spec.DType.Size() {
	case 1:
		gather(c, t, new(uint8))
	case 2:
		gather(c, t, new(uint16))
	case 4:
		gather(c, t, new(uint32))
	default:
		gather(c, t, new(uint64))
	}
	return c
}

// gather copies the elements of view t, taken as T, to contiguous dst.
func gather[T uint8 | uint16 | uint32 | uint64](dst, t *Tensor, _ *T) {
	size := int(unsafe.Sizeof(T(0)))
	d := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(dst.data))), len(dst.data)/size)
	s := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.data))), len(t.data)/size)
	rank := t.spec.Rank()
	var walk func(axis, from int)
	walk = func(axis, from int) {
		n, stride := t.spec.Shape.At(axis), t.strides.At(axis)
		if axis < rank-1 {
			for i := range n {
				walk(axis+1, from+i*stride)
			}
			return
		}
		for i := range n {
			d[i] = s[from+i*stride]
		}
		d = d[n:]
	}
	walk(0, 0)
}

// contiguous returns t itself if it has no gaps, else a copy.
func (t *Tensor) contiguous() *Tensor {
	if t.Contiguous() {
		return t
	}
	return t.Clone()
}

// AsType returns a contiguous copy of t with elements of type dt, converted as
// [Convert] does. It panics if dt is Invalid.
func (t *Tensor) AsType(dt DType) *Tensor {
	if dt == t.spec.DType {
		return t.Clone()
	}
	out := NewSpec(Spec{dt, t.spec.Shape})
	if err := Convert(out, t); err != nil {
		panic(err)
	}
	return out
}

// Convert sets dst, a contiguous tensor of t's shape, to the values of t in the
// element type of dst. It follows NumPy:
//
//   - to a float: rounded to nearest, ties to even (64-bit integers reach
//     bfloat16 by way of float64);
//   - between integers: the low bits, so that values wrap around;
//   - float to integer: truncated toward zero. What does not fit is undefined in
//     NumPy; here it becomes the nearest integer that fits, and NaN becomes 0;
//   - to bool: true unless zero (NaN is true); from bool: 0 or 1.
func Convert(dst, t *Tensor) error {
	if dst.spec.Shape != t.spec.Shape || !dst.Contiguous() || dst.spec.DType.Size() == 0 {
		return fmt.Errorf("tensor: Convert %v to %v: want a contiguous tensor of the same shape and a valid dtype", t.spec, dst.spec)
	}
	src := t.contiguous()
	if dst.spec.DType == src.spec.DType {
		copy(dst.Bytes(), src.Bytes())
		return nil
	}
	switch src.spec.DType {
	case Bool:
		convertFrom(dst, src.Bytes())
	case Int8:
		convertFrom(dst, Data[int8](src))
	case Int16:
		convertFrom(dst, Data[int16](src))
	case Int32:
		convertFrom(dst, Data[int32](src))
	case Int64:
		convertFrom(dst, Data[int64](src))
	case Uint8:
		convertFrom(dst, Data[uint8](src))
	case Uint16:
		convertFrom(dst, Data[uint16](src))
	case Uint32:
		convertFrom(dst, Data[uint32](src))
	case Uint64:
		convertFrom(dst, Data[uint64](src))
	case Float16:
		convertFrom(dst, widen(Data[F16](src)))
	case BFloat16:
		convertFrom(dst, widen(Data[BF16](src)))
	case Float32:
		convertFrom(dst, Data[float32](src))
	case Float64:
		convertFrom(dst, Data[float64](src))
	}
	return nil
}

func widen[T interface{ Float32() float32 }](src []T) []float32 {
	out := make([]float32, len(src))
	for i, v := range src {
		out[i] = v.Float32()
	}
	return out
}

func convertFrom[S real](dst *Tensor, src []S) {
	switch dst.spec.DType {
	case Bool:
		toBool(Data[bool](dst), src)
	case Int8:
		toInt(Data[int8](dst), src)
	case Int16:
		toInt(Data[int16](dst), src)
	case Int32:
		toInt(Data[int32](dst), src)
	case Int64:
		toInt(Data[int64](dst), src)
	case Uint8:
		toInt(Data[uint8](dst), src)
	case Uint16:
		toInt(Data[uint16](dst), src)
	case Uint32:
		toInt(Data[uint32](dst), src)
	case Uint64:
		toInt(Data[uint64](dst), src)
	case Float16:
		d := Data[F16](dst)
		for i, v := range src {
			d[i] = F16FromFloat64(float64(v))
		}
	case BFloat16:
		d := Data[BF16](dst)
		for i, v := range src {
			d[i] = BF16FromFloat64(float64(v))
		}
	case Float32:
		d := Data[float32](dst)
		for i, v := range src {
			d[i] = float32(v)
		}
	case Float64:
		d := Data[float64](dst)
		for i, v := range src {
			d[i] = float64(v)
		}
	}
}

func toBool[S real](dst []bool, src []S) {
	for i, v := range src {
		dst[i] = v != 0
	}
}

func toInt[D integer, S real](dst []D, src []S) {
	half := S(1)
	if half /= 2; half == 0 { // S is an integer type
		for i, v := range src {
			dst[i] = D(v)
		}
		return
	}
	least, most := bounds[D]()
	lo, hi := float64(least), float64(most) // hi may round up, to a value that does not fit
	for i, v := range src {
		switch f := float64(v); {
		case f <= lo:
			dst[i] = least
		case f >= hi:
			dst[i] = most
		case f == f:
			dst[i] = D(f)
		default:
			dst[i] = 0
		}
	}
}

// bounds returns the least and the greatest value of D.
func bounds[D integer]() (least, most D) {
	if all := ^D(0); all > 0 {
		return 0, all
	}
	least = D(1) << (8*unsafe.Sizeof(least) - 1)
	return least, ^least
}

// Float64s returns a copy of the elements, row-major, as float64. 64-bit
// integers beyond 2^53 are rounded.
func (t *Tensor) Float64s() []float64 { return Data[float64](t.AsType(Float64)) }

// Int64s returns a copy of the elements, row-major, as int64, converted as
// [Convert] does.
func (t *Tensor) Int64s() []int64 { return Data[int64](t.AsType(Int64)) }

// SetFloat64s sets the elements of a contiguous tensor, row-major, to the values
// v, converted as [Convert] does.
func (t *Tensor) SetFloat64s(v []float64) error {
	if len(v) != t.Len() || !t.Contiguous() {
		return fmt.Errorf("tensor: SetFloat64s: %d values for %v: want %d and a contiguous tensor", len(v), t.spec, t.Len())
	}
	return Convert(t, &Tensor{Spec{Float64, t.spec.Shape}, t.spec.Shape.Strides(), bytesOf(v)})
}

// Item returns the only element of t as float64. It panics if t has none or more.
func (t *Tensor) Item() float64 {
	if t.Len() != 1 {
		panic(fmt.Sprintf("tensor: Item of %v: want one element, got %d", t.spec, t.Len()))
	}
	if t.spec.DType == Float64 { // of one element, which leaves no gaps
		return Data[float64](t)[0]
	}
	return t.Float64s()[0]
}
