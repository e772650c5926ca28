//go:build (!amd64 && !arm64) || purego

package kern

// bestISA is the one that tileFor chooses.
func bestISA() isa { return portable }

// tileFor returns the tile for a product of m rows.
func tileFor[T Float](m int, transA bool, narrow Narrow) tile { return goTile }

func kernel[T Float](_ isa, s *strips[T]) { kernelGo(s) }

func fmaLoop(n int) (flops int) { return fmaLoopGo(n) }
