//go:build (!amd64 && !arm64) || purego

package kern

// intTileHere returns the best tile in use.
func intTileHere() intTile { return goIntTile }

func intKernel(t intTile, s *intStrips) { intKernelGo(t, s) }

// pack packs n rows or columns from at on, of depth elements from k0 on.
func (t intTile) pack(dst []int32, o *intOperand, at, n, k0, depth int) {
	t.packIntsGo(dst, o, at, 0, n, k0, depth, 0, ceil(depth, t.group))
}

// sumWords returns 0: the portable loop sums all words.
func (t intTile) sumWords(dst, packed []int32, o *intOperand) int { return 0 }
