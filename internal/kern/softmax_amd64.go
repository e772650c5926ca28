//go:build !purego

package kern

func subRows(dst, x, v []float32, rows, cols int)       { subRowsGo(dst, x, v, rows, cols) }
func scaleRows(dst, x, v []float32, rows, cols int)     { scaleRowsGo(dst, x, v, rows, cols) }
func subMulRows(dst, x, y, v []float32, rows, cols int) { subMulRowsGo(dst, x, y, v, rows, cols) }

func entropyGradRows(dst, p, l, s, v []float32, rows, cols int) {
	entropyGradRowsGo(dst, p, l, s, v, rows, cols)
}

func entropyRows(dst, l, x, m, s []float32, rows, cols int) {
	entropyRowsGo(dst, l, x, m, s, rows, cols)
}
