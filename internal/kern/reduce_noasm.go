//go:build !amd64 || purego

package kern

func sumRows(dst, x []float32, rows, cols, ld int)     { sumRowsGo(dst, x, rows, cols, ld) }
func sumSqRows(dst, x []float32, rows, cols, ld int)   { sumSqRowsGo(dst, x, rows, cols, ld) }
func dotRows(dst, a, b []float32, rows, cols int)      { dotRowsGo(dst, a, b, rows, cols) }
func mulSqRows(dst, x, by []float32, rows, cols int)   { mulSqRowsGo(dst, x, by, rows, cols) }
func sumSqBoth(dst, x, sums []float32, rows, cols int) { sumSqBothGo(dst, x, sums, rows, cols) }
func prodRows(dst, x []float32, rows, cols, ld int)    { prodRowsGo(dst, x, rows, cols, ld) }
func maxRows(dst, x []float32, rows, cols, ld int)     { maxRowsGo(dst, x, rows, cols, ld) }
func minRows(dst, x []float32, rows, cols, ld int)     { minRowsGo(dst, x, rows, cols, ld) }
func sumCols(dst, x []float32, rows, cols, ld int)     { sumColsGo(dst, x, rows, cols, ld) }
func maxCols(dst, x []float32, rows, cols, ld int)     { maxColsGo(dst, x, rows, cols, ld) }
func minCols(dst, x []float32, rows, cols, ld int)     { minColsGo(dst, x, rows, cols, ld) }
func indexOf(x []float32, v float32) int               { return indexOfGo(x, v) }
func sum64Rows(dst []float64, x []float32, rows, cols, ld int) {
	sum64RowsGo(dst, x, rows, cols, ld)
}
