package image

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/tensor"
)

// Resize returns a picture of another size. Fewer pixels are means of those that they
// cover, in part or whole; more pixels lie on straight lines between the centers of those
// that there are. It is not, bit for bit, a filter of PIL's or TensorFlow's. It returns an
// error if x is no picture, or a size is not 1 or more.
//
// Shapes: x uint8 or float32 [H W C] -> float32 [height width C].
func Resize(x *tensor.Tensor, height, width int) (*tensor.Tensor, error) {
	if x == nil {
		return nil, fmt.Errorf("image: Resize: x is nil")
	}
	shape := x.Shape()
	if d := x.DType(); shape.Rank() != 3 || shape.Size() == 0 || d != tensor.Uint8 && d != tensor.Float32 {
		return nil, fmt.Errorf("image: Resize: x is %v: want uint8 or float32 [H W C], one pixel or more", x.Spec())
	}
	if err := checkSize(width, height); err != nil {
		return nil, fmt.Errorf("image: Resize: to %w", err)
	}
	channels := shape.At(2)
	from := tensor.Data[float32](x.AsType(tensor.Float32))
	out := tensor.New(tensor.Float32, height, width, channels)
	resize(tensor.Data[float32](out), width*channels, shape.At(1), shape.At(0), channels, width, height, func(y int, into []float32) {
		copy(into, from[y*len(into):])
	})
	return out, nil
}

// taps is a run of pixels that count into another, and how much: the first, those in the
// middle, the last. The weights sum to 1, and the same number of pixels leaves everything as
// it is.
type taps struct {
	at, n               int
	first, middle, last float32
}

// weight returns how much pixel i of the run counts.
func (t taps) weight(i int) float32 {
	switch i {
	case 0:
		return t.first
	case t.n - 1:
		return t.last
	}
	return t.middle
}

// tapsOf returns the taps of each of to pixels in a row that is made of from pixels.
func tapsOf(from, to int) []taps {
	all := make([]taps, to)
	step := float64(from) / float64(to)
	for i := range all {
		if step > 1 {
			all[i] = covered(float64(i)*step, float64(i+1)*step, from)
			continue
		}
		x := min(max((float64(i)+0.5)*step-0.5, 0), float64(from-1))
		left := int(x)
		part := float32(x - float64(left))
		all[i] = taps{at: left, n: 1, first: 1 - part}
		if part > 0 {
			all[i].n, all[i].last = 2, part
		}
	}
	return all
}

// covered returns the pixels between a and b.
func covered(a, b float64, pixels int) taps {
	t := taps{middle: float32(1 / (b - a))}
	for p := int(a); p < pixels && float64(p) < b; p++ {
		part := min(b, float64(p+1)) - max(a, float64(p))
		if part > 1e-9 {
			if t.n == 0 {
				t.at, t.first = p, float32(part/(b-a))
			}
			t.last = float32(part / (b - a))
			t.n++
		}
	}
	return t
}

// resize writes a picture of another size to out, [toHeight][toWidth][channels], whose rows
// begin stride numbers apart. It asks for the rows of the source one after the other, some
// of them again; row fills a slice [width][channels].
func resize(out []float32, stride, width, height, channels, toWidth, toHeight int, row func(y int, into []float32)) {
	across, down := tapsOf(width, toWidth), tapsOf(height, toHeight)
	source := make([]float32, width*channels)
	narrow := make([]float32, toWidth*channels) // row number last, resized
	last := -1
	for y, rows := range down {
		into := out[y*stride:][:len(narrow)]
		clear(into)
		for k := range rows.n {
			if at := rows.at + k; at != last {
				row(at, source)
				resizeRow(narrow, source, across, channels)
				last = at
			}
			weight := rows.weight(k)
			for i, v := range narrow {
				into[i] += v * weight
			}
		}
	}
}

// resizeRow makes a row of another length.
func resizeRow(into, from []float32, across []taps, channels int) {
	for x, t := range across {
		run := from[t.at*channels : (t.at+t.n)*channels]
		for c := range channels {
			sum := run[c] * t.first
			if t.n > 1 {
				i := c + channels
				for ; i < len(run)-channels; i += channels {
					sum += run[i] * t.middle
				}
				sum += run[i] * t.last
			}
			into[x*channels+c] = sum
		}
	}
}

// inside returns the largest size of the ratio width:height in a box.
func inside(width, height, boxWidth, boxHeight int) (w, h int) {
	f := min(float64(boxWidth)/float64(width), float64(boxHeight)/float64(height))
	size := func(n, most int) int { return min(max(int(math.Round(float64(n)*f)), 1), most) }
	return size(width, boxWidth), size(height, boxHeight)
}
