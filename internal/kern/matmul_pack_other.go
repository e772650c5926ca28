//go:build (!amd64 && !arm64) || purego

package kern

func packRows[T Float](_ tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	packRowsGo(dst, ldDst, src, ldSrc, n, k)
}

func packCols[T Float](_ tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	packColsGo(dst, ldDst, src, ldSrc, n, k)
}

func packStrips[T Float](_ tile, dst []T, step int, src operand[T], rows, strips, k int) bool {
	return false
}

func packNarrowRows[T Float](_ tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	packNarrowRowsGo(f, dst, ldDst, src, ldSrc, n, k)
}

func packNarrowCols[T Float](_ tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	packNarrowColsGo(f, dst, ldDst, src, ldSrc, n, k)
}

func packNarrowLines[T Float](_ tile, f Narrow, dst []T, ldDst int, src []uint16, ldSrc, n, k int) {
	packNarrowLinesGo(f, dst, ldDst, src, ldSrc, n, k)
}

// segmented reports whether kernels take a depth in segments.
func segmented(isa) bool { return false }
