//go:build !amd64 || purego

package kern

func poolMax(dst, src []float32, from []int, n, dstStep, step, channels int) int { return 0 }

func poolMaxIndex(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) int {
	return 0
}

func poolMean(dst, src []float32, from []int, n, dstStep, step, channels int, divisor float32) int {
	return 0
}

func poolCounted(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) int {
	return 0
}
