package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/tensor"
)

// walk turns positions in a shape into positions in a strided tensor, for example one
// that is broadcast to the shape.
type walk struct{ dims, strides []int }

func newWalk(strides, shape tensor.Dims) walk {
	var w walk
	w.dims, w.strides = collapse(shape, strides)
	return w
}

// run returns where element at lies, and how many from it on lie step apart.
func (w *walk) run(at int) (from, step, n int) {
	last := len(w.dims) - 1
	inner, step := w.dims[last], w.strides[last]
	col := at % inner
	from = col * step
	for i, rest := last-1, at/inner; i >= 0; i-- {
		from += rest % w.dims[i] * w.strides[i]
		rest /= w.dims[i]
	}
	return from, step, inner - col
}

// period returns after how many elements the positions begin again: 1 or more.
func (w *walk) period() int {
	i, p := 0, 1
	for i < len(w.dims) && w.strides[i] == 0 {
		i++
	}
	for _, d := range w.dims[i:] {
		p *= d
	}
	return max(1, p)
}

// collapse drops axes of length 1 and joins neighbours that one stride walks through.
func collapse(shape tensor.Dims, strides tensor.Dims) (dims, steps []int) {
	for i := range shape.Rank() {
		d, s := shape.At(i), strides.At(i)
		if d == 1 {
			continue
		}
		if n := len(dims); n > 0 && steps[n-1] == s*d {
			dims[n-1] *= d
			steps[n-1] = s
			continue
		}
		dims, steps = append(dims, d), append(steps, s)
	}
	if dims == nil {
		return []int{1}, []int{0}
	}
	return dims, steps
}

// loadWalk converts the elements from at on to W.
func loadWalk[W work](dst []W, b backend.Buf, w *walk, at int) {
	for len(dst) > 0 {
		from, step, n := w.run(at)
		n = min(n, len(dst))
		loadAs(dst[:n], b, from, step)
		dst, at = dst[n:], at+n
	}
}
