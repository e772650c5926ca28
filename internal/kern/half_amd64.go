//go:build !purego

package kern

import "unsafe"

// wholeHalf returns the part of n that the kernels on halves take.
func wholeHalf(n int) int {
	switch {
	case useAVX512:
		return n &^ 31
	case useAVX2:
		return n &^ 15
	}
	return 0
}

// halfBF16 computes the first elements of [HalfFunc.BF16], and returns how many.
func halfBF16(f HalfFunc, dst, a, b []uint16) int {
	n := wholeHalf(len(dst))
	if n == 0 || halfBits(f.Op, dst, a, b, n, 0x7f807f80) {
		return n
	}
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if useAVX512 {
		return halfBF16AVX512(f, d, x, y, n)
	}
	return halfBF16AVX2(f, d, x, y, n)
}

// halfF16 computes the first elements of [HalfFunc.F16], and returns how many.
func halfF16(op HalfOp, dst, a, b []uint16) int {
	n := wholeHalf(len(dst))
	if n == 0 || halfBits(op, dst, a, b, n, 0x7c007c00) {
		return n
	}
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if useAVX512 {
		return halfF16AVX512(op, d, x, y, n)
	}
	return halfF16AVX2(op, d, x, y, n)
}

// halfBits computes n elements if op is a function of bits. inf holds the bits of
// infinity twice.
func halfBits(op HalfOp, dst, a, b []uint16, n int, inf uint32) bool {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	switch {
	case op == HalfRelu && useAVX512:
		hReluAVX512(d, x, n, inf|0x80008000)
	case op == HalfRelu:
		hReluAVX2(d, x, n, inf|0x80008000)
	case op == HalfReluGrad && useAVX512:
		hReluGradAVX512(d, x, y, n, inf)
	case op == HalfReluGrad:
		hReluGradAVX2(d, x, y, n, inf)
	default:
		return false
	}
	return true
}

func halfBF16AVX512(f HalfFunc, dst, a, b *uint16, n int) int {
	switch f.Op {
	case HalfAdd:
		hAddBF16AVX512(dst, a, b, n)
	case HalfSub:
		hSubBF16AVX512(dst, a, b, n)
	case HalfMul:
		hMulBF16AVX512(dst, a, b, n)
	case HalfDiv:
		hDivBF16AVX512(dst, a, b, n)
	case HalfMax:
		hMaxBF16AVX512(dst, a, b, n)
	case HalfMin:
		hMinBF16AVX512(dst, a, b, n)
	case HalfSigmoidGrad:
		hSigmoidGradBF16AVX512(dst, a, b, n)
	case HalfTanhGrad:
		hTanhGradBF16AVX512(dst, a, b, n)
	case HalfSquare:
		hSquareBF16AVX512(dst, a, n)
	case HalfExp:
		hExpBF16AVX512(dst, a, n)
	case HalfTanh:
		hTanhBF16AVX512(dst, a, n)
	case HalfSigmoid:
		hSigmoidBF16AVX512(dst, a, n)
	case HalfSilu:
		hSiluBF16AVX512(dst, a, n)
	case HalfGelu:
		hGeluBF16AVX512(dst, a, n)
	case HalfGeluTanh:
		hGeluTanhBF16AVX512(dst, a, n)
	case HalfLeakyReluGrad:
		hLeakyReluGradBF16AVX512(dst, a, b, n, f.P[0])
	case HalfEluGrad:
		hEluGradBF16AVX512(dst, a, b, n, f.P[0])
	case HalfLeakyRelu:
		hLeakyReluBF16AVX512(dst, a, n, f.P[0])
	case HalfElu:
		hEluBF16AVX512(dst, a, n, f.P[0])
	case HalfClip:
		hClipBF16AVX512(dst, a, n, f.P[0], f.P[1])
	default:
		return laterBF16AVX512(f.Op, dst, a, n)
	}
	return n
}

func laterBF16AVX512(op HalfOp, dst, a *uint16, n int) int {
	switch op {
	case HalfNeg:
		hNegBF16AVX512(dst, a, n)
	case HalfAbs:
		hAbsBF16AVX512(dst, a, n)
	case HalfSqrt:
		hSqrtBF16AVX512(dst, a, n)
	case HalfRsqrt:
		hRsqrtBF16AVX512(dst, a, n)
	case HalfLog:
		hLogBF16AVX512(dst, a, n)
	case HalfErf:
		hErfBF16AVX512(dst, a, n)
	case HalfSoftplus:
		hSoftplusBF16AVX512(dst, a, n)
	case HalfSelu:
		hSeluBF16AVX512(dst, a, n)
	default:
		return 0
	}
	return n
}

