package kern

// The functions of this file make pixels of a row out of runs of those of another: element i is the
// sum of length[i] pixels from at[i] on, times as many weights from i·most on, added up in their
// order. There are as many elements as at has.

// SumTriples sums pixels of three numbers.
func SumTriples(dst, src []float32, at, length []int, weight []float32, most int) {
	if !sumTriples(dst, src, at, length, weight, most) {
		sumTriplesGo(dst, src, at, length, weight, most)
	}
}

func sumTriplesGo(dst, src []float32, at, length []int, weight []float32, most int) {
	for i, from := range at {
		var r, g, b float32
		run := src[3*from:]
		for k, w := range weight[i*most:][:length[i]] {
			p := run[3*k : 3*k+3 : 3*k+3]
			r, g, b = r+float32(p[0]*w), g+float32(p[1]*w), b+float32(p[2]*w)
		}
		p := dst[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = r, g, b
	}
}

// SumPixels sums pixels of 4 bytes, of which the last is left out, to three numbers.
func SumPixels(dst []float32, pix []uint8, at, length []int, weight []float32, most int) {
	if !sumPixels(dst, pix, at, length, weight, most) {
		sumPixelsGo(dst, pix, at, length, weight, most)
	}
}

func sumPixelsGo(dst []float32, pix []uint8, at, length []int, weight []float32, most int) {
	for i, from := range at {
		var r, g, b float32
		run := pix[4*from:]
		for k, w := range weight[i*most:][:length[i]] {
			p := run[4*k : 4*k+3 : 4*k+3]
			r, g, b = r+float32(float32(p[0])*w), g+float32(float32(p[1])*w), b+float32(float32(p[2])*w)
		}
		p := dst[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = r, g, b
	}
}
