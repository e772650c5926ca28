//go:build !purego

package kern

import "unsafe"

// The functions of this file compute the first channels and return how many.

func poolMax(dst, src []float32, from []int, n, dstStep, step, channels int) int {
	whole := wholePool(n, channels)
	if whole > 0 {
		poolMaxAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(from), len(from), n, dstStep, step, whole)
	}
	return whole
}

func poolMaxIndex(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) int {
	whole := wholePool(n, channels)
	if whole > 0 {
		poolMaxIndexAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(index), unsafe.SliceData(from), unsafe.SliceData(numbers), len(from), n, dstStep, step, whole)
	}
	return whole
}

func poolMean(dst, src []float32, from []int, n, dstStep, step, channels int, divisor float32) int {
	whole := wholePool(n, channels)
	if whole > 0 {
		poolMeanAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(from), len(from), n, dstStep, step, whole, divisor)
	}
	return whole
}

func poolCounted(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) int {
	whole := wholePool(n, channels)
	if whole > 0 {
		poolCountedAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(index), unsafe.SliceData(from), unsafe.SliceData(numbers), len(from), n, dstStep, step, whole)
	}
	return whole
}

// wholePool returns how many channels of n targets fill whole registers, 0 where there are none.
func wholePool(n, channels int) int {
	if !useAVX2 || n == 0 {
		return 0
	}
	return channels &^ 7
}
