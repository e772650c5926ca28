//go:build !purego

package kern

import "unsafe"

// inverseDCT reports whether it did what inverseDCTGo does.
func inverseDCT(pix []uint8, stride int, coefficients *[64]int16, quant *[64]uint16) bool {
	if useAVX2 {
		inverseDCTAVX2(unsafe.SliceData(pix), stride, &coefficients[0], &quant[0])
	}
	return useAVX2
}

// The functions below compute the first elements and return how many.

func sumSamples(sums []uint16, near, far []uint8, a, b uint16) int {
	n := len(sums) &^ 15
	if !useAVX2 || n == 0 {
		return 0
	}
	sumSamplesAVX2(unsafe.SliceData(sums), unsafe.SliceData(near), unsafe.SliceData(far), uint32(a), uint32(b), n)
	return n
}

func betweenSamples(dst []uint8, sums []uint16, left, right uint16, shift int) int {
	n := len(dst) / 2 &^ 15
	if !useAVX2 || n == 0 {
		return 0
	}
	betweenSamplesAVX2(unsafe.SliceData(dst), unsafe.SliceData(sums), uint32(left), uint32(right), shift, n)
	return n
}

func colors(pix, y, cb, cr []uint8) int {
	n := len(y) &^ 7
	if !useAVX2 || n == 0 {
		return 0
	}
	colorsAVX2(unsafe.SliceData(pix), unsafe.SliceData(y), unsafe.SliceData(cb), unsafe.SliceData(cr), n)
	return n
}
