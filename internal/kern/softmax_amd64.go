//go:build !purego

package kern

import "unsafe"

func subRows(dst, x, v []float32, rows, cols int) {
	switch {
	case useAVX512:
		subRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(v), rows, cols)
	case useAVX2:
		subRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(v), rows, cols)
	default:
		subRowsGo(dst, x, v, rows, cols)
	}
}

func scaleRows(dst, x, v []float32, rows, cols int) {
	switch {
	case useAVX512:
		scaleRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(v), rows, cols)
	case useAVX2:
		scaleRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(v), rows, cols)
	default:
		scaleRowsGo(dst, x, v, rows, cols)
	}
}

func subMulRows(dst, x, y, v []float32, rows, cols int) {
	switch {
	case useAVX512:
		subMulRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), unsafe.SliceData(v), rows, cols)
	case useAVX2:
		subMulRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), unsafe.SliceData(v), rows, cols)
	default:
		subMulRowsGo(dst, x, y, v, rows, cols)
	}
}

func entropyGradRows(dst, p, l, s, v []float32, rows, cols int) {
	switch {
	case useAVX512:
		entropyGradRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(p), unsafe.SliceData(l), unsafe.SliceData(s), unsafe.SliceData(v), rows, cols)
	case useAVX2:
		entropyGradRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(p), unsafe.SliceData(l), unsafe.SliceData(s), unsafe.SliceData(v), rows, cols)
	default:
		entropyGradRowsGo(dst, p, l, s, v, rows, cols)
	}
}

func entropyRows(dst, l, x, m, s []float32, rows, cols int) {
	switch {
	case useAVX512:
		entropyRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(l), unsafe.SliceData(x), unsafe.SliceData(m), unsafe.SliceData(s), rows, cols)
	case useAVX2:
		entropyRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(l), unsafe.SliceData(x), unsafe.SliceData(m), unsafe.SliceData(s), rows, cols)
	default:
		entropyRowsGo(dst, l, x, m, s, rows, cols)
	}
}
