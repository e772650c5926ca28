package data

import (
	"errors"
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// Windows is a set of samples that are stretches of one long series, see [TimeSeries]. It reads
// them out of the series, so that windows which overlap take no memory of their own. A Windows
// never changes.
type Windows struct {
	x, y         *tensor.Tensor // contiguous; y is nil without targets
	xRow, yRow   int            // bytes of a step
	length       int            // steps of a window
	rate, stride int
	start        int
	horizon      int // 0: one target
	n            int
}

// WindowOption is an option of [TimeSeries].
type WindowOption struct{ set func(*windowing) }

// windowing holds the settings of TimeSeries.
type windowing struct {
	stride, rate, start, end, horizon int
	forecasts                         bool
}

// Stride sets how many steps of the series lie between the starts of two windows, which is 1
// otherwise: Keras's sequence_stride.
func Stride(steps int) WindowOption { return WindowOption{func(w *windowing) { w.stride = steps }} }

// SamplingRate sets how many steps of the series lie between two steps of a window, which is 1
// otherwise.
func SamplingRate(steps int) WindowOption {
	return WindowOption{func(w *windowing) { w.rate = steps }}
}

// Between has windows lie within the steps start to end-1 of the series: Keras's start_index and
// end_index.
func Between(start, end int) WindowOption {
	return WindowOption{func(w *windowing) { w.start, w.end = start, end }}
}

// Horizon gives each window a forecast for its target: the next steps of y behind its last step,
// [steps ...]. Only windows that have them are samples. Keras's has one target for a window: y at
// its first step.
func Horizon(steps int) WindowOption {
	return WindowOption{func(w *windowing) { w.horizon, w.forecasts = steps, true }}
}

// TimeSeries returns the windows of a series x [steps ...]: window i holds the steps
//
//	start + i·stride + j·rate, j = 0 to length-1
//
// and its target is y, [steps ...], at its first step: y[t] belongs to the window that starts at
// x[t]. With [Horizon] it is the steps of y that follow the window. Without targets y is nil. There
// are windows as long as there is data, and a target for each.
//
// Options: [Stride], [SamplingRate], [Between], [Horizon]. Fit shuffles the windows and makes
// batches of them.
//
// It returns an error if the series is empty, if there is not a window of the length, or if an
// option is out of range: Keras returns a set without samples where the series is too short.
//
// Source: keras.utils.timeseries_dataset_from_array.
func TimeSeries(x, y *tensor.Tensor, length int, opts ...WindowOption) (*Windows, error) {
	w, err := timeSeries(x, y, length, opts)
	if err != nil {
		return nil, fmt.Errorf("data: TimeSeries: %w", err)
	}
	return w, nil
}

func timeSeries(x, y *tensor.Tensor, length int, opts []WindowOption) (*Windows, error) {
	if x == nil || x.Shape().Rank() == 0 || x.Shape().At(0) == 0 {
		return nil, errors.New("the series is nil, a scalar or empty: want [steps ...]")
	}
	steps := x.Shape().At(0)
	set := windowing{stride: 1, rate: 1, end: steps}
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("option %d is empty: want one that data made", i)
		}
		o.set(&set)
	}
	switch {
	case length < 1:
		return nil, fmt.Errorf("windows of %d steps: want 1 or more", length)
	case set.stride < 1:
		return nil, fmt.Errorf("Stride(%d): want 1 step or more", set.stride)
	case set.rate < 1:
		return nil, fmt.Errorf("SamplingRate(%d): want 1 step or more", set.rate)
	case set.forecasts && set.horizon < 1:
		return nil, fmt.Errorf("Horizon(%d): want 1 step or more", set.horizon)
	case set.start < 0 || set.end > steps || set.start >= set.end:
		return nil, fmt.Errorf("Between(%d, %d) of %d steps: want a start below the end, within the series", set.start, set.end, steps)
	case y != nil && y.Shape().Rank() == 0:
		return nil, fmt.Errorf("targets %v: want [steps ...]", y.Spec())
	case y == nil && set.horizon > 0:
		return nil, errors.New("Horizon without targets: want the series y that they are of")
	case y != nil && set.horizon > 0 && y.Shape().At(0) != steps:
		return nil, fmt.Errorf("series %v with targets %v: want as many steps", x.Spec(), y.Spec())
	case length-1 > (set.end-set.start-1)/set.rate:
		return nil, fmt.Errorf("windows of %d steps, each %d of the series: it has %d: want as many or shorter windows", length, set.rate, set.end-set.start)
	}
	w := &Windows{x: contiguous(x), length: length, rate: set.rate, stride: set.stride, start: set.start, horizon: set.horizon}
	w.xRow = x.Shape().From(1).Size() * x.DType().Size()
	starts := set.end - set.start - (length-1)*set.rate // where windows may start
	if y != nil {
		w.y, w.yRow = contiguous(y), y.Shape().From(1).Size()*y.DType().Size()
		if set.horizon > 0 {
			starts -= set.horizon
		} else {
			starts = min(starts, y.Shape().At(0)-set.start) // as Keras's, if there are fewer targets
		}
	}
	if starts < 1 {
		return nil, fmt.Errorf("windows of %d steps, targets for none of them: want a longer series than %d steps, or shorter windows", length, set.end-set.start)
	}
	w.n = (starts-1)/set.stride + 1
	return w, nil
}

