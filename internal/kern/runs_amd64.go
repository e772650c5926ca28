//go:build !purego

package kern

import "unsafe"

// The functions of this file report whether they computed all elements.

func sumTriples(dst, src []float32, at, length []int, weight []float32, most int) bool {
	if useAVX2 && len(at) > 0 {
		sumTriplesAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(at), unsafe.SliceData(length), unsafe.SliceData(weight), most, len(at))
	}
	return useAVX2
}

func sumPixels(dst []float32, pix []uint8, at, length []int, weight []float32, most int) bool {
	if useAVX2 && len(at) > 0 {
		sumPixelsAVX2(unsafe.SliceData(dst), unsafe.SliceData(pix), unsafe.SliceData(at), unsafe.SliceData(length), unsafe.SliceData(weight), most, len(at))
	}
	return useAVX2
}
