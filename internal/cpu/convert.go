package cpu

import (
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/tensor"
)

// work is the types that kernels compute in when they do not compute in the type of their
// operands. Each is exact for the dtypes that kernels convert to it.
type work interface {
	int64 | uint64 | float32 | float64
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// number is the Go types of the dtypes that Go converts by itself.
type number interface{ integer | float32 | float64 }

// loadAs converts elements of b, the first at at and the others step apart, to W.
func loadAs[W work](dst []W, b backend.Buf, at, step int) {
	if len(dst) == 0 {
		return
	}
	if step == 0 && len(dst) > 1 {
		loadAs(dst[:1], b, at, 1)
		repeat(dst)
		return
	}
	if d := asFloat32(dst); d != nil && step == 1 && loadFloat32(d, b, at) {
		return
	}
	switch b.DType {
	case tensor.Bool, tensor.Uint8:
		loadNumbers(dst, b.Mem, at, step)
	case tensor.Int8:
		loadNumbers(dst, backend.Data[int8](b), at, step)
	case tensor.Int16:
		loadNumbers(dst, backend.Data[int16](b), at, step)
	case tensor.Int32:
		loadNumbers(dst, backend.Data[int32](b), at, step)
	case tensor.Int64:
		loadNumbers(dst, backend.Data[int64](b), at, step)
	case tensor.Uint16:
		loadNumbers(dst, backend.Data[uint16](b), at, step)
	case tensor.Uint32:
		loadNumbers(dst, backend.Data[uint32](b), at, step)
	case tensor.Uint64:
		loadNumbers(dst, backend.Data[uint64](b), at, step)
	case tensor.Float16:
		loadHalves(dst, backend.Data[tensor.F16](b), at, step)
	case tensor.BFloat16:
		loadHalves(dst, backend.Data[tensor.BF16](b), at, step)
	case tensor.Float32:
		loadNumbers(dst, floats(b), at, step)
	case tensor.Float64:
		loadNumbers(dst, backend.Data[float64](b), at, step)
	}
}

// loadFloat32 converts neighbouring elements, from at on, of the dtypes that have a
// kernel for it.
func loadFloat32(dst []float32, b backend.Buf, at int) bool {
	switch b.DType {
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
	default:
		return false
	}
	return true
}

// repeat sets all elements to the first.
func repeat[W work](dst []W) {
	if d := asFloat32(dst); d != nil {
		kern.Fill(d[1:], d[0])
		return
	}
	for i := range dst {
		dst[i] = dst[0]
	}
}

// bits16 returns the bits of a half-precision buffer.
func bits16(b backend.Buf) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(b.Mem))), len(b.Mem)/2)
}

func loadNumbers[W work, S number](dst []W, src []S, at, step int) {
	if step == 1 {
		for i, v := range src[at:][:len(dst)] {
			dst[i] = W(v)
		}
		return
	}
	for i := range dst {
		dst[i] = W(src[at+i*step])
	}
}

func loadHalves[W work, S interface{ Float32() float32 }](dst []W, src []S, at, step int) {
	for i := range dst {
		dst[i] = W(src[at+i*step].Float32())
	}
}

// saveAs converts src to elements of b, the first at at and the others step apart, as
// tensor.Convert does: floats are rounded once, those that become integers are cut
// off and kept in range; integers keep their low bits.
func saveAs[W work](b backend.Buf, at, step int, src []W) {
	switch b.DType {
	case tensor.Bool:
		dst := backend.Data[bool](b)
		for i, v := range src {
			dst[at+i*step] = v != 0
		}
	case tensor.Int8:
		saveInts(backend.Data[int8](b), at, step, src)
	case tensor.Int16:
		saveInts(backend.Data[int16](b), at, step, src)
	case tensor.Int32:
		saveInts(backend.Data[int32](b), at, step, src)
	case tensor.Int64:
		saveInts(backend.Data[int64](b), at, step, src)
	case tensor.Uint8:
		saveInts(b.Mem, at, step, src)
	case tensor.Uint16:
		saveInts(backend.Data[uint16](b), at, step, src)
	case tensor.Uint32:
		saveInts(backend.Data[uint32](b), at, step, src)
	case tensor.Uint64:
		saveInts(backend.Data[uint64](b), at, step, src)
	case tensor.Float16:
		if s := asFloat32(src); s != nil && step == 1 {
			kern.F32ToF16(bits16(b)[at:][:len(s)], s)
			return
		}
		dst := backend.Data[tensor.F16](b)
		for i, v := range src {
			dst[at+i*step] = tensor.F16FromFloat64(float64(v))
		}
	case tensor.BFloat16:
		if s := asFloat32(src); s != nil && step == 1 {
			kern.F32ToBF16(bits16(b)[at:][:len(s)], s)
			return
		}
		dst := backend.Data[tensor.BF16](b)
		for i, v := range src {
			dst[at+i*step] = tensor.BF16FromFloat64(float64(v))
		}
	case tensor.Float32:
		saveFloats(floats(b), at, step, src)
	case tensor.Float64:
		saveFloats(backend.Data[float64](b), at, step, src)
	}
}

func saveFloats[D float32 | float64, W work](dst []D, at, step int, src []W) {
	if step == 1 {
		dst = dst[at:][:len(src)]
		for i, v := range src {
			dst[i] = D(v)
		}
		return
	}
	for i, v := range src {
		dst[at+i*step] = D(v)
	}
}

func saveInts[D integer, W work](dst []D, at, step int, src []W) {
	if half := W(1) / 2; half == 0 { // W is an integer type
		for i, v := range src {
			dst[at+i*step] = D(v)
		}
		return
	}
	least, most := bounds[D]()
	lo, hi := float64(least), float64(most) // hi may round up, to a value that does not fit
	for i, v := range src {
		d := D(0)
		switch f := float64(v); {
		case f > lo && f < hi:
			d = D(f)
		case f <= lo:
			d = least
		case f >= hi:
			d = most
		}
		dst[at+i*step] = d
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

// asFloat32 returns s if W is float32, else nil.
func asFloat32[W work](s []W) []float32 {
	var w W
	if _, ok := any(w).(float32); !ok {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}
