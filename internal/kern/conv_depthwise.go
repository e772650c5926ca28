package kern

import (
	"math"
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// depthwiseOf reports whether every channel has one filter of its own, for which there are
// loops of float32.
func depthwiseOf[T Float](c *Conv) bool {
	var t T
	return c.Groups > 1 && c.Channels == c.Groups && c.Results == c.Groups && unsafe.Sizeof(t) == 4
}

// zeros32 returns n zeros if they are wanted, old ones if there are.
func zeros32(old []float32, wanted bool, n int) []float32 {
	if !wanted || len(old) >= n {
		return old
	}
	return make([]float32, n)
}

// biasOr returns the bias, or zeros without one.
func biasOr[T Float](bias []T, zeros []float32) []float32 {
	if bias == nil {
		return zeros
	}
	return wide(bias)
}

// tapsAt returns where the elements of segments lie in a frame, in bytes.
func tapsAt[T Float](w *par.Worker, f *frame[T], segs []segment) []int {
	if len(segs) == 0 {
		return nil
	}
	at := extraInts(w, len(segs))
	for i, s := range segs {
		at[i] = 4 * f.offset(s.at)
	}
	return at
}

// A depthwiseLine computes results of channels [u0,u1) along the last axis of places.
type depthwiseLine struct {
	w, bias         []float32
	at              []int
	channels, first int
	cols            int
	low, high       float32 // bounds of the results
}

// newDepthwiseLine returns one for kernels w, of all channels for each element of the
// window, at segments of a frame.
func newDepthwiseLine[T Float](worker *par.Worker, f *frame[T], segs []segment, w, bias []float32, channels, u0, u1 int, low float32) depthwiseLine {
	return depthwiseLine{from(w, u0), bias[u0:], tapsAt(worker, f, segs), channels, u0, u1 - u0, low, float32(math.Inf(1))}
}

// run computes n results, ld elements apart, from the windows of x, step apart.
func (l *depthwiseLine) run(dst, x []float32, n, step, ld int) {
	depthwise(dst, x, l.w, l.bias, l.at, len(l.at), 4*l.channels, l.cols, n, 4*step, 4*ld, l.low, l.high)
}

// depthwise adds to sums, [window channels], what the places of a frame give.
func (c *ConvKernel[T]) depthwise(sums []float32, f *frame[T], dy []float32, count [3]int, w *par.Worker) {
	at := tapsAt(w, f, c.segs)
	for d := range count[0] {
		for h := range count[1] {
			x := wide(f.at[d*c.Stride[0]*f.step[0]+h*c.Stride[1]*f.step[1]:])
			line := dy[(d*count[1]+h)*count[2]*c.Results:]
			for t := 0; t < len(at); {
				if t+4 <= len(at) {
					depthwiseGrad4(sums[t*c.Channels:], x, line, at[t:], 4*c.Channels, c.Channels, count[2], 4*c.Stride[2]*f.step[2], 4*c.Results)
					t += 4
				} else {
					depthwiseGrad1(sums[t*c.Channels:], x, line, at[t:], 4*c.Channels, c.Channels, count[2], 4*c.Stride[2]*f.step[2], 4*c.Results)
					t++
				}
			}
		}
	}
}

// depthwiseGo computes dst[p, c] = min(high, max(low, bias[c] + Σ x[p, at[t] + c]·w[t, c])) for so many
// places and columns. Distances are in bytes. A NaN stays a NaN.
func depthwiseGo(dst, x, w, bias []float32, at []int, taps, ldw, cols, places, step, ld int, low, high float32) {
	for p := range places {
		row := dst[p*ld/4:][:cols]
		copy(row, bias[:cols])
		for t := range taps {
			a, b := x[(p*step+at[t])/4:][:cols], w[t*ldw/4:][:cols]
			for c, v := range a {
				row[c] += float32(v * b[c])
			}
		}
		for c, v := range row {
			if v < low {
				row[c] = low
			} else if v > high {
				row[c] = high
			}
		}
	}
}

// depthwiseGrad4Go adds to dw[t, c] the sums of x[p, at[t] + c]·dy[p, c] over places, for
// four taps. Distances are in bytes.
func depthwiseGrad4Go(dw, x, dy []float32, at []int, ldw, cols, places, step, ld int) {
	for t := range 4 {
		depthwiseGrad1Go(dw[t*ldw/4:], x, dy, at[t:], ldw, cols, places, step, ld)
	}
}

// depthwiseGrad1Go is depthwiseGrad4Go for one tap.
func depthwiseGrad1Go(dw, x, dy []float32, at []int, _, cols, places, step, ld int) {
	for p := range places {
		a, b := x[(p*step+at[0])/4:][:cols], dy[p*ld/4:][:cols]
		for c, v := range a {
			dw[c] += float32(v * b[c])
		}
	}
}