// contiguous returns t, or a copy if it is a view with gaps.
func contiguous(t *tensor.Tensor) *tensor.Tensor {
	if t.Contiguous() {
		return t
	}
	return t.Clone()
}

// Len implements [Dataset].
func (w *Windows) Len() int {
	if w == nil {
		return 0
	}
	return w.n
}

// Specs implements [Dataset].
func (w *Windows) Specs() (x, y []tensor.Spec) {
	if w == nil {
		return nil, nil
	}
	x = []tensor.Spec{{DType: w.x.DType(), Shape: batchShape(w.length, w.x.Shape().From(1))}}
	if w.y != nil {
		y = []tensor.Spec{{DType: w.y.DType(), Shape: w.y.Shape().From(1)}}
		if w.horizon > 0 {
			y[0].Shape = batchShape(w.horizon, y[0].Shape)
		}
	}
	return x, y
}

// Read implements [Dataset].
func (w *Windows) Read(idx []int, b *Batch) error {
	for _, i := range idx {
		if i < 0 || i >= w.Len() {
			return fmt.Errorf("data: sample %d: want 0 or more and less than %d", i, w.Len())
		}
	}
	if w == nil {
		return nil
	}
	xs, ys := w.Specs()
	b.X, b.Weight = resized(b.X, 1), nil
	fit(&b.X[0], len(idx), xs[0])
	x := b.X[0].Bytes()
	for k, i := range idx {
		at := w.start + i*w.stride
		for j := range w.length {
			copy(x[(k*w.length+j)*w.xRow:][:w.xRow], w.x.Bytes()[(at+j*w.rate)*w.xRow:])
		}
	}
	if w.y == nil {
		b.Y = nil
		return nil
	}
	b.Y = resized(b.Y, 1)
	fit(&b.Y[0], len(idx), ys[0])
	y, size := b.Y[0].Bytes(), max(w.horizon, 1)*w.yRow
	for k, i := range idx {
		at := w.start + i*w.stride
		if w.horizon > 0 {
			at += (w.length-1)*w.rate + 1
		}
		copy(y[k*size:][:size], w.y.Bytes()[at*w.yRow:])
	}
	return nil
}

// fit replaces t unless it holds n samples.
func fit(t **tensor.Tensor, n int, sample tensor.Spec) {
	want := tensor.Spec{DType: sample.DType, Shape: batchShape(n, sample.Shape)}
	if *t == nil || (*t).Spec() != want || !(*t).Contiguous() {
		*t = tensor.NewSpec(want)
	}
}
