//go:build !purego

package kern

import "unsafe"

// chain computes the first elements and returns how many.
func chain(dst, x []float32, links []Link) int {
	n := len(dst) &^ 7
	if !useAVX2 || n == 0 {
		return 0
	}
	chainAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), (*uint64)(unsafe.Pointer(unsafe.SliceData(links))), len(links), n)
	return n
}
