package kern

// The functions of this file work on windows: target i is made of the sources that begin at
// each of from, i·step elements further, channel by channel. It has a number of channels and
// begins at i·dstStep. From has an element or more.

// PoolMax sets n targets to the greatest of their sources, the first of equal ones: NaN if one
// is NaN.
func PoolMax(dst, src []float32, from []int, n, dstStep, step, channels int) {
	done := poolMax(dst, src, from, n, dstStep, step, channels)
	if done < channels {
		poolMaxGo(dst[done:], src[done:], from, n, dstStep, step, channels-done)
	}
}

// PoolMaxIndex is [PoolMax], and sets index, as dst, to the number of that source: of the first
// of equal ones, and of the first NaN.
func PoolMaxIndex(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) {
	done := poolMaxIndex(dst, src, index, from, numbers, n, dstStep, step, channels)
	if done < channels {
		poolMaxIndexGo(dst[done:], src[done:], index[done:], from, numbers, n, dstStep, step, channels-done)
	}
}

// PoolMean sets n targets to the sums of their sources, divided by a divisor.
func PoolMean(dst, src []float32, from []int, n, dstStep, step, channels int, divisor float32) {
	done := poolMean(dst, src, from, n, dstStep, step, channels, divisor)
	if done < channels {
		poolMeanGo(dst[done:], src[done:], from, n, dstStep, step, channels-done, divisor)
	}
}

// PoolCounted sets n targets to the sums of those of their sources whose index, at the place of
// the source, is the number that belongs to from.
func PoolCounted(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) {
	done := poolCounted(dst, src, index, from, numbers, n, dstStep, step, channels)
	if done < channels {
		poolCountedGo(dst[done:], src[done:], index[done:], from, numbers, n, dstStep, step, channels-done)
	}
}

func poolMaxGo(dst, src []float32, from []int, n, dstStep, step, channels int) {
	for i := range n {
		d := dst[i*dstStep:][:channels]
		copy(d, src[from[0]+i*step:])
		for _, at := range from[1:] {
			for c, v := range src[at+i*step:][:channels] {
				if v > d[c] || v != v {
					d[c] = v
				}
			}
		}
	}
}

func poolMaxIndexGo(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) {
	for i := range n {
		d, x := dst[i*dstStep:][:channels], index[i*dstStep:][:channels]
		copy(d, src[from[0]+i*step:])
		for c := range x {
			x[c] = uint8(numbers[0])
		}
		for k, at := range from[1:] {
			number := uint8(numbers[k+1])
			for c, v := range src[at+i*step:][:channels] {
				if v > d[c] || v != v && d[c] == d[c] {
					d[c], x[c] = v, number
				}
			}
		}
	}
}

func poolMeanGo(dst, src []float32, from []int, n, dstStep, step, channels int, divisor float32) {
	for i := range n {
		d := dst[i*dstStep:][:channels]
		copy(d, src[from[0]+i*step:])
		for _, at := range from[1:] {
			for c, v := range src[at+i*step:][:channels] {
				d[c] += v
			}
		}
		for c := range d {
			d[c] /= divisor
		}
	}
}

func poolCountedGo(dst, src []float32, index []uint8, from []int, numbers []int32, n, dstStep, step, channels int) {
	for i := range n {
		d := dst[i*dstStep:][:channels]
		clear(d)
		for k, at := range from {
			number := uint8(numbers[k])
			x := index[at+i*step:][:channels]
			for c, v := range src[at+i*step:][:channels] {
				if x[c] == number {
					d[c] += v
				}
			}
		}
	}
}
