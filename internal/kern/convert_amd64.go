//go:build !purego

package kern

import "unsafe"

// whole returns the part of n that the conversion kernels compute: whole registers. The
// portable loops compute the rest, to the same bits.
func whole(n int) int {
	switch {
	case useAVX512:
		return n &^ 15
	case useAVX2:
		return n &^ 7
	}
	return 0
}

// prefetch asks for the first n bytes of p to be brought into the cache.
func prefetch(p []byte, n int) { prefetchLines(unsafe.SliceData(p), n) }

func scaleU8(dst []float32, src []uint8, scale, offset float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		scaleU8AVX512(d, s, n, scale, offset)
	} else if useAVX2 {
		scaleU8AVX2(d, s, n, scale, offset)
	}
	if n < len(dst) {
		scaleU8Go(dst[n:], src[n:], scale, offset)
	}
}

func f16ToF32(dst []float32, src []uint16) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f16ToF32AVX512(d, s, n)
	} else if useAVX2 {
		f16ToF32AVX2(d, s, n)
	}
	if n < len(dst) {
		f16ToF32Go(dst[n:], src[n:])
	}
}

func f32ToF16(dst []uint16, src []float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f32ToF16AVX512(d, s, n)
	} else if useAVX2 {
		f32ToF16AVX2(d, s, n)
	}
	if n < len(dst) {
		f32ToF16Go(dst[n:], src[n:])
	}
}

func bf16ToF32(dst []float32, src []uint16) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		bf16ToF32AVX512(d, s, n)
	} else if useAVX2 {
		bf16ToF32AVX2(d, s, n)
	}
	if n < len(dst) {
		bf16ToF32Go(dst[n:], src[n:])
	}
}

func f32ToBF16(dst []uint16, src []float32) {
	if n := wholeHalf(len(dst)); n > 0 {
		if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
			hNarrowBF16AVX512(d, s, n)
		} else {
			hNarrowBF16AVX2(d, s, n)
		}
		dst, src = dst[n:], src[n:]
	}
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f32ToBF16AVX512(d, s, n)
	} else if useAVX2 {
		f32ToBF16AVX2(d, s, n)
	}
	if n < len(dst) {
		f32ToBF16Go(dst[n:], src[n:])
	}
}

// roundF16Rows rounds the first elements of each row, and returns how many.
func roundF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	switch {
	case rows == 0 || n == 0:
	case useAVX512:
		f32ToF16RowsAVX512(d, 2*ldDst, s, 4*ldSrc, rows, n&^15, 1<<(n&15)-1)
		return n
	case useAVX2:
		f32ToF16RowsAVX2(d, 2*ldDst, s, 4*ldSrc, rows, n&^7)
		return n &^ 7
	}
	return 0
}

// roundBF16Rows rounds the first elements of each row, and returns how many.
func roundBF16Rows(dst []uint16, ldDst int, src []float32, ldSrc, rows, n int) int {
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	switch {
	case rows == 0 || n == 0:
	case useAVX512:
		f32ToBF16RowsAVX512(d, 2*ldDst, s, 4*ldSrc, rows, n&^15, 1<<(n&15)-1)
		return n
	case useAVX2:
		f32ToBF16RowsAVX2(d, 2*ldDst, s, 4*ldSrc, rows, n&^7)
		return n &^ 7
	}
	return 0
}

func f32ToF64(dst []float64, src []float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f32ToF64AVX512(d, s, n)
	} else if useAVX2 {
		f32ToF64AVX2(d, s, n)
	}
	if n < len(dst) {
		f32ToF64Go(dst[n:], src[n:])
	}
}

func f64ToF32(dst []float32, src []float64) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f64ToF32AVX512(d, s, n)
	} else if useAVX2 {
		f64ToF32AVX2(d, s, n)
	}
	if n < len(dst) {
		f64ToF32Go(dst[n:], src[n:])
	}
}

func i32ToF32(dst []float32, src []int32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		i32ToF32AVX512(d, s, n)
	} else if useAVX2 {
		i32ToF32AVX2(d, s, n)
	}
	if n < len(dst) {
		i32ToF32Go(dst[n:], src[n:])
	}
}

func f32ToI32(dst []int32, src []float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(src); useAVX512 {
		f32ToI32AVX512(d, s, n)
	} else if useAVX2 {
		f32ToI32AVX2(d, s, n)
	}
	if n < len(dst) {
		f32ToI32Go(dst[n:], src[n:])
	}
}
