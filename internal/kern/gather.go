package kern

// GatherRows copies rows of bytes: row i of dst is row idx[i] of src.
func GatherRows(dst, src []byte, rowBytes int, idx []int) {
	for i, r := range idx {
		copy(dst[i*rowBytes:][:rowBytes], src[r*rowBytes:][:rowBytes])
	}
}

// GatherScaleU8 gathers rows of rowLen bytes and turns them into floats, as
// [ScaleU8] does: row i of dst is row idx[i] of src, times scale, plus offset.
func GatherScaleU8(dst []float32, src []uint8, rowLen int, idx []int, scale, offset float32) {
	for i, r := range idx {
		scaleU8(dst[i*rowLen:][:rowLen], src[r*rowLen:][:rowLen], scale, offset)
	}
}
