package resample

import "math"

// Box is the kernel whose neighbors count alike.
func Box(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}

// Triangle is the kernel of straight lines.
func Triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

// Hamming is the kernel of a sine under Hamming's window.
func Hamming(x float64) float64 {
	if math.Abs(x) >= 1 {
		return 0
	}
	return sinc(x) * (0.54 + 0.46*math.Cos(math.Pi*x))
}

// sinc returns sin(πx)/πx.
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// Lanczos returns the kernel of a sine under the middle of one that is n times as wide.
func Lanczos(n float64) func(x float64) float64 {
	return func(x float64) float64 {
		if math.Abs(x) >= n {
			return 0
		}
		return sinc(x) * sinc(x/n)
	}
}

// Keys returns the cubic kernel whose slope at 1 is a.
//
// Source: Keys 1981, Cubic convolution interpolation for digital image processing.
func Keys(a float64) func(x float64) float64 {
	return func(x float64) float64 {
		switch x = math.Abs(x); {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return ((a*x-5*a)*x+8*a)*x - 4*a
		}
		return 0
	}
}

// Mitchell is the cubic kernel with B = C = 1/3.
//
// Source: Mitchell, Netravali 1988, Reconstruction filters in computer graphics.
func Mitchell(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (7.0/6*x-2)*x*x + 8.0/9
	case x < 2:
		return ((-7.0/18*x+2)*x-10.0/3)*x + 16.0/9
	}
	return 0
}

// Gaussian is the kernel of a normal distribution of deviation 1/2, cut at 3 of these.
func Gaussian(x float64) float64 {
	if math.Abs(x) >= 1.5 {
		return 0
	}
	return math.Exp(-2 * x * x)
}

// Added adds up, as pillow and OpenCV's INTER_NEAREST_EXACT do, which decides ties between
// nearest neighbors. The function that it returns is called for i in ascending order.
func Added(from, to int) func(i int) int {
	step := float64(from) / float64(to)
	at, next := step/2, 0
	return func(i int) int {
		for ; next < i; next++ {
			at += step
		}
		return int(at)
	}
}

// Centered multiplies in float32, as TensorFlow does, which decides ties between nearest
// neighbors.
func Centered(from, to int) func(i int) int {
	step := float32(from) / float32(to)
	return func(i int) int { return int((float32(i) + 0.5) * step) }
}

// Corner takes the neighbor under the corner, as OpenCV's INTER_NEAREST does.
func Corner(from, to int) func(i int) int {
	step := 1 / (float64(to) / float64(from))
	return func(i int) int { return int(float64(i) * step) }
}
