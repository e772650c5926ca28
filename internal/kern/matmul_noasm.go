//go:build !amd64 || purego

package kern

// tileFor returns the tile for a product of m rows.
func tileFor[T Float](m int, transA bool) tile { return goTile }

func kernel[T Float](_ isa, s *strips[T]) { kernelGo(s) }

func packRows[T Float](_ tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	packRowsGo(dst, ldDst, src, ldSrc, n, k)
}

func packCols[T Float](_ tile, dst []T, ldDst int, src []T, ldSrc, n, k int) {
	packColsGo(dst, ldDst, src, ldSrc, n, k)
}

func fmaLoop(n int) (flops int) { return fmaLoopGo(n) }
