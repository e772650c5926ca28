package kern

// ColumnSum adds to sum, for each column, the elements of rows of x that are ld elements apart.
// Each is one chain along the rows.
func ColumnSum(sum, x []float32, rows, cols, ld int) { columnSum(sum, x, rows, cols, 4*ld) }

// columnSumGo is ColumnSum; ld is in bytes.
func columnSumGo(sum, x []float32, rows, cols, ld int) {
	sum = sum[:cols]
	for r := range rows {
		for c, v := range x[r*ld/4:][:cols] {
			sum[c] += v
		}
	}
}

// ColumnMoments adds, for each column of rows of x that are ld elements apart, the distances from
// the shift to sum, and their squares to squares. Each is one chain along the rows; vector
// kernels fuse the multiply-adds.
func ColumnMoments(sum, squares, shift, x []float32, rows, cols, ld int) {
	columnMoments(sum, squares, shift, x, rows, cols, 4*ld)
}

// columnMomentsGo is ColumnMoments; ld is in bytes.
func columnMomentsGo(sum, squares, shift, x []float32, rows, cols, ld int) {
	sum, squares, shift = sum[:cols], squares[:cols], shift[:cols]
	for r := range rows {
		for c, v := range x[r*ld/4:][:cols] {
			d := v - shift[c]
			sum[c] += d
			squares[c] += float32(d * d)
		}
	}
}

// ColumnProducts adds, for each column of rows that are ld elements apart, dy to sum, and the
// products of dy and the distances of x from the shift to dot. Each is one chain along the rows.
func ColumnProducts(sum, dot, shift, dy, x []float32, rows, cols, ld int) {
	columnProducts(sum, dot, shift, dy, x, rows, cols, 4*ld)
}

// columnProductsGo is ColumnProducts; ld is in bytes.
func columnProductsGo(sum, dot, shift, dy, x []float32, rows, cols, ld int) {
	sum, dot, shift = sum[:cols], dot[:cols], shift[:cols]
	for r := range rows {
		a, b := x[r*ld/4:][:cols], dy[r*ld/4:][:cols]
		for c, v := range b {
			sum[c] += v
			dot[c] += float32(v * (a[c] - shift[c]))
		}
	}
}
