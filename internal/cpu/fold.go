package cpu

import (
	"unsafe"

	"github.com/glia-ml/glia/internal/kern"
)

// fold is the function of a reduction: a sum, a maximum and so on.
type fold uint8

const (
	sumOf fold = iota
	meanOf
	productOf
	greatestOf
	leastOf
	momentsOf // mean and variance
	noFold
)

// folder is a fold of elements of one type, given as their bytes, so that
// reductions are compiled once, not for each type.
type folder struct {
	// rows sets dst[r] to the fold of row r, cols dst[c] to that of column c. Rows are
	// ld elements apart.
	rows, cols func(dst, x []byte, rows, cols, ld int)
	none       func(dst []byte)        // sets dst to the fold of no elements
	divide     func(dst []byte, n int) // divides dst by n
	size       int                     // of an element, in bytes
}

// folderOf returns the folder of functions on elements of T. The fold of no elements is none.
func folderOf[T number](rows, cols func(dst, x []T, rows, cols, ld int), none T) folder {
	return folder{
		rows: func(dst, x []byte, n, c, ld int) { rows(view[T](dst), view[T](x), n, c, ld) },
		cols: func(dst, x []byte, n, c, ld int) { cols(view[T](dst), view[T](x), n, c, ld) },
		none: func(dst []byte) { fill(view[T](dst), none) },
		divide: func(dst []byte, n int) {
			y := view[T](dst)
			for i := range y {
				y[i] /= T(n)
			}
		},
		size: int(unsafe.Sizeof(none)),
	}
}

// vectorFolder returns the float32 folder, of vector kernels.
func vectorFolder(f fold) folder {
	switch f {
	case productOf:
		return folderOf(kern.ProdRows, colsBy(func(dst, x []float32) { kern.Mul(dst, dst, x) }), 1)
	case greatestOf:
		return folderOf(kern.MaxRows, kern.MaxCols, 0)
	case leastOf:
		return folderOf(kern.MinRows, kern.MinCols, 0)
	}
	return folderOf(kern.SumRows, kern.SumCols, 0)
}

// folderOfHalves is a fold of half-precision elements to float32. Either function may be
// nil.
type folderOfHalves struct {
	rows func(dst []float32, x []uint16, rows, cols int)
	cols func(dst []float32, x []uint16, rows, cols, ld int)
}

// halfFolder returns the folder of bfloat16 or of float16. Its sums are those of the
// widened elements.
func halfFolder(f fold, bf16 bool) folderOfHalves {
	rows := func(f func(bf16 bool, dst []float32, x []uint16, rows, cols int)) func(dst []float32, x []uint16, rows, cols int) {
		return func(dst []float32, x []uint16, rows, cols int) { f(bf16, dst, x, rows, cols) }
	}
	cols := func(f func(bf16 bool, dst []float32, x []uint16, rows, cols, ld int)) func(dst []float32, x []uint16, rows, cols, ld int) {
		return func(dst []float32, x []uint16, rows, cols, ld int) { f(bf16, dst, x, rows, cols, ld) }
	}
	switch f {
	case greatestOf:
		return folderOfHalves{rows(kern.HalfMaxRows), cols(kern.HalfMaxCols)}
	case leastOf:
		return folderOfHalves{rows(kern.HalfMinRows), cols(kern.HalfMinCols)}
	case sumOf, meanOf:
		return folderOfHalves{rows(kern.HalfSumRows), cols(kern.HalfSumCols)}
	}
	return folderOfHalves{}
}

// plainFolder returns the folder of other types, of plain loops.
func plainFolder[T number](f fold) folder {
	of, into, none := sum[T], addTo[T], T(0)
	switch f {
	case productOf:
		of, into, none = product[T], multiplyBy[T], 1
	case greatestOf:
		of, into = greatest[T], raiseTo[T]
	case leastOf:
		of, into, none = least[T], lowerTo[T], 1
	}
	return folderOf(rowsBy(of), colsBy(into), none)
}

// rowsBy folds rows by the fold of a slice.
func rowsBy[T number](of func(x []T) T) func(dst, x []T, rows, cols, ld int) {
	return func(dst, x []T, rows, cols, ld int) {
		for r := range dst[:rows] {
			dst[r] = of(x[r*ld:][:cols])
		}
	}
}

// colsBy folds columns, row after row.
func colsBy[T number](into func(dst, x []T)) func(dst, x []T, rows, cols, ld int) {
	return func(dst, x []T, rows, cols, ld int) {
		copy(dst[:cols], x)
		for r := 1; r < rows; r++ {
			into(dst[:cols], x[r*ld:][:cols])
		}
	}
}

// sum adds up in four chains, which the processor follows side by side.
func sum[T number](x []T) T {
	var a, b, c, d T
	for ; len(x) >= 4; x = x[4:] {
		a += x[0]
		b += x[1]
		c += x[2]
		d += x[3]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}

func addTo[T number](dst, x []T) {
	for i, v := range x {
		dst[i] += v
	}
}

func product[T number](x []T) T {
	p := T(1)
	for _, v := range x {
		p *= v
	}
	return p
}

func multiplyBy[T number](dst, x []T) {
	for i, v := range x {
		dst[i] *= v
	}
}

func greatest[T number](x []T) T {
	g := x[0]
	for _, v := range x[1:] {
		g = max(g, v)
	}
	return g
}

func raiseTo[T number](dst, x []T) {
	for i, v := range x {
		dst[i] = max(dst[i], v)
	}
}

func least[T number](x []T) T {
	l := x[0]
	for _, v := range x[1:] {
		l = min(l, v)
	}
	return l
}

func lowerTo[T number](dst, x []T) {
	for i, v := range x {
		dst[i] = min(dst[i], v)
	}
}
