package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/tensor"
)

// MaxPlaces is the largest number of axes that a window slides over.
const MaxPlaces = 3

// Window tells how the window of a convolution or a pooling slides over the places of x,
// its axes between the batch and the channels: one number for each of them in every list.
// The window takes Strides places from one result to the next, its own elements lie
// Dilations places apart, and Low places before the first and High behind the last are
// padding.
type Window struct{ Strides, Dilations, Low, High tensor.Dims }

// Valid returns the window over n axes that goes in steps of one and never leaves x.
func Valid(n int) Window {
	one, zero := tensor.D(1, 1, 1).To(n), tensor.D(0, 0, 0).To(n)
	return Window{one, one, zero, zero}
}

// Padded returns w with as much padding as it takes for ceil(size/stride) results along
// each axis: as even as possible, the odd place at the end.
//
// Source: TensorFlow's padding "SAME".
func (w Window) Padded(size, kernel tensor.Dims) Window {
	for i := range w.Strides.Rank() {
		stride := max(1, w.Strides.At(i))
		covered := (max(0, size.At(i)-1)/stride)*stride + w.extent(kernel, i)
		pad := max(0, covered-size.At(i))
		w.Low, w.High = w.Low.With(i, pad/2), w.High.With(i, pad-pad/2)
	}
	return w
}

// extent returns how many places the window covers along axis i.
func (w Window) extent(kernel tensor.Dims, i int) int { return (kernel.At(i)-1)*w.Dilations.At(i) + 1 }

// Slide returns how many results there are along each axis, of so many places, with a
// kernel of these sizes. It returns an error that names the axis where the window does not
// fit.
func (w Window) Slide(size, kernel tensor.Dims) (tensor.Dims, error) {
	if err := w.check(size.Rank()); err != nil {
		return tensor.Dims{}, err
	}
	out := size
	for i := range size.Rank() {
		if kernel.At(i) < 1 {
			return out, fmt.Errorf("a window of %v: want at least 1 along each axis", kernel)
		}
		covers, places := w.extent(kernel, i), size.At(i)+w.Low.At(i)+w.High.At(i)
		if covers > places {
			return out, fmt.Errorf("a window that covers %d places along axis %d of %v (kernel %v, dilations %v): want at most %d, with padding",
				covers, i, size, kernel, w.Dilations, places)
		}
		out = out.With(i, (places-covers)/w.Strides.At(i)+1)
	}
	return out, nil
}

// mostPlaces bounds every number of a window, so that their products fit into an int.
const mostPlaces = math.MaxInt32 / 2

// check returns an error unless every list has n numbers in range.
func (w Window) check(n int) error {
	if n < 1 || n > MaxPlaces {
		return fmt.Errorf("got %d axes between the batch and the channels, want 1 to %d", n, MaxPlaces)
	}
	for _, l := range []struct {
		name  string
		list  tensor.Dims
		least int
	}{{"strides", w.Strides, 1}, {"dilations", w.Dilations, 1}, {"padding before", w.Low, 0}, {"padding behind", w.High, 0}} {
		if l.list.Rank() != n {
			return fmt.Errorf("%s %v: want %d numbers, one for each axis between the batch and the channels", l.name, l.list, n)
		}
		for i := range n {
			if v := l.list.At(i); v < l.least || v > mostPlaces {
				return fmt.Errorf("%s %v: want %d or more, and at most %d", l.name, l.list, l.least, mostPlaces)
			}
		}
	}
	return nil
}

// Places returns the axes of shape between the batch and the channels.
func Places(shape tensor.Dims) tensor.Dims { return shape.To(shape.Rank() - 1).From(1) }