func halfBF16AVX2(f HalfFunc, dst, a, b *uint16, n int) int {
	switch f.Op {
	case HalfAdd:
		hAddBF16AVX2(dst, a, b, n)
	case HalfSub:
		hSubBF16AVX2(dst, a, b, n)
	case HalfMul:
		hMulBF16AVX2(dst, a, b, n)
	case HalfDiv:
		hDivBF16AVX2(dst, a, b, n)
	case HalfMax:
		hMaxBF16AVX2(dst, a, b, n)
	case HalfMin:
		hMinBF16AVX2(dst, a, b, n)
	case HalfSigmoidGrad:
		hSigmoidGradBF16AVX2(dst, a, b, n)
	case HalfTanhGrad:
		hTanhGradBF16AVX2(dst, a, b, n)
	case HalfSquare:
		hSquareBF16AVX2(dst, a, n)
	case HalfExp:
		hExpBF16AVX2(dst, a, n)
	case HalfTanh:
		hTanhBF16AVX2(dst, a, n)
	case HalfSigmoid:
		hSigmoidBF16AVX2(dst, a, n)
	case HalfSilu:
		hSiluBF16AVX2(dst, a, n)
	case HalfGelu:
		hGeluBF16AVX2(dst, a, n)
	case HalfGeluTanh:
		hGeluTanhBF16AVX2(dst, a, n)
	case HalfLeakyReluGrad:
		hLeakyReluGradBF16AVX2(dst, a, b, n, f.P[0])
	case HalfEluGrad:
		hEluGradBF16AVX2(dst, a, b, n, f.P[0])
	case HalfLeakyRelu:
		hLeakyReluBF16AVX2(dst, a, n, f.P[0])
	case HalfElu:
		hEluBF16AVX2(dst, a, n, f.P[0])
	case HalfClip:
		hClipBF16AVX2(dst, a, n, f.P[0], f.P[1])
	default:
		return laterBF16AVX2(f.Op, dst, a, n)
	}
	return n
}

func laterBF16AVX2(op HalfOp, dst, a *uint16, n int) int {
	switch op {
	case HalfNeg:
		hNegBF16AVX2(dst, a, n)
	case HalfAbs:
		hAbsBF16AVX2(dst, a, n)
	case HalfSqrt:
		hSqrtBF16AVX2(dst, a, n)
	case HalfRsqrt:
		hRsqrtBF16AVX2(dst, a, n)
	case HalfLog:
		hLogBF16AVX2(dst, a, n)
	case HalfErf:
		hErfBF16AVX2(dst, a, n)
	case HalfSoftplus:
		hSoftplusBF16AVX2(dst, a, n)
	case HalfSelu:
		hSeluBF16AVX2(dst, a, n)
	default:
		return 0
	}
	return n
}

func halfF16AVX512(op HalfOp, dst, a, b *uint16, n int) int {
	switch op {
	case HalfAdd:
		hAddF16AVX512(dst, a, b, n)
	case HalfSub:
		hSubF16AVX512(dst, a, b, n)
	case HalfMul:
		hMulF16AVX512(dst, a, b, n)
	case HalfDiv:
		hDivF16AVX512(dst, a, b, n)
	case HalfMax:
		hMaxF16AVX512(dst, a, b, n)
	case HalfMin:
		hMinF16AVX512(dst, a, b, n)
	default:
		return 0
	}
	return n
}

func halfF16AVX2(op HalfOp, dst, a, b *uint16, n int) int {
	switch op {
	case HalfAdd:
		hAddF16AVX2(dst, a, b, n)
	case HalfSub:
		hSubF16AVX2(dst, a, b, n)
	case HalfMul:
		hMulF16AVX2(dst, a, b, n)
	case HalfDiv:
		hDivF16AVX2(dst, a, b, n)
	case HalfMax:
		hMaxF16AVX2(dst, a, b, n)
	case HalfMin:
		hMinF16AVX2(dst, a, b, n)
	default:
		return 0
	}
	return n
}

func roundBF16(dst, x []float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(x); useAVX512 {
		hRoundBF16AVX512(d, s, n)
	} else if useAVX2 {
		hRoundBF16AVX2(d, s, n)
	}
	if n < len(dst) {
		roundBF16Go(dst[n:], x[n:])
	}
}

