//go:build !amd64 || purego

package kern

func inverseDCT(pix []uint8, stride int, coefficients *[64]int16, quant *[64]uint16) bool {
	return false
}

func sumSamples(sums []uint16, near, far []uint8, a, b uint16) int { return 0 }

func betweenSamples(dst []uint8, sums []uint16, left, right uint16, shift int) int { return 0 }

func colors(pix, y, cb, cr []uint8) int { return 0 }
