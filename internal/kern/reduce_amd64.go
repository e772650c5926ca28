//go:build !purego

package kern

import "unsafe"

func sumRows(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		sumRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		sumRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		sumRowsGo(dst, x, rows, cols, ld)
	}
}

func sumSqRows(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		sumSqRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		sumSqRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		sumSqRowsGo(dst, x, rows, cols, ld)
	}
}

func prodRows(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		prodRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		prodRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		prodRowsGo(dst, x, rows, cols, ld)
	}
}

func maxRows(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		maxRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		maxRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		maxRowsGo(dst, x, rows, cols, ld)
	}
}

func minRows(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		minRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		minRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		minRowsGo(dst, x, rows, cols, ld)
	}
}

func sumCols(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		sumColsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		sumColsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		sumColsGo(dst, x, rows, cols, ld)
	}
}

func maxCols(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		maxColsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		maxColsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		maxColsGo(dst, x, rows, cols, ld)
	}
}

func minCols(dst, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		minColsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		minColsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		minColsGo(dst, x, rows, cols, ld)
	}
}

func dotRows(dst, a, b []float32, rows, cols int) {
	switch {
	case useAVX512:
		dotRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), rows, cols)
	case useAVX2:
		dotRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), rows, cols)
	default:
		dotRowsGo(dst, a, b, rows, cols)
	}
}

func mulSqRows(dst, x, by []float32, rows, cols int) {
	switch {
	case useAVX512:
		mulSqRowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(by), rows, cols)
	case useAVX2:
		mulSqRowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(by), rows, cols)
	default:
		mulSqRowsGo(dst, x, by, rows, cols)
	}
}

func sumSqBoth(dst, x, sums []float32, rows, cols int) {
	switch {
	case useAVX512:
		sumSqBothAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(sums), rows, cols)
	case useAVX2:
		sumSqBothAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(sums), rows, cols)
	default:
		sumSqBothGo(dst, x, sums, rows, cols)
	}
}

func sum64Rows(dst []float64, x []float32, rows, cols, ld int) {
	switch {
	case useAVX512:
		sum64RowsAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	case useAVX2:
		sum64RowsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), rows, cols, ld)
	default:
		sum64RowsGo(dst, x, rows, cols, ld)
	}
}

func indexOf(x []float32, v float32) int {
	p := unsafe.SliceData(x)
	switch {
	case useAVX512 && v == v:
		return indexEqualAVX512(p, len(x), v)
	case useAVX512:
		return indexNaNAVX512(p, len(x), v)
	case useAVX2 && v == v:
		return indexEqualAVX2(p, len(x), v)
	case useAVX2:
		return indexNaNAVX2(p, len(x), v)
	}
	return indexOfGo(x, v)
}