func roundF16(dst, x []float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(x); useAVX512 {
		hRoundF16AVX512(d, s, n)
	} else if useAVX2 {
		hRoundF16AVX2(d, s, n)
	}
	if n < len(dst) {
		roundF16Go(dst[n:], x[n:])
	}
}

// halfRow reduces rows of a block or more: several if they are of whole blocks. last
// holds the identity everywhere, before and after the call.
func halfRow(op rowOp, bf16 bool, dst []float32, x []uint16, cols int, last *[lanes]uint16) {
	var l *uint16
	blocks, rest := cols/lanes, cols%lanes
	if rest > 0 {
		copy(last[:], x[blocks*lanes:cols])
		l = &last[0]
	}
	halfRowsOf(op, bf16, unsafe.SliceData(dst), unsafe.SliceData(x), len(dst), blocks, l)
	for i := range last[:rest] {
		last[i] = op.identity(bf16)
	}
}

func halfRowsOf(op rowOp, bf16 bool, dst *float32, x *uint16, rows, blocks int, last *uint16) {
	switch {
	case op == rowSum && bf16 && useAVX512:
		hSumRowsBF16AVX512(dst, x, rows, blocks, last)
	case op == rowSum && bf16:
		hSumRowsBF16AVX2(dst, x, rows, blocks, last)
	case op == rowSum && useAVX512:
		hSumRowsF16AVX512(dst, x, rows, blocks, last)
	case op == rowSum:
		hSumRowsF16AVX2(dst, x, rows, blocks, last)
	case op == rowMax && bf16 && useAVX512:
		hMaxRowsBF16AVX512(dst, x, rows, blocks, last)
	case op == rowMax && bf16:
		hMaxRowsBF16AVX2(dst, x, rows, blocks, last)
	case op == rowMax && useAVX512:
		hMaxRowsF16AVX512(dst, x, rows, blocks, last)
	case op == rowMax:
		hMaxRowsF16AVX2(dst, x, rows, blocks, last)
	case bf16 && useAVX512:
		hMinRowsBF16AVX512(dst, x, rows, blocks, last)
	case bf16:
		hMinRowsBF16AVX2(dst, x, rows, blocks, last)
	case useAVX512:
		hMinRowsF16AVX512(dst, x, rows, blocks, last)
	default:
		hMinRowsF16AVX2(dst, x, rows, blocks, last)
	}
}

// halfSumCols computes the first columns of [HalfSumCols], and returns how many.
func halfSumCols(bf16 bool, dst []float32, x []uint16, rows, cols, ld int) int {
	n := whole(cols)
	d, s := unsafe.SliceData(dst), unsafe.SliceData(x)
	switch {
	case n == 0:
	case bf16 && useAVX512:
		hSumColsBF16AVX512(d, s, rows, n, ld)
	case bf16:
		hSumColsBF16AVX2(d, s, rows, n, ld)
	case useAVX512:
		hSumColsF16AVX512(d, s, rows, n, ld)
	default:
		hSumColsF16AVX2(d, s, rows, n, ld)
	}
	return n
}

func subWideBF16(dst []float32, x []uint16, v float32) {
	n := whole(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(x); useAVX512 {
		hSubWideBF16AVX512(d, s, n, v)
	} else if useAVX2 {
		hSubWideBF16AVX2(d, s, n, v)
	}
	if n < len(dst) {
		subWideBF16Go(dst[n:], x[n:], v)
	}
}

func narrowScaledBF16(dst []uint16, x []float32, v float32) {
	n := wholeHalf(len(dst))
	if d, s := unsafe.SliceData(dst), unsafe.SliceData(x); useAVX512 {
		hNarrowScaledBF16AVX512(d, s, n, v)
	} else if useAVX2 {
		hNarrowScaledBF16AVX2(d, s, n, v)
	}
	if n < len(dst) {
		narrowScaledBF16Go(dst[n:], x[n:], v)
	}
}

// fillHalf fills the first elements, and returns how many.
func fillHalf(dst []uint16, v uint16) int {
	n := wholeHalf(len(dst))
	if d, twice := unsafe.SliceData(dst), uint32(v)<<16|uint32(v); useAVX512 {
		hFillAVX512(d, n, twice)
	} else if useAVX2 {
		hFillAVX2(d, n, twice)
	}
	return n
}
