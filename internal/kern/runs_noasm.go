//go:build !amd64 || purego

package kern

func sumTriples(dst, src []float32, at, length []int, weight []float32, most int) bool { return false }

func sumPixels(dst []float32, pix []uint8, at, length []int, weight []float32, most int) bool {
	return false
}
