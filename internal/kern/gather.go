package kern

// Rows to gather are anywhere in memory: the start of each is asked for while the
// ones some places before it are copied.
const (
	gatherAhead = 4    // rows
	gatherStart = 2048 // bytes; further on, the processor sees the pattern itself
)

// GatherRows copies rows of bytes: row i of dst is row idx[i] of src.
func GatherRows(dst, src []byte, rowBytes int, idx []int) {
	for i, r := range idx {
		gatherSoon(src, rowBytes, idx, i)
		copy(dst[i*rowBytes:][:rowBytes], src[r*rowBytes:][:rowBytes])
	}
}

// GatherScaleU8 gathers rows of rowLen bytes and turns them into floats, as
// [ScaleU8] does: row i of dst is row idx[i] of src, times scale, plus offset.
func GatherScaleU8(dst []float32, src []uint8, rowLen int, idx []int, scale, offset float32) {
	for i, r := range idx {
		gatherSoon(src, rowLen, idx, i)
		scaleU8(dst[i*rowLen:][:rowLen], src[r*rowLen:][:rowLen], scale, offset)
	}
}

// gatherSoon prefetches the row that follows row i by gatherAhead, and at the start
// also those before it.
func gatherSoon(src []byte, rowBytes int, idx []int, i int) {
	from := i + gatherAhead
	if i == 0 {
		from = 1
	}
	for j := from; j <= i+gatherAhead && j < len(idx); j++ {
		prefetch(src[idx[j]*rowBytes:], min(rowBytes, gatherStart))
	}
}
